//! The rule language: CEL text, compiled against the catalog, solved per actor, rendered as SQL.
//!
//! Purpose: decide who may do what. A rule is compiled, never interpreted on fetched rows.
//! Flow: `parse` (CEL) → `typecheck` (against the catalog) → `syntax::Rule` → `solve` (what the actor already decides) →
//! [`Predicate`] → `to_sql`.
//! Invariants: pure; truth has three values and only `True` allows; what cannot be compiled is an error at start.
//! Deliberately unknown: how rows are read or written, HTTP, GraphQL.

mod predicate;

pub use predicate::{Comparison, Condition, Operand, Predicate, RowImage, TextTest};
