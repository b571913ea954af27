//! What a token's scope leaves out is out in every way it can be asked for.

use crate::support::app::TestApp;
use serde_json::json;

const CUSTOMER: &str = "00000000-0000-7000-8000-000000000301";
const TICKET: &str = "00000000-0000-7000-8000-000000000401";

#[tokio::test]
async fn a_collection_outside_the_scope_is_absent() {
    let app = TestApp::support_desk().start().await;
    let node_id = app.user("max").graphql(&format!("{{ customer(id: \"{CUSTOMER}\") {{ nodeId }} }}"), json!({})).await.data();
    let node_id = node_id["customer"]["nodeId"].as_str().unwrap().to_owned();
    let full = app.scoped_token("max", &["*:*"]).await;
    let cut = app.scoped_token("max", &["Ticket:READ"]).await;
    let questions = [
        (format!("customer(id: \"{CUSTOMER}\") {{ name }}"), json!(null)),
        ("customerBy(by: {email: \"jo@acme.test\"}) { name }".to_owned(), json!(null)),
        (format!("node(nodeId: \"{node_id}\") {{ __typename }}"), json!(null)),
        ("customers { totalCount nodes { name } }".to_owned(), json!({ "totalCount": 0, "nodes": [] })),
        ("customersAggregate { count }".to_owned(), json!([{ "count": 0 }])),
        ("tickets(where: {customer: {name: {eq: \"Acme\"}}}) { totalCount }".to_owned(), json!({ "totalCount": 0 })),
        (format!("ticket(id: \"{TICKET}\") {{ events {{ body }} }}"), json!({ "events": [] })),
        (
            format!("ticket(id: \"{TICKET}\") {{ subject assignedTo {{ name }} }}"),
            json!({ "subject": "Printer on fire", "assignedTo": null }),
        ),
    ];
    for (question, expected) in questions {
        let query = format!("{{ answer: {question} }}");
        assert_eq!(app.token(&cut).graphql(&query, json!({})).await.data()["answer"], expected, "{question}");
        let whole = app.token(&full).graphql(&query, json!({})).await.data();
        assert!(whole["answer"] != expected || question.contains("assignedTo"), "{question}");
    }
    // An order by what is hidden is an order by nothing: by id.
    let ordered = "{ tickets(orderBy: [{customer: {name: ASC}}]) { nodes { subject } } }";
    let by_id = "{ tickets { nodes { subject } } }";
    let cut = app.token(&cut);
    assert_eq!(cut.graphql(ordered, json!({})).await.data(), cut.graphql(by_id, json!({})).await.data());
    app.finish().await;
}

#[tokio::test]
async fn a_relation_that_is_always_there_is_refused_where_the_scope_ends() {
    let app = TestApp::support_desk().start().await;
    let cut = app.scoped_token("max", &["Ticket:READ"]).await;
    let query = "{ tickets { nodes { customer { name } } } }";
    let refused = app.token(&cut).graphql(query, json!({})).await;
    assert_eq!(refused.codes(), ["FORBIDDEN"]);
    let said = ["`tickets.nodes.customer` leads to `Customer`, which the scope of the token leaves out"];
    assert_eq!(refused.messages(), said);
    let wider = app.scoped_token("max", &["Ticket:READ", "Customer:READ"]).await;
    app.token(&wider).graphql(query, json!({})).await.data();
    app.finish().await;
}

#[tokio::test]
async fn an_operation_outside_the_scope_is_refused_and_recorded() {
    let app = TestApp::support_desk().start().await;
    let reading = app.scoped_token("ada", &["*:READ"]).await;
    let changes = [
        ("Ticket:UPDATE", format!("updateTicket(id: \"{TICKET}\", set: {{subject: \"x\"}}) {{ ticket {{ subject }} }}")),
        ("Macro:CREATE", "createMacro(input: {title: \"x\", body: \"y\"}) { macro { title } }".to_owned()),
        ("Macro:DELETE", "deleteMacro(id: \"00000000-0000-7000-8000-000000000601\") { macro { title } }".to_owned()),
        ("Customer:EXPORT", "exportCustomers { url }".to_owned()),
    ];
    for (scope, change) in changes {
        let mutation = format!("mutation {{ {change} }}");
        let denied = "select count(*) from toolcrib.audit_events where event_type in ('DENIED', 'EXPORT_DENIED')";
        let before = app.rows(denied).await;
        let refused = app.token(&reading).graphql(&mutation, json!({})).await;
        assert_eq!(refused.codes(), ["FORBIDDEN"], "{change}");
        let (collection, operation) = scope.split_once(':').unwrap();
        let verb = operation.to_lowercase();
        let said = format!("this token may not {verb} `{collection}`: it needs the scope `{scope}`");
        assert_eq!(refused.messages(), [said]);
        assert_ne!(app.rows(denied).await, before, "{change} is on record");
        let wider = app.scoped_token("ada", &["*:READ", scope]).await;
        app.token(&wider).graphql(&mutation, json!({})).await.data();
    }
    app.finish().await;
}

