//! Content negotiation, as the GraphQL-over-HTTP specification has it.

use super::TYPENAME;
use crate::support::app::TestApp;
use serde_json::json;

const GRAPHQL: &str = "application/graphql-response+json";
const JSON: &str = "application/json";

#[tokio::test]
async fn the_client_chooses_the_media_type() {
    let app = TestApp::support_desk().start().await;
    for (accept, expected) in [
        (None, JSON),
        (Some("*/*"), JSON),
        (Some(JSON), JSON),
        (Some(GRAPHQL), GRAPHQL),
        (Some("application/graphql-response+json; charset=utf-8, application/json; charset=utf-8"), GRAPHQL),
    ] {
        let caller = app.user("ana");
        let caller = match accept {
            Some(accept) => caller.with_header("accept", accept),
            None => caller,
        };
        let response = caller.graphql(TYPENAME, json!({})).await;
        assert_eq!(response.status, 200);
        assert_eq!(response.header("content-type"), format!("{expected}; charset=utf-8"), "{accept:?}");
        assert_eq!(response.header("cache-control"), "no-store");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_client_that_accepts_neither_is_told_so() {
    let app = TestApp::support_desk().start().await;
    for accept in ["text/html, application/xml", "application/json; charset=utf-16", "application/json;q=0"] {
        let response = app.user("ana").with_header("accept", accept).graphql(TYPENAME, json!({})).await;
        let message = "answers come as `application/graphql-response+json` or `application/json`, in UTF-8; `Accept` has to allow one of them";
        assert_eq!((response.status, response.messages()), (406, vec![message.to_owned()]), "{accept}");
    }
    app.finish().await;
}

#[tokio::test]
async fn the_status_says_whether_an_operation_was_executed_to_those_who_ask_for_it() {
    let app = TestApp::support_desk().start().await;
    for (query, status) in [
        ("{", 400),
        ("{ nothing }", 422),
        ("query ($id: ID!) { ticket(id: $id) { id } }", 422),
        ("query A { __typename } query B { __typename }", 422),
    ] {
        let statuses = [GRAPHQL, JSON].map(async |accept| {
            let response = app.user("ana").with_header("accept", accept).graphql(query, json!({})).await;
            assert!(response.json().get("data").is_none(), "{query}");
            response.status
        });
        let [graphql, json] = statuses;
        assert_eq!((graphql.await, json.await), (status, 200), "{query}");
    }
    // Well formed, and more than is served.
    let deep = format!("{{ tickets {{ nodes {{ team {}id{} }} }} }}", "{ parent ".repeat(20), " }".repeat(20))
        .replace("parent id", "id");
    for (accept, status) in [(GRAPHQL, 422), (JSON, 200)] {
        let response = app.user("ana").with_header("accept", accept).graphql(&deep, json!({})).await;
        assert_eq!((response.status, response.codes()), (status, vec!["LIMIT_EXCEEDED".to_owned()]));
    }
    // Executed with an error: 200 either way.
    for accept in [GRAPHQL, JSON] {
        let response =
            app.user("ana").with_header("accept", accept).graphql("{ tickets(first: -1) { totalCount } }", json!({})).await;
        assert_eq!((response.status, response.codes()), (200, vec!["BAD_USER_INPUT".to_owned()]));
        assert_eq!(response.json()["data"], json!(null));
    }
    app.finish().await;
}

#[tokio::test]
async fn a_refusal_comes_in_the_media_type_that_was_asked_for() {
    let app = TestApp::support_desk().start().await;
    for accept in [GRAPHQL, JSON] {
        let nobody = app.anonymous().with_header("accept", accept);
        let response = nobody.graphql(TYPENAME, json!({})).await;
        assert_eq!((response.status, response.header("content-type")), (401, format!("{accept}; charset=utf-8").as_str()));
        assert_eq!(response.codes(), ["UNAUTHENTICATED"]);
    }
    // Whoever accepts neither is first asked who it is.
    assert_eq!(app.anonymous().with_header("accept", "text/html").graphql(TYPENAME, json!({})).await.status, 401);
    app.finish().await;
}
