//! What a query would do, without doing it: for `toolcrib explain`.

use crate::base::{Actor, FaultCode, RequestContext};
use crate::graphql::GraphqlError;
use crate::graphql::engine::{Engine, GraphqlRequest};
use crate::graphql::names::Names;
use crate::graphql::response::OperationSummary;
use crate::planner::ReadPlan;
use crate::read::PreparedRead;
use crate::sql::Statement;

/// A root field that reads, planned by the same planner as for a request.
#[derive(Debug)]
pub struct ExplainedField {
    /// Its response key.
    pub key: String,
    /// Its plan.
    pub plan: ReadPlan,
    /// Its statement; `None` if the database would not be asked.
    pub statement: Option<Statement>,
}

impl Engine {
    /// Plans a query for a user. Fields that need no plan, as those of introspection, are left out.
    ///
    /// # Errors
    /// What the request would be answered with: a faulty document, a field that may not be asked for. Mutations are refused.
    pub fn explain(
        &self,
        request: &GraphqlRequest,
        actor: &Actor,
        context: &RequestContext,
    ) -> Result<Vec<ExplainedField>, Vec<GraphqlError>> {
        let coerced = self.find_operation(request, &request.query, Names::Told, &mut OperationSummary::default())?;
        let prepared = self.select(coerced, Some((request, &request.query)), Names::Told)?;
        if prepared.coerced.operation.is_mutation() {
            return Err(vec![GraphqlError::request(FaultCode::BadUserInput, "only queries are explained")]);
        }
        let planner = self.planner(actor, context);
        let fields = &prepared.selection.0;
        let planned = self.plan_fields(&planner, fields).map_err(|error| vec![error])?;
        let mut explained = Vec::with_capacity(fields.len());
        for (field, plan) in fields.iter().zip(planned) {
            let Some(plan) = plan else { continue };
            let plan = plan.map_err(|error| vec![GraphqlError::of_field(&error, &field.key)])?;
            let read = PreparedRead::of(&planner, &plan).map_err(|error| vec![GraphqlError::of_field(&error, &field.key)])?;
            explained.push(ExplainedField { key: field.key.clone(), plan, statement: read.statement().cloned() });
        }
        Ok(explained)
    }
}
