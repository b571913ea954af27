//! Writes of many rows: one statement, results in order, all or none, each row under its own rule and with its own event.

use super::{event_list, events, id};
use crate::support::app::TestApp;
use serde_json::{Value as Json, json};

const CREATE: &str = "mutation Create($inputs: [CreateTicketInput!]!) {
  createTickets(inputs: $inputs, reason: \"Import\") { count auditEventIds tickets { id caseId subject status team { name } } }
}";

const UPDATE: &str = "mutation Update($updates: [UpdateTicketByIdInput!]!) {
  updateTicketsById(updates: $updates) { count auditEventIds tickets { id subject priority version assignedTo { name } } }
}";

const UPDATE_WHERE: &str = "mutation Update($where: TicketFilter!, $set: UpdateTicketInput!, $atMost: Int!) {
  updateTickets(where: $where, set: $set, atMost: $atMost) { count auditEventIds tickets { id priority } }
}";

const DELETE_WHERE: &str = "mutation Delete($where: TicketFilter!, $atMost: Int!) {
  deleteTickets(where: $where, atMost: $atMost, reason: \"Tidy\") { count auditEventIds tickets { id subject } }
}";

fn ticket(customer: u8, subject: &str) -> Json {
    json!({ "customer": { "id": id(3, customer) }, "subject": subject })
}

/// Everything that a write of tickets could change.
async fn state(app: &TestApp) -> Vec<Json> {
    app.rows(
        "select 'ticket' as kind, id, version, subject from public.tickets union all
         select 'event', id, version, null from public.ticket_events order by 2",
    )
    .await
}

#[tokio::test]
async fn new_rows_come_back_in_order_each_with_its_event() {
    let app = TestApp::support_desk().start().await;
    let mut inputs: Vec<Json> = (0..20).map(|number| ticket(1 + number % 3, &format!("No. {number}"))).collect();
    inputs[3]["status"] = json!("PENDING");
    inputs[4]["dueAt"] = json!("2026-02-01T00:00:00Z");
    let created = app.user("ana").graphql(CREATE, json!({ "inputs": inputs })).await.data()["createTickets"].take();
    assert_eq!(created["count"], 20);
    let tickets = created["tickets"].as_array().unwrap();
    for (number, ticket) in tickets.iter().enumerate() {
        assert_eq!(ticket["subject"], format!("No. {number}"));
        assert_eq!(ticket["status"], if number == 3 { "PENDING" } else { "OPEN" }, "others take the default");
        assert_eq!(ticket["team"]["name"], "Red", "the default is computed for each");
        assert!(ticket["caseId"].as_str().unwrap().starts_with("CASE-"));
    }
    let events = events(&app).await;
    let recorded: Vec<(&Json, &Json)> = events.iter().map(|event| (&event["entity_id"], &event["after"]["subject"])).collect();
    let expected: Vec<(&Json, &Json)> = tickets.iter().map(|ticket| (&ticket["id"], &ticket["subject"])).collect();
    assert_eq!(recorded, expected);
    assert!(events.iter().all(|event| event["event_type"] == "CREATE" && event["reason"] == "Import"));
    assert_eq!(created["auditEventIds"].as_array().unwrap().len(), 20);
    let stored =
        app.rows("select id from toolcrib.audit_events where event_type = 'CREATE' and entity_type = 'Ticket' order by id").await;
    let stored: Vec<&Json> = stored.iter().map(|event| &event["id"]).collect();
    assert_eq!(stored, created["auditEventIds"].as_array().unwrap().iter().collect::<Vec<_>>());
    app.finish().await;
}

#[tokio::test]
async fn one_refused_row_refuses_all_and_is_named() {
    let app = TestApp::support_desk().start().await;
    let before = state(&app).await;
    let ana = app.user("ana");
    let refused = async |inputs: Vec<Json>| {
        let response = ana.graphql(CREATE, json!({ "inputs": inputs })).await;
        (response.codes().remove(0), response.messages().remove(0))
    };
    let mut other_team = ticket(1, "Blue");
    other_team["team"] = json!({ "id": id(1, 2) });
    let (code, message) = refused(vec![ticket(1, "a"), other_team, ticket(1, "c")]).await;
    assert_eq!((code.as_str(), message.as_str()), ("FORBIDDEN", "`inputs[1]`: you may not create this `Ticket`"));
    let (code, message) = refused(vec![ticket(1, "a"), ticket(1, "b"), ticket(99, "c")]).await;
    let expected = "`inputs[2]`: the row that `customer` points to was not found";
    assert_eq!((code.as_str(), message.as_str()), ("NOT_FOUND", expected));
    let (code, message) = refused(vec![ticket(1, "a"), ticket(1, &"b".repeat(201))]).await;
    let expected = "`inputs[1].subject`: has 201 characters, 200 is the most";
    assert_eq!((code.as_str(), message.as_str()), ("CONSTRAINT_VIOLATION", expected));
    let mut no_subject = ticket(1, "a");
    no_subject["subject"] = Json::Null;
    assert_eq!(refused(vec![ticket(1, "a"), no_subject]).await.0, "BAD_USER_INPUT");
    assert_eq!(state(&app).await, before);
    assert_eq!(event_list(&app).await, ["DENIED Ticket -", "DENIED Ticket -"]);
    app.finish().await;
}

