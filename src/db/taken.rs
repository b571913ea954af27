//! Which row of a list brought a value that another row has.

use crate::base::{ColumnName, TableName};
use crate::db::{DbError, Transaction};
use diesel::QueryableByName;
use diesel::sql_types::{Array, Integer, Jsonb, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

/// Rows that are to be unique: their ids, and what they give each column as text.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidates<'c> {
    /// The table.
    pub table: &'c TableName,
    /// The columns that are unique together.
    pub columns: Vec<&'c ColumnName>,
    /// The rows' ids: a row does not stand in its own way.
    pub ids: Vec<Uuid>,
    /// Of each row, the values; null where it gives none.
    pub values: Vec<Vec<Option<String>>>,
}

/// The place of the first row whose values are taken, by a stored row or by one before it. The transaction has failed: it is undone,
/// and goes on as the server's own.
///
/// # Errors
/// [`DbError`].
pub async fn find_taken(transaction: &Transaction, candidates: &Candidates<'_>) -> Result<Option<usize>, DbError> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Nullable<Integer>)]
        place: Option<i32>,
    }
    let Candidates { table, columns, ids, values } = candidates;
    transaction.restart_as_server().await?;
    let query = diesel::sql_query("select toolcrib.find_taken($1, $2, $3, $4, $5) as place")
        .bind::<Text, _>(table.schema.to_string())
        .bind::<Text, _>(table.name.to_string())
        .bind::<Array<Text>, _>(columns.iter().map(|column| column.as_str().to_owned()).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(ids.clone())
        .bind::<Jsonb, _>(serde_json::json!(values));
    let found = query.load::<Found>(&mut transaction.pg()).await.map_err(DbError::from)?;
    Ok(found.into_iter().find_map(|found| found.place).and_then(|place| usize::try_from(place).ok()))
}
