//! Operations have a size: depth, fields, aliases, root fields.

use crate::support::app::TestApp;
use serde_json::json;

const LIMIT: [&str; 1] = ["LIMIT_EXCEEDED"];

async fn start() -> TestApp {
    let limits = |limits: &mut toolcrib::config::LimitSettings| {
        limits.max_depth = 5;
        limits.max_fields = 20;
        limits.max_aliases = 4;
        limits.max_root_fields = 3;
        (limits.page_size, limits.max_page_size) = (2, 3);
    };
    TestApp::support_desk().with_limits(limits).start().await
}

async fn messages(app: &TestApp, query: &str) -> Vec<String> {
    let response = app.user("ada").graphql(query, json!({})).await;
    if !response.messages().is_empty() {
        assert_eq!(response.codes(), LIMIT, "{query}");
    }
    response.messages()
}

fn beyond(limit: usize, what: &str) -> [String; 1] {
    [format!("the operation has more than {limit} {what}, which is the limit")]
}

#[tokio::test]
async fn what_is_within_the_limits_is_answered_and_one_more_is_not() {
    let app = start().await;
    let none: [String; 0] = [];
    let root = |count: usize| (0..count).map(|index| format!("a{index}: __typename ")).collect::<String>();
    assert_eq!(messages(&app, &format!("{{ {} }}", root(3))).await, none);
    assert_eq!(messages(&app, &format!("{{ {} }}", root(4))).await, beyond(3, "root fields"));

    let aliases = |count: usize| (0..count).map(|index| format!("a{index}: caseId ")).collect::<String>();
    assert_eq!(messages(&app, &format!("{{ tickets {{ nodes {{ {} }} }} }}", aliases(4))).await, none);
    assert_eq!(messages(&app, &format!("{{ tickets {{ nodes {{ {} }} }} }}", aliases(5))).await, beyond(4, "aliases"));

    assert_eq!(messages(&app, "{ tickets { nodes { team { parent { id } } } } }").await, none);
    let deep = "{ tickets { nodes { team { parent { parent { id } } } } } }";
    assert_eq!(messages(&app, deep).await, beyond(5, "levels of nesting"));

    let fields = |count: usize| format!("{{ tickets {{ nodes {{ {} }} }} }}", "caseId ".repeat(count));
    assert_eq!(messages(&app, &fields(18)).await, none);
    assert_eq!(messages(&app, &fields(19)).await, beyond(20, "fields"));
    app.finish().await;
}

#[tokio::test]
async fn fragments_hide_nothing() {
    let app = start().await;
    let deep =
        "{ tickets { nodes { ...A } } } fragment A on Ticket { team { ...B } } fragment B on Team { parent { parent { id } } }";
    assert_eq!(messages(&app, deep).await, beyond(5, "levels of nesting"));
    let wide =
        "{ tickets { nodes { ...A ...A ...A } } } fragment A on Ticket { ...B ...B } fragment B on Ticket { id caseId status }";
    assert_eq!(messages(&app, wide).await, beyond(20, "fields"));
    let root =
        "{ ...A } fragment A on Query { ...B x: __typename } fragment B on Query { a: __typename b: __typename c: __typename }";
    assert_eq!(messages(&app, root).await, beyond(3, "root fields"));
    app.finish().await;
}

#[tokio::test]
async fn pages_have_a_size() {
    let app = start().await;
    let count = async |arguments: &str| {
        let data = app.user("ada").graphql(&format!("{{ tickets{arguments} {{ nodes {{ id }} }} }}"), json!({})).await.data();
        data["tickets"]["nodes"].as_array().unwrap().len()
    };
    assert_eq!((count("").await, count("(first: 3)").await, count("(first: null)").await), (2, 3, 2));
    assert_eq!(messages(&app, "{ tickets(first: 4) { totalCount } }").await, ["`first` is 4; the limit is 3"]);
    app.finish().await;
}

#[tokio::test]
async fn a_document_that_multiplies_ends_early() {
    let app = TestApp::support_desk().start().await;
    // Each fragment spreads the next one ten times: ten billion fields.
    let fragments: String =
        (0..10).map(|index| format!("fragment F{index} on Ticket {{ {} }} ", format!("...F{} ", index + 1).repeat(10))).collect();
    let document = format!("{{ tickets {{ nodes {{ ...F0 }} }} }} {fragments} fragment F10 on Ticket {{ id }}");
    assert_eq!(app.user("ada").graphql(&document, json!({})).await.codes(), LIMIT);
    app.finish().await;
}

#[tokio::test]
async fn a_chain_of_fragments_ends_before_the_stack_does() {
    let app = TestApp::support_desk().start().await;
    let chain = |length: usize| {
        let fragments: String =
            (0..length).map(|index| format!("fragment F{index} on Ticket {{ ...F{} }} ", index + 1)).collect();
        format!("{{ tickets(first: 1) {{ nodes {{ ...F0 }} }} }} {fragments} fragment F{length} on Ticket {{ caseId }}")
    };
    assert_eq!(app.user("ada").graphql(&chain(30), json!({})).await.data()["tickets"]["nodes"][0]["caseId"], "CASE-000001");
    assert_eq!(app.user("ada").graphql(&chain(400), json!({})).await.codes(), LIMIT);
    app.finish().await;
}

#[tokio::test]
async fn a_document_beyond_what_can_be_parsed_is_refused() {
    let app = TestApp::support_desk().start().await;
    for document in
        ["{ a ".repeat(100_000), "{ a(b: ".to_owned() + &"[".repeat(100_000), "{ a } ".repeat(100_000), "{".repeat(100_000)]
    {
        let response = app.user("ada").graphql(&document, json!({})).await;
        let codes: Vec<String> = response.codes();
        assert!(codes.iter().all(|code| code == "GRAPHQL_PARSE_FAILED"), "{codes:?}");
        assert!((1..=20).contains(&codes.len()), "{}", codes.len());
    }
    app.finish().await;
}

#[tokio::test]
async fn a_filter_has_a_depth_and_a_size() {
    let app = TestApp::support_desk().start().await;
    let ada = app.user("ada");
    let filter = |depth: usize| format!("{}{{id: {{isNull: false}}}}{}", "{not: ".repeat(depth), "}".repeat(depth));
    let query = |depth: usize| format!("{{ tickets(where: {}) {{ totalCount }} }}", filter(depth));
    assert_eq!(ada.graphql(&query(150), json!({})).await.data()["tickets"]["totalCount"], 6);
    assert_eq!(ada.graphql(&query(300), json!({})).await.codes(), ["GRAPHQL_PARSE_FAILED"]);

    const QUERY: &str = "query Find($where: TicketFilter) { tickets(where: $where) { totalCount } }";
    let any = |count: usize| json!({ "where": { "or": vec![json!({ "subject": { "eq": "x" } }); count] } });
    assert_eq!(ada.graphql(QUERY, any(500)).await.data()["tickets"]["totalCount"], 0);
    let refused = ada.graphql(QUERY, any(501)).await;
    assert_eq!(refused.codes(), LIMIT);
    assert_eq!(
        refused.messages(),
        ["`where` has more than 500 conditions, which is the limit; `in` with a list of values is one"]
    );
    assert_eq!(ada.graphql(QUERY, json!({ "where": { "or": vec![json!({}); 501] } })).await.codes(), LIMIT);
    let list = json!({ "where": { "subject": { "in": vec!["Thank you!"; 5000] } } });
    assert_eq!(ada.graphql(QUERY, list).await.data()["tickets"]["totalCount"], 1);
    app.finish().await;
}
