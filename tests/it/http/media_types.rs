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
    let ana = app.user("ana").with_header("accept", "text/html, application/xml");
    let response = ana.graphql(TYPENAME, json!({})).await;
    assert_eq!((response.status, response.messages()), (406, vec!["accept application/json".to_owned()]));
    app.finish().await;
}

#[tokio::test]
async fn the_status_says_whether_an_operation_was_executed_to_those_who_ask_for_it() {
    let app = TestApp::support_desk().start().await;
    let faulty =
        ["{", "{ nothing }", "query ($id: ID!) { ticket(id: $id) { id } }", "query A { __typename } query B { __typename }"];
    for query in faulty {
        let statuses = [GRAPHQL, JSON].map(async |accept| {
            let response = app.user("ana").with_header("accept", accept).graphql(query, json!({})).await;
            assert!(response.json().get("data").is_none(), "{query}");
            response.status
        });
        let [graphql, json] = statuses;
        assert_eq!((graphql.await, json.await), (400, 200), "{query}");
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
