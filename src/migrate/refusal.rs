//! Differences between catalog and database that no plan mends by itself, each with what to do.

use crate::base::{FieldName, TypeName};
use std::fmt;

/// A difference that would lose or reinterpret data: somebody has to write that migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The type, or type and field.
    pub subject: String,
    /// What differs.
    pub problem: String,
    /// What to do.
    pub help: String,
}

impl Refusal {
    /// A difference of a whole type.
    pub(super) fn of_type(ty: &TypeName, problem: impl Into<String>, help: impl Into<String>) -> Self {
        Self { subject: ty.to_string(), problem: problem.into(), help: help.into() }
    }

    /// A difference of a field.
    pub(super) fn of_field(ty: &TypeName, field: &FieldName, problem: impl Into<String>, help: impl Into<String>) -> Self {
        Self { subject: format!("{ty}.{field}"), problem: problem.into(), help: help.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, problem, help } = self;
        write!(formatter, "`{subject}`: {problem}; {help}")
    }
}
