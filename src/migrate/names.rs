//! The names of what belongs to a column, as the catalog gives them.

use crate::base::{ColumnName, TableName};
use crate::catalog::{ConstraintKind, constraint_name};
use sha2::{Digest, Sha256};

/// What PostgreSQL keeps of a name.
pub(super) const MAX_BYTES: usize = 63;

/// The name, or a digest of it where PostgreSQL would cut it without a word.
pub(super) fn short(name: String) -> String {
    if name.len() <= MAX_BYTES { name } else { format!("rule_{}", hex::encode(&Sha256::digest(name)[..20])) }
}

/// `tickets_pkey`, as PostgreSQL itself would say.
pub(super) fn primary_key(table: &TableName) -> String {
    format!("{}_pkey", table.name)
}

/// The check that a column holds something, as long as it takes to become `not null`. PostgreSQL only asks that names are
/// unique within the table, so that this one is never longer than those of the column's index.
pub(super) fn filled_check(column: &ColumnName) -> String {
    format!("{column}_filled")
}

/// What a column has of this kind.
pub(super) fn of(table: &TableName, column: &ColumnName, kind: ConstraintKind) -> String {
    constraint_name(table, column, kind)
}

pub(super) fn unique(table: &TableName, column: &ColumnName) -> String {
    constraint_name(table, column, ConstraintKind::Unique)
}

pub(super) fn foreign_key(table: &TableName, column: &ColumnName) -> String {
    constraint_name(table, column, ConstraintKind::ForeignKey)
}

/// A sequence lies beside its table.
pub(super) fn sequence(table: &TableName, column: &ColumnName) -> TableName {
    TableName::new(&table.schema, constraint_name(table, column, ConstraintKind::Sequence))
}