#[tokio::test]
async fn what_is_written_is_shown_as_far_as_the_scope_reads() {
    let app = TestApp::support_desk().start().await;
    let create = "mutation { createMacro(input: {title: \"x\", body: \"y\"}) { macro { title } auditEventId } }";
    let writing = app.scoped_token("ada", &["Macro:CREATE"]).await;
    let made = app.token(&writing).graphql(create, json!({})).await.data();
    assert!(made["createMacro"]["macro"].is_null() && made["createMacro"]["auditEventId"].is_string(), "{made}");
    // A row that cannot be read can neither be changed nor pointed to.
    let blind = app.scoped_token("ada", &["Macro:UPDATE,DELETE", "Ticket:CREATE,READ"]).await;
    let update = "mutation { updateMacro(id: \"00000000-0000-7000-8000-000000000601\", set: {title: \"z\"}) { auditEventId } }";
    assert_eq!(app.token(&blind).graphql(update, json!({})).await.codes(), ["NOT_FOUND"]);
    let create = format!(
        "mutation {{ createTicket(input: {{subject: \"x\", customer: {{id: \"{CUSTOMER}\"}}, team: {{id: \"00000000-0000-7000-8000-000000000101\"}}}}) {{ auditEventId }} }}"
    );
    assert_eq!(app.token(&blind).graphql(&create, json!({})).await.codes(), ["NOT_FOUND"]);
    app.finish().await;
}

#[tokio::test]
async fn a_scope_widens_nothing() {
    let app = TestApp::support_desk().start().await;
    let vic = app.scoped_token("vic", &["*:*", "platform:*"]).await;
    let update = format!("mutation {{ updateTicket(id: \"{TICKET}\", set: {{subject: \"x\"}}) {{ auditEventId }} }}");
    assert_eq!(app.token(&vic).graphql(&update, json!({})).await.codes(), ["NOT_FOUND"]);
    assert_eq!(app.token(&vic).graphql("{ tickets { totalCount } }", json!({})).await.data()["tickets"]["totalCount"], 2);
    app.finish().await;
}

#[tokio::test]
async fn people_and_tokens_are_written_by_those_who_are_told_to() {
    let app = TestApp::support_desk().start().await;
    let general = app.scoped_token("ada", &["*:*"]).await;
    let create = "mutation { createUser(input: {email: \"new@desk.test\", name: \"New\"}) { user { email } } }";
    let token =
        "mutation { createServiceToken(input: {scopes: [\"Ticket:READ\"], expiresAt: \"2030-01-01T00:00:00Z\"}) { secret } }";
    for change in [create, token] {
        assert_eq!(app.token(&general).graphql(change, json!({})).await.codes(), ["FORBIDDEN"], "{change}");
    }
    let seen = app.token(&general).graphql("{ users { totalCount } }", json!({})).await.data();
    assert_eq!(seen["users"]["totalCount"], 8, "reading them is no writing");
    let named = app.scoped_token("ada", &["User:CREATE,READ", "ServiceToken:CREATE,READ", "Ticket:READ"]).await;
    for change in [create, token] {
        app.token(&named).graphql(change, json!({})).await.data();
    }
    app.finish().await;
}

