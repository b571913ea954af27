//! `toolcrib policy`: for people, for scripts and as a page; what it does not know is named.

use crate::support::database::TestDatabase;
use crate::support::process::Crib;
use serde_json::{Value as Json, json};
use std::process::Stdio;

#[test]
fn the_matrix_is_printed_in_three_forms() {
    let crib = Crib::support_desk();
    let table = crib.run_well(&["policy", "matrix"]);
    assert!(table.contains("row.team == user.team") && table.contains("Ticket.internalNote"), "{table}");

    let cells: Json = serde_json::from_str(&crib.run_well(&["policy", "matrix", "--json"])).unwrap();
    let of = |operation: &str, role: &str| {
        let is_it = |cell: &&Json| {
            cell["collection"] == "Ticket" && cell["field"].is_null() && cell["operation"] == operation && cell["role"] == role
        };
        let cell = cells.as_array().unwrap().iter().find(is_it).unwrap();
        json!([cell["answer"], cell["condition"]])
    };
    assert_eq!(of("READ", "admin"), json!(["ALWAYS", null]));
    assert_eq!(of("READ", "agent"), json!(["IF", "row.team == user.team || shared('read')"]));
    assert_eq!(of("DELETE", "agent"), json!(["NEVER", null]));

    let page = crib.run_well(&["policy", "matrix", "--html", "--collection", "Ticket"]);
    assert!(page.starts_with("<!doctype html>") && page.contains("Ticket.customerEmail"), "{page}");
    assert!(!page.contains("TicketEvent"), "another collection");
}

#[test]
fn what_a_rule_says_is_no_markup_of_the_page() {
    let schema = "type Note @collection @access(read: \"row.text == '<b>&\\\"'\", write: \"false\") { text: String! }";
    let page = Crib::with_schema(schema).run_well(&["policy", "matrix", "--html"]);
    assert!(page.contains("&lt;b&gt;&amp;&quot;") && !page.contains("<b>"), "{page}");
}

#[test]
fn a_part_is_chosen_by_names_that_there_are() {
    let crib = Crib::support_desk();
    let agent = crib.run_well(&["policy", "matrix", "--role", "agent", "--collection", "Ticket"]);
    assert!(agent.contains("agent") && !agent.contains("manager"), "{agent}");
    for (arguments, said) in [
        (["policy", "matrix", "--role", "boss"], "the schema has no role `boss`; it has admin, manager, agent, viewer"),
        (["policy", "matrix", "--collection", "Tickets"], "the schema has no collection `Tickets`"),
    ] {
        let outcome = crib.run(&arguments);
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert!(outcome.stderr.contains(said), "{outcome:?}");
    }
}

