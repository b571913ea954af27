//! Locks by name, which last until the end of their transaction: for what has to happen one after the other and has no row yet.

use crate::db::{DbError, Transaction};
use diesel::QueryableByName;
use diesel::sql_types::{Bool, Text};
use diesel_async::RunQueryDsl;

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

    /// Takes the lock of this name, unless another transaction holds it; says whether it could.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn try_lock_name(&self, name: &str) -> Result<bool, DbError> {
        #[derive(QueryableByName)]
        struct Taken {
            #[diesel(sql_type = Bool)]
            is_taken: bool,
        }
        let lock = diesel::sql_query("select pg_try_advisory_xact_lock(hashtextextended($1, 8390045718415370)) as is_taken");
        let taken = lock.bind::<Text, _>(name.to_owned()).get_result::<Taken>(&mut self.pg()).await?;
        Ok(taken.is_taken)
    }
}
