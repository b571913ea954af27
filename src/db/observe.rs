//! What is measured of statements: how many, how long, how they failed, how long they waited for a connection.

use crate::db::{ActorSettings, Database, DbError};
use crate::sql::Statement;
use std::time::Instant;

/// The span around a statement, made only where traces are collected. Its text has no values.
macro_rules! statement_span {
    ($text:expr) => {
        tracing::trace_span!(target: "toolcrib::stage", "sql", db.system.name = "postgresql", db.query.text = $text)
    };
}
pub(crate) use statement_span;

/// A statement that is running.
pub(crate) struct Running<'a> {
    pub(crate) started: Instant,
    /// `read` for a transaction of one statement, else `transaction`.
    pub(crate) kind: &'static str,
    pub(crate) actor: Option<&'a ActorSettings>,
    pub(crate) statement: &'a Statement,
}

impl Running<'_> {
    /// Notes how it ended.
    pub(crate) fn ended<T>(self, database: &Database, outcome: &Result<T, DbError>) {
        let took = self.started.elapsed();
        metrics::histogram!("toolcrib_statement_duration_seconds", "kind" => self.kind).record(took.as_secs_f64());
        if let Err(error) = outcome {
            note_failure(error);
        }
        if let Some(slow) = database.slow_queries() {
            slow.note(database, &self, took);
        }
    }
}

/// Counts an error of the database.
pub(crate) fn note_failure(error: &DbError) {
    metrics::counter!("toolcrib_database_errors_total", "kind" => error.name()).increment(1);
}

/// The connections of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolState {
    /// Connections that there may be.
    pub limit: usize,
    /// Connections that there are.
    pub size: usize,
    /// Connections that nobody uses.
    pub free: usize,
    /// Requests that wait for one.
    pub waiting: usize,
}
