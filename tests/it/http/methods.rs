//! Methods: queries by GET and POST, mutations by POST alone.

use super::TYPENAME;
use crate::support::app::TestApp;
use crate::support::caller::Response;
use axum::http::{Method, Request};
use serde_json::json;

async fn send(app: &TestApp, method: Method, path: &str) -> Response {
    app.user("max").send(Request::builder().method(method).uri(path), "").await
}

#[tokio::test]
async fn a_query_may_come_by_get() {
    let app = TestApp::support_desk().start().await;
    let path = "/graphql?query=query%20A%20%7B%20__typename%20%7D%20query%20B(%24first%3A%20Int)%20%7B%20tickets(first%3A%20%24first)\
        %20%7B%20nodes%20%7B%20caseId%20%7D%20%7D%20%7D&operationName=B&variables=%7B%22first%22%3A1%7D&extensions=%7B%7D";
    assert_eq!(app.user("max").get(path).await.data(), json!({ "tickets": { "nodes": [{ "caseId": "CASE-000001" }] } }));
    for rest in ["&variables=&operationName=&extensions=", "&variables=null&extensions=null", "&variables=%7B%7D&other=1&other=2"]
    {
        let path = format!("/graphql?query=%7B__typename%7D{rest}");
        assert_eq!(app.user("max").get(&path).await.data(), json!({ "__typename": "Query" }), "{rest}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_get_that_is_no_request_is_refused() {
    let app = TestApp::support_desk().start().await;
    for (path, status, message) in [
        ("/graphql", 422, "`query` is missing: the GraphQL document to run"),
        ("/graphql?query=", 422, "`query` is missing: the GraphQL document to run"),
        ("/graphql?query=%7B__typename%7D&variables=no", 400, "`variables` is not JSON: expected ident at line 1 column 2"),
        ("/graphql?query=%7B__typename%7D&variables=%5B1%5D", 422, "`variables` has to be a JSON object; it is a list"),
        ("/graphql?query=%7B__typename%7D&extensions=7", 422, "`extensions` has to be a JSON object; it is a number"),
        ("/graphql?query=a&query=b", 422, "`query` stands twice in the query string; send it once"),
        (
            "/graphql?operationName=null&query=%7B__typename%7D",
            422,
            "the document has no operation `null`; `operationName` has to name one of its own",
        ),
    ] {
        let response = app.user("max").with_header("accept", "application/graphql-response+json").get(path).await;
        assert_eq!((response.status, response.messages()), (status, vec![message.to_owned()]), "{path}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_mutation_never_comes_by_get() {
    let app = TestApp::support_desk().start().await;
    const MUTATION: &str =
        "/graphql?query=mutation%7BdeleteMacro(id%3A%2200000000-0000-7000-8000-000000000601%22)%7BauditEventId%7D%7D";
    for accept in ["application/json", "application/graphql-response+json"] {
        for method in [Method::GET, Method::HEAD] {
            let request = Request::builder().method(method.clone()).uri(MUTATION).header("accept", accept);
            let response = app.user("max").send(request, "").await;
            assert_eq!((response.status, response.header("allow")), (405, "POST"), "{method} {accept}");
            if method == Method::GET {
                assert_eq!(response.messages(), ["a mutation has to be sent with POST"]);
            }
        }
    }
    assert_eq!(app.rows("select id from public.macros").await.len(), 3);
    app.finish().await;
}

#[tokio::test]
async fn a_head_is_a_get_without_its_answer() {
    let app = TestApp::support_desk().start().await;
    let path = "/graphql?query=%7B__typename%7D";
    let (get, head) = (app.user("max").get(path).await, send(&app, Method::HEAD, path).await);
    assert_eq!((head.status, head.text()), (200, ""));
    for name in ["content-type", "content-length", "cache-control"] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
    app.finish().await;
}

#[tokio::test]
async fn other_methods_are_told_which_there_are() {
    let app = TestApp::support_desk().start().await;
    for method in [Method::OPTIONS, Method::PUT, Method::PATCH, Method::DELETE, Method::TRACE] {
        let response = send(&app, method.clone(), "/graphql").await;
        assert_eq!((response.status, response.header("allow")), (405, "GET,HEAD,POST"), "{method}");
        assert_eq!(response.messages(), [format!("{method} is not served here; the header `Allow` says which methods are")]);
    }
    let response = send(&app, Method::POST, "/exports/x").await;
    assert_eq!((response.status, response.header("allow")), (405, "GET,HEAD"));
    app.finish().await;
}

#[tokio::test]
async fn no_other_origin_is_let_in() {
    let app = TestApp::support_desk().start().await;
    let preflight = Request::builder()
        .method(Method::OPTIONS)
        .uri("/graphql")
        .header("origin", "https://elsewhere.test")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "x-toolcrib-csrf");
    let response = app.anonymous().send(preflight, "").await;
    assert_eq!(response.status, 401);
    let ana = app.user("ana").with_header("origin", "https://elsewhere.test");
    for response in [response, ana.graphql(TYPENAME, json!({})).await] {
        let allowed: Vec<&str> =
            response.headers.keys().map(|name| name.as_str()).filter(|name| name.starts_with("access-control")).collect();
        assert!(allowed.is_empty(), "{allowed:?}");
    }
    app.finish().await;
}

#[tokio::test]
async fn nothing_becomes_a_websocket() {
    let app = TestApp::support_desk().start().await;
    let upgrade = || {
        let request = Request::builder().uri("/graphql").header("connection", "Upgrade").header("upgrade", "h2c, WebSocket");
        let request = request.header("sec-websocket-version", "13").header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        request.header("sec-websocket-protocol", "graphql-transport-ws")
    };
    let refused = app.user("ana").send(upgrade(), "").await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.messages(), ["websockets are not served here; send each operation by POST to `/graphql`"]);
    assert_eq!(app.anonymous().send(upgrade(), "").await.status, 401);
    let cookie = app.cookie_of("ana").await;
    let foreign = upgrade().header("cookie", cookie).header("origin", "https://elsewhere.test");
    assert_eq!(app.anonymous().send(foreign, "").await.status, 403, "a browser sends cookies from any page");
    app.finish().await;
}
