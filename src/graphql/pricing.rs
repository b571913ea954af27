//! The cost of an operation for its caller: estimated, told on request, refused above the limit.

use crate::base::{Actor, RequestContext};
use crate::catalog::CollectionId;
use crate::db::{DbError, TableSizes};
use crate::graphql::cost::{Cost, CostModel};
use crate::graphql::engine::{Engine, Prepared};
use crate::graphql::names::Names;
use crate::graphql::response::OperationSummary;
use crate::graphql::{GraphqlError, GraphqlRequest};
use serde_json::Value as Json;
use std::sync::Arc;
use std::time::Duration;

/// How often the tables are measured.
const MEASURED_EVERY: Duration = Duration::from_secs(300);

/// For whom an operation is priced.
pub(crate) struct PricedFor<'r> {
    pub(crate) request: &'r GraphqlRequest,
    pub(crate) actor: &'r Actor,
    pub(crate) context: &'r RequestContext,
    pub(crate) names: Names,
}

impl Engine {
    /// Learns how many rows the tables have now, which costs are estimated from.
    ///
    /// # Errors
    /// [`DbError`]; what was known before is kept then.
    pub async fn measure_tables(&self) -> Result<(), DbError> {
        let sizes = TableSizes::read(&self.parts.database).await?;
        *self.sizes.write() = Arc::new(sizes);
        Ok(())
    }

    /// Measures the tables again and again, for as long as the engine is there.
    pub fn watch_tables(self: &Arc<Self>) {
        let engine = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(MEASURED_EVERY).await;
                let Some(engine) = engine.upgrade() else { return };
                if let Err(error) = engine.measure_tables().await {
                    tracing::warn!(error = %error, "the tables could not be measured; costs are estimated from older numbers");
                }
            }
        });
    }

    /// Estimates what an operation costs, notes it, and refuses what costs too much.
    ///
    /// # Errors
    /// LIMIT_EXCEEDED.
    pub(crate) fn price(
        &self,
        prepared: &Prepared,
        caller: &PricedFor<'_>,
        summary: &mut OperationSummary,
    ) -> Result<(), GraphqlError> {
        let limit = self.parts.limits.max_cost;
        let is_asked = caller.request.extensions.get("cost").and_then(|asked| asked.as_bool()) == Some(true);
        let mut cost = self.cost(prepared, &|_| false);
        if is_asked || cost.check(limit, caller.names).is_err() {
            // What the rules hide altogether is only asked where somebody could learn from it that it is there.
            let planner = self.planner(caller.actor, caller.context);
            cost = self.cost(prepared, &|collection| planner.readable(collection).is_empty());
        }
        summary.cost = cost.total;
        if is_asked {
            // Null is for those who may not know it.
            summary.told_cost = Some(if caller.names == Names::Told { cost.to_json(limit) } else { Json::Null });
        }
        cost.check(limit, caller.names)
    }

    fn cost(&self, prepared: &Prepared, is_hidden: &dyn Fn(CollectionId) -> bool) -> Cost {
        let sizes = Arc::clone(&self.sizes.read());
        let model = CostModel {
            schema: &self.schema,
            catalog: &self.parts.catalog,
            sizes: &sizes,
            page_size: self.parts.planner_settings.page_size,
            is_hidden,
        };
        model.estimate(prepared.coerced.operation.object_type().as_str(), &prepared.selection)
    }
}
