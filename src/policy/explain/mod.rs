//! Why a rule allows or denies: its clauses with their places, and what each is for one caller and one row.
//!
//! Purpose: let people see which clause decided, and prove that every clause was seen both ways.
//! Flow: [`RuleSite`] → [`clauses`] (the text once more, into a tree of [`Clause`]) → [`examination`] (one query that asks
//! PostgreSQL for the truth of each leaf, through the same compiled predicates as every request) → [`judge`].
//! Invariants: no second interpreter: a leaf is `True` where its predicate selects the row, `False` where that of its opposite does,
//! and `Unknown` where neither does; the rule's own predicate is asked beside them and has the last word.
//! Deliberately unknown: who may see an explanation; it holds values of rows.

mod clause;
mod examine;

pub(super) use clause::Condition;
pub use clause::{Clause, ClauseKind, RuleSite, clauses};
pub use examine::{Asking, Examination, ExaminedRows, Judged, ROW, SeenValue, examination, judge};
