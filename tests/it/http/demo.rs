//! The demo: anybody on this machine may be anybody, and nobody from elsewhere anyone.

use super::TYPENAME;
use crate::support::app::{CALLER_ADDRESS, TestApp};
use crate::support::caller::Caller;
use serde_json::json;

fn visitor<'a>(app: &'a TestApp, host: &str) -> Caller<'a> {
    app.anonymous().with_header("host", host)
}

#[tokio::test]
async fn one_click_is_a_session_on_record() {
    let app = TestApp::support_desk().with_demo().start().await;
    let response = visitor(&app, "127.0.0.1:4000").get("/demo/sign-in?user=ana@desk.test").await;
    assert_eq!((response.status, response.header("location")), (303, "/graphiql"));
    let set_cookie = response.header("set-cookie");
    let (cookie, attributes) = set_cookie.split_once("; ").unwrap();
    assert_eq!(attributes, "Max-Age=43200; Path=/; HttpOnly; SameSite=Lax");
    let ana = visitor(&app, "localhost:4000").with_header("cookie", cookie).with_header("x-toolcrib-csrf", "1");
    let tickets = ana.graphql("{ tickets { totalCount } }", json!({})).await.data();
    assert_eq!(tickets["tickets"]["totalCount"], 4);
    let events = app.rows("select actor_user_id, actor_role, entity_id, details, ip_address from toolcrib.audit_events where event_type = 'LOGIN' order by id desc limit 1").await;
    let id = app.user_id("ana").await;
    let expected = json!({
        "actor_user_id": id, "actor_role": "agent", "entity_id": id, "details": { "method": "demo" },
        "ip_address": CALLER_ADDRESS.ip().to_string(),
    });
    assert_eq!(events, [expected]);
    app.finish().await;
}

#[tokio::test]
async fn whoever_is_no_user_or_an_inactive_one_does_not_get_in() {
    let app = TestApp::support_desk().with_demo().start().await;
    for (user, status) in [("nobody@desk.test", 404), ("gus@desk.test", 404), ("", 404)] {
        let response = visitor(&app, "localhost").get(&format!("/demo/sign-in?user={user}")).await;
        assert_eq!((response.status, response.header("set-cookie")), (status, ""), "{user}");
    }
    let unnamed = visitor(&app, "localhost").get("/demo/sign-in").await;
    let message = "`user` is missing: the mail address of the demo user to be, `?user=agent@demo.test`";
    assert_eq!((unnamed.status, unnamed.messages()), (400, vec![message.to_owned()]));
    app.finish().await;
}

#[tokio::test]
async fn without_a_demo_there_is_no_such_way_in() {
    let app = TestApp::support_desk().start().await;
    assert_eq!(app.anonymous().get("/demo/sign-in?user=ana@desk.test").await.status, 401);
    assert_eq!(app.user("ana").get("/demo/sign-in?user=ada@desk.test").await.status, 404);
    app.finish().await;
}

#[tokio::test]
async fn only_the_machine_s_own_names_are_answered() {
    let app = TestApp::support_desk().with_demo().start().await;
    let token = format!("Bearer {}", app.token_of("ana").await);
    let paths = [
        "/",
        "/graphql?query=%7B__typename%7D",
        "/graphiql",
        "/graphiql/examples.json",
        "/healthz",
        "/demo/sign-in?user=ana@desk.test",
        "/nowhere",
    ];
    for host in
        ["evil.test", "evil.test:4000", "localhost.evil.test", "127.0.0.1.evil.test:4000", "10.0.0.7:4000", "", "localhost:evil"]
    {
        for path in paths {
            let response = visitor(&app, host).with_header("authorization", &token).get(path).await;
            assert_eq!(response.status, 421, "{host} {path}");
        }
    }
    for host in ["localhost", "localhost:4000", "127.0.0.1", "127.0.0.1:4000", "[::1]", "[::1]:4000", "LOCALHOST:4000"] {
        assert_eq!(visitor(&app, host).get("/healthz").await.status, 200, "{host}");
    }
    app.finish().await;
}

#[tokio::test]
async fn outside_a_demo_any_name_will_do() {
    let app = TestApp::support_desk().start().await;
    assert_eq!(app.user("ana").with_header("host", "desk.example").graphql(TYPENAME, json!({})).await.status, 200);
    app.finish().await;
}

#[tokio::test]
async fn a_browser_is_shown_whom_to_be() {
    let app = TestApp::support_desk().with_demo().start().await;
    let response = visitor(&app, "localhost").with_header("accept", "text/html,*/*").get("/graphiql").await;
    assert_eq!((response.status, response.header("content-type")), (401, "text/html; charset=utf-8"));
    assert!(
        response.text().contains("<a href=\"/demo/sign-in?user=ana@desk.test\">ana@desk.test</a> (agent)"),
        "{}",
        response.text()
    );
    assert_eq!(response.header("content-security-policy"), "default-src 'none'; base-uri 'none'; frame-ancestors 'none'");
    app.finish().await;

    let app = TestApp::support_desk().start().await;
    let response = app.anonymous().with_header("accept", "text/html").get("/graphiql").await;
    assert_eq!(response.status, 401);
    assert!(!response.text().contains("desk.test"), "{}", response.text());
    app.finish().await;
}
