//! SQL as data, and the only place that writes SQL text for collections.
//!
//! Purpose: the planner and the rules build [`Expr`], [`Select`] and [`Query`] values; this module renders them with Diesel's
//! query builder, so that every name is quoted and every value is a bind parameter.
//! Flow: `planner`/`policy` → [`Query`] → [`Statement`] → [`Fetch`] (a Diesel query) → `db`.
//! Invariants: pure; deterministic (the same data gives the same text, hence the same prepared statement); text from outside
//! the program can only enter as an identifier ([`Label`], `ColumnName`, `TableName`) or as a [`crate::base::Value`] bind.
//! Deliberately unknown: the catalog, rules, GraphQL.

mod bind;
mod change;
mod explain;
mod expr;
mod render;
mod select;
mod statement;

pub use change::{Cte, CteBody, Delete, Insert, Query, Update};
pub use explain::{EXPLAINED, Explain, ExplainKind, prepare_text};
pub use expr::{CompareOp, Expr};
pub use render::definition_text;
pub use select::{Alias, Column, From, Join, JoinKind, Label, OrderTerm, RowLock, Select};
pub use statement::{EncodedBinds, Fetch, Statement, StatementKind};
