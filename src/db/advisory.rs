//! Locks by name, which last until the end of their transaction: for what has to happen one after the other and has no row yet.

use crate::db::{DbError, Transaction};
use diesel::sql_types::Text;

impl Transaction {
    /// Waits until no other transaction holds the lock of this name, and takes it.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn lock_name(&self, name: &str) -> Result<(), DbError> {
        let lock = diesel::sql_query("select pg_advisory_xact_lock(hashtextextended($1, 8390045718415370))");
        self.run(lock.bind::<Text, _>(name.to_owned())).await?;
        Ok(())
    }
}