#[test]
fn output_that_nobody_reads_ends_the_command_quietly() {
    let mut child = Crib::support_desk()
        .command(&["policy", "matrix", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

const NOTES: &str = r#"
type Note @collection @access(read: "user.role == 'admin' || row.owner == user.id", write: "user.role == 'admin'") {
  text: String!
  owner: User
}
"#;

/// The same, with another rule.
fn opened() -> String {
    NOTES.replace("row.owner == user.id", "row.owner == user.id || row.owner == null")
}

#[test]
fn two_versions_of_the_rules_are_compared() {
    let crib = Crib::with_schema(&opened());
    crib.write("old/schema.graphql", NOTES);
    let old = crib.tool().join("old");
    let [directory, file] = [old.clone(), old.join("schema.graphql")].map(|path| path.to_str().unwrap().to_owned());
    for old in [&directory, &file] {
        let outcome = crib.run(&["policy", "diff", old]);
        assert_eq!(outcome.code, Some(3), "{outcome:?}");
        assert!(outcome.stdout.contains("wider") && outcome.stdout.contains("row.owner == null"), "{outcome:?}");
        assert!(!outcome.stdout.contains("admin"), "an admin gains nothing: {outcome:?}");
    }
    let outcome = crib.run(&["policy", "diff", "--json", &file]);
    let changes: Json = serde_json::from_str(&outcome.stdout).unwrap();
    let agent = changes.as_array().unwrap().iter().find(|change| change["role"] == "agent").unwrap();
    assert_eq!(
        *agent,
        json!({
            "collection": "Note", "field": null, "operation": "READ", "role": "agent", "direction": "WIDER", "countsAsWider": true,
            "before": { "answer": "IF", "condition": "row.owner == user.id" },
            "after": { "answer": "IF", "condition": "row.owner == user.id || row.owner == null" },
            "gained": ["row.owner == null"], "lost": [], "rows": null,
        })
    );
    // The other way round nobody gains.
    let current = crib.tool().join("schema.graphql");
    let outcome = crib.run(&["policy", "diff", current.to_str().unwrap(), &file]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stdout.contains("narrower"), "{outcome:?}");
    assert_eq!(crib.run_well(&["policy", "diff", &file, &file]), "nobody gains or loses anything\n");
    let outcome = crib.run(&["policy", "diff", "nowhere.graphql"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
}

#[test]
fn what_stands_in_the_index_comes_by_a_pipe() {
    let crib = Crib::with_schema(&opened());
    let mut command = crib.command(&["policy", "diff", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), NOTES.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stdout).contains("row.owner == null"));
}

#[tokio::test]
async fn a_change_that_gives_more_needs_somebodys_word() {
    let database = TestDatabase::empty(NOTES).await;
    let crib = Crib::with_schema(NOTES).on(&database.owner_url(), &database.server_url());
    crib.run_well(&["migrate", "plan", "--write", "create_notes"]);
    crib.run_well(&["migrate", "apply"]);
    database
        .execute(
            "insert into toolcrib.users (id, email, name, role) values
               ('00000000-0000-7000-8000-00000000000a', 'ana@acme.test', 'Ana', 'agent'),
               ('00000000-0000-7000-8000-00000000000b', 'bo@acme.test', 'Bo', 'agent');
             insert into public.notes (id, text, owner_id) values
               (gen_random_uuid(), 'nobody''s', null), (gen_random_uuid(), 'nobody''s', null),
               (gen_random_uuid(), 'ana''s', '00000000-0000-7000-8000-00000000000a')",
        )
        .await;
    assert_eq!(crib.run(&["policy", "diff"]).code, Some(0), "nothing has changed since");
    crib.write("schema.graphql", &opened());

    let outcome = crib.run(&["policy", "diff", "--counts", "--json"]);
    assert_eq!(outcome.code, Some(3), "{outcome:?}");
    let changes: Json = serde_json::from_str(&outcome.stdout).unwrap();
    let agent = changes.as_array().unwrap().iter().find(|change| change["role"] == "agent").unwrap();
    let rows = |user: &str| json!({ "user": user, "gained": 2, "lost": 0 });
    assert_eq!(agent["rows"], json!([rows("ana@acme.test"), rows("bo@acme.test")]));
    assert!(crib.run(&["policy", "diff", "--counts"]).stdout.contains("2 of 2 gain up to 2 rows"));
    let plan = crib.run(&["migrate", "plan"]);
    assert!(plan.stderr.contains("wider: agent READ Note: gains row.owner == null"), "{plan:?}");

    let refused = crib.run(&["migrate", "apply"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    let said = "agent READ Note: gains row.owner == null";
    assert!(refused.stderr.contains(said) && refused.stderr.contains("--accept-widening"), "{refused:?}");
    let served = crib.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(served.code, Some(1), "{served:?}");
    assert!(served.stderr.contains(said) && served.stderr.contains("run `toolcrib migrate apply`"), "{served:?}");
    assert_eq!(crib.run(&["migrate", "apply", "--accept-widening", ""]).code, Some(2), "a reason says something");

    let reason = "notes without an owner are for everybody";
    crib.run_well(&["migrate", "apply", "--accept-widening", reason]);
    let client = database.connect().await;
    let query = "select reason, details->>'isWider', details->'access'->0->>'operation' from toolcrib.audit_events
        where event_type = 'SCHEMA_CHANGE' and details ? 'access'";
    let events = client.query(query, &[]).await.unwrap();
    let events: Vec<(Option<&str>, &str, &str)> = events.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    assert_eq!(events, [(Some(reason), "true", "READ")]);

    // Taking it away again needs nobody's word, and is on record; until it is applied nobody serves it.
    crib.write("schema.graphql", NOTES);
    assert_eq!(crib.run(&["serve", "--listen", "127.0.0.1:0"]).code, Some(1));
    crib.run_well(&["migrate", "apply"]);
    let events = client.query(query, &[]).await.unwrap();
    assert_eq!(events.iter().map(|row| row.get::<_, Option<&str>>(0)).collect::<Vec<_>>(), [Some(reason), None]);
    // Other words for the same rules give nobody more: PostgreSQL has to hear them, but nobody has to answer for them.
    crib.write("schema.graphql", &NOTES.replace("row.owner == user.id", "user.id == row.owner"));
    crib.run_well(&["migrate", "apply"]);
    assert_eq!(client.query(query, &[]).await.unwrap().len(), 2, "who may do what has not changed");
    crib.serve(&[]).await;
}

#[tokio::test]
async fn rules_of_another_release_count_as_wider() {
    let database = TestDatabase::empty(NOTES).await;
    let crib = Crib::with_schema(NOTES).on(&database.owner_url(), &database.server_url());
    crib.run_well(&["migrate", "plan", "--write", "create_notes"]);
    crib.run_well(&["migrate", "apply"]);
    database.execute("update toolcrib.applied_schemas set sources = '[{\"path\": \"p\", \"text\": \"type X @later\"}]'").await;
    let refused = crib.run(&["migrate", "apply"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("cannot be read by this release"), "{refused:?}");
    assert_eq!(crib.run(&["serve", "--listen", "127.0.0.1:0"]).code, Some(1));
    crib.run_well(&["migrate", "apply", "--accept-widening", "the release before last"]);
    assert_eq!(crib.run(&["policy", "diff"]).code, Some(0));
}
