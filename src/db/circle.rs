//! Whether a row stands below itself.

use crate::base::{ColumnName, TableName};
use crate::db::{DbError, Transaction};
use diesel::QueryableByName;
use diesel::sql_types::{Array, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

/// One of the rows that now stands below itself along a foreign key of the table to itself. Nobody else changes that column
/// until the transaction ends, which has to act as the server itself meanwhile.
///
/// # Errors
/// [`DbError`].
pub async fn find_circle(
    transaction: &Transaction,
    table: &TableName,
    link: &ColumnName,
    changed: &[Uuid],
) -> Result<Option<Uuid>, DbError> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Nullable<SqlUuid>)]
        id: Option<Uuid>,
    }
    let query = diesel::sql_query("select toolcrib.find_circle($1, $2, $3, $4) as id")
        .bind::<Text, _>(table.schema.to_string())
        .bind::<Text, _>(table.name.to_string())
        .bind::<Text, _>(link.as_str().to_owned())
        .bind::<Array<SqlUuid>, _>(changed.to_vec());
    let found = query.load::<Found>(&mut transaction.pg()).await.map_err(DbError::from)?;
    Ok(found.into_iter().find_map(|found| found.id))
}
