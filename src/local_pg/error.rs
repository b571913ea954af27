//! Why there is no private server.

use crate::base::{Fault, FaultCode};
use std::path::PathBuf;

/// Why there is no private server.
#[derive(Debug, thiserror::Error)]
pub enum LocalPostgresError {
    /// No programs of a version that will do.
    #[error(
        "PostgreSQL {minimum} or newer is not installed{}: run `apt-get install postgresql`, or name a server with `DATABASE_URL`",
        found.map(|version| format!(" (found {version})")).unwrap_or_default()
    )]
    NotInstalled {
        /// The oldest version that will do.
        minimum: u32,
        /// The newest one that was found.
        found: Option<u32>,
    },
    /// The data were made by a version that is no longer there.
    #[error("the data in `{}` need PostgreSQL {version}: run `apt-get install postgresql-{version}`", path.display())]
    OtherVersion {
        /// The data directory.
        path: PathBuf,
        /// The version that made it.
        version: u32,
    },
    /// Root may not run PostgreSQL, and there is nobody else.
    #[error("PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody` to run it")]
    NoAccount,
    /// A file or directory cannot be used.
    #[error("cannot use `{}` for the private PostgreSQL", path.display())]
    Directory {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Somebody else made the directory of the socket.
    #[error("`{}` belongs to somebody else; whoever could put a socket there could read the database", path.display())]
    ForeignDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// A program cannot be run.
    #[error("cannot run `{}`", path.display())]
    Program {
        /// The program.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// `initdb` failed.
    #[error("`initdb` failed:\n{output}")]
    Initialize {
        /// What it said.
        output: String,
    },
    /// The server ended before it was ready.
    #[error("the private PostgreSQL did not start; the end of `{}`:\n{log}", path.display())]
    Start {
        /// Its log.
        path: PathBuf,
        /// The end of its log.
        log: String,
    },
    /// The server takes too long.
    #[error("the private PostgreSQL is not ready after {seconds} s; see `{}`", path.display())]
    NotReady {
        /// Its log.
        path: PathBuf,
        /// How long we waited.
        seconds: u64,
    },
    /// The server does not accept us.
    #[error("cannot connect to the private PostgreSQL")]
    Connect(#[from] tokio_postgres::Error),
    /// The runtime ended while the server was starting.
    #[error("interrupted while the private PostgreSQL was starting")]
    Interrupted,
}

impl LocalPostgresError {
    /// For `map_err` on file operations.
    pub(super) fn directory(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Directory { path, source }
    }
}

impl Fault for LocalPostgresError {
    fn code(&self) -> FaultCode {
        FaultCode::InternalServerError
    }
}
