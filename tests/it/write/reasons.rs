//! A collection may ask for a reason.

use super::{event_list, events, id};
use crate::support::app::TestApp;
use serde_json::json;

const DELETE: &str = "mutation Delete($id: ID!, $reason: String) { deleteTicket(id: $id, reason: $reason) { auditEventId } }";

#[tokio::test]
async fn a_deletion_without_a_reason_is_refused() {
    let app = TestApp::support_desk().start().await;
    for reason in [json!(null), json!(""), json!(" \n")] {
        let response = app.user("ada").graphql(DELETE, json!({ "id": id(4, 5), "reason": reason })).await;
        assert_eq!(response.codes(), ["REASON_REQUIRED"]);
        assert_eq!(response.messages(), ["`Ticket` asks for a reason: give `reason` as an argument of the mutation"]);
    }
    app.user("ada").graphql(DELETE, json!({ "id": id(4, 5), "reason": "Sent twice" })).await.data();
    assert_eq!(event_list(&app).await, ["DELETE Ticket 405"]);
    app.finish().await;
}

#[tokio::test]
async fn whoever_may_not_is_refused_before_a_reason_is_asked_for() {
    let app = TestApp::support_desk().start().await;
    for user in ["max", "ana", "vic"] {
        assert_eq!(app.user(user).graphql(DELETE, json!({ "id": id(4, 1) })).await.codes(), ["FORBIDDEN"], "{user}");
    }
    app.finish().await;
}

#[tokio::test]
async fn the_reason_stands_at_every_row_that_goes_along() {
    let app = TestApp::support_desk().start().await;
    app.user("ada").graphql(DELETE, json!({ "id": id(4, 1), "reason": "Sent twice" })).await.data();
    assert_eq!(event_list(&app).await.len(), 3);
    assert!(events(&app).await.iter().all(|event| event["reason"] == "Sent twice"));
    app.finish().await;
}
