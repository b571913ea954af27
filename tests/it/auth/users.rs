//! What a user is counts with the next request: role, team, whether it is active at all.

use super::tickets;
use crate::support::app::TestApp;
use serde_json::{Value as Json, json};
use toolcrib::auth::CACHE_TIME;

const SET: &str = "mutation Set($id: ID!, $set: UpdateUserInput!) { updateUser(id: $id, set: $set) { user { version } } }";

/// Changes a user as an admin, through the API.
async fn set(app: &TestApp, user: &str, set: Json) {
    app.user("ada").graphql(SET, json!({ "id": app.user_id(user).await, "set": set })).await.data();
}

#[tokio::test]
async fn an_inactive_user_is_nobody() {
    let app = TestApp::support_desk().start().await;
    assert_eq!(tickets(&app.user("gus")).await, Err(401));
    assert_eq!(tickets(&app.user("ana")).await, Ok(4));
    set(&app, "ana", json!({ "isActive": false })).await;
    assert_eq!(tickets(&app.user("ana")).await, Err(401), "with the next request");
    set(&app, "ana", json!({ "isActive": true })).await;
    assert_eq!(tickets(&app.user("ana")).await, Ok(4));
    app.finish().await;
}

#[tokio::test]
async fn another_role_counts_with_the_next_request() {
    let app = TestApp::support_desk().start().await;
    let ana = app.user("ana");
    for (role, seen) in [("agent", 4), ("viewer", 2), ("manager", 6), ("agent", 4)] {
        set(&app, "ana", json!({ "role": role })).await;
        assert_eq!(tickets(&ana).await, Ok(seen), "{role}");
    }
    app.finish().await;
}

#[tokio::test]
async fn another_team_counts_with_the_next_request() {
    let app = TestApp::support_desk().start().await;
    let ana = app.user("ana");
    assert_eq!(tickets(&ana).await, Ok(4));
    set(&app, "ana", json!({ "team": { "id": "00000000-0000-7000-8000-000000000102" } })).await;
    assert_eq!(tickets(&ana).await, Ok(2));
    set(&app, "ana", json!({ "team": null })).await;
    assert_eq!(tickets(&ana).await, Ok(0));
    app.finish().await;
}

#[tokio::test]
async fn a_deleted_user_is_nobody() {
    let app = TestApp::support_desk().start().await;
    app.token_of("noa").await;
    assert_eq!(tickets(&app.user("noa")).await, Ok(0));
    const DELETE: &str = "mutation Delete($id: ID!) { deleteUser(id: $id) { auditEventId } }";
    let refused = app.user("ada").graphql(DELETE, json!({ "id": app.user_id("noa").await })).await;
    assert_eq!(refused.messages(), ["a `ServiceToken` still points here with `user`; delete or change it first"]);
    app.finish().await;
}

#[tokio::test]
async fn what_another_server_changed_counts_within_a_second() {
    let app = TestApp::support_desk().start().await;
    let ana = app.user("ana");
    assert_eq!(tickets(&ana).await, Ok(4));
    app.execute("update toolcrib.users set is_active = false where email = 'ana@desk.test'").await;
    assert!(CACHE_TIME.as_millis() <= 1000);
    let started = std::time::Instant::now();
    while tickets(&ana).await.is_ok() {
        assert!(started.elapsed() < std::time::Duration::from_secs(5), "the old answer is still believed");
        tokio::task::yield_now().await;
    }
    app.finish().await;
}

#[tokio::test]
async fn nobody_raises_the_own_role() {
    let app = TestApp::support_desk().start().await;
    for user in ["max", "ana", "vic"] {
        let variables = json!({ "id": app.user_id(user).await, "set": { "role": "admin" } });
        assert_eq!(app.user(user).graphql(SET, variables).await.codes(), ["FORBIDDEN"], "{user}");
    }
    app.finish().await;
}

#[tokio::test]
async fn whatever_mutation_changes_a_user_counts_with_the_next_request() {
    let app = TestApp::support_desk().start().await;
    let ada = app.user("ada");
    let id = app.user_id("ana").await;
    let changes = [
        ("updateUsers(where: {email: {eq: \"ana@desk.test\"}}, set: {isActive: false}) { count }".to_owned(), Err(401)),
        (format!("updateUsersById(updates: [{{id: \"{id}\", set: {{isActive: true}}}}]) {{ count }}"), Ok(4)),
    ];
    assert_eq!(tickets(&app.user("ana")).await, Ok(4));
    for (change, expected) in changes {
        ada.graphql(&format!("mutation {{ {change} }}"), json!({})).await.data();
        assert_eq!(tickets(&app.user("ana")).await, expected, "{change}");
    }
    app.finish().await;
}
