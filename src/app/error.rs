//! Why the service does not start.

use crate::auth::AuthError;
use crate::catalog::Diagnostics;
use crate::db::DbError;
use crate::graphql::{ApiError, ManifestError};
use crate::http::console::ConsoleError;
use crate::local_pg::LocalPostgresError;
use crate::migrate::MigrateError;
use std::path::PathBuf;

/// Why the service does not start, in words for whoever starts it.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// A file of the tool cannot be read.
    #[error("`{}` cannot be read; `--dir` names the tool's directory, `--schema` its schema", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's words.
        #[source]
        source: std::io::Error,
    },
    /// The schema has mistakes; they are shown with their places.
    #[error("the schema has {} mistake(s)", .0.diagnostics.len())]
    Schema(Box<Diagnostics>),
    /// The private PostgreSQL.
    #[error(transparent)]
    LocalPostgres(#[from] LocalPostgresError),
    /// Migrations.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The server's login cannot be told from the owner's.
    #[error(
        "`database.url` has no password to derive the server's own login from; set `database.server_url` to a URL for `toolcrib_server`"
    )]
    NoServerLogin,
    /// The API.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// Trusted documents.
    #[error(transparent)]
    Documents(#[from] ManifestError),
    /// Credentials.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// GraphiQL's examples.
    #[error(transparent)]
    Console(#[from] ConsoleError),
    /// The demo on an address that others can reach.
    #[error("`--demo` lets anybody be anybody, so it only listens on this machine; use `--listen 127.0.0.1:4000`")]
    DemoNotOnLoopback,
    /// The demo over a database that holds real users.
    #[error(
        "`--demo` lets anybody on this machine be any user, and this database has users that no demo made; use another database"
    )]
    DemoOverRealData,
    /// The demo data does not load.
    #[error("the demo data could not be loaded")]
    Seed(#[source] diesel::result::Error),
    /// A key that every server needs is missing.
    #[error("the database has no key `{name}`; run `toolcrib migrate apply`")]
    NoKey {
        /// Which.
        name: &'static str,
    },
    /// A setting names a role that the schema does not have.
    #[error("`{setting}` names the role `{role}`, which the schema does not have; there are {known}")]
    UnknownRole {
        /// The setting.
        setting: &'static str,
        /// What it names.
        role: String,
        /// The roles that there are.
        known: String,
    },
    /// The address is taken.
    #[error("cannot listen on {address}; another process may be using it, `--listen` names another address")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// The system's words.
        #[source]
        source: std::io::Error,
    },
    /// The system's signals.
    #[error("cannot listen for the signals that end the server")]
    Signals(#[source] std::io::Error),
}
