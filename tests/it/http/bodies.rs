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

#[tokio::test]
async fn only_json_is_taken() {
    let app = TestApp::support_desk().start().await;
    let body = json!({ "query": TYPENAME }).to_string();
    for content_type in ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON"] {
        assert_eq!(post(&app, content_type, body.clone()).await.status, 200, "{content_type}");
    }
    // A form is what a page of another origin can send without asking.
    for content_type in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/graphql", ""]
    {
        let response = post(&app, content_type, body.clone()).await;
        assert_eq!(response.status, 415, "{content_type}");
        assert_eq!(response.messages(), ["send the request as `Content-Type: application/json`"]);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_body_that_is_no_request_is_refused() {
    let app = TestApp::support_desk().start().await;
    const NOT_A_REQUEST: &str =
        "the body is not a GraphQL request: a JSON object with `query`, and perhaps `variables` and `operationName`";
    const MISSING: &str = "`query` is missing: the GraphQL document to run";
    const BATCH: &str = "batches are not served; send one operation for each request";
    for (body, message) in [
        ("", NOT_A_REQUEST),
        ("{", NOT_A_REQUEST),
        ("\"{ __typename }\"", NOT_A_REQUEST),
        ("{\"query\": 7}", NOT_A_REQUEST),
        ("{\"query\": \"{ __typename }\", \"variables\": [1]}", NOT_A_REQUEST),
        ("{\"query\": \"{ __typename }\", \"variables\": \"{}\"}", NOT_A_REQUEST),
        ("{\"query\": \"{ __typename }\"} and more", NOT_A_REQUEST),
        ("{}", MISSING),
        ("{\"query\": \"\"}", MISSING),
        ("{\"query\": null}", MISSING),
        (" [{\"query\": \"{ __typename }\"}]", BATCH),
    ] {
        let response = post(&app, "application/json", body).await;
        assert_eq!((response.status, response.messages()), (400, vec![message.to_owned()]), "{body}");
        assert_eq!(response.codes(), ["BAD_USER_INPUT"]);
    }
    let deep = format!("{{\"query\": \"{{ __typename }}\", \"variables\": {{\"a\": {}{}}}}}", "[".repeat(5000), "]".repeat(5000));
    assert_eq!(post(&app, "application/json", deep).await.status, 400);
    app.finish().await;
}

#[tokio::test]
async fn what_is_null_or_unknown_is_left_alone() {
    let app = TestApp::support_desk().start().await;
    let body = json!({ "query": TYPENAME, "variables": null, "operationName": null, "extensions": { "a": 1 }, "id": "x" });
    assert_eq!(app.user("ana").post("/graphql", &body).await.data(), json!({ "__typename": "Query" }));
    app.finish().await;
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let app = TestApp::support_desk().with_limits(|limits| limits.max_body_bytes = 1000).start().await;
    let body = |length: usize| {
        let text = json!({ "query": TYPENAME }).to_string();
        format!("{text}{}", " ".repeat(length - text.len()))
    };
    assert_eq!(post(&app, "application/json", body(1000)).await.status, 200);
    let response = post(&app, "application/json", body(1001)).await;
    assert_eq!((response.status, response.messages()), (413, vec!["the request body is too large".to_owned()]));
    // One whose length nobody says beforehand.
    let chunks = (0..100).map(|_| Ok::<_, std::io::Error>(" ".repeat(100)));
    let response = post(&app, "application/json", Body::from_stream(futures_util::stream::iter(chunks))).await;
    assert_eq!(response.status, 413);
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
