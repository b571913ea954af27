//! Whom a share reaches, and what it gives them.

use super::{id, share, shared, stored, team, tickets, user};
use crate::support::app::TestApp;
use serde_json::{Value as Json, json};

#[tokio::test]
async fn a_share_shows_the_row_to_whom_it_names_and_to_nobody_else() {
    let app = TestApp::support_desk().start().await;
    assert_eq!(tickets(&app, "ana").await, [1, 2, 3, 6], "of her team");
    assert_eq!(tickets(&app, "noa").await, [0_u64; 0], "of no team");
    let answer = share(&app, "cleo", 4, user(6), "READ").await.data();
    let share = &answer["shareTicket"]["recordShare"];
    assert_eq!(share["user"]["name"], "Noa");
    assert_eq!(share["sharedBy"]["name"], "Cleo");
    assert_eq!((&share["level"], &share["reason"]), (&json!("READ"), &json!("Please have a look")));
    assert_eq!((&share["recordType"], &share["recordId"]), (&json!("Ticket"), &json!(id(4, 4))));
    assert_eq!(tickets(&app, "noa").await, [4]);
    assert_eq!(tickets(&app, "ana").await, [1, 2, 3, 6]);
    assert_eq!(tickets(&app, "vic").await, [5, 6], "by the rule");
}

#[tokio::test]
async fn every_way_to_a_shared_row_is_open_and_was_closed_before() {
    let app = TestApp::support_desk().start().await;
    let queries = [
        format!("{{ answer: ticket(id: \"{}\") {{ subject events {{ kind }} }} }}", id(4, 4)),
        "{ answer: tickets(where: {status: {eq: PENDING}}) { nodes { subject } totalCount } }".to_owned(),
        "{ answer: tickets(search: \"exports\") { nodes { subject } } }".to_owned(),
        "{ answer: ticketsAggregate { count } }".to_owned(),
        format!("{{ answer: customer(id: \"{}\") {{ tickets {{ subject }} ticketsAggregate {{ count }} }} }}", id(3, 2)),
        "{ answer: customers(where: {tickets: {some: {status: {eq: PENDING}}}}) { nodes { name } } }".to_owned(),
        "{ answer: ticketEvents { nodes { kind ticket { subject } } } }".to_owned(),
        "{ answer: tickets(orderBy: [{dueAt: ASC}], first: 1) { nodes { subject } pageInfo { hasNextPage } } }".to_owned(),
    ];
    let mut before = Vec::new();
    for query in &queries {
        before.push(app.user("noa").graphql(query, json!({})).await.data()["answer"].clone());
    }
    shared(&app, "cleo", 4, user(6), "READ").await;
    let mut after = Vec::new();
    for query in &queries {
        after.push(app.user("noa").graphql(query, json!({})).await.data()["answer"].clone());
    }
    let slow = json!({ "subject": "Slow exports" });
    let expected_before = [
        Json::Null,
        json!({ "nodes": [], "totalCount": 0 }),
        json!({ "nodes": [] }),
        json!([{ "count": 0 }]),
        json!({ "tickets": [], "ticketsAggregate": [{ "count": 0 }] }),
        json!({ "nodes": [] }),
        json!({ "nodes": [] }),
        json!({ "nodes": [], "pageInfo": { "hasNextPage": false } }),
    ];
    let expected_after = [
        json!({ "subject": "Slow exports", "events": [{ "kind": "CREATED" }] }),
        json!({ "nodes": [slow], "totalCount": 1 }),
        json!({ "nodes": [slow] }),
        json!([{ "count": 1 }]),
        json!({ "tickets": [slow], "ticketsAggregate": [{ "count": 1 }] }),
        json!({ "nodes": [{ "name": "Globex" }] }),
        json!({ "nodes": [{ "kind": "CREATED", "ticket": slow }] }),
        json!({ "nodes": [slow], "pageInfo": { "hasNextPage": false } }),
    ];
    assert_eq!(before, expected_before);
    assert_eq!(after, expected_after);
}

