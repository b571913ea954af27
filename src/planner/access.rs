//! A table with the rows of it that the caller may read.

use crate::base::{ColumnName, TableName};
use crate::catalog::CollectionId;
use crate::planner::Planner;
use crate::policy::{Images, Operation, Predicate};
use crate::sql::{Alias, Expr, From};
use std::collections::BTreeSet;

/// A collection's table together with its solved read rule. The fields are private and [`Planner::readable`] is the only way
/// to make one, so no plan can name a table without its rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Readable {
    collection: CollectionId,
    table: TableName,
    rule: Predicate,
}

impl Readable {
    /// The collection.
    pub fn collection(&self) -> CollectionId {
        self.collection
    }

    /// Whether the rule refuses every row, so that the database need not be asked.
    pub fn is_empty(&self) -> bool {
        self.rule.is_never()
    }

    /// Whether the rule allows every row.
    pub fn is_unrestricted(&self) -> bool {
        self.rule.is_always()
    }

    /// The table under an alias, with the condition that every use of it has to apply.
    pub(crate) fn source(&self, alias: Alias) -> (From, Expr) {
        (From::Table(self.table.clone(), alias), self.condition(alias))
    }

    /// The columns of the row that the rule asks for.
    pub(crate) fn asked_columns(&self) -> BTreeSet<ColumnName> {
        self.rule.columns()
    }

    /// The rule as a condition on the row that `alias` names.
    pub(crate) fn condition(&self, alias: Alias) -> Expr {
        self.rule.to_sql(&row_image(alias))
    }
}

/// The images of a statement that knows one row only.
pub(crate) fn row_image(alias: Alias) -> Images {
    Images { row: Some(alias), old: None, new: None }
}

impl Planner<'_> {
    /// The collection's table as this caller may read it.
    pub fn readable(&self, collection: CollectionId) -> Readable {
        let rule = self.rules.solve(collection, Operation::Read, self.actor, self.request);
        Readable { collection, table: self.catalog.collection(collection).table.clone(), rule }
    }
}
