//! The names of what belongs to a column, as the catalog gives them.

use crate::base::{ColumnName, TableName};
use crate::catalog::{ConstraintKind, constraint_name};

/// `tickets_pkey`, as PostgreSQL itself would say.
pub(super) fn primary_key(table: &TableName) -> String {
    format!("{}_pkey", table.name)
}

pub(super) fn unique(table: &TableName, column: &ColumnName) -> String {
    constraint_name(table, column, ConstraintKind::Unique)
}

pub(super) fn foreign_key(table: &TableName, column: &ColumnName) -> String {
    constraint_name(table, column, ConstraintKind::ForeignKey)
}

pub(super) fn enum_check(table: &TableName, column: &ColumnName) -> String {
    constraint_name(table, column, ConstraintKind::EnumCheck)
}

pub(super) fn length_check(table: &TableName, column: &ColumnName) -> String {
    constraint_name(table, column, ConstraintKind::LengthCheck)
}

/// A sequence lies beside its table.
pub(super) fn sequence(table: &TableName, column: &ColumnName) -> TableName {
    TableName::new(&table.schema, constraint_name(table, column, ConstraintKind::Sequence))
}
