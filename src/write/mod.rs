//! The one mutation middleware: nothing else writes a collection.
//!
//! Purpose: apply a planned change with its rules and its audit events, all or nothing.
//! Flow: `planner` plans → [`choose()`] the rows, where a filter says which → [`apply()`] inside a transaction: before image →
//! rule on before and on what is to come → change → rule on after → audit → answer; the caller commits, or rolls back and then
//! records the denial ([`record_denial`]).
//! Invariants: a change of however many rows and their audit events are one statement; an error of [`apply()`] means that the
//! transaction must be rolled back.
//! Deliberately unknown: GraphQL, HTTP, when a transaction ends.

mod apply;
mod cascade;
mod choose;
mod constraint;
mod denial;
mod error;
pub mod idempotency;
mod verdict;

pub use apply::{Change, apply};
pub use choose::choose;
pub use denial::{record_denial, record_views};
pub use error::WriteError;
