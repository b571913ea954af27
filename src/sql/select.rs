//! SELECT as data.

use crate::base::{ColumnName, TableName, Value};
use crate::sql::Expr;
use std::sync::Arc;

/// The name by which a statement calls a table or subselect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Alias {
    /// `t0`, `t1`, ... by depth-first order of the plan.
    Table(u16),
    /// `r0`, `r1`, ... by nesting depth inside a rule.
    Rule(u16),
    /// `f0`, `f1`, ... by nesting depth inside a filter.
    Filter(u16),
    /// `o0`, `o1`, ...: the rows that an order joins.
    Order(u16),
    /// A name of the program's own: `old`, `new`, `page`.
    Named(&'static str),
    /// The table that a row-level security policy is on, by the table's own name; only for [`definition_text`](crate::sql::definition_text).
    Own,
}

/// The name of a result column: a GraphQL response key or a name of the program's own. Quoted when rendered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Label(Arc<str>);

impl Label {
    /// PostgreSQL cuts identifiers after this many bytes without a word (`NAMEDATALEN - 1`).
    pub const MAX_BYTES: usize = 63;

    /// Wraps a label; `None` if PostgreSQL would cut it.
    pub fn new(text: &str) -> Option<Self> {
        (text.len() <= Self::MAX_BYTES && !text.is_empty()).then(|| Self(Arc::from(text)))
    }

    /// The label's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One result column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The value.
    pub expr: Expr,
    /// Its name; a bare `*` of an alias has none.
    pub label: Option<Label>,
}

impl Column {
    /// A column under a response key.
    pub fn new(expr: Expr, label: Label) -> Self {
        Self { expr, label: Some(label) }
    }

    /// A column under a name of the program's own.
    pub fn fixed(expr: Expr, label: &'static str) -> Self {
        Self { expr, label: Some(Label::new(label).expect("the program's own labels are short")) }
    }

    /// A column whose name nobody reads.
    pub fn bare(expr: Expr) -> Self {
        Self { expr, label: None }
    }
}

/// Where rows come from.
#[derive(Clone, Debug, PartialEq)]
pub enum From {
    /// `"schema"."table" alias`
    Table(TableName, Alias),
    /// `(select ...) alias`
    Subselect(Box<Select>, Alias),
    /// `name alias`: a common table expression, which is named by an alias of the program's own.
    Cte(Alias, Alias),
    /// `((select ...) union all (select ...)) alias`
    UnionAll(Vec<Select>, Alias),
    /// `unnest(array, ...) alias (column, ...)`: parallel arrays as rows.
    Unnest(Vec<Expr>, Alias, Vec<ColumnName>),
}

/// How a joined source meets the rows before it.
#[derive(Clone, Debug, PartialEq)]
pub enum JoinKind {
    /// `left join lateral ... on true`: a relation never takes its parent away.
    LeftLateral,
    /// `left join ... on condition`, which PostgreSQL may hash.
    Left(Expr),
    /// `cross join`: every pair, cut down by WHERE.
    Cross,
}

/// One join.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// How.
    pub kind: JoinKind,
    /// With what.
    pub from: From,
}

/// One term of ORDER BY.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderTerm {
    /// By what.
    pub expr: Expr,
    /// Whether the greatest comes first.
    pub is_descending: bool,
    /// `Some(true)` for `nulls first`, `Some(false)` for `nulls last`, `None` for PostgreSQL's default.
    pub is_nulls_first: Option<bool>,
}

/// Row locks of a SELECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowLock {
    /// `for update`
    Update,
    /// `for no key update`, enough for a change that leaves the key alone and kinder to foreign keys.
    NoKeyUpdate,
}

/// A SELECT.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Select {
    /// Result columns; none at all selects nothing, which `exists` accepts.
    pub columns: Vec<Column>,
    /// The source; `None` selects one row of constants.
    pub from: Option<From>,
    /// Joins, in order.
    pub joins: Vec<Join>,
    /// WHERE; the constant `true` is left out.
    pub filter: Option<Expr>,
    /// GROUP BY.
    pub group: Vec<Expr>,
    /// HAVING.
    pub having: Option<Expr>,
    /// ORDER BY.
    pub order: Vec<OrderTerm>,
    /// LIMIT, as a number in the text: `limit $1` would be planned anew on every execution, because PostgreSQL's generic
    /// plan does not know how few rows are wanted. Injection safety: a `u32` has only digits.
    pub limit: Option<u32>,
    /// OFFSET: a bind, because offsets are many and a text for each of them would be prepared for itself.
    pub offset: Option<Value>,
    /// Row locks.
    pub lock: Option<RowLock>,
}

impl Select {
    /// `select columns from ...`
    pub fn new(columns: Vec<Column>, from: From) -> Self {
        Self { columns, from: Some(from), ..Self::default() }
    }

    /// Adds a WHERE.
    pub fn filtered(mut self, filter: Expr) -> Self {
        self.filter = Some(match self.filter.take() {
            Some(before) => Expr::all([before, filter]),
            None => filter,
        });
        self
    }
}
