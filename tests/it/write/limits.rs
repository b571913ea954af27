//! `@length`, `@range` and `@pattern`: refused with the field's place and the limit, and by the table itself, too.

use crate::support::app::TestApp;
use serde_json::{Value as Json, json};

const SCHEMA: &str = r#"
    type Part @collection
      @access(read: "true", create: "true", update: "user.role == 'admin' || row.code == null", delete: "false")
      @audit {
      code: String @length(min: 4, max: 8) @pattern(regex: "[A-Z]{2}\\d+")
      weight: Decimal @range(min: "0.5", max: 10)
      count: Int @range(min: 0)
      ratio: Float @range(max: 1)
      total: BigInt @range(min: "-9007199254740993")
      made: Date @range(min: "2020-01-01", max: "2029-12-31")
      tags: [String!]! @default(value: ["new"])
      marks: [Int!]
    }
"#;

const ROWS: &str = "
    insert into toolcrib.users (email, name, role) values ('ada@test.test', 'Ada', 'admin'), ('ana@test.test', 'Ana', 'agent');
    insert into public.parts (id, code, tags) values ('00000000-0000-7000-8000-000000000401', 'AB12', '{}');";

async fn create(app: &TestApp, input: &str) -> (Vec<String>, Vec<String>) {
    let response =
        app.user("ana").graphql(&format!("mutation {{ createPart(input: {{{input}}}) {{ auditEventId }} }}"), json!({})).await;
    (response.codes(), response.messages())
}

#[tokio::test]
async fn values_within_their_limits_are_taken_and_those_beyond_are_named() {
    let app = TestApp::with_schema(SCHEMA).with_rows(ROWS).start().await;
    let within = [
        "code: \"AB12\"",
        "code: \"AB123456\"",
        "code: null",
        "weight: \"0.5\"",
        "weight: \"10.00\"",
        "count: 0",
        "ratio: 1",
        "ratio: -5.5",
        "total: \"-9007199254740993\"",
        "made: \"2020-01-01\"",
        "made: \"2029-12-31\"",
    ];
    for input in within {
        assert_eq!(create(&app, input).await.0, Vec::<String>::new(), "{input}");
    }
    let beyond = [
        ("code: \"AB1\"", "`input.code`: has 3 characters, 4 is the fewest"),
        ("code: \"AB1234567\"", "`input.code`: has 9 characters, 8 is the most"),
        ("code: \"12AB\"", "`code` of `Part` is not like `[A-Z]{2}\\d+`"),
        ("code: \"xAB12\"", "`code` of `Part` is not like `[A-Z]{2}\\d+`"),
        ("code: \"AB12x\"", "`code` of `Part` is not like `[A-Z]{2}\\d+`"),
        ("code: \"AB12\\n\"", "`code` of `Part` is not like `[A-Z]{2}\\d+`"),
        ("weight: \"0.49\"", "`input.weight`: is less than 0.5, which is the least"),
        ("weight: \"10.01\"", "`input.weight`: is more than 10, which is the most"),
        ("count: -1", "`input.count`: is less than 0, which is the least"),
        ("ratio: 1.5", "`input.ratio`: is more than 1.0, which is the most"),
        ("total: \"-9007199254740994\"", "`input.total`: is less than -9007199254740993, which is the least"),
        ("made: \"2019-12-31\"", "`input.made`: is less than 2020-01-01, which is the least"),
    ];
    for (input, message) in beyond {
        assert_eq!(create(&app, input).await, (vec!["CONSTRAINT_VIOLATION".to_owned()], vec![message.to_owned()]), "{input}");
    }
    app.finish().await;
}

#[tokio::test]
async fn one_value_of_many_is_named_by_its_row() {
    let app = TestApp::with_schema(SCHEMA).with_rows(ROWS).start().await;
    let many = "mutation { createParts(inputs: [{count: 1}, {count: -1}]) { count } }";
    let response = app.user("ana").graphql(many, json!({})).await;
    assert_eq!(response.messages(), ["`inputs[1].count`: is less than 0, which is the least"]);
    let many =
        "mutation { createParts(inputs: [{count: 1, tags: [\"a\", \"b\"]}, {count: 2}, {tags: []}]) { parts { count tags } } }";
    let created = app.user("ana").graphql(many, json!({})).await.data()["createParts"]["parts"].take();
    let expected = json!([{ "count": 1, "tags": ["a", "b"] }, { "count": 2, "tags": ["new"] }, { "count": null, "tags": [] }]);
    assert_eq!(created, expected, "lists of any length, and a list that is a default");
    // One row, changed and made again, with a list that is no list.
    let id = "00000000-0000-7000-8000-000000000401";
    for (marks, shown) in [("null", json!(null)), ("[1, 2]", json!([1, 2])), ("null", json!(null)), ("[]", json!([]))] {
        let change = format!("mutation {{ updatePart(id: \"{id}\", set: {{marks: {marks}}}) {{ part {{ marks }} }} }}");
        let changed = app.user("ada").graphql(&change, json!({})).await;
        assert_eq!(changed.data()["updatePart"]["part"]["marks"], shown, "{}", changed.text());
        let made = format!("mutation {{ createPart(input: {{marks: {marks}}}) {{ part {{ marks }} }} }}");
        let made = app.user("ana").graphql(&made, json!({})).await;
        assert_eq!(made.data()["createPart"]["part"]["marks"], shown, "{}", made.text());
    }
    app.finish().await;
}

#[tokio::test]
async fn a_pattern_tells_nothing_to_those_who_may_not_write() {
    let app = TestApp::with_schema(SCHEMA).with_rows(ROWS).start().await;
    let update = "mutation { updatePart(id: \"00000000-0000-7000-8000-000000000401\", set: {code: \"12AB\"}) { auditEventId } }";
    assert_eq!(app.user("ana").graphql(update, json!({})).await.codes(), ["FORBIDDEN"]);
    assert_eq!(app.user("ada").graphql(update, json!({})).await.codes(), ["CONSTRAINT_VIOLATION"]);
    app.finish().await;
}

#[tokio::test]
async fn the_table_keeps_to_them_whoever_writes() {
    let app = TestApp::with_schema(SCHEMA).with_rows(ROWS).start().await;
    let client = app.database.connect().await;
    let wrong = [
        ("code", "'AB1'", "parts_code_min_length_check"),
        ("code", "'AB1234567'", "parts_code_length_check"),
        ("code", "'12AB'", "parts_code_pattern_check"),
        ("weight", "0.49", "parts_weight_min_check"),
        ("weight", "10.01", "parts_weight_max_check"),
        ("count", "-1", "parts_count_min_check"),
        ("ratio", "1.5", "parts_ratio_max_check"),
        ("made", "'2019-12-31'", "parts_made_min_check"),
        ("made", "'2030-01-01'", "parts_made_max_check"),
    ];
    for (column, value, check) in wrong {
        let error = client.execute(&format!("update public.parts set {column} = {value}"), &[]).await.unwrap_err();
        assert_eq!(error.as_db_error().unwrap().constraint(), Some(check), "{column} = {value}");
    }
    let rows: Vec<Json> = app.rows("select code from public.parts").await;
    assert_eq!(rows, [json!({ "code": "AB12" })]);
    app.finish().await;
}
