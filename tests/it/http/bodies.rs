//! Bodies: JSON, one operation, of a size.

use super::TYPENAME;
use crate::support::app::TestApp;
use crate::support::caller::Response;
use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::json;

async fn post(app: &TestApp, content_type: &str, body: impl Into<Body>) -> Response {
    let request = Request::builder().method(Method::POST).uri("/graphql").header("content-type", content_type);
    app.user("ana").send(request, body).await
}

const FORM: &str = "a JSON object with `query`, and perhaps `variables`, `operationName` and `extensions`";

#[tokio::test]
async fn only_json_is_taken() {
    let app = TestApp::support_desk().start().await;
    let body = json!({ "query": TYPENAME }).to_string();
    for content_type in
        ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON;charset=\"UTF-8\"", "application/json; a=b"]
    {
        assert_eq!(post(&app, content_type, body.clone()).await.status, 200, "{content_type}");
    }
    // Forms and plain text are what a page of another origin can send without asking.
    for (content_type, message) in [
        ("", "the body has no `Content-Type`; send JSON as `Content-Type: application/json`"),
        ("text/plain", "a body as `text/plain` is not read; send JSON as `Content-Type: application/json`"),
        (
            "application/x-www-form-urlencoded",
            "a body as `application/x-www-form-urlencoded` is not read; send JSON as `Content-Type: application/json`",
        ),
        ("application/graphql", "a body as `application/graphql` is not read; send JSON as `Content-Type: application/json`"),
        (
            "multipart/form-data; boundary=x",
            "files are not uploaded through GraphQL here; send JSON as `Content-Type: application/json`, without files",
        ),
        ("application/json; charset=latin1", "the body is read as UTF-8 alone; its `Content-Type` says `charset=latin1`"),
    ] {
        let response = post(&app, content_type, body.clone()).await;
        assert_eq!((response.status, response.messages()), (415, vec![message.to_owned()]), "{content_type}");
        assert_eq!(response.header("accept-post"), "application/json");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_compressed_body_is_refused() {
    let app = TestApp::support_desk().start().await;
    let send = async |coding: &'static str| {
        let ana = app.user("ana").with_header("content-encoding", coding);
        ana.graphql(TYPENAME, json!({})).await
    };
    assert_eq!(send("identity").await.status, 200);
    let response = send("gzip").await;
    assert_eq!((response.status, response.header("accept-encoding")), (415, "identity"));
    assert_eq!(response.messages(), ["the body is read as it is; its `Content-Encoding` says `gzip`"]);
    app.finish().await;
}

#[tokio::test]
async fn a_body_that_is_no_request_is_refused() {
    let app = TestApp::support_desk().start().await;
    const MISSING: &str = "`query` is missing: the GraphQL document to run";
    for (body, message) in [
        ("", format!("the body is empty; send {FORM}")),
        ("{", "the body is not JSON: EOF while parsing an object at line 1 column 1".to_owned()),
        ("nonsense", "the body is not JSON: expected ident at line 1 column 2".to_owned()),
        ("\"{ __typename }\"", format!("the body is a text; send {FORM}")),
        ("7", format!("the body is a number; send {FORM}")),
        ("{\"query\": \"{ __typename }\"} and more", "the body is not JSON: trailing characters at line 1 column 29".to_owned()),
        (
            "{\"query\": \"{ a }\", \"query\": \"{ b }\"}",
            "the body cannot be read: duplicate field `query` at line 1 column 26".to_owned(),
        ),
        ("{}", MISSING.to_owned()),
        ("{\"qeury\": \"{ __typename }\"}", MISSING.to_owned()),
        ("{\"query\": \"\"}", MISSING.to_owned()),
        ("{\"query\": null}", MISSING.to_owned()),
    ] {
        let response = post(&app, "application/json", body).await;
        assert_eq!((response.status, response.messages()), (400, vec![message]), "{body}");
        assert_eq!(response.codes(), ["BAD_USER_INPUT"]);
    }
    // Who asks for it is told what could not be read from what is no request.
    for (body, status) in [("", 400), ("{", 400), ("7", 422), ("{}", 422), ("{\"query\": 7}", 422)] {
        let caller = app.user("ana").with_header("accept", "application/graphql-response+json");
        let request = axum::http::Request::post("/graphql").header("content-type", "application/json");
        assert_eq!(caller.send(request, body).await.status, status, "{body}");
    }
    let response = post(&app, "application/json", b"{\"query\": \"\xff\"}".to_vec()).await;
    assert_eq!((response.status, response.messages()), (400, vec!["the body is not UTF-8 from byte 11 on".to_owned()]));
    app.finish().await;
}

