//! Nothing is served without a credential, but the two health pages, sign-in and, in a demo, its own.

use super::TYPENAME;
use crate::support::app::TestApp;
use axum::http::{Method, Request};
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Every route, with what stands for its parameters.
const ROUTES: [(&str, &str); 11] = [
    ("/", "/"),
    ("/graphql", "/graphql"),
    ("/auth/whoami", "/auth/whoami"),
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

/// The routes by which somebody becomes a caller, each with what stands for its parameters and the methods that are open.
const SIGN_IN: [(&str, &str, &[&str]); 9] = [
    ("/auth/login", "/auth/login", &["GET", "HEAD"]),
    ("/auth/login/{provider}", "/auth/login/test", &["GET", "HEAD", "POST"]),
    ("/auth/callback/{provider}", "/auth/callback/test", &["GET", "HEAD"]),
    ("/auth/providers", "/auth/providers", &["GET", "HEAD"]),
    ("/auth/logout", "/auth/logout", &["GET", "HEAD", "POST"]),
    ("/auth/signed-out", "/auth/signed-out", &["GET", "HEAD"]),
    ("/auth/backchannel-logout/{provider}", "/auth/backchannel-logout/test", &["POST"]),
    ("/auth/exchange", "/auth/exchange", &["POST"]),
    ("/auth/handoff", "/auth/handoff", &["POST"]),
];

/// The routes of provisioning, which have a form of errors of their own.
const SCIM: [(&str, &str); 10] = [
    ("/scim/v2/Users", "/scim/v2/Users"),
    ("/scim/v2/Users/{id}", "/scim/v2/Users/1"),
    ("/scim/v2/Groups", "/scim/v2/Groups"),
    ("/scim/v2/Groups/{id}", "/scim/v2/Groups/1"),
    ("/scim/v2/ServiceProviderConfig", "/scim/v2/ServiceProviderConfig"),
    ("/scim/v2/ResourceTypes", "/scim/v2/ResourceTypes"),
    ("/scim/v2/ResourceTypes/{id}", "/scim/v2/ResourceTypes/User"),
    ("/scim/v2/Schemas", "/scim/v2/Schemas"),
    ("/scim/v2/Schemas/{id}", "/scim/v2/Schemas/1"),
    ("/scim/v2/{*path}", "/scim/v2/Me"),
];

/// Whoever adds a route says here whether it is open: one that nobody classified fails.
#[test]
fn every_route_of_the_sources_is_listed() {
    let mut found = BTreeSet::new();
    let mut directories = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("node_modules") {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("metrics.rs") {
                let source = fs::read_to_string(&path).unwrap();
                for service in ["route_service(", ".nest(", ".nest_service(", ".fallback_service("] {
                    assert!(!source.contains(service), "{}: `{service}` adds routes that this test does not see", path.display());
                }
                // There are no websockets. Whoever adds them checks Origin, and ends them with the session.
                for upgrade in
                    ["WebSocketUpgrade", "on_upgrade(", "with_upgrades", "axum::extract::ws", "enable_connect_protocol"]
                {
                    assert!(!source.contains(upgrade), "{}: `{upgrade}` lets connections outlive their caller", path.display());
                }
                let routes = source.split(".route(").skip(1).map(|rest| rest.trim_start());
                found.extend(routes.map(|rest| {
                    let literal = rest.strip_prefix('"').unwrap_or_else(|| panic!("{}: a route is a literal", path.display()));
                    literal.split('"').next().unwrap().to_owned()
                }));
            }
        }
    }
    let listed = ROUTES.iter().map(|(path, _)| (*path).to_owned()).chain(SIGN_IN.iter().map(|(path, ..)| (*path).to_owned()));
    let listed = listed.chain(SCIM.iter().map(|(path, _)| (*path).to_owned()));
    assert_eq!(found, listed.collect::<BTreeSet<String>>());
}

#[tokio::test]
async fn provisioning_asks_everybody_who_they_are() {
    let app = TestApp::support_desk().start().await;
    for (_, path) in SCIM {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
            let response = app.anonymous().send(Request::builder().method(method).uri(path), "").await;
            assert_eq!(response.status, 401, "{method} {path}");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn sign_in_is_open_by_its_methods_alone() {
    let app = TestApp::support_desk().start().await;
    for (_, path, open) in SIGN_IN {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let response = app.anonymous().send(Request::builder().method(method).uri(path), "").await;
            assert_eq!(response.status == 401, !open.contains(&method), "{method} {path}: {}", response.status);
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn no_root_field_answers_nobody() {
    let app = TestApp::support_desk().start().await;
    let sdl = app.app.engine.sdl().to_owned();
    let fields = |root: &str| -> Vec<String> {
        let body = sdl.split(&format!("type {root} {{")).nth(1).unwrap().split("\n}").next().unwrap().to_owned();
        let names = body.lines().filter(|line| line.starts_with('\t') || line.starts_with("  ")).map(str::trim);
        let names = names.filter(|line| line.contains(':') && !line.starts_with(['"', '#', '}']));
        let name = |line: &str| line.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
        names.map(name).collect()
    };
    for (root, operation) in [("Query", "query"), ("Mutation", "mutation")] {
        let fields = fields(root);
        assert!(fields.len() > 10, "{root}: {fields:?}");
        for field in fields {
            let answer = app.anonymous().graphql(&format!("{operation} {{ {field} }}"), json!({})).await;
            assert_eq!((answer.status, answer.codes()), (401, vec!["UNAUTHENTICATED".to_owned()]), "{field}");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn nobody_is_who_a_request_says() {
    let app = TestApp::support_desk().start().await;
    let id = app.user_id("ada").await.to_string();
    const LOG: &str = "{ auditEvents(first: 1) { totalCount } }";
    let honest = app.user("ana").graphql(LOG, json!({})).await.redacted();
    assert_ne!(app.user("ada").graphql(LOG, json!({})).await.redacted(), honest, "an admin sees more");
    for name in
        ["x-user", "x-user-id", "x-hasura-role", "x-forwarded-user", "remote-user", "x-toolcrib-user", "x-auth-request-email"]
    {
        let liar = app.anonymous().with_header(name, &id);
        assert_eq!(liar.graphql(TYPENAME, json!({})).await.status, 401, "{name}");
        let ana = app.user("ana").with_header(name, &id).graphql(LOG, json!({})).await;
        assert_eq!(ana.redacted(), honest, "{name}");
    }
    let said = json!({ "user": { "id": id, "role": "admin" }, "role": "admin" });
    let body = json!({ "query": LOG, "variables": said, "extensions": said });
    assert_eq!(app.user("ana").post("/graphql", &body).await.redacted(), honest);
    app.finish().await;
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
