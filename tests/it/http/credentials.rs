//! Nothing is served without a credential, but the two health pages and, in a demo, its sign-in.

use super::TYPENAME;
use crate::support::app::TestApp;
use axum::http::{Method, Request};
use serde_json::json;
use std::collections::BTreeSet;

/// Every route, with what stands for its parameters.
const ROUTES: [(&str, &str); 10] = [
    ("/", "/"),
    ("/graphql", "/graphql"),
    ("/exports/{id}", "/exports/00000000-0000-7000-8000-000000000001"),
    ("/healthz", "/healthz"),
    ("/readyz", "/readyz"),
    // Only there where a token for it is set, which is asked for then.
    ("/metrics", "/metrics"),
    ("/demo/sign-in", "/demo/sign-in?user=ana@desk.test"),
    ("/graphiql", "/graphiql"),
    ("/graphiql/examples.json", "/graphiql/examples.json"),
    ("/graphiql/assets/{name}", "/graphiql/assets/main.js"),
];

const OPEN: [&str; 2] = ["/healthz", "/readyz"];

#[test]
fn every_route_of_the_sources_is_listed() {
    let sources = [include_str!("../../../src/http/router.rs"), include_str!("../../../src/http/console/mod.rs")];
    let paths = sources.iter().flat_map(|source| source.split(".route(\"").skip(1)).map(|rest| rest.split('"').next().unwrap());
    let listed: BTreeSet<&str> = ROUTES.iter().map(|(path, _)| *path).collect();
    assert_eq!(paths.collect::<BTreeSet<&str>>(), listed);
}

#[tokio::test]
async fn no_route_is_open_to_nobody() {
    let app = TestApp::support_desk().start().await;
    let methods = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS];
    for (_, path) in ROUTES.into_iter().chain([("", "/nowhere"), ("", "/graphql/"), ("", "//graphql")]) {
        for method in &methods {
            let is_open = OPEN.contains(&path) && [Method::GET, Method::HEAD].contains(method);
            let response = app.anonymous().send(Request::builder().method(method).uri(path), "").await;
            let expected = if is_open { 200 } else { 401 };
            assert_eq!(response.status, expected, "{method} {path}");
            assert_eq!(response.header("www-authenticate"), if is_open { "" } else { "Bearer" }, "{method} {path}");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn a_demo_opens_its_sign_in_and_nothing_else() {
    let app = TestApp::support_desk().with_demo().start().await;
    for (_, path) in ROUTES {
        let response = app.anonymous().with_header("host", "localhost:4000").get(path).await;
        let expected = match path {
            path if OPEN.contains(&path) => 200,
            path if path.starts_with("/demo/") => 303,
            _ => 401,
        };
        assert_eq!(response.status, expected, "{path}");
    }
    app.finish().await;
}

#[tokio::test]
async fn what_is_no_credential_is_refused_like_none() {
    let app = TestApp::support_desk().start().await;
    let token = app.token_of("ana").await;
    let none = app.anonymous().graphql(TYPENAME, json!({})).await;
    let values = [
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Basic {token}"),
        token.clone(),
        format!("Bearer {token}x"),
        format!("Bearer {}", token.to_uppercase()),
        format!("Bearer {token} {token}"),
    ];
    for value in values {
        let response = app.anonymous().with_header("authorization", &value).graphql(TYPENAME, json!({})).await;
        assert_eq!((response.status, response.redacted()), (401, none.redacted()), "{value}");
    }
    for value in [format!("Bearer {token}"), format!("bearer {token}"), format!("Bearer   {token}")] {
        let response = app.anonymous().with_header("authorization", &value).graphql(TYPENAME, json!({})).await;
        assert_eq!(response.status, 200, "{value}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_browser_has_to_send_the_header_that_no_foreign_page_can() {
    let app = TestApp::support_desk().start().await;
    let cookie = app.cookie_of("ana").await;
    let browser = app.anonymous().with_header("cookie", &cookie);
    let refused = browser.graphql(TYPENAME, json!({})).await;
    assert_eq!((refused.status, refused.codes()), (403, vec!["FORBIDDEN".to_owned()]));
    assert_eq!(refused.messages(), ["a request with a session cookie needs the header `x-toolcrib-csrf: 1`"]);
    assert_eq!(browser.get("/graphql?query=%7B__typename%7D").await.status, 403, "queries are read, too");
    assert_eq!(browser.get("/nowhere").await.status, 404, "a page is fetched by following a link");
    assert_eq!(browser.post("/nowhere", &json!({})).await.status, 403);
    for name in ["x-toolcrib-csrf", "graphql-require-preflight", "apollo-require-preflight"] {
        let allowed = browser.clone().with_header(name, "1");
        assert_eq!(allowed.graphql(TYPENAME, json!({})).await.status, 200, "{name}");
        assert_eq!(allowed.get("/graphql?query=%7B__typename%7D").await.status, 200, "{name}");
    }
    // What a foreign page may send, headers that the browser itself adds among it.
    for (name, value) in [("origin", "https://elsewhere.test"), ("accept-language", "en"), ("content-language", "en")] {
        assert_eq!(browser.clone().with_header(name, value).graphql(TYPENAME, json!({})).await.status, 403, "{name}");
    }
    app.finish().await;
}

#[tokio::test]
async fn among_other_cookies_the_session_s_is_found() {
    let app = TestApp::support_desk().start().await;
    let cookie = app.cookie_of("ana").await;
    let send = async |cookies: &str| {
        let caller = app.anonymous().with_header("cookie", cookies).with_header("x-toolcrib-csrf", "1");
        caller.graphql(TYPENAME, json!({})).await.status
    };
    assert_eq!(send(&format!("theme=dark; {cookie}; a=b=c")).await, 200);
    assert_eq!(send("toolcrib_session=").await, 401);
    assert_eq!(send(&format!("x{cookie}")).await, 401);
    app.finish().await;
}

#[tokio::test]
async fn a_bad_token_is_not_saved_by_a_good_cookie() {
    let app = TestApp::support_desk().start().await;
    let browser = app.browser("ana");
    assert_eq!(browser.graphql(TYPENAME, json!({})).await.status, 200);
    assert_eq!(browser.with_header("authorization", "Bearer tc_wrong").graphql(TYPENAME, json!({})).await.status, 401);
    app.finish().await;
}

#[tokio::test]
async fn health_is_told_to_everybody() {
    let app = TestApp::support_desk().start().await;
    for (path, text) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let response = app.anonymous().get(path).await;
        assert_eq!((response.status, response.text()), (200, text));
    }
    app.finish().await;
}
