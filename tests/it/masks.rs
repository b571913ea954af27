//! Masks whose values differ with each installation: hashes.

use crate::support::app::TestApp;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

const SCHEMA: &str = r#"
type Account
  @collection
  @export(allow: "true")
  @search(fields: ["name", "iban"], config: "simple")
  @access(read: "true", write: "true") {
  name: String!
  iban: String @access(read: "user.role == 'admin'", mask: HASH)
  other: String @access(read: "user.role == 'admin'", mask: HASH)
}
"#;

const ROWS: &str = "
insert into toolcrib.users (id, email, name, role) values
  ('00000000-0000-7000-8000-000000000201', 'ada@bank.test', 'Ada', 'admin'),
  ('00000000-0000-7000-8000-000000000203', 'ana@bank.test', 'Ana', 'agent');
insert into public.accounts (id, name, iban, other) values
  ('00000000-0000-7000-8000-000000000401', 'A', 'DE02120300000000202051', 'DE02120300000000202051'),
  ('00000000-0000-7000-8000-000000000402', 'B', 'DE02120300000000202051', 'x'),
  ('00000000-0000-7000-8000-000000000403', 'C', 'DE02500105170137075030', null);
";

const ALL: &str = "{ accounts { nodes { name iban other } } }";

async fn start() -> TestApp {
    TestApp::with_schema(SCHEMA).with_rows(ROWS).start().await
}

async fn hashes(app: &TestApp, actor: &str) -> Vec<[Option<String>; 2]> {
    let answer = app.user(actor).graphql(ALL, json!({})).await;
    let text = |cell: &Json| cell.as_str().map(ToOwned::to_owned);
    let nodes = answer.data()["accounts"]["nodes"].as_array().unwrap().clone();
    nodes.iter().map(|node| [text(&node["iban"]), text(&node["other"])]).collect()
}

#[tokio::test]
async fn a_hash_stands_for_its_value_and_for_nothing_else() {
    let app = start().await;
    // Databases of tests come from one template, and so do their keys.
    let other_key = format!("{ROWS} update toolcrib.server_keys set key = sha256('another') where name = 'mask'");
    let elsewhere = TestApp::with_schema(SCHEMA).with_rows(other_key).start().await;
    assert_eq!(hashes(&app, "ada").await[0], [(); 2].map(|()| Some("DE02120300000000202051".to_owned())));
    let seen = hashes(&app, "ana").await;
    let is_hash = |text: &String| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(seen.iter().flatten().flatten().all(is_hash), "{seen:?}");
    assert_eq!(seen[0][0], seen[1][0], "the same value");
    assert_ne!(seen[0][0], seen[2][0], "another value");
    assert_ne!(seen[0][0], seen[0][1], "the same value of another field");
    assert_eq!(seen[2][1], None, "a null stays null");
    assert_eq!(seen, hashes(&app, "ana").await, "the same at the next request");
    let there = hashes(&elsewhere, "ana").await;
    let all: BTreeSet<&String> = seen.iter().chain(&there).flatten().flatten().collect();
    let here: BTreeSet<&String> = seen.iter().flatten().flatten().collect();
    assert_eq!(all.len(), 2 * here.len(), "no hash of one installation is one of another: {seen:?} {there:?}");
    app.finish().await;
    elsewhere.finish().await;
}

#[tokio::test]
async fn nobody_finds_a_row_by_a_hash_or_by_what_it_stands_for() {
    let app = start().await;
    let ana = app.user("ana");
    let hash = hashes(&app, "ana").await[0][0].clone().unwrap();
    let query = "query($value: String!) {
      accounts(where: {iban: {eq: $value}}) { totalCount }
      ordered: accounts(orderBy: [{iban: DESC}]) { nodes { name } }
      found: accounts(search: $value) { totalCount }
      accountsAggregate(groupBy: [{field: iban}]) { keys { iban } count countDistinct { iban } max { iban } }
    }";
    for value in [hash.as_str(), "DE02120300000000202051"] {
        let answer = ana.graphql(query, json!({ "value": value })).await;
        let nodes = json!([{ "name": "C" }, { "name": "B" }, { "name": "A" }]);
        let group = json!({ "keys": { "iban": null }, "count": 3, "countDistinct": { "iban": 0 }, "max": { "iban": null } });
        let none = json!({ "totalCount": 0 });
        let expected = json!({ "accounts": none, "ordered": { "nodes": nodes }, "found": none, "accountsAggregate": [group] });
        assert_eq!(answer.data(), expected, "{value}");
    }
    let answer = app.user("ada").graphql(query, json!({ "value": "DE02120300000000202051" })).await;
    assert_eq!(answer.data()["accounts"]["totalCount"], 2);
    assert_eq!(answer.data()["found"]["totalCount"], 2);
    app.finish().await;
}
