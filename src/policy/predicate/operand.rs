//! What a condition compares: columns of a row, values, and what PostgreSQL knows of the caller.

use crate::base::{ColumnName, Value};
use chrono::TimeDelta;

/// A value inside a condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A column of a row image.
    Column(RowImage, ColumnName),
    /// A value that the actor, the request or a literal decided; never null.
    Value(Value),
    /// A value of a caller who is known to PostgreSQL alone, in a predicate that was solved for a role; may be null.
    Caller(CallerValue),
    /// The time at which the transaction began, by the database's clock. `now()` in rules is the request's time, a value; this one is
    /// the same text for every request, so that plans can be kept.
    Now,
}

impl Operand {
    /// Whether it is a column of the row as a change leaves it.
    pub(super) fn is_of_new_row(&self) -> bool {
        matches!(self, Self::Column(RowImage::New, _))
    }

    /// The column, if it is one of the rule's own row.
    pub(super) fn own_column(&self) -> Option<&ColumnName> {
        match self {
            Self::Column(RowImage::Row | RowImage::Old | RowImage::New, column) => Some(column),
            Self::Column(RowImage::Member(_), _) | Self::Value(_) | Self::Caller(_) | Self::Now => None,
        }
    }
}

/// Which image of a row a rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowImage {
    /// `row`: the stored row, for `create` the new one.
    Row,
    /// `old`: before the change.
    Old,
    /// `new`: after the change.
    New,
    /// The row of an enclosing `exists`, by nesting depth from 0.
    Member(u16),
}

/// A value that PostgreSQL knows of the caller by the settings of the transaction, see `migrations/platform`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallerValue {
    /// `user.id`
    UserId,
    /// `user.email`
    UserEmail,
    /// `user.role`, which the database role says of everybody but a service
    UserRole,
    /// `user.team`
    UserTeam,
    /// `user.teams`; null for whoever has no team
    UserTeams,
    /// `user.isActive`
    UserIsActive,
    /// `request.ip`
    RequestIp,
    /// `request.time`, moved by a duration
    RequestTime(TimeDelta),
    /// `request.auth.method`
    RequestAuthMethod,
    /// `request.auth.mfa`
    RequestAuthMfa,
    /// `request.auth.age`, in seconds
    RequestAuthAge,
    /// `request.service`
    RequestService,
}
