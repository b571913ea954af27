//! `toolcrib policy test`: the tools' own cases, what a failure looks like, and that nothing stays.

use crate::examples::example_tools;
use crate::support::database::TestDatabase;
use crate::support::process::{Crib, Outcome};
use serde_json::Value as Json;
use std::fs;
use std::path::Path;

#[tokio::test]
async fn the_rules_of_every_tool_keep_their_cases() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).to_owned();
    for tool in std::iter::once(root).chain(example_tools()) {
        let schema = fs::read_to_string(tool.join("schema.graphql")).unwrap();
        let database = TestDatabase::new(&schema).await;
        let crib = Crib::of(&tool).on(&database.owner_url(), &database.server_url());
        let Outcome { code, stdout, stderr } = crib.run(&["policy", "test"]);
        assert_eq!(code, Some(0), "{}: {stdout}{stderr}", tool.display());
        assert!(stdout.contains(" expectations, 0 failed"), "{stdout}");
        let full = crib.run(&["policy", "test", "--full-coverage"]);
        assert_eq!(full.code, Some(0), "{}: {full:?}", tool.display());
        let left = database.connect().await.query_one("select count(*) from toolcrib.users", &[]).await.unwrap();
        assert_eq!(left.get::<_, i64>(0), 0, "nothing stays");
    }
}

const NOTES: &str = r#"
extend schema @rule(name: "mine", is: "row.owner == user.id")

type Note
  @collection
  @access(
    read: "user.role == 'admin' || mine"
    create: "true"
    update: "user.role == 'admin' || (old.owner == user.id && new.owner == user.id)"
    delete: "user.role == 'admin'"
  ) {
  text: String!
  secret: String @access(read: "mine", write: "false")
  owner: User
  parent: Note
}
"#;

const ROWS: &str = r#"
[rows.User.ada]
role = "admin"
[rows.User.ana]
role = "agent"
[rows.Note.anas]
owner = "ana"
parent = "nobodys"
[rows.Note.nobodys]
"#;

/// Notes with a file of cases, on a database of their own.
async fn notes(cases: &str) -> (TestDatabase, Crib) {
    let database = TestDatabase::new(NOTES).await;
    let crib = Crib::with_schema(NOTES).on(&database.owner_url(), &database.server_url());
    crib.write("rules/notes.toml", &format!("{ROWS}{cases}"));
    (database, crib)
}

const GOOD: &str = r#"
[[case]]
name = "one's own notes"
as = ["ana"]
operation = "READ"
on = "Note"
allowed = ["anas"]
denied = ["nobodys"]

[[case]]
name = "not even an admin sees a secret of another"
as = ["ada"]
operation = "READ"
on = "Note"
field = "secret"
denied = ["anas"]

[[case]]
name = "what is mine stays mine"
as = ["ana"]
operation = "UPDATE"
on = "Note"
set = { owner = "ada" }
denied = ["anas"]

[[invariant]]
name = "agents delete nothing"
roles = ["agent"]
operations = ["DELETE"]
never = ["*"]
"#;

#[tokio::test]
async fn what_fails_is_told_with_the_clause_that_decides() {
    let (_database, crib) = notes(GOOD).await;
    let good = crib.run(&["policy", "test"]);
    assert_eq!(good.code, Some(0), "{good:?}");
    assert!(good.stdout.contains("5 expectations, 0 failed"), "{good:?}");
    // `user.role == 'admin'` of `delete` was never asked.
    assert!(good.stdout.contains("never asked  user.role == 'admin'  (schema.graphql:10:"), "{good:?}");
    assert_eq!(crib.run(&["policy", "test", "--full-coverage"]).code, Some(1));

    let wrong = GOOD
        .replace("denied = [\"nobodys\"]", "denied = [\"anas\"]")
        .replace("set = { owner = \"ada\" }\ndenied", "set = { owner = \"ada\" }\nallowed");
    let wrong = wrong.replace("operations = [\"DELETE\"]", "operations = [\"READ\"]");
    crib.write("rules/notes.toml", &format!("{ROWS}{wrong}"));
    let Outcome { code, stdout, .. } = crib.run(&["policy", "test"]);
    assert_eq!(code, Some(1), "{stdout}");
    for line in [
        "FAILED  notes.toml: one's own notes\n  ana may not READ Note anas, but\n    every rule allows it",
        "FAILED  notes.toml: what is mine stays mine\n  ana may UPDATE Note anas, but\n    UPDATE Note denies:",
        "false new.owner == user.id (schema.graphql:9:",
        "FAILED  notes.toml: agents delete nothing\n  agent never READ Note, but\n    READ Note: row.owner == user.id",
        "5 expectations, 3 failed",
    ] {
        assert!(stdout.contains(line), "{line} is not in\n{stdout}");
    }
    let told: Json = serde_json::from_str(&crib.run(&["policy", "test", "--json"]).stdout).unwrap();
    let failed = told["expectations"].as_array().unwrap().iter().filter(|told| told["passed"] == false).count();
    assert_eq!(failed, 3, "{told:#}");
    assert!(told["coverage"]["clauses"].as_u64() > told["coverage"]["covered"].as_u64(), "{told:#}");
}

