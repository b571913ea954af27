//! Running an operation: one plan and one statement for each root field of a query.

use crate::base::{Actor, ContextUse, Fault, FaultCode, RequestContext};
use crate::db::ActorSettings;
use crate::graphql::GraphqlError;
use crate::graphql::api::RootField;
use crate::graphql::engine::{Coerced, Engine, Prepared};
use crate::graphql::keep::PlannedOperation;
use crate::graphql::plan_cache::{PlannedRoot, PlannedWork};
use crate::graphql::policy_explain;
use crate::graphql::response::{self, Data, GraphqlResponse, OperationSummary};
use crate::planner::{PlanError, Planner, ReadPlan, SelectedField};
use crate::read::{PreparedRead, ReadAnswer};

use apollo_compiler::response::JsonMap;
use futures_util::{FutureExt, StreamExt, stream};
use std::borrow::Cow;

/// Root fields of one request that are run at once: one request must not take every connection.
const CONCURRENT_FIELDS: usize = 3;

/// A root field's plan, or why it has none.
pub(super) type PlannedField = Result<ReadPlan, PlanError>;

/// A root field whose answer is to be found.
struct ReadyField<'f> {
    key: &'f str,
    name: &'f str,
    masked: &'f [String],
    source: Source<'f>,
}

impl ReadyField<'_> {
    /// What reading it asks of the caller.
    fn asked(&self) -> ContextUse {
        match &self.source {
            Source::Read(read) => read.asked(),
            Source::Explanation(_) | Source::Known(_) | Source::Refused(_) => ContextUse::default(),
        }
    }
}

/// Where a field's answer comes from.
enum Source<'f> {
    Read(Cow<'f, PreparedRead>),
    Explanation(&'f SelectedField),
    Known(String),
    Refused(GraphqlError),
}

/// For whom fields are read.
#[derive(Clone, Copy)]
struct Reader<'r> {
    /// Who asks, where more than a statement's settings is needed.
    actor: Option<&'r Actor>,
    settings: &'r ActorSettings,
    request: &'r RequestContext,
}

impl Engine {
    /// Runs a query whose plan was kept.
    pub(crate) async fn run_planned(
        &self,
        planned: &PlannedOperation,
        context: &RequestContext,
        mut summary: OperationSummary,
    ) -> GraphqlResponse {
        let PlannedOperation { plan, work } = planned;
        summary.is_plan_kept = true;
        summary.fields = plan.fields.iter().map(|field| field.planned.name.clone()).collect();
        let fields = plan.fields.iter().zip(work).filter_map(|(field, work)| {
            let PlannedRoot { key, name, masked, .. } = &field.planned;
            let PlannedWork::Read(read) = work else { return None };
            Some(ReadyField { key, name, masked, source: Source::Read(Cow::Borrowed(read)) })
        });
        self.answer_query(fields.collect(), Reader { actor: None, settings: &plan.settings, request: context }, summary).await
    }

