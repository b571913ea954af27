//! Opening one connection.

use crate::db::address::Tls;
use crate::db::{DatabaseAddress, DbError};
use diesel_async::AsyncPgConnection;
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
    /// What guards it, for whoever has to open a second one to cancel a statement of this one.
    pub(crate) tls: Tls,
    /// Whether the socket is gone.
    is_closed: Arc<AtomicBool>,
    /// The statement shapes that are prepared on it.
    pub(crate) prepared: parking_lot::Mutex<std::collections::HashSet<u64>>,
}

impl Connection {
    /// Whether the socket is gone.
    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed)
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
        let client = address.connect_bare(ended).await.map_err(|error| DbError::Unavailable(Box::new(error)))?;
        let pg = AsyncPgConnection::try_from(client).await.map_err(|error| DbError::Unavailable(Box::new(error)))?;
        Ok(Connection { pg, tls: address.tls, is_closed, prepared: parking_lot::Mutex::default() })
    }
}
