//! Shares that end while others read.

use super::{REVOKE, id, shared, tickets, user};
use crate::support::app::TestApp;
use futures_util::future::join_all;
use serde_json::json;

#[tokio::test]
async fn a_read_sees_a_share_whole_or_not_at_all_and_never_after_it_ended() {
    let app = TestApp::support_desk().start().await;
    let query = format!("{{ ticket(id: \"{}\") {{ subject events {{ kind }} }} }}", id(4, 4));
    let whole = json!({ "ticket": { "subject": "Slow exports", "events": [{ "kind": "CREATED" }] } });
    let none = json!({ "ticket": null });
    for _ in 0..5 {
        let share = shared(&app, "cleo", 4, user(6), "READ").await;
        let noa = app.user("noa");
        let reads = join_all((0..12).map(|_| async { noa.graphql(&query, json!({})).await.data() }));
        let ending = async { app.user("cleo").graphql(REVOKE, json!({ "id": share })).await.data() };
        let (seen, _) = tokio::join!(reads, ending);
        assert!(seen.iter().all(|data| *data == whole || *data == none), "{seen:?}");
        assert_eq!(noa.graphql(&query, json!({})).await.data(), none);
    }
}

#[tokio::test]
async fn of_two_who_end_a_share_at_once_one_does() {
    let app = TestApp::support_desk().start().await;
    let share = shared(&app, "cleo", 4, user(6), "READ").await;
    let (cleo, max) = (app.user("cleo"), app.user("max"));
    let (one, other) = tokio::join!(cleo.graphql(REVOKE, json!({ "id": share })), max.graphql(REVOKE, json!({ "id": share })));
    let mut codes = [one.codes(), other.codes()].concat();
    codes.sort();
    assert_eq!(codes, ["CONSTRAINT_VIOLATION"]);
    assert_eq!(tickets(&app, "noa").await, [0_u64; 0]);
    assert_eq!(app.rows("select from toolcrib.audit_events where event_type = 'UNSHARE'").await.len(), 1);
}