#[tokio::test]
async fn lists_of_nothing_change_nothing() {
    let app = TestApp::support_desk().start().await;
    let created = app.user("ana").graphql(CREATE, json!({ "inputs": [] })).await.data();
    assert_eq!(created["createTickets"], json!({ "count": 0, "auditEventIds": [], "tickets": [] }));
    let updated = app.user("ana").graphql(UPDATE, json!({ "updates": [] })).await.data();
    assert_eq!(updated["updateTicketsById"]["count"], 0);
    assert_eq!(app.user("vic").graphql(CREATE, json!({ "inputs": [] })).await.codes(), ["FORBIDDEN"], "the rule is asked anyway");
    app.finish().await;
}

#[tokio::test]
async fn each_row_of_a_list_changes_in_its_own_way() {
    let app = TestApp::support_desk().start().await;
    let updates = json!([
        { "id": id(4, 3), "set": { "priority": "LOW" }, "ifVersion": 1 },
        { "id": id(4, 1), "set": { "subject": "Put out", "assignedTo": null } },
        { "id": id(4, 2), "set": { "assignedTo": { "id": id(2, 3) } } },
    ]);
    let updated = app.user("max").graphql(UPDATE, json!({ "updates": updates })).await.data()["updateTicketsById"].take();
    let tickets = json!([
        { "id": id(4, 3), "subject": "Refund, please", "priority": "LOW", "version": 2, "assignedTo": null },
        { "id": id(4, 1), "subject": "Put out", "priority": "HIGH", "version": 2, "assignedTo": null },
        { "id": id(4, 2), "subject": "Cannot log in", "priority": "NORMAL", "version": 2, "assignedTo": { "name": "Ana" } },
    ]);
    assert_eq!(updated["tickets"], tickets, "what a row does not give stays, and null is given");
    assert_eq!(event_list(&app).await, ["UPDATE Ticket 403", "UPDATE Ticket 401", "UPDATE Ticket 402"]);
    let events = events(&app).await;
    assert_eq!((&events[0]["before"]["priority"], &events[0]["after"]["priority"]), (&json!("URGENT"), &json!("LOW")));
    assert_eq!((&events[1]["before"]["assignedTo"], &events[1]["after"]["assignedTo"]), (&json!(id(2, 3)), &Json::Null));
    app.finish().await;
}

#[tokio::test]
async fn each_row_of_a_list_has_its_own_verdict() {
    let app = TestApp::support_desk().start().await;
    let before = state(&app).await;
    let low = |ticket: u8| json!({ "id": id(4, ticket), "set": { "priority": "LOW" } });
    let stale = json!({ "id": id(4, 1), "set": { "priority": "LOW" }, "ifVersion": 7 });
    let mut hidden_target = low(1);
    hidden_target["set"] = json!({ "customer": { "id": id(3, 99) } });
    let cases = [
        // Hidden, not there, readable but not hers, changed by somebody else.
        (vec![low(1), low(4)], "NOT_FOUND", format!("`updates[1]`: `Ticket` `{}` not found", id(4, 4))),
        (vec![low(1), low(99)], "NOT_FOUND", format!("`updates[1]`: `Ticket` `{}` not found", id(4, 99))),
        (vec![low(1), low(2)], "FORBIDDEN", format!("`updates[1]`: you may not update `Ticket` `{}`", id(4, 2))),
        (
            vec![low(6), stale],
            "CONFLICT",
            format!("`updates[1]`: `Ticket` `{}` was changed by somebody else; read it again and repeat the change", id(4, 1)),
        ),
        (vec![low(6), hidden_target], "NOT_FOUND", "`updates[1]`: the row that `customer` points to was not found".to_owned()),
        (vec![low(1), low(1)], "BAD_USER_INPUT", "`updates[1]`: stands in the list twice".to_owned()),
        (
            vec![low(1), json!({ "id": id(4, 6), "set": {} })],
            "BAD_USER_INPUT",
            "`updates[1].set`: names no field; give at least one to change".to_owned(),
        ),
    ];
    for (updates, code, message) in cases {
        let response = app.user("ana").graphql(UPDATE, json!({ "updates": updates })).await;
        assert_eq!((response.codes(), response.messages()), (vec![code.to_owned()], vec![message]));
    }
    assert_eq!(state(&app).await, before);
    let denied = ["DENIED Ticket 404", "DENIED Ticket 499", "DENIED Ticket 402", "DENIED Ticket 401"];
    assert_eq!(event_list(&app).await, denied);
    app.user("ana").graphql(UPDATE, json!({ "updates": [low(1), low(6)] })).await.data();
    app.finish().await;
}

