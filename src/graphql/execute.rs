//! Running an operation: one plan and one statement for each root field of a query.

use crate::base::{Actor, Fault, FaultCode, RequestContext};
use crate::graphql::GraphqlError;
use crate::graphql::api::RootField;
use crate::graphql::engine::{Engine, Prepared};
use crate::graphql::response::{self, Data, GraphqlResponse, OperationSummary};
use crate::planner::{PlanError, Planner, ReadPlan, SelectedField};
use crate::read::{self, ReadAnswer};
use apollo_compiler::response::JsonMap;
use futures_util::{FutureExt, StreamExt, stream};

/// Root fields of one request that are run at once: one request must not take every connection.
const CONCURRENT_FIELDS: usize = 3;

/// A root field's plan, or why it has none.
pub(super) type PlannedField = Result<ReadPlan, PlanError>;

/// A root field's answer, with the paths that may be masked.
struct FieldAnswer {
    answer: ReadAnswer,
    masked: Vec<String>,
}

impl Engine {
    pub(crate) async fn run(
        &self,
        prepared: Prepared,
        actor: &Actor,
        context: &RequestContext,
        mut summary: OperationSummary,
    ) -> GraphqlResponse {
        summary.fields = prepared.selection.0.iter().map(|field| field.name.clone()).collect();
        let introspection = match self.introspect(&prepared) {
            Ok(introspection) => introspection,
            Err(error) => return response::request_error(&[error], summary, context.request_id),
        };
        let planner = self.planner(actor, context);
        if prepared.operation.is_mutation() {
            return self.run_mutation(&planner, &prepared, summary).await;
        }
        self.run_query(&planner, &prepared, &introspection, summary).await
    }

    async fn run_query(
        &self,
        planner: &Planner<'_>,
        prepared: &Prepared,
        introspection: &JsonMap,
        mut summary: OperationSummary,
    ) -> GraphqlResponse {
        let fields = &prepared.selection.0;
        let planning = tracing::trace_span!(target: "toolcrib::stage", "plan");
        let planned = match planning.in_scope(|| self.plan_fields(planner, fields)) {
            Ok(planned) => planned,
            Err(error) => return response::request_error(&[error], summary, planner.request.request_id),
        };
        let answers = self.answer_fields(planner, fields, planned, introspection).await;
        let _answering = tracing::trace_span!(target: "toolcrib::stage", "answer").entered();
        let (mut data, mut errors, mut masked) = (Some(Data::default()), Vec::new(), Vec::new());
        for (field, answer) in fields.iter().zip(answers) {
            match answer {
                Ok(answer) => {
                    summary.rows += answer.answer.rows;
                    masked.extend(answer.masked);
                    if let Some(data) = &mut data {
                        data.push(&field.key, &answer.answer.json);
                    }
                }
                Err(error) => {
                    errors.push(error);
                    // A connection is not nullable: its error takes the whole of `data` away.
                    match self.api.root_fields.get(&field.name) {
                        Some(RootField::One(_) | RootField::By(_) | RootField::Node) => {
                            data.iter_mut().for_each(|data| data.push(&field.key, "null"))
                        }
                        _ => data = None,
                    }
                }
            }
        }
        response::executed(data, &errors, &masked, summary, planner.request.request_id)
    }

    /// Plans every root field before the first is run, so that what the whole operation could show is bounded.
    pub(super) fn plan_fields(
        &self,
        planner: &Planner<'_>,
        fields: &[SelectedField],
    ) -> Result<Vec<Option<PlannedField>>, GraphqlError> {
        let planned: Vec<Option<PlannedField>> = fields.iter().map(|field| self.plan_field(planner, field)).collect();
        let rows = planned.iter().flatten().filter_map(|plan| plan.as_ref().ok()).map(|plan| plan.rows_at_most);
        let total = rows.fold(0, u64::saturating_add);
        planner.refuse_too_many(total).map_err(|error| GraphqlError::request(error.code(), error.public_message()))?;
        Ok(planned)
    }

    /// The plan of a root field; `None` for introspection, which needs none.
    fn plan_field(&self, planner: &Planner<'_>, field: &SelectedField) -> Option<PlannedField> {
        match self.api.root_fields.get(&field.name) {
            Some(RootField::One(collection)) => Some(planner.plan_read_one(*collection, field)),
            Some(RootField::By(collection)) => Some(planner.plan_read_by(*collection, field)),
            Some(RootField::Node) => Some(planner.plan_read_node(field)),
            Some(RootField::Viewer) => Some(planner.plan_viewer(field)),
            Some(RootField::Many(collection)) => Some(planner.plan_read_many(*collection, field)),
            Some(RootField::Aggregate(collection)) => Some(planner.plan_read_aggregate(*collection, field)),
            _ => None,
        }
    }

    /// The answers in the order of the fields. Most requests have one field: it needs no queue.
    async fn answer_fields(
        &self,
        planner: &Planner<'_>,
        fields: &[SelectedField],
        planned: Vec<Option<PlannedField>>,
        introspection: &JsonMap,
    ) -> Vec<Result<FieldAnswer, GraphqlError>> {
        let mut running = Vec::with_capacity(fields.len());
        for (field, plan) in fields.iter().zip(planned) {
            if fields.len() == 1 {
                return vec![self.answer_field(planner, field, plan, introspection).await];
            }
            running.push(self.answer_field(planner, field, plan, introspection).boxed());
        }
        stream::iter(running).buffered(CONCURRENT_FIELDS).collect().await
    }

    async fn answer_field(
        &self,
        planner: &Planner<'_>,
        field: &SelectedField,
        plan: Option<PlannedField>,
        introspection: &JsonMap,
    ) -> Result<FieldAnswer, GraphqlError> {
        let fault = |fault: &dyn Fault| GraphqlError::of_field(fault, &field.key);
        let Some(plan) = plan else {
            let json = introspection.get(field.key.as_str()).map_or("null".to_owned(), ToString::to_string);
            return Ok(FieldAnswer { answer: ReadAnswer { json, rows: 0, unrecorded: None }, masked: Vec::new() });
        };
        let plan = plan.map_err(|error| fault(&error))?;
        let answer = read::run(&self.parts.database, planner, &plan).await.map_err(|error| fault(&error))?;
        Ok(FieldAnswer { answer, masked: plan.masked })
    }

    /// Answers `__typename`, `__schema` and `__type` at the root; empty for an operation without them.
    fn introspect(&self, prepared: &Prepared) -> Result<JsonMap, GraphqlError> {
        let Prepared { document, operation, variables, selection, request_hash: _ } = prepared;
        if !selection.0.iter().any(|field| field.name.starts_with("__")) {
            return Ok(JsonMap::new());
        }
        let refuse = |error: apollo_compiler::request::RequestError| {
            GraphqlError::request(FaultCode::LimitExceeded, error.message().to_string())
        };
        apollo_compiler::introspection::check_max_depth(document, operation).map_err(refuse)?;
        let implementers = self.schema.implementers_map();
        let answered =
            apollo_compiler::introspection::partial_execute(&self.schema, &implementers, document, operation, variables);
        Ok(answered.map_err(refuse)?.data.unwrap_or_default())
    }
}
