//! Running a read plan: the one read path.
//!
//! Purpose: every row that leaves a collection, for a query, a payload or an export, comes through here.
//! Flow: `planner::ReadPlan` → `planner::to_sql` → [`PreparedRead`] → `db` → [`ReadAnswer`].
//! Invariants: one statement for each plan; it runs under the actor's database role; where reads are audited the VIEW event is
//! part of the statement, and its transaction is committed before the answer is given out.
//! Deliberately unknown: GraphQL, HTTP, who called.

mod explain;
mod prepared;

pub use explain::{ExplainedClause, ExplainedRule, PolicyQuestion, explain};
pub use prepared::PreparedRead;
use prepared::Work;

use crate::audit::{Event, EventType};
use crate::db::{ActorSettings, Database, DbError, RawJson, Transaction};
use crate::planner::to_sql::export_statement;
use crate::planner::{ExportPlan, Planner, ReadPlan, ViewRecord};
use diesel::sql_types::{BigInt, Json as SqlJson, Nullable, Text};
use futures_util::Stream;
use serde_json::json;

/// What a read found.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadAnswer {
    /// The field's JSON; `null` for a row that is not there.
    pub json: String,
    /// How many rows of the root collection it shows, for the log.
    pub rows: i64,
    /// The cells that a rule hid row by row, by their paths inside the field.
    pub hidden: Vec<String>,
    /// The VIEW event of a read whose transaction will be undone; whoever undoes it has to write it.
    pub unrecorded: Option<UnrecordedView>,
}

/// A VIEW event that is still to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct UnrecordedView(pub(crate) Event);

impl ReadAnswer {
    /// The answer of a read that shows no row.
    pub(crate) fn of_json(json: String) -> Self {
        Self { json, rows: 0, hidden: Vec::new(), unrecorded: None }
    }
}

/// Runs a read in a transaction of its own.
///
/// # Errors
/// [`DbError`].
pub async fn run(database: &Database, planner: &Planner<'_>, plan: &ReadPlan) -> Result<ReadAnswer, DbError> {
    let read = PreparedRead::of(planner, plan)?;
    read.run(database, &ActorSettings::as_asked(planner.caller_asked(read.asked())), planner.request, planner.settings).await
}

/// Runs a read inside a transaction that is already open, so that it sees the transaction's own changes.
///
/// # Errors
/// [`DbError`].
pub async fn run_in(transaction: &Transaction, planner: &Planner<'_>, plan: &ReadPlan) -> Result<ReadAnswer, DbError> {
    let read = PreparedRead::of(planner, plan)?;
    let statement = match &read.work {
        Work::Known(json) => return Ok(ReadAnswer::of_json(json.clone())),
        Work::Statement(statement) => statement,
    };
    let Some(view) = plan.view.as_ref().filter(|view| view.is_deferred) else {
        let answer = read.answer(planner.settings, transaction.json(statement).await?);
        if read.is_recorded(&answer) {
            transaction.note_events(EventType::View.as_str(), 1);
        }
        return Ok(answer);
    };
    let rows = transaction.load::<SeenSql, SeenRow>(statement).await?;
    let Some((json, rows, seen)) = rows.into_iter().next() else {
        return Ok(ReadAnswer { unrecorded: event_of(view, ""), ..ReadAnswer::of_json("null".to_owned()) });
    };
    let unrecorded = event_of(view, seen.as_deref().unwrap_or_default());
    Ok(ReadAnswer { unrecorded, ..read.answer(planner.settings, Some((json, rows))) })
}

/// A row of a read with what was seen in it.
type SeenSql = (Nullable<SqlJson>, BigInt, Nullable<Text>);
type SeenRow = (Option<RawJson>, i64, Option<String>);

/// The VIEW event of what was seen, as the statement itself would have written it; none if nothing was learnt.
fn event_of(view: &ViewRecord, seen: &str) -> Option<UnrecordedView> {
    let ids: Vec<&str> = seen.split(',').filter(|id| !id.is_empty()).collect();
    let event = Event {
        event_type: EventType::View,
        entity_type: Some(view.entity_type.to_string()),
        entity_id: view.entity_id,
        details: Some(json!({ "fields": view.fields, "ids": ids, "dryRun": true })),
        reason: None,
    };
    (view.is_unconditional || !ids.is_empty()).then_some(UnrecordedView(event))
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
