//! What can go wrong in the database, sorted by what can be done about it.

use crate::base::{Fault, FaultCode};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use std::fmt;

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
        /// The values that are there already, for whoever looks for the row that brought them again.
        taken: TakenValues,
    },
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

/// The values of a unique constraint as PostgreSQL prints them, `a, b`. Others' rows hold them: they are never shown, and never
/// in a log.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TakenValues(Option<String>);

impl TakenValues {
    /// Reads `Key (label)=(tin) already exists.`, of which only the values look the same in every language.
    fn read(details: Option<&str>) -> Self {
        let values = details.and_then(|details| details.split_once(")=(")?.1.rsplit_once(')'));
        Self(values.map(|(values, _)| values.to_owned()))
    }

    /// Whether a row with these values is the one in question.
    pub fn are(&self, values: &str) -> bool {
        self.0.as_deref() == Some(values)
    }
}

impl fmt::Debug for TakenValues {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TakenValues(..)")
    }
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

impl From<DieselError> for DbError {
    fn from(error: DieselError) -> Self {
        let DieselError::DatabaseError(kind, information) = &error else {
            return Self::Statement(error);
        };
        let constraint = |constraint_kind| Self::Constraint {
            kind: constraint_kind,
            table: information.table_name().unwrap_or_default().to_owned(),
            name: information.constraint_name().or(information.column_name()).unwrap_or_default().to_owned(),
            taken: match constraint_kind {
                ConstraintKind::Unique => TakenValues::read(information.details()),
                ConstraintKind::ForeignKey | ConstraintKind::NotNull | ConstraintKind::Check => TakenValues::default(),
            },
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
            _ if information.message().starts_with("terminating connection") => Self::Unavailable(Box::new(error)),
            _ => Self::Statement(error),
        }
    }
}

impl Fault for DbError {
    fn code(&self) -> FaultCode {
        match self {
            Self::Constraint { .. } => FaultCode::ConstraintViolation,
            Self::Conflict(_) => FaultCode::Conflict,
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
