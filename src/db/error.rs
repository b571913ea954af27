//! What can go wrong in the database, sorted by what can be done about it.

use crate::base::{Fault, FaultCode};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use uuid::Uuid;

/// An error of the database or the way to it.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// No connection: the database is away, or refuses the login.
    #[error("the database cannot be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Every connection is busy.
    #[error("all {limit} database connections are busy; try again, or raise `database.max_connections`")]
    Busy {
        /// The size of the pool.
        limit: usize,
    },
    /// A constraint refuses a value.
    #[error("a constraint refuses the change")]
    Constraint {
        /// What kind of constraint.
        kind: ConstraintKind,
        /// The table, without its schema.
        table: String,
        /// The constraint's name, or the column's for NOT NULL. Never shown to callers.
        name: String,
    },
    /// A rule that PostgreSQL itself asks refuses the change.
    #[error("a rule of the database refuses the change")]
    Refused {
        /// The row, where PostgreSQL says which.
        id: Option<Uuid>,
    },
    /// A migration changes what the rules look at, or rules were applied that are newer than this server's.
    #[error("the database is being migrated; send the request again in a moment")]
    Migrating(#[source] DieselError),
    /// A concurrent change; the same request may work when it is sent again.
    #[error("a concurrent change got in the way; send the request again")]
    Conflict(#[source] DieselError),
    /// The statement took longer than `database.statement_timeout`.
    #[error("a statement took longer than `database.statement_timeout` allows; ask for less at once")]
    Timeout(#[source] DieselError),
    /// Anything else is a fault of ours.
    #[error("the database refused a statement")]
    Statement(#[source] DieselError),
}

/// The kinds of constraint that a caller's value can hurt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConstraintKind {
    /// The value is taken.
    Unique,
    /// The row it points to is not there, or rows still point to it.
    ForeignKey,
    /// A value is missing.
    NotNull,
    /// The value is out of its range, length or list.
    Check,
}

/// What a policy says (in English; in another language it is an error without words, and refused all the same), and what the
/// triggers of rules say.
const REFUSALS: [&str; 2] = ["violates row-level security policy", "does not allow the change"];

/// What policies say while a migration changes what they look at, and after it to a server with older rules.
const MIGRATING: [&str; 2] = ["the database is being migrated", "a policy asks of the caller what was not said"];

impl From<DieselError> for DbError {
    fn from(error: DieselError) -> Self {
        let DieselError::DatabaseError(kind, information) = &error else {
            return Self::Statement(error);
        };
        let constraint = |constraint_kind| Self::Constraint {
            kind: constraint_kind,
            table: information.table_name().unwrap_or_default().to_owned(),
            name: information.constraint_name().or(information.column_name()).unwrap_or_default().to_owned(),
        };
        match kind {
            DatabaseErrorKind::UniqueViolation => constraint(ConstraintKind::Unique),
            DatabaseErrorKind::ForeignKeyViolation | DatabaseErrorKind::RestrictViolation => {
                constraint(ConstraintKind::ForeignKey)
            }
            DatabaseErrorKind::NotNullViolation => constraint(ConstraintKind::NotNull),
            DatabaseErrorKind::CheckViolation => constraint(ConstraintKind::Check),
            DatabaseErrorKind::SerializationFailure => Self::Conflict(error),
            DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::ClosedConnection => Self::Unavailable(Box::new(error)),
            // diesel-async keeps no SQLSTATE for these; PostgreSQL's own words are all there is.
            _ if information.message().starts_with("deadlock detected") => Self::Conflict(error),
            _ if information.message().contains("due to statement timeout") => Self::Timeout(error),
            _ if REFUSALS.iter().any(|words| information.message().contains(words)) => {
                Self::Refused { id: information.details().and_then(|id| id.parse().ok()) }
            }
            _ if MIGRATING.iter().any(|words| information.message().starts_with(words)) => Self::Migrating(error),
            _ if information.message().starts_with("terminating connection") => Self::Unavailable(Box::new(error)),
            _ => Self::Statement(error),
        }
    }
}

impl Fault for DbError {
    fn code(&self) -> FaultCode {
        match self {
            Self::Constraint { .. } => FaultCode::ConstraintViolation,
            Self::Refused { .. } => FaultCode::Forbidden,
            Self::Conflict(_) | Self::Migrating(_) => FaultCode::Conflict,
            Self::Timeout(_) => FaultCode::LimitExceeded,
            Self::Unavailable(_) | Self::Busy { .. } | Self::Statement(_) => FaultCode::InternalServerError,
        }
    }
}

impl DbError {
    /// The kind of error, for whoever counts them.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "unavailable",
            Self::Busy { .. } => "busy",
            Self::Constraint { .. } => "constraint",
            Self::Refused { .. } => "refused",
            Self::Migrating(_) => "migrating",
            Self::Conflict(_) => "conflict",
            Self::Timeout(_) => "timeout",
            Self::Statement(_) => "statement",
        }
    }

    /// Whether the database is away: the whole service is, then.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Busy { .. })
    }
}
