//! What an audit event says of a change.

use super::{events, id};
use crate::support::app::{CALLER_ADDRESS, TestApp};
use serde_json::{Value as Json, json};

const CREATE: &str = "mutation Create($input: CreateMacroInput!, $reason: String) {
  createMacro(input: $input, reason: $reason) { auditEventId macro { id version createdAt updatedAt } }
}";

const UPDATE: &str = "mutation Update($id: ID!, $set: UpdateTicketInput!, $reason: String) {
  updateTicket(id: $id, set: $set, reason: $reason) { auditEventId ticket { version updatedAt } }
}";

const DELETE: &str = "mutation Delete($id: ID!, $reason: String) {
  deleteMacro(id: $id, reason: $reason) { auditEventId macro { title } }
}";

/// The one event since the start.
async fn only_event(app: &TestApp) -> Json {
    let mut events = events(app).await;
    assert_eq!(events.len(), 1, "{events:#?}");
    events.remove(0)
}

#[tokio::test]
async fn a_creation_has_no_before_and_the_whole_row_after() {
    let app = TestApp::support_desk().start().await;
    let variables = json!({ "input": { "title": "Bye", "body": "Farewell." }, "reason": "  Asked for  " });
    let response = app.user("max").with_header("user-agent", "tests/1").graphql(CREATE, variables).await;
    let created = response.data()["createMacro"].take();
    let node = &created["macro"];
    let expected = json!({
        "event_type": "CREATE",
        "entity_type": "Macro",
        "entity_id": node["id"],
        "actor_user_id": id(2, 2),
        "actor_role": "manager",
        "before": null,
        "after": {
            "id": node["id"], "title": "Bye", "body": "Farewell.", "team": null, "version": 1,
            "createdAt": node["createdAt"], "updatedAt": node["updatedAt"],
        },
        "details": null,
        "ip_address": CALLER_ADDRESS.ip().to_string(),
        "user_agent": "tests/1",
        "reason": "Asked for",
        "request_id": response.request_id(),
    });
    assert_eq!(only_event(&app).await, expected);
    let sql = format!("select id::text from toolcrib.audit_events where id = '{}'", created["auditEventId"].as_str().unwrap());
    assert_eq!(app.rows(&sql).await.len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn an_update_has_both_images_with_what_the_caller_may_not_see() {
    let app = TestApp::support_desk().start().await;
    // Ana hands the ticket over: afterwards she may not read the customer's address any more.
    let variables = json!({ "id": id(4, 1), "set": { "assignedTo": { "id": id(2, 4) }, "status": "PENDING" } });
    let updated = app.user("ana").graphql(UPDATE, variables).await.data()["updateTicket"].take();
    assert_eq!(updated["ticket"]["version"], 2);
    let event = only_event(&app).await;
    assert_eq!((&event["event_type"], &event["entity_id"]), (&json!("UPDATE"), &json!(id(4, 1))));
    assert_eq!((&event["actor_user_id"], &event["actor_role"]), (&json!(id(2, 3)), &json!("agent")));
    assert_eq!((&event["reason"], &event["user_agent"]), (&Json::Null, &Json::Null));
    let before = json!({
        "id": id(4, 1), "caseId": "CASE-000001", "customer": id(3, 1), "team": id(1, 1), "assignedTo": id(2, 3),
        "status": "OPEN", "priority": "HIGH", "subject": "Printer on fire", "customerEmail": "jo@acme.test",
        "internalNote": "Bring water", "dueAt": "2026-02-01T00:00:00+00:00", "createdAt": "2026-01-04T09:00:00+00:00",
        "updatedAt": "2026-01-04T09:00:00+00:00", "version": 1,
    });
    let mut after = before.clone();
    after["assignedTo"] = json!(id(2, 4));
    after["status"] = json!("PENDING");
    after["version"] = json!(2);
    after["updatedAt"] = updated["ticket"]["updatedAt"].clone();
    assert_eq!(event["before"], before);
    assert_eq!(event["after"], after);
    app.finish().await;
}

#[tokio::test]
async fn a_deletion_has_the_whole_row_before_and_no_after() {
    let app = TestApp::support_desk().start().await;
    let variables = json!({ "id": id(6, 3), "reason": "Wrong" });
    let deleted = app.user("max").graphql(DELETE, variables).await.data()["deleteMacro"].take();
    assert_eq!(deleted["macro"]["title"], "Blue: paid", "the node is the row as it was");
    let event = only_event(&app).await;
    assert_eq!((&event["event_type"], &event["reason"]), (&json!("DELETE"), &json!("Wrong")));
    assert_eq!(event["before"]["body"], "The money is on its way.");
    assert_eq!(event["before"]["team"], id(1, 2));
    assert_eq!(event["after"], Json::Null);
    assert!(app.rows(&format!("select id from public.macros where id = '{}'", id(6, 3))).await.is_empty());
    app.finish().await;
}

#[tokio::test]
async fn an_empty_reason_is_none() {
    let app = TestApp::support_desk().start().await;
    let variables = json!({ "id": id(6, 3), "reason": " " });
    app.user("max").graphql(DELETE, variables).await.data();
    assert_eq!(only_event(&app).await["reason"], Json::Null);
    app.finish().await;
}

#[tokio::test]
async fn fields_of_one_document_share_the_request_and_the_time() {
    let app = TestApp::support_desk().start().await;
    const BOTH: &str = "mutation Both($a: ID!, $b: ID!) {
      a: updateTicket(id: $a, set: {priority: LOW}) { auditEventId ticket { updatedAt } }
      b: updateTicket(id: $b, set: {priority: LOW}) { auditEventId ticket { updatedAt } }
    }";
    let response = app.user("max").graphql(BOTH, json!({ "a": id(4, 1), "b": id(4, 2) })).await;
    let data = response.data();
    assert_ne!(data["a"]["auditEventId"], data["b"]["auditEventId"]);
    assert_eq!(data["a"]["ticket"], data["b"]["ticket"]);
    let events = events(&app).await;
    assert!(events.iter().all(|event| event["request_id"] == response.request_id()), "{events:#?}");
    app.finish().await;
}

#[tokio::test]
async fn what_the_platform_does_is_recorded_under_its_name() {
    let app = TestApp::support_desk().start().await;
    let token = app.create_token(app.user_id("ana").await, chrono::TimeDelta::hours(1)).await;
    let sql =
        "select event_type, actor_user_id, actor_role, entity_id, after->>'user' as owner, after::text like '%hash%' as has_hash
               from toolcrib.audit_events where entity_type = 'ServiceToken'";
    let expected = json!({
        "event_type": "CREATE", "actor_user_id": null, "actor_role": "platform:cli", "entity_id": token.id, "owner": id(2, 3),
        "has_hash": false,
    });
    assert_eq!(app.rows(sql).await, [expected]);
    app.finish().await;
}

#[tokio::test]
async fn a_long_user_agent_is_cut() {
    let app = TestApp::support_desk().start().await;
    let max = app.user("max").with_header("user-agent", &"x".repeat(5000));
    max.graphql(DELETE, json!({ "id": id(6, 3) })).await.data();
    assert_eq!(only_event(&app).await["user_agent"].as_str().unwrap().len(), 256);
    app.finish().await;
}

#[tokio::test]
async fn images_hold_numbers_as_the_api_writes_them() {
    let app = TestApp::support_desk().start().await;
    const SET: &str =
        "mutation Set($id: ID!, $value: Decimal) { updateCustomer(id: $id, set: {annualValue: $value}) { auditEventId } }";
    let value = "12345678901234567890.123456789012345678";
    app.user("max").graphql(SET, json!({ "id": id(3, 1), "value": value })).await.data();
    let event = only_event(&app).await;
    assert_eq!((&event["before"]["annualValue"], &event["after"]["annualValue"]), (&json!("125000.50"), &json!(value)));
    assert_eq!(event["after"]["version"], 2, "a number that JSON can hold is one");
    app.finish().await;
}