    /// Plans and runs a query.
    pub(crate) async fn run_query(
        &self,
        prepared: &Prepared,
        actor: &Actor,
        context: &RequestContext,
        mut summary: OperationSummary,
    ) -> GraphqlResponse {
        let fields = &prepared.selection.0;
        summary.fields = fields.iter().map(|field| field.name.clone()).collect();
        let introspection = match self.introspect(prepared) {
            Ok(introspection) => introspection,
            Err(error) => return response::request_error(&[error], summary, context.request_id),
        };
        let planner = self.planner(actor, context);
        let planning = tracing::trace_span!(target: "toolcrib::stage", "plan");
        let planned = match planning.in_scope(|| self.plan_fields(&planner, fields)) {
            Ok(planned) => planned,
            Err(error) => return response::request_error(&[error], summary, context.request_id),
        };
        if prepared.keep.is_some()
            && let Some(reads) = self.to_reads(&planner, &prepared.selection, &planned)
        {
            self.keep_plan(prepared, &planner, (&reads, None), summary.cost);
        }
        let fault = |field: &SelectedField, error: &dyn Fault| Source::Refused(GraphqlError::of_field(error, &field.key));
        let ready = fields.iter().zip(&planned).map(|(field, plan)| {
            let source = match plan {
                None if field.name == policy_explain::FIELD => Source::Explanation(field),
                None => Source::Known(introspection.get(field.key.as_str()).map_or("null".to_owned(), ToString::to_string)),
                Some(Err(error)) => fault(field, error),
                Some(Ok(plan)) => match PreparedRead::of(&planner, plan) {
                    Ok(read) => Source::Read(Cow::Owned(read)),
                    Err(error) => fault(field, &error),
                },
            };
            let masked = plan.as_ref().and_then(|plan| plan.as_ref().ok()).map_or(&[][..], |plan| &plan.masked);
            ReadyField { key: &field.key, name: &field.name, masked, source }
        });
        let ready: Vec<ReadyField<'_>> = ready.collect();
        let asked = ContextUse::any(ready.iter().map(ReadyField::asked));
        let settings = ActorSettings::as_asked(planner.caller_asked(asked));
        self.answer_query(ready, Reader { actor: Some(actor), settings: &settings, request: context }, summary).await
    }

    async fn answer_query(
        &self,
        fields: Vec<ReadyField<'_>>,
        reader: Reader<'_>,
        mut summary: OperationSummary,
    ) -> GraphqlResponse {
        let answers = self.answer_fields(&fields, reader).await;
        let _answering = tracing::trace_span!(target: "toolcrib::stage", "answer").entered();
        let (mut data, mut errors, mut masked) = (Some(Data::default()), Vec::new(), Vec::new());
        for (field, answer) in fields.iter().zip(answers) {
            match answer {
                Ok(answer) => {
                    summary.rows += answer.rows;
                    masked.extend_from_slice(field.masked);
                    masked.extend(answer.hidden.iter().map(|cell| format!("{}.{cell}", field.key)));
                    if let Some(data) = &mut data {
                        data.push(field.key, &answer.json);
                    }
                }
                Err(error) => {
                    errors.push(error);
                    // A connection is not nullable: its error takes the whole of `data` away.
                    match self.api.root_fields.get(field.name) {
                        Some(RootField::One(_) | RootField::By(_) | RootField::Node) => {
                            data.iter_mut().for_each(|data| data.push(field.key, "null"))
                        }
                        _ => data = None,
                    }
                }
            }
        }
        response::executed(data, &errors, &masked, summary, reader.request.request_id)
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
    async fn answer_fields(&self, fields: &[ReadyField<'_>], reader: Reader<'_>) -> Vec<Result<ReadAnswer, GraphqlError>> {
        if let [field] = fields {
            return vec![self.answer_field(field, reader).await];
        }
        let running: Vec<_> = fields.iter().map(|field| self.answer_field(field, reader).boxed()).collect();
        stream::iter(running).buffered(CONCURRENT_FIELDS).collect().await
    }

    async fn answer_field(&self, field: &ReadyField<'_>, reader: Reader<'_>) -> Result<ReadAnswer, GraphqlError> {
        let read = match &field.source {
            Source::Read(read) => read,
            Source::Explanation(selected) => {
                let actor = reader.actor.expect("explanations are never kept as plans");
                return Box::pin(self.explain_policy(selected, actor, reader.request)).await;
            }
            Source::Known(json) => return Ok(ReadAnswer::of_json(json.clone())),
            Source::Refused(error) => return Err(error.clone()),
        };
        let settings = &self.parts.planner_settings;
        let answered = read.run(&self.parts.database, reader.settings, reader.request, settings).await;
        answered.map_err(|error| GraphqlError::of_field(&error, field.key))
    }

    /// Answers `__typename`, `__schema` and `__type` at the root; empty for an operation without them.
    fn introspect(&self, prepared: &Prepared) -> Result<JsonMap, GraphqlError> {
        let Prepared { coerced: Coerced { document, operation, variables }, selection, .. } = prepared;
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
