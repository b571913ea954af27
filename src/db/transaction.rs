//! A transaction under an actor's role.

use crate::db::observe::{Running, statement_span};
use crate::db::pool::Checkout;
use crate::db::session::{
    ADMIT_NOTHING, AS_SERVER, ActorSettings, BEGIN_SYSTEM, COMMIT_OR_FAIL, ROLLBACK, SAVEPOINT, TO_SAVEPOINT, WrittenRows,
    admitting,
};
use crate::db::{Database, DbError, RawJson};
use crate::sql::{Fetch, Query, Statement, StatementKind};
use diesel::QueryResult;
use diesel::deserialize::FromSqlRow;
use diesel::pg::Pg;
use diesel::query_builder::{QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Json, Nullable, Text};
use diesel_async::{AsyncConnectionCore, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use futures_util::{Stream, TryStreamExt};
use parking_lot::Mutex;
use std::time::{Duration, Instant};
use tracing::Instrument;
use uuid::Uuid;

/// A statement's answer: its JSON, and how many rows it shows.
pub type JsonRow = (Option<RawJson>, i64);

/// A transaction under an actor's role, or the server's own login. Dropped without [`Transaction::commit`] or [`Transaction::rollback`], it closes its
/// connection, and PostgreSQL undoes it.
///
/// Its methods take `&self`, so that several statements can be sent as one pipeline with `tokio::join!`: they reach
/// PostgreSQL in the order in which they are first polled.
pub struct Transaction {
    database: Database,
    checkout: Checkout,
    /// `None` for the server's own login.
    actor: Option<ActorSettings>,
    is_begun: Mutex<bool>,
    /// Audit events of this transaction by type: counted once they last.
    events: Mutex<Vec<(&'static str, u64)>>,
}

/// A point within a transaction.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// How many entries of events there were.
    events: usize,
}

impl Transaction {
    pub(crate) fn new(database: Database, checkout: Checkout, actor: Option<ActorSettings>) -> Self {
        Self { database, checkout, actor, is_begun: Mutex::new(false), events: Mutex::default() }
    }

    /// Sends BEGIN and the actor's settings, once. Must come first in the first pipeline.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn open(&self) -> Result<(), DbError> {
        if std::mem::replace(&mut *self.is_begun.lock(), true) {
            return Ok(());
        }
        match &self.actor {
            Some(actor) => self.pg().batch_execute(&actor.opening()).await?,
            None => self.pg().batch_execute(BEGIN_SYSTEM).await?,
        }
        Ok(())
    }

    /// Runs a statement whose rows are `(json, rows)`.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn json(&self, statement: &Statement) -> Result<Option<JsonRow>, DbError> {
        Ok(self.load::<(Nullable<Json>, BigInt), JsonRow>(statement).await?.pop())
    }

    /// Renders and runs a query whose rows have the SQL type `ST`.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn rows<ST, Row>(&self, query: &Query) -> Result<Vec<Row>, DbError>
    where
        ST: 'static,
        Row: FromSqlRow<ST, Pg> + Send,
    {
        self.load::<ST, Row>(&Statement::of(query)?).await
    }

    /// Runs a statement whose rows have the SQL type `ST`.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn load<ST, Row>(&self, statement: &Statement) -> Result<Vec<Row>, DbError>
    where
        ST: 'static,
        Row: FromSqlRow<ST, Pg> + Send,
    {
        self.load_as(statement, self.kind_of(statement)).await
    }

    /// Runs a statement whose rows have the SQL type `ST` as what [`Transaction::kind_of`] said.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn load_as<ST, Row>(&self, statement: &Statement, kind: StatementKind) -> Result<Vec<Row>, DbError>
    where
        ST: 'static,
        Row: FromSqlRow<ST, Pg> + Send,
    {
        let span = statement_span!(statement.text());
        let (started, actor) = (Instant::now(), self.actor.as_ref());
        let running = Running { started, kind: "transaction", actor, statement };
        let role = actor.map(ActorSettings::role);
        let rows = load_rows::<ST, Row>(self.pg(), statement, kind, role).instrument(span).await.map_err(DbError::from);
        running.ended(&self.database, &rows);
        let rows = rows?;
        self.checkout.note_prepared(statement, kind, role);
        Ok(rows)
    }

    /// Whether a statement is sent as soon as it is polled, so that what is sent after it comes after it: one that has yet to be
    /// prepared is overtaken meanwhile.
    pub fn sends_at_once(&self, statement: &Statement, kind: StatementKind) -> bool {
        self.checkout.has_prepared(statement, kind, self.actor.as_ref().map(ActorSettings::role))
    }

    /// Notes one more use of a statement's shape, and says whether it is worth preparing.
    pub fn kind_of(&self, statement: &Statement) -> StatementKind {
        self.database.kind_of(statement)
    }

    /// Notes audit events that a statement of this transaction wrote, for the metrics.
    pub fn note_events(&self, event_type: &'static str, count: usize) {
        self.events.lock().push((event_type, count as u64));
    }

    /// Streams a statement of one JSON column, row by row, in constant memory.
    ///
    /// # Errors
    /// [`DbError`], also later for each row.
    pub async fn stream_json(
        &self,
        query: &Query,
    ) -> Result<impl Stream<Item = Result<RawJson, DbError>> + Send + use<>, DbError> {
        let statement = Statement::of(query)?;
        let fetch: Fetch<'_, Json> = Fetch::new(&statement, StatementKind::Cold);
        let rows = fetch.load_stream::<RawJson>(&mut self.pg()).await?;
        Ok(rows.map_err(DbError::from))
    }

    /// Lets each further statement of this transaction run for so long, whatever `database.statement_timeout` says.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn set_statement_timeout(&self, timeout: Duration) -> Result<(), DbError> {
        self.open().await?;
        let setting = diesel::sql_query("select set_config('statement_timeout', $1, true)");
        self.run(setting.bind::<Text, _>(timeout.as_millis().to_string())).await?;
        Ok(())
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

    /// Lets the policies pass the rows that the next statement writes: PostgreSQL wants whoever writes a row to see what becomes
    /// of it. To be sent right before that statement, and [`Transaction::admit_nothing`] right after it.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn admit(&self, ids: &[Uuid], rows: WrittenRows) -> Result<(), DbError> {
        Ok(self.pg().batch_execute(&admitting(ids, rows)).await?)
    }

    /// Ends what [`Transaction::admit`] began.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn admit_nothing(&self) -> Result<(), DbError> {
        Ok(self.pg().batch_execute(ADMIT_NOTHING).await?)
    }

    /// Marks where [`Transaction::return_to`] comes back to.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn mark(&self) -> Result<Mark, DbError> {
        self.open().await?;
        self.pg().batch_execute(SAVEPOINT).await?;
        Ok(Mark { events: self.events.lock().len() })
    }

    /// Undoes what was done since the mark, which stays.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn return_to(&self, mark: Mark) -> Result<(), DbError> {
        self.pg().batch_execute(TO_SAVEPOINT).await?;
        self.events.lock().truncate(mark.events);
        Ok(())
    }

    /// Goes on as an actor, in a transaction of the server's own.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn act_as(&self, actor: &ActorSettings) -> Result<(), DbError> {
        Ok(self.pg().batch_execute(&actor.assuming()).await?)
    }

    /// Undoes what was done and goes on as the server itself, to look at what went wrong. The caller still has to end it.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) async fn restart_as_server(&self) -> Result<(), DbError> {
        Ok(self.pg().batch_execute(&format!("{ROLLBACK}; {BEGIN_SYSTEM}")).await?)
    }

    /// Goes on as the server itself, for what belongs to a change and is no collection.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn act_as_server(&self) -> Result<(), DbError> {
        Ok(self.pg().batch_execute(AS_SERVER).await?)
    }

    /// Ends the transaction for good.
    ///
    /// # Errors
    /// [`DbError`], also if a statement of the transaction failed before: then nothing was changed. Whether the changes are
    /// there is unknown only if the connection was lost.
    pub async fn commit(mut self) -> Result<(), DbError> {
        if *self.is_begun.lock() {
            self.checkout.pg().batch_execute(COMMIT_OR_FAIL).await?;
        }
        self.checkout.mark_clean();
        for (event_type, count) in self.events.lock().drain(..) {
            metrics::counter!("toolcrib_audit_events_total", "type" => event_type).increment(count);
        }
        Ok(())
    }

    /// Undoes the transaction and gives the connection back.
    ///
    /// # Errors
    /// [`DbError`]; the changes are undone either way.
    pub async fn rollback(mut self) -> Result<(), DbError> {
        if *self.is_begun.lock() {
            self.checkout.pg().batch_execute(ROLLBACK).await?;
        }
        self.checkout.mark_clean();
        Ok(())
    }

    /// Diesel's connection, for statements of its DSL over system tables.
    pub fn pg(&self) -> &AsyncPgConnection {
        self.checkout.pg()
    }
}

/// Loads the rows of a statement. Text and binds are built before the future is made, so it borrows the connection alone.
pub(crate) fn load_rows<'c, ST, Row>(
    pg: &'c AsyncPgConnection,
    statement: &Statement,
    kind: StatementKind,
    role: Option<&str>,
) -> impl Future<Output = QueryResult<Vec<Row>>> + Send + use<'c, ST, Row>
where
    ST: 'static,
    Row: FromSqlRow<ST, Pg> + Send,
{
    let mut pg = pg;
    let loading = AsyncConnectionCore::load(&mut pg, Fetch::<'_, ST>::new(statement, kind).under(role));
    async move {
        let mut stream = loading.await?;
        let mut rows = Vec::new();
        while let Some(row) = stream.try_next().await? {
            rows.push(Row::build_from_row(&row).map_err(diesel::result::Error::DeserializationError)?);
        }
        Ok(rows)
    }
}
