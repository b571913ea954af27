//! Why a request cannot be planned.

use crate::base::{Fault, FaultCode, ValueError};
use std::time::Duration;

/// A request that makes no plan. Every variant is the caller's fault.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// A value does not have its scalar's form.
    #[error("`{argument}`: {source}")]
    Value {
        /// The path of the argument.
        argument: String,
        /// What is wrong with it.
        source: ValueError,
    },
    /// An argument that makes no sense as given.
    #[error("`{argument}`: {problem}")]
    Argument {
        /// The path of the argument.
        argument: String,
        /// What is wrong with it and what to write.
        problem: String,
    },
    /// A size beyond its limit.
    #[error("`{argument}` is {given}; the limit is {limit}{}", setting_of(argument))]
    Limit {
        /// The path of the argument.
        argument: String,
        /// What was asked for.
        given: i64,
        /// The limit.
        limit: u32,
    },
    /// A filter of too many conditions.
    #[error("`where` has more than {limit} conditions, which is the limit; `in` with a list of values is one")]
    TooManyConditions {
        /// The limit.
        limit: usize,
    },
    /// A list or nesting beyond its limit.
    #[error("`{argument}` has more than {limit} {what}, which is the limit")]
    TooMany {
        /// The path of the argument.
        argument: String,
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// Nested lists that multiply to more than an answer may have.
    #[error(
        "the operation could show {rows} rows; the limit is {limit} (`limits.max_rows`): give a smaller `first`, or nest less"
    )]
    TooManyRows {
        /// What the nested `first` arguments multiply to.
        rows: u64,
        /// The limit.
        limit: u32,
    },
    /// A value beyond the limits of its field.
    #[error("`{argument}`: {problem}")]
    Constraint {
        /// The path of the argument.
        argument: String,
        /// What is wrong with it, and the limit.
        problem: String,
    },
    /// New rows inside of new rows inside of ...
    #[error("`{argument}`: new rows stand more than {limit} levels inside of each other, which is the limit")]
    TooDeep {
        /// The path of the argument.
        argument: String,
        /// The limit.
        limit: u32,
    },
    /// A response key that PostgreSQL would cut.
    #[error("the response key `{key}` is longer than 63 bytes; use a shorter alias")]
    KeyTooLong {
        /// The key.
        key: String,
    },
    /// A rule refuses the write, or counting and computing over rows, before any row is looked at.
    #[error("you may not {operation} `{collection}`")]
    Forbidden {
        /// `create`, `update`, `delete` or `aggregate`.
        operation: &'static str,
        /// The collection's name.
        collection: String,
    },
    /// The caller's token is not for this, whatever the rules say: before any row is looked at, and so whatever rows there are.
    #[error("this token may not {operation} `{collection}`: it needs the scope `{collection}:{scope}`")]
    OutsideScope {
        /// What was asked for: `create`, `update`, `delete` or `share`.
        operation: &'static str,
        /// The collection's name.
        collection: String,
        /// What the scope has to say of it.
        scope: &'static str,
    },
    /// A field's write rule refuses before any row is looked at.
    #[error("you may not set `{field}` of `{collection}`")]
    FieldForbidden {
        /// The field.
        field: String,
        /// The collection's name.
        collection: String,
    },
    /// A relation that is always there, to a collection that the caller's token is not for.
    #[error("`{field}` leads to `{collection}`, which the scope of the token leaves out")]
    OutOfScope {
        /// The place of the relation.
        field: String,
        /// The collection's name.
        collection: String,
    },
    /// The row cannot be there for this caller.
    #[error("`{collection}` `{id}` not found")]
    NotFound {
        /// The collection's name.
        collection: String,
        /// The id that was asked for.
        id: String,
    },
    /// Whoever writes has to prove anew who they are.
    #[error("`{collection}` asks whoever writes to have signed in within {} s: sign in again at `signInUrl`, and repeat", max_age.as_secs())]
    StepUp {
        /// The collection's name.
        collection: String,
        /// Within which time.
        max_age: Duration,
    },
    /// The collection asks for a reason.
    #[error("`{collection}` asks for a reason: give `reason` as an argument of the mutation")]
    ReasonRequired {
        /// The collection's name.
        collection: String,
    },
}

/// The setting that raises the limit of an argument, if one does.
fn setting_of(argument: &str) -> &'static str {
    if matches!(argument, "first" | "last") { " (`limits.max_page_size`)" } else { "" }
}

impl Fault for PlanError {
    fn code(&self) -> FaultCode {
        match self {
            Self::Value { .. } | Self::Argument { .. } | Self::KeyTooLong { .. } => FaultCode::BadUserInput,
            Self::TooDeep { .. }
            | Self::Limit { .. }
            | Self::TooManyConditions { .. }
            | Self::TooMany { .. }
            | Self::TooManyRows { .. } => FaultCode::LimitExceeded,
            Self::Constraint { .. } => FaultCode::ConstraintViolation,
            Self::Forbidden { .. } | Self::OutsideScope { .. } | Self::FieldForbidden { .. } | Self::OutOfScope { .. } => {
                FaultCode::Forbidden
            }
            Self::NotFound { .. } => FaultCode::NotFound,
            Self::ReasonRequired { .. } => FaultCode::ReasonRequired,
            Self::StepUp { .. } => FaultCode::MfaRequired,
        }
    }

    fn step_up(&self) -> Option<Duration> {
        match self {
            Self::StepUp { max_age, .. } => Some(*max_age),
            _ => None,
        }
    }
}

impl PlanError {
    /// Shorthand for [`PlanError::Argument`].
    pub(crate) fn argument(argument: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Argument { argument: argument.into(), problem: problem.into() }
    }

    /// Shorthand for [`PlanError::TooMany`].
    pub(crate) fn too_many(argument: impl Into<String>, what: &'static str, limit: usize) -> Self {
        Self::TooMany { argument: argument.into(), what, limit }
    }
}