#[tokio::test]
async fn a_filter_changes_what_the_caller_may_read() {
    let app = TestApp::support_desk().start().await;
    let variables = json!({ "where": { "status": { "in": ["OPEN", "PENDING"] } }, "set": { "priority": "LOW" }, "atMost": 10 });
    let updated = app.user("max").graphql(UPDATE_WHERE, variables.clone()).await.data()["updateTickets"].take();
    let low = |ticket: u8| json!({ "id": id(4, ticket), "priority": "LOW" });
    assert_eq!((&updated["count"], &updated["tickets"]), (&json!(4), &json!([low(1), low(2), low(3), low(4)])));
    assert_eq!(event_list(&app).await.len(), 4);
    // Ana finds only her team's, and may not change all of those.
    let response = app.user("ana").graphql(UPDATE_WHERE, variables).await;
    assert_eq!(response.messages(), [format!("you may not update `Ticket` `{}`", id(4, 2))]);
    let own = json!({ "where": { "assignedTo": { "name": { "eq": "Ana" } } }, "set": { "priority": "URGENT" }, "atMost": 10 });
    assert_eq!(app.user("ana").graphql(UPDATE_WHERE, own).await.data()["updateTickets"]["count"], 2);
    let nothing = json!({ "where": { "subject": { "eq": "Slow exports" } }, "set": { "priority": "URGENT" }, "atMost": 0 });
    assert_eq!(
        app.user("ana").graphql(UPDATE_WHERE, nothing).await.data()["updateTickets"]["count"],
        0,
        "it is not hers to find"
    );
    app.finish().await;
}

#[tokio::test]
async fn more_rows_than_reckoned_with_change_nothing() {
    let app = TestApp::support_desk().start().await;
    let before = state(&app).await;
    let variables = |at_most: i64| json!({ "where": {}, "set": { "priority": "LOW" }, "atMost": at_most });
    let response = app.user("max").graphql(UPDATE_WHERE, variables(5)).await;
    assert_eq!(response.codes(), ["LIMIT_EXCEEDED"]);
    assert_eq!(response.messages(), ["`where` finds more than 5 rows, which is `atMost`; nothing was changed"]);
    let response = app.user("ada").graphql(DELETE_WHERE, json!({ "where": {}, "atMost": 5 })).await;
    assert_eq!(response.codes(), ["LIMIT_EXCEEDED"]);
    assert_eq!(app.user("max").graphql(UPDATE_WHERE, variables(10_001)).await.codes(), ["LIMIT_EXCEEDED"]);
    assert_eq!(app.user("max").graphql(UPDATE_WHERE, variables(-1)).await.codes(), ["BAD_USER_INPUT"]);
    assert_eq!(state(&app).await, before);
    assert_eq!(event_list(&app).await, Vec::<String>::new());
    assert_eq!(app.user("max").graphql(UPDATE_WHERE, variables(6)).await.data()["updateTickets"]["count"], 6);
    app.finish().await;
}

#[tokio::test]
async fn a_filter_by_what_is_hidden_finds_nothing() {
    let app = TestApp::support_desk().start().await;
    // Ana sees the address of what she works only, elsewhere it counts as null.
    let by_mail =
        |mail: &str| json!({ "where": { "customerEmail": { "eq": mail } }, "set": { "priority": "LOW" }, "atMost": 10 });
    let count =
        async |mail: &str| app.user("ana").graphql(UPDATE_WHERE, by_mail(mail)).await.data()["updateTickets"]["count"].take();
    assert_eq!(count("kim@acme.test").await, 0);
    assert_eq!(count("jo@acme.test").await, 1);
    app.finish().await;
}

#[tokio::test]
async fn a_filter_deletes_with_what_goes_along() {
    let app = TestApp::support_desk().start().await;
    let variables = json!({ "where": { "status": { "eq": "OPEN" } }, "atMost": 3 });
    assert_eq!(app.user("max").graphql(DELETE_WHERE, variables.clone()).await.codes(), ["FORBIDDEN"]);
    let deleted = app.user("ada").graphql(DELETE_WHERE, variables).await.data()["deleteTickets"].take();
    assert_eq!(deleted["count"], 3);
    assert_eq!(deleted["tickets"][2], json!({ "id": id(4, 3), "subject": "Refund, please" }), "as it was");
    let mut list = event_list(&app).await;
    list.sort();
    let expected = [
        "DELETE Ticket 401",
        "DELETE Ticket 402",
        "DELETE Ticket 403",
        "DELETE TicketEvent 501",
        "DELETE TicketEvent 502",
        "DELETE TicketEvent 503",
        "DENIED Ticket -",
    ];
    assert_eq!(list, expected);
    app.finish().await;
}

