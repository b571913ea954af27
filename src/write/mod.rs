//! The one mutation middleware: nothing else writes a collection.
//!
//! Purpose: apply a planned change with its rules and its audit events, all or nothing.
//! Flow: `planner` plans → [`choose()`] the rows, where a filter says which → [`apply()`] inside a transaction: before image →
//! rule on before and on what is to come → change → rule on after → audit → answer; the caller commits, or rolls back and then
//! records the denial ([`record_denial`]). A change of one row that asks nothing afterwards is sent with its COMMIT
//! ([`PreparedChange`]); what is refused there changes nothing, and goes the whole way.
//! Invariants: a change of however many rows and their audit events are one statement; an error of [`apply()`] means that the
//! transaction must be rolled back.
//! Deliberately unknown: GraphQL, HTTP, when a transaction ends.
//!
//! # What no rule can say
//!
//! Two things are true of the data whoever writes, and are asked beside the rules: no row stands below itself along an `@acyclic`
//! relation (`circle`), and there is an active admin. The first is about the rows of any collection, so the write path asks it of
//! every update, in a function that takes turns. The second is about one table of the platform's own, so the table keeps it itself,
//! with a trigger that takes turns as well (`migrations/platform/*_keep_people_sound`); its refusal is put into words where those
//! of other constraints are.
//!
//! # What holds at the commit
//!
//! Transactions are READ COMMITTED. A row that is changed is locked before its rule is asked and until the commit, and a row that
//! is deleted is deleted only as its rule saw it, so what rules say of *the row itself* holds at the commit, whoever else
//! writes. Foreign keys hold at the commit, too. What a rule says of *other* rows, through a path or `exists`, and whether a
//! relation's target may be read, was so when the statement began: somebody may change those rows in between, as if the two
//! transactions had come one after the other the other way round. They are not locked, because PostgreSQL lets only those lock
//! a row who may update it, and whoever asks a rule's question rarely may.

mod apply;
mod cascade;
mod choose;
mod circle;
mod constraint;
mod denial;
mod error;
pub mod idempotency;
mod shares;
mod verdict;
mod whole;

pub use apply::{Change, apply};
pub use choose::choose;
pub use denial::{record_denial, record_views};
pub use error::WriteError;
pub use whole::PreparedChange;
