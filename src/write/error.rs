//! Why a change is refused.

use crate::base::{Fault, FaultCode};
use crate::db::DbError;
use crate::planner::PlanError;
use std::time::Duration;
use uuid::Uuid;

/// A change that did not happen.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Refused while planning.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// There is no such row, or the caller may not know of it.
    #[error("`{collection}` `{id}` not found")]
    NotFound {
        /// The collection's name.
        collection: String,
        /// The id.
        id: Uuid,
    },
    /// The row that a foreign key is set to is not there, or the caller may not know of it.
    #[error("the row that `{field}` points to was not found")]
    TargetNotFound {
        /// The field.
        field: String,
        /// The collection's name.
        collection: String,
        /// The row whose field it is; `None` for a new one.
        id: Option<Uuid>,
    },
    /// The rule refuses.
    #[error("you may not {operation} `{collection}` `{id}`")]
    Forbidden {
        /// `create`, `update` or `delete`.
        operation: &'static str,
        /// The collection's name.
        collection: String,
        /// The id.
        id: Uuid,
    },
    /// The new row would not be allowed.
    #[error("you may not create this `{collection}`")]
    CreateForbidden {
        /// The collection's name.
        collection: String,
    },
    /// A field's write rule refuses.
    #[error("you may not set `{field}` of `{collection}`{}", backticked(id))]
    FieldForbidden {
        /// The field.
        field: String,
        /// The collection's name.
        collection: String,
        /// The id; `None` for a new row.
        id: Option<Uuid>,
    },
    /// A row that would have to go, or change, with a deleted one may not. It is not named: the caller may not know of it.
    #[error("you may not delete `{collection}` `{id}`: you may not {operation} a `{child}` that depends on it")]
    CascadeForbidden {
        /// The collection that was to be deleted from.
        collection: String,
        /// The row that was to be deleted.
        id: Uuid,
        /// `delete` or `update`.
        operation: &'static str,
        /// The collection of the row that stands in the way.
        child: String,
    },
    /// The same because the caller's token is not for what would have to go along.
    #[error("this token may not delete `{collection}` `{id}`: it needs the scope `{child}:{scope}` for what depends on it")]
    CascadeOutsideScope {
        /// The collection that was to be deleted from.
        collection: String,
        /// The row that was to be deleted.
        id: Uuid,
        /// The collection of the row that stands in the way.
        child: String,
        /// What the scope has to say of it.
        scope: &'static str,
    },
    /// One of several rows is refused.
    #[error("`{place}`: {source}")]
    InRow {
        /// The element of the list, `inputs[3]`.
        place: String,
        /// Why.
        source: Box<WriteError>,
    },
    /// A filter finds more rows than the caller reckoned with.
    #[error("`where` finds more than {at_most} rows, which is `atMost`; nothing was changed")]
    TooMany {
        /// The limit.
        at_most: u32,
    },
    /// Another row has the values of a unique key: one that came in between, or one that the caller may not know of.
    #[error("{}", taken(fields, collection))]
    Taken {
        /// The fields.
        fields: Vec<String>,
        /// The collection's name.
        collection: String,
    },
    /// A key that another request of the same caller has.
    #[error("`idempotencyKey` was used for another request; give each request a key of its own")]
    KeyTaken,
    /// Somebody else changed it first.
    #[error("`{collection}` `{id}` was changed by somebody else; read it again and repeat the change")]
    Stale {
        /// The collection's name.
        collection: String,
        /// The id.
        id: Uuid,
    },
    /// A row would stand below itself.
    #[error("`{field}`: `{collection}` `{id}` would stand below itself")]
    Circle {
        /// The collection's name.
        collection: String,
        /// The field.
        field: String,
        /// The row.
        id: Uuid,
    },
    /// A constraint refuses a value; names the field, never the constraint.
    #[error("{0}")]
    Constraint(String),
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl WriteError {
    /// Whether another row is in the way of one that an upsert would make.
    pub fn is_taken(&self) -> bool {
        match self {
            Self::Taken { .. } => true,
            Self::InRow { source, .. } => source.is_taken(),
            _ => false,
        }
    }
}

/// That a value, or values together, are there already.
pub(crate) fn taken(fields: &[impl AsRef<str>], collection: &str) -> String {
    let names: Vec<String> = fields.iter().map(|field| format!("`{}`", field.as_ref())).collect();
    let values = if fields.len() == 1 { "this value" } else { "these values together" };
    format!("{}: another `{collection}` already has {values}", names.join(", "))
}

impl Fault for WriteError {
    fn code(&self) -> FaultCode {
        match self {
            Self::Plan(error) => error.code(),
            Self::NotFound { .. } | Self::TargetNotFound { .. } => FaultCode::NotFound,
            Self::Forbidden { .. }
            | Self::CreateForbidden { .. }
            | Self::FieldForbidden { .. }
            | Self::CascadeForbidden { .. }
            | Self::CascadeOutsideScope { .. } => FaultCode::Forbidden,
            Self::InRow { source, .. } => source.code(),
            Self::TooMany { .. } => FaultCode::LimitExceeded,
            Self::Stale { .. } | Self::KeyTaken => FaultCode::Conflict,
            Self::Constraint(_) | Self::Taken { .. } | Self::Circle { .. } => FaultCode::ConstraintViolation,
            Self::Database(error) => error.code(),
        }
    }

    fn step_up(&self) -> Option<Duration> {
        match self {
            Self::Plan(error) => error.step_up(),
            Self::InRow { source, .. } => source.step_up(),
            _ => None,
        }
    }

    fn public_message(&self) -> String {
        match self {
            Self::Database(error) => error.public_message(),
            Self::InRow { place, source } => format!("`{place}`: {}", source.public_message()),
            other => other.to_string(),
        }
    }
}

fn backticked(id: &Option<Uuid>) -> String {
    id.map_or_else(String::new, |id| format!(" `{id}`"))
}
