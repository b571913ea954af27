//! A plan: what is missing in the database, and what stands in the way.

use crate::migrate::step::{Warning, exchange_among};
use crate::migrate::{Refusal, Step, script};

/// The way from the database as it is to the catalog.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// What no step can mend; a plan with refusals is not written.
    pub refusals: Vec<Refusal>,
}

impl Plan {
    /// Puts the steps into their order.
    pub(super) fn new(mut steps: Vec<Step>, refusals: Vec<Refusal>) -> Self {
        steps.sort_by_key(Step::phase);
        Self { steps: exchange_among(steps), refusals }
    }

    /// Whether the database fits the catalog.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.refusals.is_empty()
    }

    /// What applying it costs where tables hold rows.
    pub fn warnings(&self) -> Vec<Warning> {
        self.steps.iter().filter_map(Step::warning).collect()
    }

    /// The text of `up.sql`.
    pub fn up_sql(&self) -> String {
        script::up(&self.steps)
    }

    /// The text of `down.sql`: every step back, the last one first.
    pub fn down_sql(&self) -> String {
        script::down(&self.steps)
    }
}