#[tokio::test]
async fn a_list_deletes_all_or_none() {
    let app = TestApp::support_desk().start().await;
    const DELETE: &str = "mutation Delete($ids: [ID!]!) { deleteMacrosById(ids: $ids) { count macros { title } } }";
    let delete = async |user: &str, ids: &[u8]| {
        let ids: Vec<String> = ids.iter().map(|number| id(6, *number)).collect();
        app.user(user).graphql(DELETE, json!({ "ids": ids })).await
    };
    let response = delete("max", &[1, 99, 2]).await;
    assert_eq!(response.messages(), [format!("`ids[1]`: `Macro` `{}` not found", id(6, 99))]);
    assert_eq!(delete("max", &[1, 1]).await.messages(), ["`ids[1]`: stands in the list twice"]);
    assert_eq!(delete("ana", &[1]).await.codes(), ["FORBIDDEN"]);
    assert_eq!(app.rows("select id from public.macros").await.len(), 3);
    let deleted = delete("max", &[3, 1]).await.data()["deleteMacrosById"].take();
    assert_eq!(deleted["macros"], json!([{ "title": "Blue: paid" }, { "title": "Hello" }]));
    assert_eq!(event_list(&app).await[2..], ["DELETE Macro 603", "DELETE Macro 601"]);
    app.finish().await;
}

#[tokio::test]
async fn rows_that_the_caller_no_longer_reads_are_null_in_the_list() {
    let app = TestApp::support_desk().start().await;
    let updates = json!([
        { "id": id(4, 1), "set": { "team": { "id": id(1, 2) } } },
        { "id": id(4, 6), "set": { "subject": "Thanks" } },
    ]);
    let updated = app.user("ana").graphql(UPDATE, json!({ "updates": updates })).await.data()["updateTicketsById"].take();
    assert_eq!(updated["tickets"][0], Json::Null);
    assert_eq!(updated["tickets"][1]["subject"], "Thanks");
    assert_eq!(updated["count"], 2);
    app.finish().await;
}

#[tokio::test]
async fn a_thousand_rows_are_one_statement() {
    let app = TestApp::support_desk().with_limits(|limits| limits.max_body_bytes = 4 << 20).start().await;
    app.execute(
        "create table toolcrib.test_statements (count bigint not null);
         insert into toolcrib.test_statements values (0);
         create function toolcrib.test_count_statement() returns trigger language plpgsql security definer as
             $$ begin update toolcrib.test_statements set count = count + 1; return null; end $$;
         create trigger test_count after insert or update on public.tickets
             for each statement execute function toolcrib.test_count_statement();
         create trigger test_count after insert on toolcrib.audit_events
             for each statement execute function toolcrib.test_count_statement();",
    )
    .await;
    const IDS: &str = "mutation Create($inputs: [CreateTicketInput!]!) { createTickets(inputs: $inputs) { count } }";
    let inputs: Vec<Json> = (0..1000).map(|number| ticket(1 + number as u8 % 3, &format!("No. {number}"))).collect();
    let ana = app.user("ana");
    // The first use of a token is an event, too.
    ana.graphql("{ __typename }", json!({})).await.data();
    app.execute("update toolcrib.test_statements set count = 0").await;
    assert_eq!(ana.graphql(IDS, json!({ "inputs": inputs })).await.data()["createTickets"]["count"], 1000);
    assert_eq!(app.rows("select count from toolcrib.test_statements").await, [json!({ "count": 2 })], "the rows, the events");
    let created = app.rows("select id from public.tickets where subject like 'No. %' order by id").await;
    let updates: Vec<Json> = created
        .iter()
        .enumerate()
        .map(|(number, row)| json!({ "id": row["id"], "set": { "subject": format!("Number {number}") } }))
        .collect();
    const UPDATE_IDS: &str =
        "mutation Update($updates: [UpdateTicketByIdInput!]!) { updateTicketsById(updates: $updates) { count } }";
    app.execute("update toolcrib.test_statements set count = 0").await;
    assert_eq!(
        app.user("max").graphql(UPDATE_IDS, json!({ "updates": updates })).await.data()["updateTicketsById"]["count"],
        1000
    );
    assert_eq!(
        app.rows("select count from toolcrib.test_statements").await,
        [json!({ "count": 4 })],
        "a token and its first use, too"
    );
    app.finish().await;
}
