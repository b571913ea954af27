//! Why there is no backup, or nothing was restored.

use crate::base::{Fault, FaultCode};
use crate::db::ConnectError;
use crate::migrate::MigrateError;
use std::io;
use std::path::{Path, PathBuf};

/// Why there is no backup, or nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A backup is never mixed with another one.
    #[error("`{}` is there already; name a new directory", .0.display())]
    Exists(PathBuf),
    /// A file or directory cannot be read or written.
    #[error("cannot {doing} `{}`", path.display())]
    File {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There is no manifest, or not one of ours.
    #[error("`{}` is no complete backup: its `backup.json` is missing or cannot be read", .0.display())]
    NoManifest(PathBuf),
    /// The dump is not what was written.
    #[error("`{}` was changed or cut off since it was written", .0.display())]
    Damaged(PathBuf),
    /// One of PostgreSQL's programs is missing.
    #[error("`{name}` is not on this machine: install PostgreSQL's client programs, `apt-get install postgresql-client`")]
    NoProgram {
        /// Which.
        name: &'static str,
    },
    /// A program is older than the server, and would not understand it.
    #[error("`{name}` is of PostgreSQL {found}, and has to be of {needed} or newer")]
    OldProgram {
        /// Which.
        name: &'static str,
        /// Its version.
        found: u32,
        /// The server's.
        needed: u32,
    },
    /// A program failed.
    #[error("`{name}` failed: {message}")]
    Program {
        /// Which.
        name: &'static str,
        /// What it said.
        message: String,
    },
    /// The database's URL.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The database.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
}

impl BackupError {
    /// What went wrong with a file.
    pub(super) fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { doing, path, source }
    }
}

impl Fault for BackupError {
    fn code(&self) -> FaultCode {
        FaultCode::InternalServerError
    }
}
