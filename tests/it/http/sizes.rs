//! Operations have a size: depth, fields, aliases, directives, root fields, tokens, values, rows, time.

use crate::support::app::TestApp;
use serde_json::json;
use std::time::Duration;

const LIMIT: [&str; 1] = ["LIMIT_EXCEEDED"];

async fn start() -> TestApp {
    let limits = |limits: &mut toolcrib::config::LimitSettings| {
        limits.max_depth = 5;
        limits.max_fields = 20;
        limits.max_aliases = 4;
        limits.max_directives = 3;
        limits.max_tokens = 200;
        limits.max_values = 10;
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

fn beyond(measured: usize, what: &str, limit: usize, setting: &str) -> [String; 1] {
    [format!("the operation has {measured} {what}; the limit is {limit} (`limits.{setting}`)")]
}

#[tokio::test]
async fn what_is_within_the_limits_is_answered_and_one_more_is_not() {
    let app = start().await;
    let none: [String; 0] = [];
    let root = |count: usize| (0..count).map(|index| format!("a{index}: __typename ")).collect::<String>();
    assert_eq!(messages(&app, &format!("{{ {} }}", root(3))).await, none);
    assert_eq!(messages(&app, &format!("{{ {} }}", root(4))).await, beyond(4, "root fields", 3, "max_root_fields"));

    let aliases = |count: usize| (0..count).map(|index| format!("a{index}: caseId ")).collect::<String>();
    assert_eq!(messages(&app, &format!("{{ tickets {{ nodes {{ {} }} }} }}", aliases(4))).await, none);
    assert_eq!(
        messages(&app, &format!("{{ tickets {{ nodes {{ {} }} }} }}", aliases(5))).await,
        beyond(5, "aliases", 4, "max_aliases")
    );

    assert_eq!(messages(&app, "{ tickets { nodes { team { parent { id } } } } }").await, none);
    let deep = "{ tickets { nodes { team { parent { parent { id } } } } } }";
    assert_eq!(messages(&app, deep).await, beyond(6, "levels of nesting", 5, "max_depth"));

    let directives = |count: usize| format!("{{ tickets {{ nodes {{ {} }} }} }}", "caseId @skip(if: false) ".repeat(count));
    assert_eq!(messages(&app, &directives(3)).await, none);
    assert_eq!(messages(&app, &directives(4)).await, beyond(4, "directives", 3, "max_directives"));
    let unknown = format!("query @a @b {{ __typename {} }}", "@c ".repeat(40));
    assert_eq!(messages(&app, &unknown).await, beyond(42, "directives", 3, "max_directives"));

    let fields = |count: usize| format!("{{ tickets {{ nodes {{ {} }} }} }}", "caseId ".repeat(count));
    assert_eq!(messages(&app, &fields(18)).await, none);
    assert_eq!(messages(&app, &fields(19)).await, beyond(21, "fields", 20, "max_fields"));
    app.finish().await;
}

#[tokio::test]
async fn fragments_hide_nothing() {
    let app = start().await;
    let deep =
        "{ tickets { nodes { ...A } } } fragment A on Ticket { team { ...B } } fragment B on Team { parent { parent { id } } }";
    assert_eq!(messages(&app, deep).await, beyond(6, "levels of nesting", 5, "max_depth"));
    let wide =
        "{ tickets { nodes { ...A ...A ...A } } } fragment A on Ticket { ...B ...B } fragment B on Ticket { id caseId status }";
    // Two fields, three spreads of A, each with two of B, each with three fields.
    assert_eq!(messages(&app, wide).await, beyond(2 + 3 * (1 + 2 * (1 + 3)), "fields", 20, "max_fields"));
    let root =
        "{ ...A } fragment A on Query { ...B x: __typename } fragment B on Query { a: __typename b: __typename c: __typename }";
    assert_eq!(messages(&app, root).await, beyond(4, "root fields", 3, "max_root_fields"));
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
    assert_eq!(
        messages(&app, "{ tickets(first: 4) { totalCount } }").await,
        ["`first` is 4; the limit is 3 (`limits.max_page_size`)"]
    );
    app.finish().await;
}

#[tokio::test]
async fn a_document_that_multiplies_is_measured_without_being_walked() {
    let app = TestApp::support_desk().start().await;
    let bomb = |levels: usize, leaf: &str| {
        let fragments =
            (0..levels).map(|index| format!("fragment F{index} on Ticket {{ {} }} ", format!("...F{} ", index + 1).repeat(10)));
        format!(
            "{{ tickets {{ nodes {{ ...F0 }} }} }} {} fragment F{levels} on Ticket {{ {leaf} }}",
            fragments.collect::<String>()
        )
    };
    // Each fragment spreads the next one ten times: ten billion fields, and eleven billion spreads.
    let measured = 2 + 10_usize.pow(10) + (0..=10).map(|level| 10_usize.pow(level)).sum::<usize>();
    assert_eq!(messages(&app, &bomb(10, "id")).await, beyond(measured, "fields", 2000, "max_fields"));
    assert_eq!(messages(&app, &bomb(8, "a: id")).await, beyond(100_000_000, "aliases", 200, "max_aliases"));
    assert_eq!(messages(&app, &bomb(8, "id @skip(if: true)")).await, beyond(100_000_000, "directives", 200, "max_directives"));
    // Beyond what a machine can count.
    assert_eq!(messages(&app, &bomb(40, "id")).await, beyond(usize::MAX, "fields", 2000, "max_fields"));
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
    assert_eq!(app.user("ada").graphql(&chain(90), json!({})).await.data()["tickets"]["nodes"][0]["caseId"], "CASE-000001");
    let refused = [
        "the operation has 101 or more fields and fragments inside each other; the limit is 100, which is no setting: spread fewer \
         fragments inside others",
    ];
    for length in [100, 400, 1000] {
        assert_eq!(messages(&app, &chain(length)).await, refused, "{length}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_document_beyond_what_can_be_parsed_is_refused() {
    let app = start().await;
    const DEEP: &str = "the document nests braces, brackets and parentheses more than 200 levels deep; the limit is no setting";
    const LONG: &str = "the document has more than 200 tokens, blanks included, which is the limit (`limits.max_tokens`); values in variables are not counted";
    let tokens = |count: usize| format!("{{__typename{}}}", " ".to_owned() + &", ".repeat((count - 4) / 2));
    assert!(messages(&app, &tokens(190)).await.is_empty());
    for document in ["{ a } ".repeat(100_000), tokens(250), "{ a(b: ".to_owned() + &"[1 ".repeat(100_000)] {
        assert_eq!(messages(&app, &document).await, [LONG]);
    }
    app.finish().await;

    let app = TestApp::support_desk().start().await;
    for document in ["{ a ".repeat(5000), "{ a(b: ".to_owned() + &"[".repeat(10_000)] {
        assert_eq!(messages(&app, &document).await, [DEEP]);
    }
    let nonsense = app.user("ada").graphql(&"{".repeat(10_000), json!({})).await;
    assert_eq!(nonsense.codes(), ["GRAPHQL_PARSE_FAILED"; 20]);
    app.finish().await;
}

#[tokio::test]
async fn arguments_hold_a_number_of_values() {
    let app = start().await;
    const QUERY: &str = "query ($ids: [ID!]) { a: tickets(where: { id: { in: $ids } }) { totalCount } b: tickets(where: { id: { in: $ids } }) { totalCount } }";
    let ids = |count: usize| json!({ "ids": vec!["00000000-0000-7000-8000-000000000401"; count] });
    // Of each use: the filter, the test, the variable, the list, and its elements.
    assert_eq!(app.user("ada").graphql(QUERY, ids(1)).await.codes(), [""; 0]);
    let refused = app.user("ada").graphql(QUERY, ids(2)).await;
    assert_eq!(refused.codes(), LIMIT);
    let message = "the operation has more than 10 values in its arguments, which is the limit (`limits.max_values`)";
    assert_eq!(refused.messages(), [message]);
    app.finish().await;
}

#[tokio::test]
async fn a_query_has_a_time() {
    let app = TestApp::support_desk().with_limits(|limits| limits.timeout = Duration::from_millis(300)).start().await;
    let owner = app.database.connect().await;
    owner.batch_execute("begin; lock table public.tickets in access exclusive mode").await.unwrap();
    let response = app.user("ada").graphql("query Slow { tickets { totalCount } }", json!({})).await;
    assert_eq!(
        (response.status, response.codes(), response.json()["data"].clone()),
        (200, vec![LIMIT[0].to_owned()], json!(null))
    );
    assert_eq!(
        response.messages(),
        ["the query was given up after 300ms, which is the limit (`limits.timeout`); ask for less at once"]
    );
    owner.batch_execute("rollback").await.unwrap();
    assert_eq!(app.user("ada").graphql("{ tickets { totalCount } }", json!({})).await.data()["tickets"]["totalCount"], 6);
    app.finish().await;
}

#[tokio::test]
async fn a_filter_has_a_depth_and_a_size() {
    let app = TestApp::support_desk().start().await;
    let ada = app.user("ada");
    let filter = |depth: usize| format!("{}{{id: {{isNull: false}}}}{}", "{not: ".repeat(depth), "}".repeat(depth));
    let query = |depth: usize| format!("{{ tickets(where: {}) {{ totalCount }} }}", filter(depth));
    assert_eq!(ada.graphql(&query(62), json!({})).await.data()["tickets"]["totalCount"], 6);
    for depth in [63, 150, 300] {
        assert_eq!(ada.graphql(&query(depth), json!({})).await.codes(), LIMIT, "{depth}");
    }

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
