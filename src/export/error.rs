//! Why there is no file.

use crate::base::{Fault, FaultCode};
use crate::db::DbError;
use crate::planner::PlanError;
use crate::write::WriteError;
use std::io;
use uuid::Uuid;

/// An export or download that did not happen.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The request makes no plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The caller has no export right for the collection.
    #[error("you may not export `{collection}`")]
    Forbidden {
        /// The collection's name.
        collection: String,
    },
    /// The caller's token is not for exports of the collection.
    #[error("this token may not export `{collection}`: it needs the scope `{collection}:EXPORT`")]
    OutsideScope {
        /// The collection's name.
        collection: String,
    },
    /// More rows than one export may have.
    #[error("more than {limit} rows of `{collection}` match, the most that one export may have; narrow it with `where`")]
    TooManyRows {
        /// The collection's name.
        collection: String,
        /// `@export(maxRows:)`
        limit: u32,
    },
    /// As many exports are running as this server runs at once.
    #[error("{limit} exports are running, the most at once; ask again when one of them is done")]
    Busy {
        /// How many.
        limit: u16,
    },
    /// The server stops.
    #[error("the server is stopping; ask for the export again")]
    Stopping,
    /// There is no such export, or the caller may not have it.
    #[error("`Export` `{id}` not found")]
    NotFound {
        /// What was asked for.
        id: Uuid,
    },
    /// The file is not complete yet.
    #[error("`Export` `{id}` is still running; ask again in a moment")]
    Running {
        /// Which export.
        id: Uuid,
    },
    /// The export failed, so there is no file.
    #[error("`Export` `{id}` failed: {failure}")]
    Failed {
        /// Which export.
        id: Uuid,
        /// What its row says.
        failure: String,
    },
    /// The file is not on this server.
    #[error("the file of `Export` `{id}` is not on this server; ask the server that made it, or export again")]
    FileMissing {
        /// Which export.
        id: Uuid,
    },
    /// The file is not what was written.
    #[error("the file of export `{id}` has {found} bytes instead of {expected}")]
    FileDamaged {
        /// Which export.
        id: Uuid,
        /// Its size on disk.
        found: u64,
        /// Its size as recorded.
        expected: u64,
    },
    /// The disk.
    #[error("cannot {doing} an export's file")]
    File {
        /// What was tried.
        doing: &'static str,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// A row is not the JSON object that was asked for.
    #[error("a row of an export cannot be read")]
    Row(#[from] serde_json::Error),
    /// The work ended without a word: it panicked, or the runtime is gone.
    #[error("an export was interrupted")]
    Interrupted,
    /// The export's own row could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl ExportError {
    /// Wraps an error of the disk.
    pub(crate) fn file(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { doing, source }
    }
}

impl Fault for ExportError {
    fn code(&self) -> FaultCode {
        match self {
            Self::Plan(error) => error.code(),
            Self::Forbidden { .. } | Self::OutsideScope { .. } => FaultCode::Forbidden,
            Self::TooManyRows { .. } => FaultCode::LimitExceeded,
            Self::Busy { .. } => FaultCode::RateLimited,
            Self::Stopping | Self::Running { .. } | Self::Failed { .. } => FaultCode::Conflict,
            Self::NotFound { .. } | Self::FileMissing { .. } => FaultCode::NotFound,
            Self::FileDamaged { .. } | Self::File { .. } | Self::Row(_) | Self::Interrupted => FaultCode::InternalServerError,
            Self::Write(error) => error.code(),
            Self::Database(error) => error.code(),
        }
    }
}
