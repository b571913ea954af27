//! Whether somebody works on an export: an advisory lock that ends with the transaction, however that ends.
//!
//! Unlike a heartbeat it needs no clock and no writes, it is exact the moment a server dies, and it works the same for several
//! servers on one database and behind a pooler that hands out connections by transaction.

use crate::db::{DbError, Transaction};
use diesel::QueryableByName;
use diesel::sql_types::{Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

/// Says that this transaction works on an export. Must be held before others can see the export's row.
///
/// # Errors
/// [`DbError`].
pub async fn hold_running_export(transaction: &Transaction, export: Uuid) -> Result<(), DbError> {
    transaction.open().await?;
    // The same name as in `toolcrib.find_abandoned_exports`.
    let lock = diesel::sql_query("select pg_advisory_xact_lock(hashtextextended($1, 0))");
    transaction.run(lock.bind::<Text, _>(format!("toolcrib.export:{export}"))).await?;
    Ok(())
}

/// The exports that are RUNNING although nobody works on them. They stay this transaction's until it ends.
///
/// # Errors
/// [`DbError`].
pub async fn list_abandoned_exports(transaction: &Transaction) -> Result<Vec<Uuid>, DbError> {
    #[derive(QueryableByName)]
    struct Abandoned {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let query = diesel::sql_query("select id from toolcrib.find_abandoned_exports() as id");
    let found = query.load::<Abandoned>(&mut transaction.pg()).await.map_err(DbError::from)?;
    Ok(found.into_iter().map(|abandoned| abandoned.id).collect())
}
