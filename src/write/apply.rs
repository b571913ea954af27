//! Applying one change inside an open transaction.

use crate::db::{DbError, Transaction};
use crate::planner::to_sql::{ChangeStatement, create_statement, delete_statement, delete_verdict_statement, update_statement};
use crate::planner::{CreatePlan, DeletePlan, Planner, ReadPlan, UpdatePlan};
use crate::read::{self, ReadAnswer};
use crate::write::WriteError;
use crate::write::cascade::{Visited, cascade};
use crate::write::constraint::explain;
use crate::write::verdict::{Subject, VerdictRow, VerdictSql};
use futures_util::stream::FuturesOrdered;
use futures_util::{FutureExt, TryStreamExt};
use uuid::Uuid;

/// A planned change.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A new row.
    Create(CreatePlan),
    /// A change of rows.
    Update(UpdatePlan),
    /// A deletion of rows.
    Delete(DeletePlan),
}

/// A change that was applied; it lasts once the transaction is committed.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// The row.
    pub id: Uuid,
    /// Its audit event.
    pub event_id: Uuid,
    /// The answers to the given reads: the row after the change (before it, for a deletion), through the caller's rules.
    pub answers: Vec<ReadAnswer>,
}

/// Applies a change and reads what the caller wants to see of it.
///
/// # Errors
/// [`WriteError`]; the transaction must then be rolled back.
pub async fn apply(
    transaction: &Transaction,
    planner: &Planner<'_>,
    change: &Change,
    answers: &[ReadPlan],
) -> Result<Applied, WriteError> {
    match change {
        Change::Create(plan) => {
            let statement = create_statement(planner, plan);
            let subject = Subject { operation: "create", collection: plan.entity_type.as_str(), ids: &[plan.id] };
            let answers = change_and_read(transaction, planner, subject, &statement, answers).await?;
            Ok(Applied { id: plan.id, event_id: plan.event_id, answers })
        }
        Change::Update(plan) => {
            let statement = update_statement(planner, plan);
            let ids: Vec<Uuid> = plan.rows.iter().map(|(id, _)| *id).collect();
            let subject = Subject { operation: "update", collection: plan.entity_type.as_str(), ids: &ids };
            let answers = change_and_read(transaction, planner, subject, &statement, answers).await?;
            Ok(applied(&plan.rows, answers))
        }
        Change::Delete(plan) => {
            // What is deleted can only be read before.
            let answers = read_all(transaction, planner, answers).await?;
            delete(transaction, planner, plan, &mut Visited::new()).await?;
            Ok(applied(&plan.rows, answers))
        }
    }
}

/// Deletes rows after whatever has to go with them.
pub(crate) async fn delete(
    transaction: &Transaction,
    planner: &Planner<'_>,
    plan: &DeletePlan,
    visited: &mut Visited,
) -> Result<(), WriteError> {
    let ids: Vec<Uuid> = plan.rows.iter().map(|(id, _)| *id).collect();
    let subject = Subject { operation: "delete", collection: plan.entity_type.as_str(), ids: &ids };
    if !planner.references_to(plan.collection).is_empty() {
        change_and_read(transaction, planner, subject, &delete_verdict_statement(plan), &[]).await?;
        cascade(transaction, planner, plan, visited).await?;
    }
    let statement = delete_statement(planner, plan);
    change_and_read(transaction, planner, subject, &statement, &[]).await?;
    Ok(())
}

/// Sends the change, the check after it and the reads as one pipeline, then judges the verdicts.
pub(crate) async fn change_and_read(
    transaction: &Transaction,
    planner: &Planner<'_>,
    subject: Subject<'_>,
    statement: &ChangeStatement,
    answers: &[ReadPlan],
) -> Result<Vec<ReadAnswer>, WriteError> {
    let (opened, verdicts, after, answers) = tokio::join!(
        transaction.open(),
        transaction.rows::<VerdictSql, VerdictRow>(&statement.change),
        check_after(transaction, statement),
        read_each(transaction, planner, answers),
    );
    opened?;
    let verdicts = verdicts.map_err(|error| explain(planner.catalog, subject.operation, error))?;
    subject.check(&verdicts)?;
    if let Some(after) = after? {
        subject.check(&after)?;
    }
    Ok(answers?)
}

async fn check_after(transaction: &Transaction, statement: &ChangeStatement) -> Result<Option<Vec<VerdictRow>>, DbError> {
    match &statement.after {
        Some(query) => Ok(Some(transaction.rows::<VerdictSql, VerdictRow>(query).await?)),
        None => Ok(None),
    }
}

async fn read_all(transaction: &Transaction, planner: &Planner<'_>, plans: &[ReadPlan]) -> Result<Vec<ReadAnswer>, WriteError> {
    let (opened, answers) = tokio::join!(transaction.open(), read_each(transaction, planner, plans));
    opened?;
    Ok(answers?)
}

fn applied(rows: &[(Uuid, Uuid)], answers: Vec<ReadAnswer>) -> Applied {
    let (id, event_id) = rows.first().copied().unwrap_or_default();
    Applied { id, event_id, answers }
}

/// Sends every read before it waits for the first; they answer in order.
async fn read_each(transaction: &Transaction, planner: &Planner<'_>, plans: &[ReadPlan]) -> Result<Vec<ReadAnswer>, DbError> {
    let mut reads = FuturesOrdered::new();
    for plan in plans {
        reads.push_back(read::run_in(transaction, planner, plan).boxed());
    }
    reads.try_collect().await
}