#[tokio::test]
async fn an_export_needs_its_own_scope_and_shows_as_much_as_reading_does() {
    let app = TestApp::support_desk().start().await;
    let export = "mutation { exportCustomers { url export { status } } }";
    let token = app.scoped_token("max", &["Customer:READ,EXPORT", "Export:READ"]).await;
    let exported = app.token(&token).graphql(export, json!({})).await.data();
    assert!(exported["exportCustomers"]["export"]["status"].is_string(), "{exported}");
    // Without reading there is nothing in the file.
    let blind = app.scoped_token("max", &["Customer:EXPORT", "Export:READ"]).await;
    let exported = app.token(&blind).graphql(export, json!({})).await.data();
    let url = exported["exportCustomers"]["url"].as_str().unwrap().to_owned();
    let count = "{ exports(orderBy: [{id: DESC}], first: 1) { nodes { status rowCount } } }";
    let started = std::time::Instant::now();
    loop {
        let found = app.token(&blind).graphql(count, json!({})).await.data()["exports"]["nodes"][0].clone();
        if found["status"] != "RUNNING" {
            assert_eq!(found, json!({ "status": "COMPLETED", "rowCount": 0 }));
            break;
        }
        assert!(started.elapsed() < std::time::Duration::from_secs(20), "{url}");
        tokio::task::yield_now().await;
    }
    app.finish().await;
}

#[tokio::test]
async fn a_plan_that_is_kept_for_one_scope_is_none_of_another() {
    let app = TestApp::support_desk().start().await;
    let wide = app.scoped_token("max", &["*:READ"]).await;
    let narrow = app.scoped_token("max", &["Ticket:READ"]).await;
    let query = "{ customers { totalCount } viewer { can { createTicket } } }";
    for _ in 0..4 {
        for (token, count) in [(&wide, 3), (&narrow, 0)] {
            let seen = app.token(token).graphql(query, json!({})).await.data();
            assert_eq!(seen, json!({ "customers": { "totalCount": count }, "viewer": { "can": { "createTicket": false } } }));
        }
    }
    let writing = app.scoped_token("max", &["*:READ,CREATE"]).await;
    assert_eq!(app.token(&writing).graphql(query, json!({})).await.data()["viewer"]["can"]["createTicket"], true);
    app.finish().await;
}

#[tokio::test]
async fn what_a_scope_leaves_out_is_told_and_nothing_of_rows() {
    let app = TestApp::support_desk().start().await;
    let reading = app.scoped_token("ada", &["*:READ"]).await;
    let blind = app.scoped_token("ada", &["Macro:READ"]).await;
    let update = |id: &str| format!("mutation {{ updateTicket(id: \"{id}\", set: {{subject: \"x\"}}) {{ auditEventId }} }}");
    let missing = "00000000-0000-7000-8000-00000000ffff";
    for token in [&reading, &blind] {
        for id in [TICKET, missing] {
            let refused = app.token(token).graphql(&update(id), json!({})).await;
            // Whether or not there is such a row, and whether or not the caller may see it.
            assert_eq!(refused.messages(), ["this token may not update `Ticket`: it needs the scope `Ticket:UPDATE`"], "{id}");
        }
    }
    // Whom a rule refuses is told of no scope: another token would not help.
    let vic = app.scoped_token("vic", &["*:*"]).await;
    let create = "mutation { createMacro(input: {title: \"x\", body: \"y\"}) { auditEventId } }";
    assert_eq!(app.token(&vic).graphql(create, json!({})).await.messages(), ["you may not create `Macro`"]);
    assert_eq!(app.browser("vic").graphql(create, json!({})).await.messages(), ["you may not create `Macro`"]);
    let general = app.scoped_token("ada", &["*:*"]).await;
    let rename =
        format!("mutation {{ updateUser(id: \"{}\", set: {{name: \"x\"}}) {{ auditEventId }} }}", app.user_id("ana").await);
    let said = ["this token may not update `User`: it needs the scope `User:UPDATE`"];
    assert_eq!(app.token(&general).graphql(&rename, json!({})).await.messages(), said);
    app.finish().await;
}

#[tokio::test]
async fn what_goes_along_has_to_be_in_the_scope_too() {
    let app = TestApp::support_desk().start().await;
    let delete = format!("mutation {{ deleteTicket(id: \"{TICKET}\", reason: \"sent twice\") {{ auditEventId }} }}");
    let cut = app.scoped_token("ada", &["*:READ", "Ticket:DELETE"]).await;
    let refused = app.token(&cut).graphql(&delete, json!({})).await;
    assert_eq!(refused.codes(), ["FORBIDDEN"]);
    let said =
        format!("this token may not delete `Ticket` `{TICKET}`: it needs the scope `TicketEvent:DELETE` for what depends on it");
    assert_eq!(refused.messages(), [said]);
    app.finish().await;
}