#[tokio::test]
async fn a_parameter_of_another_type_is_refused_by_name() {
    let app = TestApp::support_desk().start().await;
    let kinds = [(json!({ "a": 1 }), "an object"), (json!([1]), "a list"), (json!("x"), "a text"), (json!(7), "a number")];
    let kinds = kinds.into_iter().chain([(json!(true), "a boolean")]);
    for (value, kind) in kinds {
        for (name, form) in
            [("query", "a text"), ("operationName", "a text"), ("variables", "a JSON object"), ("extensions", "a JSON object")]
        {
            if form.ends_with(kind.trim_start_matches("an ").trim_start_matches("a ")) {
                continue;
            }
            let mut body = json!({ "query": TYPENAME });
            body[name] = value.clone();
            for accept in ["application/json", "application/graphql-response+json"] {
                let response = app.user("ana").with_header("accept", accept).post("/graphql", &body).await;
                let status = if accept == "application/json" { 400 } else { 422 };
                assert_eq!((response.status, response.codes()), (status, vec!["BAD_USER_INPUT".to_owned()]), "{body}");
                assert_eq!(response.messages(), [format!("`{name}` has to be {form}; it is {kind}")]);
                assert_eq!(response.header("content-type"), format!("{accept}; charset=utf-8"));
            }
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn variables_have_a_depth() {
    let app = TestApp::support_desk().start().await;
    let nested = |depth: usize| {
        format!("{{\"query\": \"{{ __typename }}\", \"variables\": {{\"a\": {}{}}}}}", "[".repeat(depth), "]".repeat(depth))
    };
    assert_eq!(post(&app, "application/json", nested(100)).await.status, 200);
    for depth in [200, 100_000] {
        let response = post(&app, "application/json", nested(depth)).await;
        let message = "`variables` nests lists and objects more than 127 levels deep; send flatter values";
        assert_eq!((response.status, response.messages()), (400, vec![message.to_owned()]), "{depth}");
    }
    app.finish().await;
}

#[tokio::test]
async fn what_is_null_or_unknown_is_left_alone() {
    let app = TestApp::support_desk().start().await;
    for body in [
        json!({ "query": TYPENAME, "variables": null, "operationName": null, "extensions": null, "id": "x" }),
        json!({ "query": TYPENAME, "operationName": "", "extensions": { "a": 1, "tracing": { "b": [2] } } }),
    ] {
        assert_eq!(app.user("ana").post("/graphql", &body).await.data(), json!({ "__typename": "Query" }), "{body}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let app = TestApp::support_desk().with_limits(|limits| limits.max_body_bytes = 1000).start().await;
    let body = |length: usize| {
        let text = json!({ "query": TYPENAME }).to_string();
        format!("{text}{}", " ".repeat(length - text.len()))
    };
    let refused = |size: &str| vec![format!("the body has {size} bytes; the limit is 1000 (`limits.max_body_bytes`)")];
    assert_eq!(post(&app, "application/json", body(1000)).await.status, 200);
    let response = post(&app, "application/json", body(1001)).await;
    assert_eq!((response.status, response.codes()), (413, vec!["LIMIT_EXCEEDED".to_owned()]));
    assert_eq!(response.messages(), refused("more than 1000"));
    // One that says its length is not received at all.
    let told = Request::builder().method(Method::POST).uri("/graphql").header("content-type", "application/json");
    let response = app.user("ana").send(told.header("content-length", "5000000"), body(1001)).await;
    assert_eq!((response.status, response.messages()), (413, refused("5000000")));
    // One whose length nobody says beforehand.
    let chunks = (0..100).map(|_| Ok::<_, std::io::Error>(" ".repeat(100)));
    let response = post(&app, "application/json", Body::from_stream(futures_util::stream::iter(chunks))).await;
    assert_eq!((response.status, response.messages()), (413, refused("more than 1000")));
    app.finish().await;
}

#[tokio::test]
async fn a_request_s_id_is_the_server_s_own() {
    let app = TestApp::support_desk().start().await;
    let ana = app.user("ana").with_header("x-request-id", "00000000-0000-7000-8000-000000000999");
    let answers = [
        ana.graphql(TYPENAME, json!({})).await,
        ana.graphql("{ tickets(first: -1) { totalCount } }", json!({})).await,
        ana.graphql("{", json!({})).await,
        ana.get("/nowhere").await,
        app.anonymous().graphql(TYPENAME, json!({})).await,
    ];
    let mut ids: Vec<&str> = answers.iter().map(|answer| answer.request_id()).collect();
    assert!(ids.iter().all(|id| id.len() == 36 && *id != "00000000-0000-7000-8000-000000000999"), "{ids:?}");
    for answer in &answers[1..] {
        assert_eq!(answer.json()["errors"][0]["extensions"]["requestId"], answer.request_id());
    }
    ids.dedup();
    assert_eq!(ids.len(), answers.len());
    app.finish().await;
}
