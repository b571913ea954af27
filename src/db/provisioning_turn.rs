//! Provisioning takes turns: an advisory lock that ends with the transaction.

use crate::db::{DbError, Transaction};

/// Waits until no other transaction provisions people. Who is in which group, and what follows from that, is read before it is
/// written; directories send such changes one by one and are not slowed down.
///
/// # Errors
/// [`DbError`].
pub async fn take_provisioning_turn(transaction: &Transaction) -> Result<(), DbError> {
    transaction.open().await?;
    transaction.run(diesel::sql_query("select pg_advisory_xact_lock(hashtextextended('toolcrib.provisioning', 0))")).await?;
    Ok(())
}
