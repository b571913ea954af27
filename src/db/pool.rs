//! The pool.

use crate::db::connect::{ConnectOptions, Connection};
use crate::db::observe::{Running, note_failure, statement_span};
use crate::db::session::{ActorSettings, COMMIT};
use crate::db::shape::{MAX_PREPARED, Shapes};
use crate::db::slow::SlowQueries;
use crate::db::transaction::{JsonRow, Transaction, load_rows};
use crate::db::{DbError, PoolState, SlowPlan};
use crate::sql::{Statement, StatementKind};
use deadpool::managed::{Manager, Metrics, Object, Pool, PoolError, RecycleError, RecycleResult, Timeouts};
use diesel::QueryResult;
use diesel::sql_types::{BigInt, Json, Nullable};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::future::maybe_done;
use std::future::poll_fn;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use tokio::task::coop::unconstrained;
use tracing::Instrument;

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
    type Type = Connection;
    type Error = DbError;

    async fn create(&self) -> Result<Connection, DbError> {
        self.0.connect().await
    }

    /// No query on checkout (deadpool's usual way costs a round trip): a [`Checkout`] only gives clean connections back.
    async fn recycle(&self, connection: &mut Connection, _metrics: &Metrics) -> RecycleResult<DbError> {
        if connection.is_closed() || connection.prepared.get_mut().len() > MAX_PREPARED {
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
        let (token, tls) = (connection.pg.cancel_token(), connection.tls.clone());
        drop(connection);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { tls.cancel(token).await });
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

    /// Runs one statement for an actor: BEGIN with role and settings, the statement, COMMIT, sent as one pipeline.
    ///
    /// A statement that has yet to be prepared is waited for: COMMIT would overtake it. Should a statement ever run outside
    /// its transaction, the server's login has no privilege for it.
    ///
    /// # Errors
    /// [`DbError`]; the transaction is undone then.
    pub async fn read(&self, actor: &ActorSettings, statement: &Statement) -> Result<Option<JsonRow>, DbError> {
        let span = statement_span!(statement.text());
        let checkout = self.checkout().await?;
        let running = Running { started: Instant::now(), kind: "read", actor: Some(actor), statement };
        let row = self.read_with(checkout, actor, statement).instrument(span).await;
        running.ended(self, &row);
        row
    }

    async fn read_with(
        &self,
        mut checkout: Checkout,
        actor: &ActorSettings,
        statement: &Statement,
    ) -> Result<Option<JsonRow>, DbError> {
        let kind = self.kind_of(statement);
        let role = Some(actor.role());
        let rows = load_rows::<(Nullable<Json>, BigInt), JsonRow>(checkout.pg(), statement, kind, role);
        let (begun, rows, committed) = if checkout.has_prepared(statement, kind, role) {
            pipeline(checkout.pg(), actor, rows).await
        } else {
            let (begun, rows) = tokio::join!(biased; batch(checkout.pg(), actor.opening()), rows);
            (begun, rows, batch(checkout.pg(), COMMIT).await)
        };
        // A failed statement makes COMMIT a ROLLBACK; only a connection whose COMMIT was answered goes back to the pool.
        if committed.is_ok() {
            checkout.mark_clean();
        }
        begun?;
        let mut rows = rows?;
        committed?;
        checkout.note_prepared(statement, kind, role);
        Ok(rows.pop())
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

/// Sends BEGIN with its settings, the statement and COMMIT at once, then waits for the rows and for COMMIT.
///
/// What is sent first is what is polled first, because a statement that is prepared on its connection is sent when it is
/// polled, unless tokio's budget makes it wait. The answers come in the same order, so nobody has to be woken for the first.
async fn pipeline<Rows>(
    pg: &AsyncPgConnection,
    actor: &ActorSettings,
    rows: impl Future<Output = QueryResult<Rows>>,
) -> (QueryResult<()>, QueryResult<Rows>, QueryResult<()>) {
    let mut begin = pin!(maybe_done(batch(pg, actor.opening())));
    let mut rows = pin!(maybe_done(rows));
    let mut commit = pin!(maybe_done(batch(pg, COMMIT)));
    let send = poll_fn(|_| {
        let mut nobody = Context::from_waker(Waker::noop());
        let _ = begin.as_mut().poll(&mut nobody);
        let _ = rows.as_mut().poll(&mut nobody);
        let _ = commit.as_mut().poll(&mut nobody);
        Poll::Ready(())
    });
    unconstrained(send).await;
    rows.as_mut().await;
    commit.as_mut().await;
    begin.as_mut().await;
    let answered = "each was waited for";
    (begin.take_output().expect(answered), rows.take_output().expect(answered), commit.take_output().expect(answered))
}

async fn batch(mut pg: &AsyncPgConnection, text: &str) -> QueryResult<()> {
    pg.batch_execute(text).await
}
