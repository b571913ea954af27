//! A table with the rows of it that the caller may read.

use crate::base::{ColumnName, TableName, Value};
use crate::catalog::{Collection, CollectionId, Field, FieldKind};
use crate::planner::Planner;
use crate::policy::{Comparison, Condition, Images, Operand, Operation, Predicate, RowImage};
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

    /// Only the rows that are shares of rows of this collection.
    fn of_type(self, column: &ColumnName, collection: &Collection) -> Self {
        let name = Operand::Value(Value::Text(collection.name.to_string()));
        let column = Operand::Column(RowImage::Row, column.clone());
        let is_of_it = Predicate::Condition(Condition::Compare(Comparison::Equal, column, name));
        Self { rule: Predicate::all([is_of_it, self.rule]), ..self }
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

    /// The rows at the other end of a relation to many, as this caller may read them. A share is a row's by the row's id and its
    /// collection; every other relation is told by its foreign key alone.
    pub(crate) fn readable_along(&self, relation: &Field) -> Option<Readable> {
        let FieldKind::ToMany { target, .. } = relation.kind else { return None };
        let readable = self.readable(target);
        let Some(shared) = self.catalog.shares_of(relation) else { return Some(readable) };
        let record_type = self.catalog.collection(target).find_field("recordType")?.column()?;
        Some(readable.of_type(record_type, shared))
    }
}
