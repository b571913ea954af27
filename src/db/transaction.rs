//! A transaction under an actor's role.

use crate::db::pool::Checkout;
use crate::db::session::{ActorSettings, Begin, Commit, Rollback};
use crate::db::{Database, DbError, RawJson};
use crate::sql::{Fetch, Query, StatementKind};
use diesel::deserialize::FromSqlRow;
use diesel::pg::Pg;
use diesel::query_builder::{QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Json, Nullable};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::Stream;
use parking_lot::Mutex;

/// A statement's answer: its JSON, and how many rows it shows.
pub type JsonRow = (Option<RawJson>, i64);

/// A transaction under an actor's role. Dropped without [`Transaction::commit`] or [`Transaction::rollback`], it closes its
/// connection, and PostgreSQL undoes it.
///
/// Its methods take `&self`, so that several statements can be sent as one pipeline with `tokio::join!`: they reach
/// PostgreSQL in the order in which they are first polled.
pub struct Transaction {
    database: Database,
    checkout: Checkout,
    actor: ActorSettings,
    is_begun: Mutex<bool>,
}

impl Transaction {
    pub(crate) fn new(database: Database, checkout: Checkout, actor: ActorSettings) -> Self {
        Self { database, checkout, actor, is_begun: Mutex::new(false) }
    }

    /// Sends BEGIN and the actor's settings, once. Must come first in the first pipeline.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn open(&self) -> Result<(), DbError> {
        if std::mem::replace(&mut *self.is_begun.lock(), true) {
            return Ok(());
        }
        let (begun, set) = tokio::join!(Begin.execute(&mut self.pg()), self.actor.clone().execute(&mut self.pg()));
        begun?;
        set?;
        Ok(())
    }

    /// Runs a statement whose rows are `(json, rows)`.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn json(&self, query: &Query) -> Result<Option<JsonRow>, DbError> {
        Ok(self.rows::<(Nullable<Json>, BigInt), JsonRow>(query).await?.pop())
    }

    /// Runs a statement whose rows have the SQL type `ST`.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn rows<ST, Row>(&self, query: &Query) -> Result<Vec<Row>, DbError>
    where
        ST: Send + 'static,
        Row: FromSqlRow<ST, Pg> + Send + 'static,
        for<'q, 'c> Fetch<'q, ST>: diesel_async::methods::LoadQuery<'q, &'c AsyncPgConnection, Row>,
    {
        let kind = self.database.note_shape(query, &self.checkout)?;
        let fetch: Fetch<'_, ST> = Fetch::new(query, kind);
        Ok(fetch.load::<Row>(&mut self.pg()).await?)
    }

    /// Streams a statement of one JSON column, row by row, in constant memory.
    ///
    /// # Errors
    /// [`DbError`], also later for each row.
    pub async fn stream_json(
        &self,
        query: &Query,
    ) -> Result<impl Stream<Item = Result<RawJson, DbError>> + Send + use<>, DbError> {
        use futures_util::TryStreamExt;
        let fetch: Fetch<'_, Json> = Fetch::new(query, StatementKind::Cold);
        let rows = fetch.load_stream::<RawJson>(&mut self.pg()).await?;
        Ok(rows.map_err(DbError::from))
    }

    /// Runs a statement of Diesel's own DSL, for the platform's system tables.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn run<Statement>(&self, statement: Statement) -> Result<usize, DbError>
    where
        Statement: QueryFragment<Pg> + QueryId + Send,
    {
        Ok(statement.execute(&mut self.pg()).await?)
    }

    /// Ends the transaction for good.
    ///
    /// # Errors
    /// [`DbError`]; whether the changes are there is unknown only if the connection was lost.
    pub async fn commit(mut self) -> Result<(), DbError> {
        if *self.is_begun.lock() {
            Commit.execute(&mut self.checkout.pg()).await?;
        }
        self.checkout.mark_clean();
        Ok(())
    }

    /// Undoes the transaction and gives the connection back.
    ///
    /// # Errors
    /// [`DbError`]; the changes are undone either way.
    pub async fn rollback(mut self) -> Result<(), DbError> {
        if *self.is_begun.lock() {
            Rollback.execute(&mut self.checkout.pg()).await?;
        }
        self.checkout.mark_clean();
        Ok(())
    }

    fn pg(&self) -> &AsyncPgConnection {
        self.checkout.pg()
    }
}
