//! Rows that a write chooses by a filter.

use crate::catalog::CollectionId;
use crate::planner::{Filter, PlanError, Planner, Readable};
use serde_json::Value as Json;

/// The most rows of one write. More is work for a job, which can be watched and stopped.
pub const MAX_WRITE_ROWS: u32 = 10_000;

/// The rows that a filter finds for a write, among those that the caller may read.
#[derive(Clone, Debug, PartialEq)]
pub struct RowChoice {
    /// The table as the caller may read it.
    pub source: Readable,
    /// The caller's filter.
    pub filter: Filter,
    /// How many rows there may be; with one more, nothing is changed.
    pub at_most: u32,
}

impl Planner<'_> {
    /// Plans the choice of rows by `where`.
    ///
    /// # Errors
    /// [`PlanError`] naming the argument that makes no sense, or the limit.
    pub fn plan_choice(&self, collection: CollectionId, filter: &Json, at_most: i64) -> Result<RowChoice, PlanError> {
        let limit = MAX_WRITE_ROWS;
        let at_most = match u32::try_from(at_most) {
            Ok(at_most) if at_most <= limit => at_most,
            Ok(_) => return Err(PlanError::Limit { argument: "atMost".to_owned(), given: at_most, limit }),
            Err(_) => return Err(PlanError::argument("atMost", "cannot be negative")),
        };
        let filter = self.plan_conditions(self.catalog.collection(collection), filter)?;
        Ok(RowChoice { source: self.readable(collection), filter, at_most })
    }
}
