//! The rule language: CEL text, compiled against the catalog, solved per actor, rendered as SQL.
//!
//! Purpose: decide who may do what. A rule is compiled, never interpreted on fetched rows.
//! Flow: `parse` (CEL to nodes with places) → `typecheck` (against the catalog) → `syntax::Rule` → `solve` (what the actor,
//! or the role alone, already decides) → [`Predicate`] → `to_sql`. For people: `residue` (what is left for a role, in words) → [`Matrix`];
//! `compare` (who gains or loses what by other rules); `explain` (which clause decided). [`RuleBook`] holds every rule of a catalog and answers the rest of the product.
//! Invariants: pure; truth has three values and only `True` allows; what cannot be compiled is an error at start.
//! Deliberately unknown: how rows are read or written, HTTP, GraphQL.
//!
//! # What rules say of nulls
//!
//! A condition is [`Truth::Unknown`], and so is its opposite, where
//! - the `user` or `request` side is null (an agent without a team, whose `user.teams` is null too; a request without an address),
//! - one side of `<`, `<=`, `>`, `>=` is null, or a boolean that stands alone is,
//! - a path goes through a relation that leads nowhere (`row.ticket.team` of a row without a ticket; `row.team.id` too, while
//!   `row.team` is a value of the row).
//!
//! Everything else is decided: `== null`, `!= null` and `has` by what is there (a path that leads nowhere is null); two stored
//! nulls are equal; a stored null differs from every value, is in no list, and neither starts with, ends with nor contains a
//! text. Whether a row is `shared(...)` is decided, too: by whether there is a share that reaches the caller.

mod answer;
mod base;
mod collection_rules;
mod compare;
mod compile;
mod diagnostics;
mod explain;
mod inside;
mod known;
mod mask;
mod matrix;
mod operation;
mod parse;
mod predicate;
mod residue;
mod rule_book;
mod share;
mod solve;
mod syntax;
mod to_sql;
mod truth;
mod typecheck;
mod usage;
mod view;

pub use answer::RoleAnswer;
pub use compare::{AccessDifference, ComparedAction, ComparedRules, Direction, differences, plan_counts};
pub use diagnostics::DIAGNOSTIC_CODES;
pub use explain::{
    Asking, Clause, ClauseKind, Examination, ExaminedRows, Judged, ROW, RuleSite, SeenValue, clauses, examination, judge,
};
pub use mask::MaskValue;
pub use matrix::{Action, Matrix, MatrixRow};
pub use operation::{FieldOperation, Operation, UpdateForm};
pub use predicate::{CallerValue, Comparison, Condition, Operand, Predicate, RowImage, TextTest};
pub use residue::Residue;
pub use rule_book::RuleBook;
pub use to_sql::Images;
pub use truth::Truth;
pub use view::{RULE_SCHEMA_PREFIX, rule_view, search_view, searched};
