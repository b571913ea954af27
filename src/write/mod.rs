//! The one mutation middleware: nothing else writes a collection.
//!
//! Purpose: apply a planned change with its rules and its audit events, all or nothing.
//! Flow: `planner` plans → [`apply()`] inside a transaction: before image → rule on before → change → rule on after → audit →
//! answer; the caller commits, or rolls back and then records the denial ([`record_denial`]).
//! Invariants: the change and its audit event are one statement; an error of [`apply()`] means that the transaction must be
//! rolled back.
//! Deliberately unknown: GraphQL, HTTP, when a transaction ends.

mod apply;
mod cascade;
mod constraint;
mod denial;
mod error;
mod verdict;

pub use apply::{Applied, Change, apply};
pub use denial::record_denial;
pub use error::WriteError;
