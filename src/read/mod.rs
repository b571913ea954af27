//! Running a read plan: the one read path.
//!
//! Purpose: every row that leaves a collection, for a query, a payload or an export, comes through here.
//! Flow: `planner::ReadPlan` → `planner::to_sql` → `db` → [`ReadAnswer`].
//! Invariants: one statement for each plan; it runs under the actor's database role; where reads are audited the VIEW event is
//! part of the statement, and its transaction is committed before the answer is given out.
//! Deliberately unknown: GraphQL, HTTP, who called.

use crate::db::{ActorSettings, Database, DbError, JsonRow, RawJson, Transaction};
use crate::planner::to_sql::{export_statement, read_statement};
use crate::planner::{ExportPlan, Planner, ReadPlan, ReadRoot};
use futures_util::Stream;

/// What a read found.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadAnswer {
    /// The field's JSON; `null` for a row that is not there.
    pub json: String,
    /// How many rows of the root collection it shows, for the log.
    pub rows: i64,
}

impl ReadAnswer {
    fn of(planner: &Planner<'_>, plan: &ReadPlan, row: Option<JsonRow>) -> Self {
        match row {
            Some((Some(json), rows)) => Self { json: planner.seal_cursors(plan, json.0), rows },
            _ => Self::nothing(),
        }
    }

    fn nothing() -> Self {
        Self { json: "null".to_owned(), rows: 0 }
    }
}

/// Runs a read in a transaction of its own.
///
/// # Errors
/// [`DbError`].
pub async fn run(database: &Database, planner: &Planner<'_>, plan: &ReadPlan) -> Result<ReadAnswer, DbError> {
    if is_known_to_be_nothing(plan) {
        return Ok(ReadAnswer::nothing());
    }
    let statement = read_statement(planner, plan);
    Ok(ReadAnswer::of(planner, plan, database.read(&ActorSettings::of(planner.actor), &statement).await?))
}

/// Runs a read inside a transaction that is already open, so that it sees the transaction's own changes.
///
/// # Errors
/// [`DbError`].
pub async fn run_in(transaction: &Transaction, planner: &Planner<'_>, plan: &ReadPlan) -> Result<ReadAnswer, DbError> {
    if is_known_to_be_nothing(plan) {
        return Ok(ReadAnswer::nothing());
    }
    Ok(ReadAnswer::of(planner, plan, transaction.json(&read_statement(planner, plan)).await?))
}

/// Runs an export inside a transaction that is already open, row by row in constant memory.
///
/// # Errors
/// [`DbError`], also later for each row.
pub async fn stream_in(
    transaction: &Transaction,
    plan: &ExportPlan,
) -> Result<impl Stream<Item = Result<RawJson, DbError>> + Send + use<>, DbError> {
    transaction.stream_json(&export_statement(plan)).await
}

/// A single row that the rule hides anyway: the database is not asked.
fn is_known_to_be_nothing(plan: &ReadPlan) -> bool {
    matches!(plan.root, ReadRoot::Row { .. }) && plan.is_empty()
}
