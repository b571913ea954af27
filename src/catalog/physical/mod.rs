//! From names of the schema to names of the database.
//!
//! Purpose: one place decides how tables, columns and constraints are called, so that migrations, statements and the mapping
//! of constraint violations to fields agree.
//! Invariants: the same schema always gives the same names; no name is longer than PostgreSQL keeps; no two things of one
//! database schema share one.
//! Deliberately unknown: SQL text, and what the database holds.

mod check;
mod words;

pub(super) use check::check;
pub(super) use words::{plural, singular, snake_case};

use crate::base::{ColumnName, TableName};

/// What PostgreSQL keeps of an identifier; it cuts longer ones silently.
pub(super) const MAX_IDENTIFIER_BYTES: usize = 63;

/// Something of a column that has a name of its own in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConstraintKind {
    /// `@unique`: `tickets_case_id_key`.
    Unique,
    /// A to-one relation: `tickets_customer_id_fkey`.
    ForeignKey,
    /// The values of an enum: `tickets_status_check`.
    EnumCheck,
    /// `@length`: `tickets_subject_length_check`.
    LengthCheck,
    /// `@length(min:)`: `tickets_subject_min_length_check`.
    MinLengthCheck,
    /// `@range(min:)`: `tickets_weight_min_check`.
    MinCheck,
    /// `@range(max:)`: `tickets_weight_max_check`.
    MaxCheck,
    /// `@pattern`: `tickets_code_pattern_check`.
    PatternCheck,
    /// `@index`, a foreign key or the column of a rule, followed by `id` to order by: `tickets_team_id_id_idx`.
    Index,
    /// `@index` on an enum: in the order of its values, `tickets_priority_order_id_idx`.
    OrderIndex,
    /// `@index` on a field that may be null: greatest first, nulls last, `tickets_due_at_desc_id_idx`.
    DescendingIndex,
    /// `@sequence`: `tickets_case_id_seq`.
    Sequence,
}

impl ConstraintKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Unique,
        Self::ForeignKey,
        Self::EnumCheck,
        Self::LengthCheck,
        Self::MinLengthCheck,
        Self::MinCheck,
        Self::MaxCheck,
        Self::PatternCheck,
        Self::Index,
        Self::OrderIndex,
        Self::DescendingIndex,
        Self::Sequence,
    ];

    /// The kinds of checks that a column can have.
    pub const CHECKS: [Self; 6] =
        [Self::EnumCheck, Self::LengthCheck, Self::MinLengthCheck, Self::MinCheck, Self::MaxCheck, Self::PatternCheck];

    /// How its names end.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Unique => "key",
            Self::ForeignKey => "fkey",
            Self::EnumCheck => "check",
            Self::LengthCheck => "length_check",
            Self::MinLengthCheck => "min_length_check",
            Self::MinCheck => "min_check",
            Self::MaxCheck => "max_check",
            Self::PatternCheck => "pattern_check",
            Self::Index => "id_idx",
            Self::OrderIndex => "order_id_idx",
            Self::DescendingIndex => "desc_id_idx",
            Self::Sequence => "seq",
        }
    }
}

/// The name of a constraint, index or sequence. Clients never see it; they are told the field that it stands for.
pub fn constraint_name(table: &TableName, column: &ColumnName, kind: ConstraintKind) -> String {
    format!("{}_{column}_{}", table.name, kind.ending())
}

/// The name of the index over columns that are unique together: `tickets_team_id_name_key`.
pub fn compound_unique_name<'n>(table: &TableName, columns: impl IntoIterator<Item = &'n ColumnName>) -> String {
    let columns: Vec<&str> = columns.into_iter().map(ColumnName::as_str).collect();
    format!("{}_{}_{}", table.name, columns.join("_"), ConstraintKind::Unique.ending())
}

/// The column of a field, `assigned_to_id` for a relation `assignedTo`.
pub(super) fn column_name(field: &str, is_relation: bool) -> ColumnName {
    let stem = snake_case(field);
    ColumnName::new(if is_relation { format!("{stem}_id") } else { stem })
}
