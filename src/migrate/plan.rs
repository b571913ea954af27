//! A plan: what is missing in the database, and what stands in the way.

use crate::migrate::{Refusal, Step};

/// The way from the database as it is to the catalog.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// What no step can mend; a plan with refusals is not written.
    pub refusals: Vec<Refusal>,
}

impl Plan {
    /// Whether the database fits the catalog.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.refusals.is_empty()
    }

    /// The text of `up.sql`.
    pub fn up_sql(&self) -> String {
        script(self.steps.iter().map(Step::up))
    }

    /// The text of `down.sql`: every step back, the last one first.
    pub fn down_sql(&self) -> String {
        script(self.steps.iter().rev().filter_map(Step::down))
    }
}

/// A blank line between statements that take several lines; one-liners stand together.
fn script(statements: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    let mut is_after_long = false;
    for statement in statements {
        let is_long = statement.contains('\n');
        if !text.is_empty() && (is_long || is_after_long) {
            text.push('\n');
        }
        text.push_str(&statement);
        text.push('\n');
        is_after_long = is_long;
    }
    text
}
