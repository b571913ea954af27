//! `toolcrib explain`: the user's own plan, and nothing of it stays.

use super::Desk;
use crate::support::process::Outcome;
use serde_json::Value as Json;

const QUERY: &str = "query ($subject: String!) { tickets(where: { subject: { ilike: $subject } }) { totalCount nodes { caseId customerEmail } } }";
const VARIABLES: &str = r#"{ "subject": "%printer%" }"#;

fn explain(desk: &Desk, user: &str, more: &[&str]) -> Outcome {
    let arguments = [&["explain", QUERY, "--as", user, "--variables", VARIABLES], more].concat();
    desk.crib.run(&arguments)
}

async fn views(desk: &Desk) -> i64 {
    let sql = "select count(*) from toolcrib.audit_events where event_type = 'VIEW'";
    desk.database.connect().await.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_is_explained_as_each_user_has_it() {
    let desk = Desk::with(&[]).await;
    let ana = explain(&desk, "ana@desk.test", &[]);
    assert_eq!(ana.code, Some(0), "{ana:?}");
    for part in ["# tickets\n", "## Plan", "ReadPlan", "## SQL", "ilike $", "## Binds", "printer", "## EXPLAIN", "cost="] {
        assert!(ana.stdout.contains(part), "no `{part}` in\n{}", ana.stdout);
    }
    let json = |user: &str| -> Json {
        let outcome = explain(&desk, user, &["--json"]);
        let rows: Json = serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{outcome:?}"));
        rows[0].clone()
    };
    let team = "00000000-0000-7000-8000-000000000101";
    let (ana, max) = (json("ana@desk.test"), json("max@desk.test"));
    assert_eq!(ana["field"], "tickets");
    // The agent's team is a bind of the agent's statement alone.
    assert!(ana["binds"].as_str().unwrap().contains(team), "{ana:#}");
    assert!(!max["binds"].as_str().unwrap().contains(team), "{max:#}");
    assert!(ana["explain"].as_array().unwrap().iter().any(|line| line.as_str().unwrap().contains("tickets")), "{ana:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn running_it_leaves_nothing() {
    let desk = Desk::with(&[]).await;
    let before = views(&desk).await;
    let analyzed = explain(&desk, "max@desk.test", &["--analyze"]);
    assert_eq!(analyzed.code, Some(0), "{analyzed:?}");
    // It did run, with the record of the view that is undone.
    assert!(analyzed.stdout.contains("actual rows=") && analyzed.stdout.contains("audit_events"), "{}", analyzed.stdout);
    let planned = explain(&desk, "max@desk.test", &[]);
    assert!(!planned.stdout.contains("actual rows="), "{}", planned.stdout);
    assert_eq!(views(&desk).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_explained_says_why() {
    let desk = Desk::with(&[]).await;
    let refused = |arguments: &[&str]| {
        let Outcome { code, stdout, stderr } = desk.crib.run(&[&["explain"], arguments].concat());
        assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
        stderr
    };
    let gone = "{ teams { nodes { name } } }";
    assert!(refused(&[gone, "--as", "gus@desk.test"]).contains("there is no active user `gus@desk.test`"));
    assert!(refused(&[gone, "--as", "nobody@desk.test"]).contains("there is no active user"));
    assert!(refused(&["{ teems { nodes { name } } }", "--as", "ana@desk.test"]).contains("1:3: "));
    assert!(refused(&[gone, "--as", "ana@desk.test", "--variables", "[1]"]).contains("`--variables` is not a JSON object"));
    assert!(refused(&["@/nowhere.graphql", "--as", "ana@desk.test"]).contains("`/nowhere.graphql` cannot be read"));
    let mutation = r#"mutation { deleteTicket(id: "1", reason: "r") { auditEventId } }"#;
    assert!(!refused(&[mutation, "--as", "ada@desk.test"]).is_empty());
}
