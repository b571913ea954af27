//! Planted leaks are found: the server's schema is wider than the one that says what is hidden, in one rule at a time.

use crate::policy::interference::Tool;
use crate::policy::interference::stage::{Extent, Stage};

/// A rule of the desk as it is, as it is wrongly served, and who then learns too much.
const PLANTS: &[(&str, &str, &str)] = &[
    // Another team's tickets.
    ("user.role == 'agent' && row.team == user.team\")", "user.role == 'agent' && row.team != null\")", "agent"),
    // What happened to other teams' tickets, by a path to another row.
    ("user.role == 'agent' && row.ticket.team == user.team", "user.role == 'agent'", "agent"),
    // Cells.
    ("@access(read: \"staff\", write: \"staff\")", "@access(read: \"staff || user.role == 'agent'\", write: \"staff\")", "agent"),
    ("@access(read: \"user.role != 'viewer'\", write: \"staff\")", "@access(write: \"staff\")", "viewer"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_that_is_wider_than_it_says_is_found() {
    let (schema, rows) = Tool::Desk.parts();
    let mut missed = Vec::new();
    for (rule, wider, name) in PLANTS {
        let served = schema.replacen(rule, wider, 1);
        assert_ne!(served, schema, "the desk says `{rule}`");
        let stage = Stage::new(&served, &schema, &rows).await;
        let extent = Extent { queries: 100, dry_runs: 0, exports: 0, changes: 200, seed: 7 };
        if stage.run(name, extent).await.differences.is_empty() {
            missed.push(*wider);
        }
        stage.finish().await;
    }
    assert!(missed.is_empty(), "nothing differs for the {missed:?}");
}
