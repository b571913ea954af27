//! The pool.

use crate::db::connect::{ConnectOptions, Connection};
use crate::db::observe::{Running, note_failure, statement_span};
use crate::db::pipeline::{Asked, Setting, Step};
use crate::db::session::{ADMITTED, ActorSettings, list_of_ids};
use crate::db::shape::{MAX_PREPARED, Shapes};
use crate::db::slow::SlowQueries;
use crate::db::transaction::{JsonRow, Transaction};
use crate::db::{DbError, PoolState, SlowPlan};
use crate::sql::{Statement, StatementKind};
use deadpool::managed::{Manager, Metrics, Object, Pool, PoolError, RecycleError, RecycleResult, Timeouts};
use diesel_async::AsyncPgConnection;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::Instrument;
use uuid::Uuid;

/// The server's database. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    pool: Pool<Connector>,
    shapes: Arc<Shapes>,
    slow: Option<Arc<SlowQueries>>,
}

/// Opens and recycles connections for deadpool.
pub(crate) struct Connector(ConnectOptions);

impl Manager for Connector {
    /// Connections are handed from one to the next, so they stay where they are.
    type Type = Box<Connection>;
    type Error = DbError;

    /// On the heap, because it is seldom: whoever asks for a connection would otherwise carry the room to open one in its own
    /// future.
    async fn create(&self) -> Result<Box<Connection>, DbError> {
        Box::pin(self.0.connect()).await.map(Box::new)
    }

    /// No query on checkout (deadpool's usual way costs a round trip): a [`Checkout`] only gives clean connections back.
    async fn recycle(&self, connection: &mut Box<Connection>, _metrics: &Metrics) -> RecycleResult<DbError> {
        if connection.is_closed() || connection.count_prepared() > MAX_PREPARED {
            return Err(RecycleError::message("closed or worn out"));
        }
        Ok(())
    }
}

/// A connection taken from the pool. Given back only when it was marked clean; otherwise it is closed on drop, and PostgreSQL
/// rolls back whatever was open.
pub(crate) struct Checkout {
    object: Option<Object<Connector>>,
    is_clean: bool,
}

impl Checkout {
    /// The connection.
    pub(crate) fn connection(&self) -> &Connection {
        self.object.as_ref().expect("the object is only taken on drop")
    }

    fn connection_mut(&mut self) -> &mut Connection {
        self.object.as_mut().expect("the object is only taken on drop")
    }

    /// Diesel's connection.
    pub(crate) fn pg(&self) -> &AsyncPgConnection {
        &self.connection().pg
    }

    /// Whether Diesel takes the statement from its cache, so that running it sends it at once. One whose shape was forgotten
    /// meanwhile is in the cache, too, but runs as one that was never seen.
    pub(crate) fn has_prepared(&self, statement: &Statement, kind: StatementKind, role: Option<&str>) -> bool {
        kind == StatementKind::Hot && self.connection().prepared.lock().contains(&shape_under(statement, role))
    }

    /// Notes that a statement was run: one that is worth it is prepared now.
    pub(crate) fn note_prepared(&self, statement: &Statement, kind: StatementKind, role: Option<&str>) {
        if kind == StatementKind::Hot {
            self.connection().prepared.lock().insert(shape_under(statement, role));
        }
    }

    /// Says that no transaction is open any more.
    pub(crate) fn mark_clean(&mut self) {
        self.is_clean = true;
    }
}

/// The hash of a statement's shape as it is prepared for a role.
fn shape_under(statement: &Statement, role: Option<&str>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (statement.shape_hash(), role).hash(&mut hasher);
    hasher.finish()
}

impl Drop for Checkout {
    fn drop(&mut self) {
        let Some(object) = self.object.take() else { return };
        if self.is_clean {
            return;
        }
        // The caller was dropped in the middle: whatever runs is cancelled, and the connection never comes back.
        let connection = Object::take(object);
        let (token, way) = (connection.pg.cancel_token(), connection.way.clone());
        drop(connection);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { way.cancel(token).await });
        }
    }
}

impl Database {
    /// Builds the pool and opens its first connection, so that a wrong URL is found at start.
    ///
    /// # Errors
    /// [`DbError::Unavailable`].
    pub async fn connect(options: ConnectOptions) -> Result<Self, DbError> {
        let max_connections = options.max_connections;
        let pool = Pool::builder(Connector(options))
            .max_size(max_connections)
            .runtime(deadpool::Runtime::Tokio1)
            .timeouts(Timeouts { wait: Some(Duration::from_secs(10)), create: Some(Duration::from_secs(10)), recycle: None })
            .build()
            .map_err(|error| DbError::Unavailable(Box::new(error)))?;
        let database = Self { pool, shapes: Arc::new(Shapes::new()), slow: None };
        database.checkout().await?.mark_clean();
        Ok(database)
    }

    /// The same, with a log of statements that take longer than this.
    pub fn with_slow_query_log(self, threshold: Duration, plan: SlowPlan) -> Self {
        Self { slow: Some(Arc::new(SlowQueries::new(threshold, plan))), ..self }
    }

    pub(crate) fn slow_queries(&self) -> Option<&SlowQueries> {
        self.slow.as_deref()
    }

