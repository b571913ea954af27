//! Two versions of the rules: who gains and who loses what.
//!
//! Purpose: say of every role, operation and guarded field whether the new rules give more than the old ones, so that nothing is
//! widened unseen.
//! Flow: a rule and a role → `read` ([`formula::Formula`] over what is known to hold) → `entail` (does one lead to the other?) →
//! [`AccessDifference`].
//! Invariants: sound: what is said to be narrower or the same allows no row that was not allowed before. Where neither can be
//! shown the answer is [`Direction::Unclear`], which counts as wider.
//! Deliberately unknown: rows. Whether anybody really gains one is asked of the database by whoever wants counts.

mod comparison;
mod count;
mod difference;
mod entail;
mod formula;
mod pairs;
mod read;

pub use comparison::{ComparedRules, differences};
pub use count::plan_counts;
pub use difference::{AccessDifference, ComparedAction, Direction};
