//! Opening one connection.

use crate::db::pipeline::{Pipeline, SharedSocket, Step};
use crate::db::shared_connection::CancelWay;
use crate::db::transaction::JsonRow;
use crate::db::{DatabaseAddress, DbError};
use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How to connect.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// The URL of the server's own login. Holds a password: never logged.
    pub url: String,
    /// The most connections.
    pub max_connections: usize,
    /// How long a statement may run.
    pub statement_timeout: Duration,
}

/// One connection of the pool.
pub(crate) struct Connection {
    /// Diesel's connection.
    pub(crate) pg: AsyncPgConnection,
    /// Its socket.
    socket: SharedSocket,
    /// Transactions in one message, over the same socket.
    pipeline: Pipeline,
    /// The way to the same server, for whoever has to open a second connection to cancel a statement of this one.
    pub(crate) way: CancelWay,
    /// Whether the driver found the socket gone.
    is_closed: Arc<AtomicBool>,
    /// The statement shapes that Diesel has prepared on it.
    pub(crate) prepared: parking_lot::Mutex<std::collections::HashSet<u64>>,
}

impl Connection {
    /// Runs a transaction in one message; the last row of each of its statements.
    ///
    /// # Errors
    /// [`DbError`]. Unless it is PostgreSQL's refusal, inside, the connection cannot be used any more.
    pub(crate) async fn run(&mut self, steps: &[Step<'_>]) -> Result<QueryResult<Vec<Option<JsonRow>>>, DbError> {
        let lent = loop {
            match self.socket.lend() {
                Some(lent) => break lent,
                // The driver answers in order: when it has answered this, it has answered what came before.
                None => Box::pin(self.pg.batch_execute("")).await?,
            }
        };
        self.pipeline.run(lent, steps).await.map_err(|error| DbError::Unavailable(error.into()))
    }

    /// Whether the socket is gone.
    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed) || self.socket.is_closed()
    }

    /// How many statements are prepared on it.
    pub(crate) fn count_prepared(&mut self) -> usize {
        self.prepared.get_mut().len() + self.pipeline.prepared()
    }
}

impl ConnectOptions {
    /// Opens a connection.
    ///
    /// The socket is driven by a task of its own: Diesel's connection then needs no channel to it on every statement.
    ///
    /// # Errors
    /// [`DbError::Unavailable`].
    pub(crate) async fn connect(&self) -> Result<Connection, DbError> {
        let mut address = DatabaseAddress::parse(&self.url).map_err(|error| DbError::Unavailable(Box::new(error)))?;
        let config = &mut address.config;
        config.application_name("toolcrib");
        config.connect_timeout(Duration::from_secs(5));
        // JIT compilation costs more than it saves on statements that answer a request.
        // Instants are shown, and come back in cursors, as UTC in ISO form, whatever the database is set to.
        // Statements name every table with its schema. With a search path PostgreSQL would resolve it anew whenever a request
        // changes the role, twice for each: a fifth of the time of a read by id.
        let fixed = "-c jit=off -c lock_timeout=10s -c timezone=UTC -c datestyle=ISO -c search_path=";
        config.options(format!("-c statement_timeout={} {fixed}", self.statement_timeout.as_millis()));
        let is_closed = Arc::new(AtomicBool::new(false));
        let closing = Arc::clone(&is_closed);
        let ended = move |outcome: Result<(), tokio_postgres::Error>| {
            closing.store(true, Ordering::Relaxed);
            if let Err(error) = outcome {
                tracing::debug!(error = %error, "a database connection ended");
            }
        };
        let opened = address.connect_shared(ended).await.map_err(|error| DbError::Unavailable(Box::new(error)))?;
        let pg = AsyncPgConnection::try_from(opened.client).await.map_err(|error| DbError::Unavailable(Box::new(error)))?;
        let (socket, pipeline, prepared) = (opened.socket, Pipeline::default(), parking_lot::Mutex::default());
        Ok(Connection { pg, socket, pipeline, way: opened.way, is_closed, prepared })
    }
}
