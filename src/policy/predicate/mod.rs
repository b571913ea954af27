//! What is left of a rule once the actor has decided its part: a condition on rows.
//!
//! Negation is already pushed to the leaves, so a predicate has two outcomes: it selects a row exactly when the rule is
//! `True` for it. Both `False` and `Unknown` do not select.

mod condition;
mod operand;

pub use condition::{Comparison, Condition, TextTest};
pub use operand::{CallerValue, Operand, RowImage};

use crate::base::{ColumnName, TableName};
use std::collections::BTreeSet;

/// A solved rule.
#[derive(Clone, Debug, PartialEq)]
pub enum Predicate {
    /// Allows every row: no predicate in the SQL.
    Always,
    /// Allows none: the database is not asked.
    Never,
    /// All parts; at least two, none constant.
    All(Vec<Predicate>),
    /// Any part; at least two, none constant.
    Any(Vec<Predicate>),
    /// A condition on one row.
    Condition(Condition),
}

impl Predicate {
    /// Conjunction with constants folded.
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut kept = Vec::new();
        for part in parts {
            match part {
                Self::Always => {}
                Self::Never => return Self::Never,
                Self::All(inner) => kept.extend(inner),
                other => kept.push(other),
            }
        }
        match kept.len() {
            0 => Self::Always,
            1 => kept.remove(0),
            _ => Self::All(kept),
        }
    }

    /// Disjunction with constants folded.
    pub fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut kept = Vec::new();
        for part in parts {
            match part {
                Self::Never => {}
                Self::Always => return Self::Always,
                Self::Any(inner) => kept.extend(inner),
                other => kept.push(other),
            }
        }
        match kept.len() {
            0 => Self::Never,
            1 => kept.remove(0),
            _ => Self::Any(kept),
        }
    }

    /// `Always` for `true`, `Never` for anything else.
    pub(super) fn constant(is_allowed: bool) -> Self {
        if is_allowed { Self::Always } else { Self::Never }
    }

    /// Selects what `inner` does not select.
    pub(super) fn unless(inner: Self) -> Self {
        match inner {
            Self::Always => Self::Never,
            Self::Never => Self::Always,
            other => Self::Condition(Condition::Not(Box::new(other))),
        }
    }

    /// Every condition, however deep it stands.
    fn conditions(&self) -> Vec<&Condition> {
        match self {
            Self::Always | Self::Never => Vec::new(),
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::conditions).collect(),
            Self::Condition(condition) => {
                let inner = condition.parts().1.map(Self::conditions);
                std::iter::once(condition).chain(inner.into_iter().flatten()).collect()
            }
        }
    }

    /// What its conditions compare.
    fn operands(&self) -> impl Iterator<Item = &Operand> {
        self.conditions().into_iter().flat_map(|condition| condition.parts().0)
    }

    /// What it asks of a caller who is known to PostgreSQL alone.
    pub(super) fn caller_values(&self) -> impl Iterator<Item = CallerValue> {
        self.operands().filter_map(|operand| match operand {
            Operand::Caller(value) => Some(*value),
            Operand::Column(..) | Operand::Value(_) | Operand::Now => None,
        })
    }

    /// Whether the condition looks into other rows, by a path or by `exists`.
    pub fn has_sub_reads(&self) -> bool {
        !self.tables().is_empty()
    }

    /// The tables of the other rows that the condition looks into.
    pub fn tables(&self) -> BTreeSet<TableName> {
        let table = |condition: &Condition| match condition {
            Condition::Exists { table, .. } | Condition::Among { table, .. } => Some(table.clone()),
            _ => None,
        };
        self.conditions().into_iter().filter_map(table).collect()
    }

    /// The columns of the rule's own row that it speaks of, whichever of its images.
    pub fn columns(&self) -> BTreeSet<ColumnName> {
        self.operands().filter_map(Operand::own_column).cloned().collect()
    }

    /// What is asked of the row as it is stored: whatever is asked of the changed one counts as granted. Every row that some
    /// change is allowed for is selected, and perhaps others.
    pub fn of_stored_row(&self) -> Self {
        match self {
            Self::Always | Self::Never => self.clone(),
            Self::All(parts) => Self::all(parts.iter().map(Self::of_stored_row)),
            Self::Any(parts) => Self::any(parts.iter().map(Self::of_stored_row)),
            Self::Condition(condition) if condition.names_new_row() => Self::Always,
            Self::Condition(_) => self.clone(),
        }
    }

    fn names_new_row(&self) -> bool {
        self.operands().any(Operand::is_of_new_row)
    }

    /// Whether every row is allowed.
    pub fn is_always(&self) -> bool {
        matches!(self, Self::Always)
    }

    /// Whether no row is allowed.
    pub fn is_never(&self) -> bool {
        matches!(self, Self::Never)
    }
}