#[tokio::test]
async fn rules_are_tested_before_they_are_applied() {
    let database = TestDatabase::empty(NOTES).await;
    let crib = Crib::with_schema(NOTES).on(&database.owner_url(), &database.server_url());
    crib.write("rules/notes.toml", &format!("{ROWS}{GOOD}"));
    crib.run_well(&["migrate", "plan", "--write", "create_notes"]);
    crib.run_well(&["migrate", "apply"]);
    // Looks into rows that no applied rule looks into.
    let mine = "row.owner == user.id || row.parent.owner == user.id || exists(row.children, m, m.owner == user.id)";
    let schema = NOTES.replace("is: \"row.owner == user.id\"", &format!("is: \"{mine}\""));
    let schema = schema.replace("parent: Note", "parent: Note\n  children: [Note!]! @inverse(field: \"parent\")");
    crib.write("schema.graphql", &schema);
    let Outcome { code, stdout, stderr } = crib.run(&["policy", "test"]);
    assert_eq!(code, Some(1), "{stdout}{stderr}");
    assert!(stdout.contains("ana may not READ Note nobodys, but\n    every rule allows it"), "{stdout}{stderr}");
    let query = "select count(*) from pg_catalog.pg_class where relnamespace::regnamespace::text like 'toolcrib_rules%' and relname = 'notes'";
    let views = database.connect().await.query_one(query, &[]).await.unwrap();
    assert_eq!(views.get::<_, i64>(0), 0, "nothing of it stays");
}

#[tokio::test]
async fn cases_that_say_nothing_or_name_nothing_are_refused() {
    let (_database, crib) = notes(GOOD).await;
    for (from, to, said) in [
        ("as = [\"ada\"]", "as = [\"bo\"]", "the file has no `[rows.User.bo]`"),
        ("on = \"Note\"\nfield", "on = \"Notes\"\nfield", "the schema has no collection `Notes`"),
        ("field = \"secret\"", "field = \"word\"", "`Note` has no field `word`"),
        ("denied = [\"nobodys\"]", "denied = [\"others\"]", "the file has no `[rows.Note.others]`"),
        ("operation = \"READ\"", "operation = \"SEE\"", "is no file of cases"),
        ("roles = [\"agent\"]", "roles = [\"boss\"]", "the schema has no role `boss`"),
        ("never = [\"*\"]", "", "the invariant `agents delete nothing` says nothing"),
        (
            "set = { owner = \"ada\" }\ndenied = [\"anas\"]",
            "set = { owner = \"ada\" }",
            "the case `what is mine stays mine` expects nothing",
        ),
    ] {
        assert!(GOOD.contains(from), "{from}");
        crib.write("rules/notes.toml", &format!("{ROWS}{}", GOOD.replacen(from, to, 1)));
        let outcome = crib.run(&["policy", "test"]);
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert!(outcome.stderr.contains(said), "{said} is not in {outcome:?}");
    }
    let circle = ROWS.replace("[rows.Note.nobodys]\n", "[rows.Note.nobodys]\nparent = \"anas\"\n");
    crib.write("rules/notes.toml", &format!("{circle}{GOOD}"));
    let outcome = crib.run(&["policy", "test"]);
    assert!(outcome.stderr.contains("leads back to itself"), "{outcome:?}");
    let nowhere = Crib::with_schema(NOTES);
    assert!(nowhere.run(&["policy", "test"]).stderr.contains("there are no cases"));
}
