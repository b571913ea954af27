//! Statements that change rows, always as common table expressions of one query, so that the change, its image and its audit
//! event are one statement.

use crate::base::{ColumnName, TableName};
use crate::sql::{Alias, Column, Expr, From, Select};

/// A whole statement: common table expressions and a final SELECT.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// `with ...`, in order.
    pub ctes: Vec<Cte>,
    /// The SELECT that answers.
    pub body: Select,
}

impl Query {
    /// A statement without common table expressions.
    pub fn select(body: Select) -> Self {
        Self { ctes: Vec::new(), body }
    }
}

/// One common table expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Cte {
    /// Its name.
    pub name: Alias,
    /// Its statement.
    pub body: CteBody,
}

/// What a common table expression does.
#[derive(Clone, Debug, PartialEq)]
pub enum CteBody {
    /// Reads, once (`materialized`).
    Select(Select),
    /// Adds rows.
    Insert(Insert),
    /// Changes rows.
    Update(Update),
    /// Deletes rows.
    Delete(Delete),
}

/// `insert into table (columns) select ... returning ...`
#[derive(Clone, Debug, PartialEq)]
pub struct Insert {
    /// The table.
    pub table: TableName,
    /// The columns that are given; the others take their defaults.
    pub columns: Vec<ColumnName>,
    /// Their values: a SELECT with as many columns.
    pub source: Select,
    /// `on conflict (column, ...) do nothing`: a row whose values in these another has is not added. None, and it is an error.
    pub on_conflict: Vec<ColumnName>,
    /// RETURNING; the inserted row goes by the table's own name, so columns are named through [`Insert::ROW`].
    pub returning: Vec<Column>,
}

impl Insert {
    /// The alias of the inserted row in RETURNING.
    pub const ROW: Alias = Alias::Named("inserted");
}

/// `update table alias set ... from ... where ... returning ...`
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// The table.
    pub table: TableName,
    /// The name of the changed row.
    pub alias: Alias,
    /// The new values.
    pub set: Vec<(ColumnName, Expr)>,
    /// Other sources.
    pub from: Vec<From>,
    /// Which rows.
    pub filter: Expr,
    /// RETURNING.
    pub returning: Vec<Column>,
}

/// `delete from table alias using ... where ... returning ...`
#[derive(Clone, Debug, PartialEq)]
pub struct Delete {
    /// The table.
    pub table: TableName,
    /// The name of the deleted row.
    pub alias: Alias,
    /// Other sources.
    pub using: Vec<From>,
    /// Which rows.
    pub filter: Expr,
    /// RETURNING.
    pub returning: Vec<Column>,
}
