//! How shares end: by revoking them, and with the row.

use super::{REVOKE, id, share, shared, stored, tickets, user};
use crate::support::app::TestApp;
use serde_json::{Value as Json, json};

#[tokio::test]
async fn a_share_is_ended_by_who_made_it_or_may_make_it() {
    let app = TestApp::support_desk().start().await;
    for (who, code) in [("noa", "FORBIDDEN"), ("ana", "NOT_FOUND"), ("vic", "NOT_FOUND")] {
        let share = shared(&app, "cleo", 4, user(6), "WRITE").await;
        let refused = app.user(who).graphql(REVOKE, json!({ "id": share })).await;
        assert_eq!(refused.codes(), [code], "{who} {:?}", refused.messages());
        assert_eq!(tickets(&app, "noa").await, [4]);
        for who in ["cleo", "max", "ada"] {
            let share = shared(&app, "cleo", 4, user(7), "READ").await;
            assert_eq!(tickets(&app, "vic").await, [4, 5, 6]);
            let ended = app.user(who).graphql(REVOKE, json!({ "id": share })).await.data();
            assert!(ended["revokeRecordShare"]["recordShare"]["revokedAt"].is_string());
            assert_eq!(tickets(&app, "vic").await, [5, 6], "{who}");
        }
        app.user("cleo").graphql(REVOKE, json!({ "id": share })).await.data();
        assert_eq!(tickets(&app, "noa").await, [0_u64; 0]);
    }
    let unknown = app.user("ada").graphql(REVOKE, json!({ "id": "x" })).await;
    assert_eq!(unknown.codes(), ["NOT_FOUND"]);
}

#[tokio::test]
async fn who_shared_a_row_may_end_that_though_they_may_no_longer_share_it() {
    let app = TestApp::support_desk().start().await;
    let share = shared(&app, "cleo", 4, user(6), "READ").await;
    app.execute(&format!("update public.tickets set assigned_to_id = null where id = '{}'", id(4, 4))).await;
    assert_eq!(super::share(&app, "cleo", 4, user(6), "READ").await.codes(), ["FORBIDDEN"]);
    app.user("cleo").graphql(REVOKE, json!({ "id": share })).await.data();
    assert_eq!(tickets(&app, "noa").await, [0_u64; 0]);
}

#[tokio::test]
async fn a_share_is_ended_once_and_never_changed() {
    let app = TestApp::support_desk().with_rows(stored(1, 4, Some(6), "null, 'READ', null, null")).start().await;
    let revoke = json!({ "id": id(8, 1) });
    app.user("max").graphql(REVOKE, revoke.clone()).await.data();
    let again = app.user("max").graphql(REVOKE, revoke).await;
    assert_eq!(again.codes(), ["CONSTRAINT_VIOLATION"]);
    assert_eq!(again.messages(), ["the share has ended already; a share is only ended, once, and never changed otherwise"]);
    let client = app.database.connect().await;
    for change in
        ["level = 'WRITE'", "user_id = null, role = 'viewer'", "expires_at = null, revoked_at = null", "record_type = 'Customer'"]
    {
        let sql = format!("update toolcrib.record_shares set {change} where id = '{}'", id(8, 1));
        assert!(client.batch_execute(&sql).await.is_err(), "{change}");
    }
}

#[tokio::test]
async fn the_shares_of_a_deleted_row_end_with_it() {
    let app = TestApp::support_desk().with_rows(stored(1, 4, Some(6), "null, 'READ', null, '2026-01-08'")).start().await;
    shared(&app, "cleo", 4, user(6), "READ").await;
    shared(&app, "max", 4, json!({ "role": "viewer" }), "READ").await;
    shared(&app, "max", 5, json!({ "role": "viewer" }), "READ").await;
    let delete =
        |number: u8| format!("mutation {{ deleteTicket(id: \"{}\", reason: \"Twice\") {{ auditEventId }} }}", id(4, number));
    assert_eq!(app.user("max").graphql(&delete(4), json!({})).await.codes(), ["FORBIDDEN"]);
    let dry = delete(4).replace("reason:", "dryRun: true, reason:");
    app.user("ada").graphql(&dry, json!({})).await.data();
    let active = "select record_id from toolcrib.record_shares where revoked_at is null order by id";
    assert_eq!(app.rows(active).await.len(), 3, "nothing came of it so far");
    app.user("ada").graphql(&delete(4), json!({})).await.data();
    assert_eq!(app.rows(active).await, [json!({ "record_id": id(4, 5) })]);
    let events = app
        .rows(
            "select event_type, entity_type, actor_user_id, actor_role, reason, after ->> 'recordId' as record
             from toolcrib.audit_events where event_type = 'UNSHARE'",
        )
        .await;
    let event = json!({
        "event_type": "UNSHARE", "entity_type": "RecordShare", "actor_user_id": id(2, 1), "actor_role": "admin",
        "reason": "Twice", "record": id(4, 4),
    });
    assert_eq!(events, [event.clone(), event]);
    app.finish().await;
}

#[tokio::test]
async fn shares_go_with_the_user_they_name() {
    let app = TestApp::support_desk().start().await;
    shared(&app, "cleo", 4, user(6), "READ").await;
    let delete = format!("mutation {{ deleteUser(id: \"{}\") {{ auditEventId }} }}", id(2, 6));
    app.user("ada").graphql(&delete, json!({})).await.data();
    assert_eq!(app.rows("select from toolcrib.record_shares").await, [Json::Null; 0]);
    app.finish().await;
}

#[tokio::test]
async fn what_is_shared_in_a_document_that_fails_is_not_shared() {
    let app = TestApp::support_desk().start().await;
    let document = format!(
        "mutation {{
            shareTicket(id: \"{}\", with: {{role: agent}}, level: READ) {{ auditEventId }}
            updateTicket(id: \"{}\", set: {{priority: LOW}}) {{ auditEventId }}
        }}",
        id(4, 4),
        id(4, 1)
    );
    assert_eq!(app.user("cleo").graphql(&document, json!({})).await.codes(), ["NOT_FOUND"]);
    assert_eq!(tickets(&app, "noa").await, [0_u64; 0]);
    share(&app, "cleo", 4, json!({ "role": "agent" }), "READ").await.data();
    assert_eq!(tickets(&app, "noa").await, [4]);
}
