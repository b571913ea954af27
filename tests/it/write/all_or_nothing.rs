//! All fields of a document succeed, or none does; of a document that fails only its refusal stays.

use super::{event_list, events, id};
use crate::support::app::TestApp;
use serde_json::{Value as Json, json};

const THREE: &str = "mutation Three($second: ID!, $input: CreateMacroInput!) {
  first: updateTicket(id: \"00000000-0000-7000-8000-000000000401\", set: {subject: \"Changed\"}) { ticket { subject } }
  second: updateTicket(id: $second, set: {subject: \"Changed\"}) { ticket { subject } }
  third: createMacro(input: $input) { macro { title } }
}";

const MACRO: &str = "New";

fn variables(second: String) -> Json {
    json!({ "second": second, "input": { "title": MACRO, "body": "Text" } })
}

/// Everything that the mutation could have changed.
async fn state(app: &TestApp) -> Vec<Json> {
    app.rows("select id, subject as text, version from public.tickets union all select id, title, version from public.macros order by 1")
        .await
}

#[tokio::test]
async fn every_field_is_applied_in_its_order() {
    let app = TestApp::support_desk().start().await;
    let data = app.user("max").graphql(THREE, variables(id(4, 2))).await.data();
    let expected = json!({
        "first": { "ticket": { "subject": "Changed" } },
        "second": { "ticket": { "subject": "Changed" } },
        "third": { "macro": { "title": MACRO } },
    });
    assert_eq!(data, expected);
    let events = event_list(&app).await;
    assert_eq!(events[..2], ["UPDATE Ticket 401", "UPDATE Ticket 402"]);
    assert!(events[2].starts_with("CREATE Macro"), "{events:?}");
    app.finish().await;
}

#[tokio::test]
async fn a_later_field_sees_what_an_earlier_one_did() {
    let app = TestApp::support_desk().start().await;
    const TWICE: &str = "mutation {
      first: updateMacro(id: \"00000000-0000-7000-8000-000000000601\", set: {title: \"One\"}, ifVersion: 1) { macro { title version } }
      second: updateMacro(id: \"00000000-0000-7000-8000-000000000601\", set: {body: \"Two\"}, ifVersion: 2) { macro { title body version } }
    }";
    let data = app.user("max").graphql(TWICE, json!({})).await.data();
    assert_eq!(data["first"]["macro"], json!({ "title": "One", "version": 2 }));
    assert_eq!(data["second"]["macro"], json!({ "title": "One", "body": "Two", "version": 3 }));
    app.finish().await;
}

#[tokio::test]
async fn a_refused_field_undoes_those_before_it_and_leaves_its_denial() {
    let app = TestApp::support_desk().start().await;
    let before = state(&app).await;
    // Ana may change the first ticket; the second is Ben's.
    let response = app.user("ana").graphql(THREE, variables(id(4, 2))).await;
    assert_eq!(response.codes(), ["FORBIDDEN"]);
    assert_eq!(response.json()["data"], Json::Null);
    assert_eq!(response.json()["errors"][0]["path"], json!(["second"]));
    assert_eq!(state(&app).await, before);
    assert_eq!(event_list(&app).await, ["DENIED Ticket 402"]);
    app.finish().await;
}

#[tokio::test]
async fn a_mistake_undoes_everything_and_leaves_nothing() {
    let app = TestApp::support_desk().start().await;
    let before = state(&app).await;
    let mistakes = [
        (json!({ "title": "x".repeat(121), "body": "Text" }), "CONSTRAINT_VIOLATION"),
        (json!({ "title": "x\0", "body": "Text" }), "BAD_USER_INPUT"),
    ];
    for (input, code) in mistakes {
        let response = app.user("max").graphql(THREE, json!({ "second": id(4, 2), "input": input })).await;
        assert_eq!(response.codes(), [code]);
        assert_eq!(response.json()["data"], Json::Null);
    }
    assert_eq!(state(&app).await, before);
    assert_eq!(events(&app).await, Vec::<Json>::new());
    app.finish().await;
}

#[tokio::test]
async fn fields_after_a_failed_one_are_not_tried() {
    let app = TestApp::support_desk().start().await;
    const BOTH: &str = "mutation {
      first: deleteMacro(id: \"00000000-0000-7000-8000-000000000999\") { auditEventId }
      second: deleteTicket(id: \"00000000-0000-7000-8000-000000000401\") { auditEventId }
    }";
    let response = app.user("ada").graphql(BOTH, json!({})).await;
    assert_eq!(response.codes(), ["NOT_FOUND"]);
    assert_eq!(event_list(&app).await, ["DENIED Macro 999"]);
    app.finish().await;
}

#[tokio::test]
async fn a_skipped_field_is_no_field() {
    let app = TestApp::support_desk().start().await;
    const NONE: &str = "mutation None($no: Boolean = false) {
      __typename
      updateMacro(id: \"00000000-0000-7000-8000-000000000601\", set: {title: \"Hi\"}) @include(if: $no) { auditEventId }
    }";
    assert_eq!(app.user("max").graphql(NONE, json!({})).await.data(), json!({ "__typename": "Mutation" }));
    assert_eq!(events(&app).await, Vec::<Json>::new());
    app.finish().await;
}