#[tokio::test]
async fn write_is_read_and_read_is_not_write() {
    let app = TestApp::support_desk().start().await;
    let update =
        format!("mutation {{ updateTicket(id: \"{}\", set: {{priority: HIGH}}) {{ ticket {{ priority }} }} }}", id(4, 4));
    let comment = format!(
        "mutation {{ createTicketEvent(input: {{ticket: {{id: \"{}\"}}, kind: COMMENT}}) {{ ticketEvent {{ kind }} }} }}",
        id(4, 4)
    );
    assert_eq!(app.user("noa").graphql(&update, json!({})).await.codes(), ["NOT_FOUND"]);
    shared(&app, "cleo", 4, user(6), "READ").await;
    assert_eq!(app.user("noa").graphql(&update, json!({})).await.codes(), ["FORBIDDEN"]);
    assert_eq!(app.user("noa").graphql(&comment, json!({})).await.codes(), ["FORBIDDEN"]);
    shared(&app, "cleo", 4, user(7), "WRITE").await;
    let vic = app.user("vic");
    assert_eq!(tickets(&app, "vic").await, [4, 5, 6]);
    assert_eq!(vic.graphql(&update, json!({})).await.data()["updateTicket"]["ticket"]["priority"], "HIGH");
    assert_eq!(vic.graphql(&comment, json!({})).await.data()["createTicketEvent"]["ticketEvent"]["kind"], "COMMENT");
    // A share gives what the collection's rules say, and the fields' own rules stay.
    let note = format!("mutation {{ updateTicket(id: \"{}\", set: {{internalNote: \"x\"}}) {{ auditEventId }} }}", id(4, 4));
    assert_eq!(vic.graphql(&note, json!({})).await.codes(), ["FORBIDDEN"]);
    let delete = format!("mutation {{ deleteTicket(id: \"{}\", reason: \"x\") {{ auditEventId }} }}", id(4, 4));
    assert_eq!(vic.graphql(&delete, json!({})).await.codes(), ["FORBIDDEN"]);
}

#[tokio::test]
async fn a_share_with_a_team_reaches_it_and_the_teams_above() {
    let below = format!(
        "insert into toolcrib.users (id, email, name, role, team_id) values ('{}', 'dia@desk.test', 'Dia', 'agent', '{}')",
        id(2, 9),
        id(1, 3)
    );
    let app = TestApp::support_desk().with_rows(below).start().await;
    shared(&app, "cleo", 4, team(3), "READ").await;
    assert_eq!(tickets(&app, "dia").await, [4], "of the team");
    assert_eq!(tickets(&app, "ana").await, [1, 2, 3, 4, 6], "of the team above, as `inTeam` says");
    assert_eq!(tickets(&app, "noa").await, [0_u64; 0], "of no team");
    shared(&app, "max", 5, team(1), "READ").await;
    assert_eq!(tickets(&app, "ben").await, [1, 2, 3, 4, 5, 6]);
    assert_eq!(tickets(&app, "dia").await, [4], "a share with a team is none with those below");
}

#[tokio::test]
async fn a_share_with_a_role_reaches_everybody_of_it() {
    let app = TestApp::support_desk().start().await;
    shared(&app, "max", 1, json!({ "role": "viewer" }), "READ").await;
    assert_eq!(tickets(&app, "vic").await, [1, 5, 6]);
    assert_eq!(tickets(&app, "noa").await, [0_u64; 0], "of another role");
}

#[tokio::test]
async fn a_share_that_has_ended_or_is_of_something_else_gives_nothing() {
    let app = TestApp::support_desk()
        .with_rows(stored(1, 4, Some(6), "null, 'READ', now() - interval '1 second', null"))
        .with_rows(stored(2, 4, Some(6), "null, 'WRITE', null, now() - interval '1 second'"))
        .with_rows(stored(3, 5, Some(6), "null, 'READ', now() + interval '1 hour', null"))
        .with_rows(stored(4, 1, Some(6), "null, 'READ', null, null").replace("'Ticket'", "'Customer'"))
        .with_rows(stored(5, 2, Some(8), "null, 'READ', null, null"))
        .start()
        .await;
    assert_eq!(tickets(&app, "noa").await, [5]);
    // Who may not sign in is reached by nothing, whatever was shared with them.
    app.execute(&format!("update toolcrib.users set is_active = false where id = '{}'", id(2, 6))).await;
    assert_eq!(app.user("gus").graphql("{ tickets { nodes { id } } }", json!({})).await.status, 401);
}

#[tokio::test]
async fn a_shared_row_is_exported_only_by_whom_the_export_rule_allows() {
    let app = TestApp::support_desk().start().await;
    shared(&app, "cleo", 4, user(6), "WRITE").await;
    let export = "mutation { exportTickets(reason: \"x\") { url } }";
    assert_eq!(app.user("noa").graphql(export, json!({})).await.codes(), ["FORBIDDEN"]);
}

#[tokio::test]
async fn a_plan_is_kept_and_a_share_counts_all_the_same() {
    let app = TestApp::support_desk().start().await;
    for _ in 0..4 {
        assert_eq!(tickets(&app, "noa").await, [0_u64; 0]);
    }
    let share = shared(&app, "cleo", 4, user(6), "READ").await;
    for _ in 0..4 {
        assert_eq!(tickets(&app, "noa").await, [4]);
    }
    app.user("cleo").graphql(super::REVOKE, json!({ "id": share })).await.data();
    for _ in 0..4 {
        assert_eq!(tickets(&app, "noa").await, [0_u64; 0]);
    }
}