    /// Runs one statement for an actor in a transaction of its own: role and settings, the statement and the end of the
    /// transaction in one message, see the module `pipeline`.
    ///
    /// # Errors
    /// [`DbError`]; the transaction is undone then.
    pub async fn read(&self, actor: &ActorSettings, statement: &Statement) -> Result<Option<JsonRow>, DbError> {
        let settings: Vec<_> = actor.values().collect();
        let steps = [Step::Set(&settings), Step::Run(self.ask(actor, statement))];
        Ok(self.run("read", (actor, statement), &steps).await?.pop().flatten())
    }

    /// Runs a change, and reads what it left, in a transaction of its own and in one message: for a change that asks nothing once it
    /// is done. The last row of each statement.
    ///
    /// # Errors
    /// [`DbError`]; the transaction is undone then. Whether it was done is unknown only if the connection was lost.
    pub async fn change(&self, actor: &ActorSettings, change: &OneChange<'_>) -> Result<Vec<Option<JsonRow>>, DbError> {
        let OneChange { statement, admitted, reads } = change;
        let admitted = admitted.map(|id| list_of_ids(&[id]));
        let mut settings: Vec<Setting<'_>> = actor.values().collect();
        settings.extend(admitted.as_deref().map(|list| (ADMITTED, list)));
        let mut steps = vec![Step::Set(&settings), Step::Run(self.ask(actor, statement))];
        if admitted.is_some() && !reads.is_empty() {
            // Not for what is then read.
            steps.push(Step::Set(&[(ADMITTED, "")]));
        }
        steps.extend(reads.iter().map(|statement| Step::Run(self.ask(actor, statement))));
        self.run("transaction", (actor, statement), &steps).await
    }

    /// Runs a transaction in one message; it is measured from when there is a connection, by its caller and main statement.
    async fn run(
        &self,
        kind: &'static str,
        (actor, statement): (&ActorSettings, &Statement),
        steps: &[Step<'_>],
    ) -> Result<Vec<Option<JsonRow>>, DbError> {
        let span = statement_span!(statement.text());
        let checkout = self.checkout().await?;
        let running = Running { started: Instant::now(), kind, actor: Some(actor), statement };
        let rows = run_on(checkout, steps).instrument(span).await;
        running.ended(self, &rows);
        rows
    }

    fn ask<'a>(&self, actor: &'a ActorSettings, statement: &'a Statement) -> Asked<'a> {
        let role = actor.role();
        Asked { role, statement, kind: self.kind_of(statement), shape: shape_under(statement, Some(role)) }
    }

    /// Opens a transaction for an actor. BEGIN and settings travel with its first statements.
    ///
    /// # Errors
    /// [`DbError::Unavailable`] or [`DbError::Busy`].
    pub async fn begin(&self, actor: &ActorSettings) -> Result<Transaction, DbError> {
        Ok(Transaction::new(self.clone(), self.checkout().await?, Some(actor.clone())))
    }

    /// Opens a transaction as the server's own login, for the platform's system tables.
    ///
    /// # Errors
    /// [`DbError::Unavailable`] or [`DbError::Busy`].
    pub async fn begin_system(&self) -> Result<Transaction, DbError> {
        let transaction = Transaction::new(self.clone(), self.checkout().await?, None);
        transaction.open().await?;
        Ok(transaction)
    }

    /// How many connections there are and how many are free.
    pub fn pool_status(&self) -> (usize, usize) {
        let status = self.pool.status();
        (status.size, status.available)
    }

    /// The pool's connections now.
    pub fn pool_state(&self) -> PoolState {
        let status = self.pool.status();
        PoolState { limit: status.max_size, size: status.size, free: status.available, waiting: status.waiting }
    }

    pub(crate) async fn checkout(&self) -> Result<Checkout, DbError> {
        let asked = Instant::now();
        let object = self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => error,
            PoolError::Timeout(_) => DbError::Busy { limit: self.pool.status().max_size },
            other => DbError::Unavailable(other.to_string().into()),
        });
        metrics::histogram!("toolcrib_pool_wait_seconds").record(asked.elapsed().as_secs_f64());
        match object {
            Ok(object) => Ok(Checkout { object: Some(object), is_clean: false }),
            Err(error) => {
                note_failure(&error);
                Err(error)
            }
        }
    }

    /// Notes one more use of a statement's shape.
    pub(crate) fn kind_of(&self, statement: &Statement) -> StatementKind {
        self.shapes.kind_of(statement)
    }
}

/// A change of one row that is over with its statement, and what is then read.
#[derive(Clone, Debug)]
pub struct OneChange<'a> {
    /// The change; its rows are `(json, rows)`.
    pub statement: &'a Statement,
    /// The row, where the policies have to be told to let it pass; see [`Transaction::admit`].
    pub admitted: Option<Uuid>,
    /// What is then read; their rows are `(json, rows)`.
    pub reads: Vec<&'a Statement>,
}

/// Runs a transaction in one message on a connection, which is given back once it is answered.
async fn run_on(mut checkout: Checkout, steps: &[Step<'_>]) -> Result<Vec<Option<JsonRow>>, DbError> {
    let rows = checkout.connection_mut().run(steps).await?;
    checkout.mark_clean();
    Ok(rows?)
}
