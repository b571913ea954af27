//! The tests' own support: it finds what it is there to find.

use crate::support::app::TestApp;
use serde_json::json;

const RENAME: &str =
    r#"mutation { updateMacro(id: "00000000-0000-7000-8000-000000000601", set: {title: "Hi"}) { macro { title } } }"#;

/// Runs SQL as the server's login, under a role that may write nearly everything.
async fn write_behind_its_back(app: &TestApp, sql: &str) {
    let client = app.database.connect_as_server().await;
    client
        .batch_execute(&format!("begin; set local role toolcrib_role_admin; set local toolcrib.actor = '  '; {sql}; commit"))
        .await
        .unwrap();
}

/// What the app says of itself at its end; empty if it is content.
async fn complaint(app: TestApp) -> String {
    let finished = tokio::spawn(app.finish()).await;
    finished.map_or_else(|error| *error.into_panic().downcast::<String>().unwrap(), |()| String::new())
}

#[tokio::test]
async fn callers_have_their_own_tokens() {
    let app = TestApp::support_desk().start().await;
    const WHO: &str = "{ users(where: {name: {eq: \"Ana\"}}) { nodes { email } } }";
    assert_eq!(app.user("ana").graphql(WHO, json!({})).await.data()["users"]["nodes"][0]["email"], "ana@desk.test");
    assert_eq!(app.browser("ana").graphql(WHO, json!({})).await.status, 200);
    assert_eq!(app.anonymous().graphql(WHO, json!({})).await.status, 401);
    assert_eq!(app.token("tc_nobody").graphql(WHO, json!({})).await.status, 401);
    app.finish().await;
}

#[tokio::test]
async fn a_recorded_change_is_in_order() {
    let app = TestApp::support_desk().start().await;
    assert_eq!(app.user("max").graphql(RENAME, json!({})).await.data()["updateMacro"]["macro"]["title"], "Hi");
    app.execute("update public.macros set title = 'Hello again'").await;
    assert_eq!(complaint(app).await, "");
}

#[tokio::test]
async fn a_change_without_an_event_is_found() {
    for sql in [
        "update public.macros set title = 'x' where title = 'Hello'",
        "insert into public.macros (title, body) values ('x', 'y')",
        "delete from public.macros where title = 'Hello'",
        "insert into public.macros (id, title, body) values ('00000000-0000-7000-8000-00000000dead', 'x', 'y');
         delete from public.macros where title = 'x'",
    ] {
        let app = TestApp::support_desk().start().await;
        write_behind_its_back(&app, sql).await;
        let complaint = complaint(app).await;
        assert!(complaint.contains("Macro 00000000-0000-7000-8000-") || complaint.contains("CREATE Macro"), "{sql}: {complaint}");
        assert!(complaint.contains("changes: 1 events: 0"), "{sql}: {complaint}");
    }
}

#[tokio::test]
async fn an_event_without_a_change_is_found() {
    let app = TestApp::support_desk().start().await;
    let sql = "insert into toolcrib.audit_events (actor_role, event_type, entity_type, entity_id)
               values ('admin', 'UPDATE', 'Macro', '00000000-0000-7000-8000-000000000601')";
    write_behind_its_back(&app, sql).await;
    assert!(complaint(app).await.contains("UPDATE Macro 00000000-0000-7000-8000-000000000601 changes: 0 events: 1"));
}
