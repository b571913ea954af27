//! Batches: off unless a setting allows them.

use super::TYPENAME;
use crate::support::app::TestApp;
use serde_json::{Value as Json, json};

fn operation(query: &str) -> Json {
    json!({ "query": query })
}

#[tokio::test]
async fn a_batch_is_refused_by_default() {
    let app = TestApp::support_desk().start().await;
    for batch in [json!([operation(TYPENAME)]), json!([]), json!([operation(TYPENAME), operation(TYPENAME)])] {
        let response = app.user("ana").post("/graphql", &batch).await;
        assert_eq!((response.status, response.codes()), (400, vec!["BAD_USER_INPUT".to_owned()]));
        let message = "batches are not served; send one operation for each request, or raise `limits.max_batch`";
        assert_eq!(response.messages(), [message]);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_batch_within_the_limit_is_answered_in_order() {
    let app = TestApp::support_desk().with_limits(|limits| limits.max_batch = 3).start().await;
    let max = app.user("max");
    let create =
        |name: &str| operation(&format!("mutation {{ createTeam(input: {{ name: \"{name}\" }}) {{ team {{ name }} }} }}"));
    let count = operation("{ teams(where: { name: { like: \"Batch%\" } }) { totalCount } }");
    let refused = operation("mutation { createTeam(input: {}) { team { name } } }");
    let answers = app.user("ada").post("/graphql", &json!([create("Batch 1"), refused, count])).await;
    assert_eq!(answers.status, 200);
    let answers = answers.json();
    assert_eq!(answers[0]["data"]["createTeam"]["team"]["name"], "Batch 1");
    assert_eq!(answers[1]["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(answers[2]["data"]["teams"]["totalCount"], 1, "what came before is done, and what failed undid nothing of it");

    for (batch, status, message) in [
        (json!([]), 400, "the batch is empty; send at least one operation"),
        (json!([operation(TYPENAME), {}]), 400, "`query` is missing: the GraphQL document to run"),
        (
            json!([operation(TYPENAME), 7]),
            400,
            "element 1 of the batch is a number; send a JSON object with `query`, and perhaps `variables`, `operationName` and `extensions`",
        ),
        (
            json!([operation(TYPENAME), operation(TYPENAME), operation(TYPENAME), operation(TYPENAME)]),
            413,
            "the batch has 4 operations; the limit is 3 (`limits.max_batch`)",
        ),
    ] {
        let response = max.post("/graphql", &batch).await;
        assert_eq!((response.status, response.messages()), (status, vec![message.to_owned()]), "{batch}");
    }
    assert_eq!(max.post("/graphql", &operation(TYPENAME)).await.data(), json!({ "__typename": "Query" }));
    app.finish().await;
}
