//! Planted leaks are found: the server's schema is wider than the one that says what is hidden, in one rule at a time.

use crate::policy::interference::Tool;
use crate::policy::interference::stage::{Extent, Stage};

/// A rule as it is, as it is wrongly served, and who then learns too much.
const PLANTS: &[(Tool, &str, &str, &str)] = &[
    // Another team's tickets.
    (Tool::Desk, "user.role == 'agent' && row.team == user.team\")", "user.role == 'agent' && row.team != null\")", "agent"),
    // What happened to other teams' tickets, by a path to another row.
    (Tool::Desk, "user.role == 'agent' && row.ticket.team == user.team", "user.role == 'agent'", "agent"),
    // Cells.
    (
        Tool::Desk,
        "@access(read: \"staff\", write: \"staff\")",
        "@access(read: \"staff || user.role == 'agent'\", write: \"staff\")",
        "agent",
    ),
    (Tool::Desk, "@access(read: \"user.role != 'viewer'\", write: \"staff\")", "@access(write: \"staff\")", "viewer"),
    // What was shared with somebody to be read.
    (Tool::Desk, "shared(row.ticket, 'read')", "shared(row.ticket, 'read') || user.role == 'viewer'", "viewer"),
    // More of what a mask computes.
    (Tool::Directory, "roundDown(row.salary, 10000)", "roundDown(row.salary, 10)", "manager"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_that_is_wider_than_it_says_is_found() {
    let mut missed = Vec::new();
    for (tool, rule, wider, name) in PLANTS {
        let (schema, rows) = tool.parts();
        let served = schema.replacen(rule, wider, 1);
        assert_ne!(served, schema, "there is a rule `{rule}`");
        let stage = Stage::new(&served, &schema, &rows).await;
        // Few people of the directory are led by somebody in particular.
        let queries = if matches!(tool, Tool::Directory) { 500 } else { 100 };
        let extent = Extent { queries, dry_runs: 0, exports: 0, changes: 200, seed: 7 };
        if stage.run(name, extent).await.differences.is_empty() {
            missed.push(*wider);
        }
        stage.finish().await;
    }
    assert!(missed.is_empty(), "nothing differs for the {missed:?}");
}
