//! Plans, SQL and binds over `cases/planner/<case>/{actor.toml, operation.graphql}`, without a database; `expected.txt` has
//! all three, so a change of the SQL is seen in review. `UPDATE_EXPECT=1` rewrites it.
//!
//! `actor.toml` says `role = "agent"`. The schema is `cases/planner/schema.graphql`, or the case's own.

mod layout;
mod plans;

use crate::support::expect::{case_directories, difference};
use plans::{Tool, actor};
use serde::Deserialize;
use serde_json::json;
use std::fs;
use std::path::Path;
use toolcrib::base::{Actor, RoleName};
use toolcrib::planner::{SelectedField, Selection};

const SCHEMA: &str = include_str!("../../cases/planner/schema.graphql");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActorFile {
    role: String,
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The schema, actor and operation of a case.
fn case(directory: &Path) -> (Tool, Actor, String) {
    let schema = fs::read_to_string(directory.join("schema.graphql")).unwrap_or_else(|_| SCHEMA.to_owned());
    let ActorFile { role } = toml::from_str(&read(&directory.join("actor.toml"))).unwrap();
    (Tool::new(&schema), actor(&role), read(&directory.join("operation.graphql")))
}

#[test]
fn plans_are_as_expected() {
    let differences = case_directories("planner").into_iter().filter_map(|directory| {
        let (tool, actor, operation) = case(&directory);
        difference(&tool.describe(&actor, &operation), &directory.join("expected.txt"))
    });
    let differences: Vec<String> = differences.collect();
    assert!(differences.is_empty(), "{} cases differ:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn a_plan_always_gives_the_same_text() {
    for directory in case_directories("planner") {
        let (tool, actor, operation) = case(&directory);
        assert_eq!(tool.describe(&actor, &operation), tool.describe(&actor, &operation), "{}", directory.display());
    }
}

/// The texts of all statements of an operation.
fn texts(actor: &Actor, operation: &str) -> Vec<String> {
    let tool = Tool::new(SCHEMA);
    let fields = tool.fields(operation);
    fields.iter().flat_map(|field| tool.plan(actor, field).unwrap().texts()).collect()
}

/// Values that would end a literal, an identifier, a comment or a bind, if they were ever text.
const HOSTILE: &[&str] = &["'; drop table t; --", "x' or '1'='1", "\" or 1=1 --", "$1", "*/ select 1 /*", "\\'; select 1", "%_?"];

#[test]
fn values_of_a_request_are_never_text() {
    let operation = |value: &str| {
        let value = json!(value).to_string();
        let id = "00000000-0000-0000-0000-000000000009";
        [
            format!(
                r#"{{ orders(where: {{or: [{{number: {{eq: {value}}}}}, {{number: {{in: [{value}]}}}}, {{number: {{ilike: {value}}}}},
                    {{shop: {{name: {{neq: {value}}}}}}}]}}, orderBy: [{{dueAt: DESC}}]) {{ nodes {{ number }} edges {{ cursor }} }} }}"#
            ),
            format!(r#"mutation {{ createShop(input: {{name: {value}}}, reason: {value}) {{ auditEventId }} }}"#),
            format!(r#"mutation {{ updateShop(id: "{id}", set: {{name: {value}}}, reason: {value}) {{ auditEventId }} }}"#),
            format!(r#"mutation {{ deleteShop(id: "{id}", reason: {value}) {{ auditEventId }} }}"#),
            format!(r#"mutation {{ exportOrders(where: {{number: {{like: {value}}}}}, reason: {value}) {{ url }} }}"#),
        ]
    };
    let admin = actor("admin");
    let harmless: Vec<Vec<String>> = operation("harmless").iter().map(|operation| texts(&admin, operation)).collect();
    for value in HOSTILE.iter().filter(|value| !value.ends_with('\\')) {
        let hostile: Vec<Vec<String>> = operation(value).iter().map(|operation| texts(&admin, operation)).collect();
        assert_eq!(hostile, harmless, "the text must not depend on the value {value}");
    }
}

#[test]
fn what_the_actor_is_is_never_text() {
    let operation = r#"mutation { createShop(input: {name: "x"}) { auditEventId } }"#;
    let order = "{ orders { nodes { email margin } } order(id: \"x\") { number } lines { nodes { text } } }";
    let (admin, viewer) = (actor("admin"), actor("viewer"));
    for value in HOSTILE {
        let named = |actor: &Actor| Actor { email: Some(value.to_string()), service: Some(value.to_string()), ..actor.clone() };
        assert_eq!(texts(&named(&admin), operation), texts(&admin, operation));
        // A role that no rule names is the same to every rule, however it is written.
        let role = |role: &str| Actor { role: RoleName::new(role), ..viewer.clone() };
        assert_eq!(texts(&role(value), order), texts(&role("nobody"), order));
    }
}

#[test]
fn response_keys_are_quoted() {
    let tool = Tool::new(SCHEMA);
    for key in HOSTILE {
        let field = |key: &str, name: &str, selection: Vec<SelectedField>| SelectedField {
            key: key.to_owned(),
            name: name.to_owned(),
            arguments: Default::default(),
            selection: Selection(selection),
        };
        let shop = |key: &str| field(key, "shop", vec![field(key, "name", vec![])]);
        let plan = |key: &str| {
            let nodes = field(key, "nodes", vec![field("id", "id", vec![]), shop(key)]);
            tool.plan(&actor("admin"), &field(key, "orders", vec![nodes])).unwrap().texts()
        };
        let quoted = format!("\"{}\"", key.replace('"', "\"\""));
        let expected: Vec<String> = plan("harmless").iter().map(|text| text.replace("\"harmless\"", &quoted)).collect();
        assert_eq!(plan(key), expected, "the key {key} must be an identifier and nothing else");
    }
}
