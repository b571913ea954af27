//! What becomes of the shares of a deleted row.
//!
//! They end with it, each with an event of its own. They are no rows that go along with a deletion under their own rules: whoever may
//! delete a row may do so whoever shared it, so this is the work of the platform's service `sharing`, on behalf of whoever deletes.
//! A share that somebody makes at the same moment may be left over; it gives nobody anything, for no row ever has that id again.

use crate::db::{ActorSettings, Transaction};
use crate::planner::{DeletePlan, MAX_WRITE_ROWS, Planner};
use crate::write::{Change, WriteError, apply, choose};
use uuid::Uuid;

/// The service that the rules of `RecordShare` ask for.
const SERVICE: &str = "sharing";

/// For how many rows shares are looked for at once.
const ROWS_AT_ONCE: usize = 1_000;

/// Ends the shares of rows that were deleted.
///
/// # Errors
/// [`WriteError`]; the transaction must then be rolled back.
pub(crate) async fn end_shares(transaction: &Transaction, planner: &Planner<'_>, plan: &DeletePlan) -> Result<(), WriteError> {
    let collection = planner.catalog.collection(plan.collection);
    if collection.shareable.is_none() {
        return Ok(());
    }
    let service = planner.actor.through(SERVICE);
    let serving = Planner { actor: &service, ..*planner };
    let settings = |planner: &Planner<'_>| ActorSettings::of(planner.caller());
    transaction.open().await?;
    transaction.act_as(&settings(&serving)).await?;
    let ids: Vec<Uuid> = plan.rows.iter().map(|row| row.id).collect();
    for ids in ids.chunks(ROWS_AT_ONCE) {
        let ended = serving.plan_end_of_shares(collection, ids, MAX_WRITE_ROWS, plan.reason.as_deref())?;
        let ended = choose(transaction, &serving, Change::Update(ended)).await?;
        Box::pin(apply(transaction, &serving, &ended, &[])).await?;
    }
    Ok(transaction.act_as(&settings(planner)).await?)
}
