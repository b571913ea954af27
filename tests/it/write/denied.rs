//! Each kind of refusal leaves a DENIED event; what is no refusal leaves none.

use super::{event_list, events, id};
use crate::support::app::{CALLER_ADDRESS, TestApp};
use serde_json::{Value as Json, json};

/// Runs a mutation that is refused, and returns the denial's event.
async fn denial(app: &TestApp, user: &str, mutation: &str, code: &str) -> Json {
    let before = events(app).await.len();
    let response = app.user(user).graphql(mutation, json!({})).await;
    assert_eq!(response.codes(), [code], "{mutation} {:?}", response.messages());
    let mut events = events(app).await.split_off(before);
    assert_eq!(events.len(), 1, "{mutation} {events:#?}");
    let event = events.remove(0);
    assert_eq!(event["event_type"], "DENIED");
    assert_eq!(event["details"], json!({ "code": code, "message": response.messages()[0] }), "{mutation}");
    assert_eq!(event["request_id"], response.request_id());
    assert_eq!(event["ip_address"], CALLER_ADDRESS.ip().to_string());
    assert_eq!((&event["before"], &event["after"]), (&Json::Null, &Json::Null));
    event
}

#[tokio::test]
async fn each_refusal_is_recorded_with_its_row() {
    let app = TestApp::support_desk().start().await;
    let update = |ticket: u8, set: &str| {
        format!("mutation {{ updateTicket(id: \"{}\", set: {{{set}}}) {{ auditEventId }} }}", id(4, ticket))
    };
    let none = Json::Null;
    let cases = [
        // The rule refuses whoever asks, whatever the row.
        (
            "vic",
            format!("mutation {{ deleteTicket(id: \"{}\", reason: \"x\") {{ auditEventId }} }}", id(4, 6)),
            "FORBIDDEN",
            "Ticket",
            none.clone(),
        ),
        ("vic", update(6, "priority: LOW"), "FORBIDDEN", "Ticket", json!(id(4, 6))),
        // The rule refuses this row.
        ("ana", update(2, "priority: LOW"), "FORBIDDEN", "Ticket", json!(id(4, 2))),
        // The rule refuses the row as it would be.
        ("ana", update(3, &format!("assignedTo: {{id: \"{}\"}}", id(2, 4))), "FORBIDDEN", "Ticket", json!(id(4, 3))),
        // A field's rule refuses.
        ("ana", update(1, "internalNote: \"Psst\""), "FORBIDDEN", "Ticket", none.clone()),
        // The row is hidden, is not there, is no id.
        ("ana", update(4, "priority: LOW"), "NOT_FOUND", "Ticket", json!(id(4, 4))),
        ("ana", update(99, "priority: LOW"), "NOT_FOUND", "Ticket", json!(id(4, 99))),
        (
            "ana",
            "mutation { updateTicket(id: \"x\", set: {priority: LOW}) { auditEventId } }".to_owned(),
            "NOT_FOUND",
            "Ticket",
            none.clone(),
        ),
        // What a relation is set to is hidden.
        (
            "ana",
            format!(
                "mutation {{ createTicketEvent(input: {{ticket: {{id: \"{}\"}}, kind: COMMENT}}) {{ auditEventId }} }}",
                id(4, 4)
            ),
            "NOT_FOUND",
            "TicketEvent",
            none.clone(),
        ),
        ("ana", update(1, &format!("customer: {{id: \"{}\"}}", id(3, 99))), "NOT_FOUND", "Ticket", json!(id(4, 1))),
        // The new row is refused.
        (
            "ben",
            format!(
                "mutation {{ createTicketEvent(input: {{ticket: {{id: \"{}\"}}, kind: COMMENT}}) {{ auditEventId }} }}",
                id(4, 1)
            ),
            "FORBIDDEN",
            "TicketEvent",
            none.clone(),
        ),
        (
            "noa",
            format!(
                "mutation {{ createTicket(input: {{customer: {{id: \"{}\"}}, subject: \"x\"}}) {{ auditEventId }} }}",
                id(3, 1)
            ),
            "FORBIDDEN",
            "Ticket",
            none.clone(),
        ),
        // Deletions.
        (
            "ana",
            format!("mutation {{ deleteTicket(id: \"{}\", reason: \"Why not\") {{ auditEventId }} }}", id(4, 1)),
            "FORBIDDEN",
            "Ticket",
            none,
        ),
        (
            "ada",
            format!("mutation {{ deleteMacro(id: \"{}\") {{ auditEventId }} }}", id(6, 99)),
            "NOT_FOUND",
            "Macro",
            json!(id(6, 99)),
        ),
    ];
    for (user, mutation, code, collection, row) in cases {
        let event = denial(&app, user, &mutation, code).await;
        assert_eq!((event["entity_type"].as_str(), &event["entity_id"]), (Some(collection), &row), "{mutation}");
        assert_eq!(event["actor_user_id"], json!(app.user_id(user).await), "{mutation}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_denial_keeps_the_reason_that_was_given() {
    let app = TestApp::support_desk().start().await;
    let mutation = format!("mutation {{ deleteTicket(id: \"{}\", reason: \"Spam\") {{ auditEventId }} }}", id(4, 1));
    assert_eq!(denial(&app, "max", &mutation, "FORBIDDEN").await["reason"], "Spam");
    app.finish().await;
}

#[tokio::test]
async fn a_mistake_is_no_refusal() {
    let app = TestApp::support_desk().start().await;
    let ticket = id(4, 1);
    let mistakes = [
        (format!("mutation {{ updateTicket(id: \"{ticket}\", set: {{subject: null}}) {{ auditEventId }} }}"), "BAD_USER_INPUT"),
        (
            format!("mutation {{ updateTicket(id: \"{ticket}\", set: {{priority: LOW}}, ifVersion: 9) {{ auditEventId }} }}"),
            "CONFLICT",
        ),
        (format!("mutation {{ deleteTicket(id: \"{ticket}\") {{ auditEventId }} }}"), "REASON_REQUIRED"),
        (
            "mutation { createCustomer(input: {name: \"x\", email: \"jo@acme.test\"}) { auditEventId } }".to_owned(),
            "CONSTRAINT_VIOLATION",
        ),
        (
            format!(
                "mutation {{ updateTicket(id: \"{ticket}\", set: {{priority: LOW}}) {{ ticket {{ events(first: 501) {{ id }} }} }} }}"
            ),
            "LIMIT_EXCEEDED",
        ),
    ];
    for (mutation, code) in mistakes {
        assert_eq!(app.user("ada").graphql(&mutation, json!({})).await.codes(), [code], "{mutation}");
    }
    assert_eq!(event_list(&app).await, Vec::<String>::new());
    app.finish().await;
}

#[tokio::test]
async fn a_refusal_that_cannot_be_recorded_is_not_answered_as_one() {
    let app = TestApp::support_desk().start().await;
    app.token_of("vic").await;
    app.execute("revoke insert on toolcrib.audit_events from toolcrib_role_viewer").await;
    let mutation = format!("mutation {{ updateTicket(id: \"{}\", set: {{priority: LOW}}) {{ auditEventId }} }}", id(4, 6));
    let response = app.user("vic").graphql(&mutation, json!({})).await;
    assert_eq!(response.codes(), ["INTERNAL_SERVER_ERROR"]);
    assert_eq!(response.messages(), ["internal error; the server's log has the cause under this request id"]);
    assert_eq!(event_list(&app).await, Vec::<String>::new());
    app.finish().await;
}

#[tokio::test]
async fn a_change_that_cannot_be_recorded_does_not_happen() {
    let app = TestApp::support_desk().start().await;
    app.token_of("max").await;
    app.execute("revoke insert on toolcrib.audit_events from toolcrib_role_manager").await;
    let mutation = format!("mutation {{ updateTicket(id: \"{}\", set: {{priority: LOW}}) {{ auditEventId }} }}", id(4, 1));
    assert_eq!(app.user("max").graphql(&mutation, json!({})).await.codes(), ["INTERNAL_SERVER_ERROR"]);
    let priority = app.rows(&format!("select priority from public.tickets where id = '{}'", id(4, 1))).await;
    assert_eq!(priority, [json!({ "priority": "HIGH" })]);
    app.finish().await;
}
