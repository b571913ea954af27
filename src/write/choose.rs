//! Finding the rows of a write that names them by a filter, and deciding what an upsert does.

use crate::db::Transaction;
use crate::planner::to_sql::{choose_for_delete, choose_for_update, find_by_keys, find_by_keys_for_update};
use crate::planner::{ChangedRow, DeletePlan, Planner, RowChoice, UpdatePlan, UpsertPlan};
use crate::write::{Change, WriteError};
use diesel::sql_types::Uuid as SqlUuid;
use uuid::Uuid;

/// Fills in the rows of a change whose filter has still to be asked, and decides an upsert; any other change is as it was.
///
/// # Errors
/// [`WriteError::TooMany`] if there are more than the caller reckoned with; the refusal of an upsert's branch.
pub async fn choose(transaction: &Transaction, planner: &Planner<'_>, change: Change) -> Result<Change, WriteError> {
    match change {
        Change::Update(plan) => Ok(Change::Update(choose_update(transaction, plan).await?)),
        Change::Delete(plan) => Ok(Change::Delete(choose_delete(transaction, plan).await?)),
        Change::Upsert(plan) => choose_branches(transaction, planner, *plan).await,
        Change::Create(_) | Change::Branches(_) => Ok(change),
    }
}

async fn choose_update(transaction: &Transaction, plan: UpdatePlan) -> Result<UpdatePlan, WriteError> {
    let Some(choice) = askable(plan.choice.as_ref()) else { return Ok(plan) };
    transaction.open().await?;
    let ids = transaction.rows::<SqlUuid, Uuid>(&choose_for_update(choice)).await?;
    let rows = within_limit(choice, ids)?;
    Ok(UpdatePlan { rows, ..plan })
}

async fn choose_delete(transaction: &Transaction, plan: DeletePlan) -> Result<DeletePlan, WriteError> {
    let Some(choice) = askable(plan.choice.as_ref()) else { return Ok(plan) };
    transaction.open().await?;
    let ids = transaction.rows::<SqlUuid, Uuid>(&choose_for_delete(choice)).await?;
    let rows = within_limit(choice, ids)?;
    Ok(DeletePlan { rows, ..plan })
}

/// A row that is there, and that the caller may read, is changed; otherwise one is created, which finds out about a row that
/// the caller may not read.
async fn choose_branches(transaction: &Transaction, planner: &Planner<'_>, plan: UpsertPlan) -> Result<Change, WriteError> {
    if plan.values.is_empty() {
        return Ok(Change::Upsert(Box::new(plan)));
    }
    let found = if plan.search.source.is_empty() {
        Vec::new()
    } else {
        // A lock needs the right to update.
        let search = if plan.update.is_ok() { find_by_keys_for_update } else { find_by_keys };
        transaction.open().await?;
        transaction.rows::<(SqlUuid, SqlUuid), (Uuid, Uuid)>(&search(&plan.search)).await?
    };
    let found = plan.search.sort(found);
    Ok(Change::Branches(Box::new(planner.plan_branches(plan, &found)?)))
}

/// A choice among rows that the caller can read at all: the database role may lack the privilege to look.
fn askable(choice: Option<&RowChoice>) -> Option<&RowChoice> {
    choice.filter(|choice| !choice.source.is_empty())
}

fn within_limit(choice: &RowChoice, ids: Vec<Uuid>) -> Result<Vec<ChangedRow>, WriteError> {
    if ids.len() > usize::try_from(choice.at_most).unwrap_or(usize::MAX) {
        return Err(WriteError::TooMany { at_most: choice.at_most });
    }
    Ok(ids.into_iter().map(ChangedRow::new).collect())
}
