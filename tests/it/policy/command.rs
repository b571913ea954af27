//! `toolcrib policy`: for people, for scripts and as a page; what it does not know is named.

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
