//! Non-interference: whatever changes of what a caller may not know, every answer to that caller stays the same, byte for byte.
//!
//! A caller asks some hundred generated requests; then rows that the rules hide from it are changed, made and deleted, and cells
//! that guards hide are given other values; then it asks the same again. What is hidden is decided by the oracle of the
//! differential test, from the schema's rule texts, and not by any statement of the product's. The requests go through every
//! channel that the API's SDL has, and ask about hidden rows and values as often as about others.
//!
//! What may differ is kept out, and this is all of it:
//! - the id and time of a request, which are the same for all of them here;
//! - `ServiceToken.lastUsedAt`, which says when somebody asked;
//! - the audit log, where reads are recorded and the caller may read the log: it finds its own requests there;
//! - an export's id and mark, and of a row that is made its id, its times and its number in a sequence;
//! - what a UNIQUE constraint or a foreign key says of hidden rows to somebody who writes.
//!
//! `TOOLCRIB_INTERFERENCE_QUERIES` asks for another number of queries for each role, `TOOLCRIB_INTERFERENCE_SEED` for others.

mod arguments;
mod change;
mod dry_run;
mod plants;
mod pools;
mod scene;
mod stage;
mod tally;
mod writer;

use crate::examples::directory_tool;
use crate::support::database::SUPPORT_DESK;
use stage::{Extent, Outcome, Stage, TEAMLESS_AGENT};

/// Tickets that are shared with users, teams and roles; every fifth share has ended, every seventh is about to some day.
const DESK_SHARES: &str = include_str!("desk_shares.sql");

/// The tools whose callers ask.
#[derive(Clone, Copy)]
enum Tool {
    Desk,
    Directory,
}

impl Tool {
    /// The schema, and its demo data, of which the desk has as much as it takes for everybody to see some and not all.
    fn parts(self) -> (String, String) {
        match self {
            // In the desk itself only staff exports, who see everything, and no relation is guarded.
            Self::Desk => {
                let exporting = ("@export(allow: \"staff\"", "@export(allow: \"user.role != 'viewer'\"");
                let guarded = (
                    "assignedTo: User\n",
                    "assignedTo: User @access(read: \"user.role != 'viewer' || row.priority == 'LOW'\")\n",
                );
                let hashed = (
                    "phone: String @access(read: \"staff || user.role == 'agent'\", mask: LAST4)",
                    "phone: String @access(read: \"staff || user.role == 'agent'\", mask: HASH)",
                );
                let schema = [exporting, guarded, hashed].iter().fold(SUPPORT_DESK.to_owned(), |schema, (from, to)| {
                    assert!(schema.contains(from), "the desk says `{from}`");
                    schema.replace(from, to)
                });
                let rows = include_str!("../../../../migrations/support_desk/demo.sql");
                (schema, format!("set demo.tickets = '60'; {rows} {DESK_SHARES}"))
            }
            Self::Directory => directory_tool(),
        }
    }
}

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().unwrap())
}

/// Asks for each of the callers, and expects no difference.
async fn check(tool: Tool, callers: &[&str]) {
    let (schema, rows) = tool.parts();
    for name in callers {
        let stage = Stage::new(&schema, &schema, &rows).await;
        let extent = Extent {
            queries: number("TOOLCRIB_INTERFERENCE_QUERIES", if *name == TEAMLESS_AGENT { 200 } else { 500 }) as usize,
            dry_runs: 50,
            exports: 3,
            changes: 200,
            seed: number("TOOLCRIB_INTERFERENCE_SEED", 20_261_123),
        };
        let outcome = stage.run(name, extent).await;
        report(name, &outcome);
        let Outcome { queries, telling, broken, differences, tally, changes } = outcome;
        let shown: Vec<&str> = differences.iter().take(3).map(String::as_str).collect();
        assert!(differences.is_empty(), "{} answers for {name} differ:\n{}", differences.len(), shown.join("\n"));
        assert!(broken.is_empty(), "{} answers for {name} are none:\n{}", broken.len(), broken[0]);
        assert!(telling * 2 >= queries, "only {telling} of {queries} answers for {name} say something");
        let made: usize = changes.iter().filter(|(kind, _)| !kind.starts_with("not made")).map(|(_, count)| count).sum();
        assert!(made >= 80, "only {made} changes: {changes:?}");
        let channels = [
            "list",
            "single",
            "by unique",
            "node",
            "relation, one",
            "relation, many",
            "relation, connection",
            "filter",
            "order",
            "cursor",
            "aggregate",
            "group",
            "count",
            "dry run",
        ];
        let silent: Vec<&str> =
            channels.into_iter().filter(|channel| tally.count(&format!("channel {channel}")) < queries / 40).collect();
        assert!(silent.is_empty(), "hardly asked: {silent:?} of {tally}");
        let rare = ["operator some", "operator every", "operator none", "operator not", "operator isNull", "operator eq"];
        assert!(rare.iter().all(|operator| tally.count(operator) > 2), "{tally}");
        stage.finish().await;
    }
}

#[expect(clippy::print_stdout, reason = "the histogram is what one wants to see of a run")]
fn report(name: &str, outcome: &Outcome) {
    let Outcome { queries, telling, broken, differences, tally, changes } = outcome;
    println!(
        "{name}: {queries} queries, {telling} answers say something, {} are none, {} differ",
        broken.len(),
        differences.len()
    );
    println!("  asked: {tally}\n  changed: {changes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_an_admin_of_the_desk_nothing_is_hidden() {
    let (schema, rows) = Tool::Desk.parts();
    let stage = Stage::new(&schema, &schema, &rows).await;
    let world = stage.rows().await;
    let sight = stage.sight(&world, &Stage::asker(&world, "admin"));
    assert_eq!((sight.len(), stage.unknown_cells(&world, &sight)), (world.rows.len(), 0));
    let sight = stage.sight(&world, &Stage::asker(&world, "viewer"));
    assert!(sight.len() < world.rows.len() && stage.unknown_cells(&world, &sight) > 0, "as from others");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_manager_of_the_desk_learns_nothing_of_what_is_hidden() {
    check(Tool::Desk, &["manager"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_of_the_desk_learns_nothing_of_what_is_hidden() {
    check(Tool::Desk, &["agent"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_without_a_team_learns_nothing_of_what_is_hidden() {
    check(Tool::Desk, &[TEAMLESS_AGENT]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_of_the_desk_learns_nothing_of_what_is_hidden() {
    check(Tool::Desk, &["viewer"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn admins_and_personnel_of_the_directory_learn_nothing_of_what_is_hidden() {
    check(Tool::Directory, &["admin", "hr"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn managers_of_the_directory_learn_nothing_of_what_is_hidden() {
    check(Tool::Directory, &["manager"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_and_guests_of_the_directory_learn_nothing_of_what_is_hidden() {
    check(Tool::Directory, &["agent", "viewer"]).await;
}
