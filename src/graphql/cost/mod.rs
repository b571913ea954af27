//! What an operation will cost, told before it is run: from what it selects, its page sizes and filters, and how many rows the
//! tables have.
//!
//! The unit is about a microsecond of a small machine, PostgreSQL and server together; what matters is that the dearer of two
//! operations has the higher figure. `./dev bench -- --only cost` compares the figures with the times of generated queries.
//!
//! Security: the figure depends on how many rows there are, also rows that a rule hides. So it is told only to those who may
//! introspect, and collections that the caller may not read at all count as empty.

mod filter;
mod page;
mod walk;

use crate::base::FaultCode;
use crate::catalog::{Catalog, CollectionId};
use crate::db::TableSizes;
use crate::graphql::GraphqlError;
use crate::graphql::names::Names;
use crate::planner::Selection;
use apollo_compiler::Schema;
use serde_json::{Map, Value as Json, json};

/// What each kind of work costs. Measured, and rounded.
mod weight {
    /// A root field: a statement in a transaction.
    pub(super) const STATEMENT: f64 = 250.0;
    /// A relation in the selection, however many rows it is followed from: PostgreSQL plans a join for it.
    pub(super) const PLAN_RELATION: f64 = 90.0;
    /// A condition of a filter, to be planned.
    pub(super) const PLAN_CONDITION: f64 = 10.0;
    /// A row that is shown.
    pub(super) const ROW: f64 = 1.0;
    /// A value that is shown.
    pub(super) const VALUE: f64 = 0.25;
    /// A row found by its key.
    pub(super) const LOOKUP: f64 = 2.0;
    /// The list of one row.
    pub(super) const LIST: f64 = 8.0;
    /// A row that is passed by, to be counted or judged.
    pub(super) const LOOK: f64 = 0.04;
    /// A condition that a row is asked.
    pub(super) const CONDITION: f64 = 0.1;
    /// A row that is looked up in a table that was read as a whole.
    pub(super) const HASHED_LOOKUP: f64 = 0.06;
    /// A row that is put into an order.
    pub(super) const SORT: f64 = 0.15;
    /// A transaction that writes: a change, or the record of who looked.
    pub(super) const WRITE: f64 = 1500.0;
    /// A row that is written, with its audit event.
    pub(super) const WRITTEN_ROW: f64 = 300.0;
    /// A field of introspection.
    pub(super) const INTROSPECTION: f64 = 100.0;
}

/// What an operation will cost.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cost {
    /// All of it.
    pub total: u64,
    /// Of each root field, by its response key.
    pub fields: Vec<(String, u64)>,
}

impl Cost {
    /// As `extensions.cost` has it.
    pub(crate) fn to_json(&self, limit: usize) -> Json {
        let fields: Map<String, Json> = self.fields.iter().map(|(key, cost)| (key.clone(), json!(cost))).collect();
        json!({ "estimated": self.total, "limit": limit, "fields": fields })
    }

    /// Refuses more than the limit.
    ///
    /// # Errors
    /// LIMIT_EXCEEDED, with the figure for those who may know it.
    pub(crate) fn check(&self, limit: usize, names: Names) -> Result<(), GraphqlError> {
        if self.total <= limit as u64 {
            return Ok(());
        }
        const ADVICE: &str = "ask for fewer rows, relations or counts, or filter by something that is indexed";
        let message = names.choose(
            || {
                let dearest = self.fields.iter().max_by_key(|(_, cost)| *cost);
                let dearest = dearest.map(|(key, cost)| format!(", `{key}` alone {cost}")).unwrap_or_default();
                format!("the operation costs {}{dearest}; the limit is {limit} (`limits.max_cost`): {ADVICE}", self.total)
            },
            || format!("the operation costs more than {limit}, which is the limit (`limits.max_cost`): {ADVICE}"),
        );
        Err(GraphqlError::request(FaultCode::LimitExceeded, message))
    }
}

/// What decides about costs.
pub(crate) struct CostModel<'m> {
    pub(crate) schema: &'m Schema,
    pub(crate) catalog: &'m Catalog,
    pub(crate) sizes: &'m TableSizes,
    /// Rows of a list that does not say how many.
    pub(crate) page_size: u32,
    /// Whether the caller's rules hide a collection altogether.
    pub(crate) is_hidden: &'m dyn Fn(CollectionId) -> bool,
}

impl CostModel<'_> {
    /// The cost of an operation whose root type is `root`.
    pub(crate) fn estimate(&self, root: &str, selection: &Selection) -> Cost {
        let fields: Vec<(String, u64)> =
            selection.0.iter().map(|field| (field.key.clone(), self.root_field(root, field).min(1e18).round() as u64)).collect();
        Cost { total: fields.iter().map(|(_, cost)| *cost).fold(0, u64::saturating_add), fields }
    }

    fn rows_of(&self, collection: CollectionId) -> f64 {
        if (self.is_hidden)(collection) { 1.0 } else { self.sizes.rows(&self.catalog.collection(collection).table) }
    }
}
