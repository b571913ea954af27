//! Finding the rows of a write that names them by a filter.

use crate::db::Transaction;
use crate::planner::to_sql::{choose_for_delete, choose_for_update};
use crate::planner::{ChangedRow, DeletePlan, RowChoice, UpdatePlan};
use crate::write::{Change, WriteError};
use diesel::sql_types::Uuid as SqlUuid;
use uuid::Uuid;

/// Fills in the rows of a change whose filter has still to be asked; any other change is as it was.
///
/// # Errors
/// [`WriteError::TooMany`] if there are more than the caller reckoned with.
pub async fn choose(transaction: &Transaction, change: Change) -> Result<Change, WriteError> {
    let (choice, statement) = match &change {
        Change::Update(UpdatePlan { choice: Some(choice), .. }) => (choice, choose_for_update(choice)),
        Change::Delete(DeletePlan { choice: Some(choice), .. }) => (choice, choose_for_delete(choice)),
        Change::Create(_) | Change::Update(_) | Change::Delete(_) => return Ok(change),
    };
    if choice.source.is_empty() {
        return Ok(change);
    }
    transaction.open().await?;
    let ids = transaction.rows::<SqlUuid, Uuid>(&statement).await?;
    let rows = found(choice, ids)?;
    Ok(match change {
        Change::Update(plan) => Change::Update(UpdatePlan { rows, ..plan }),
        Change::Delete(plan) => Change::Delete(DeletePlan { rows, ..plan }),
        Change::Create(plan) => Change::Create(plan),
    })
}

fn found(choice: &RowChoice, ids: Vec<Uuid>) -> Result<Vec<ChangedRow>, WriteError> {
    if ids.len() > usize::try_from(choice.at_most).unwrap_or(usize::MAX) {
        return Err(WriteError::TooMany { at_most: choice.at_most });
    }
    Ok(ids.into_iter().map(ChangedRow::new).collect())
}
