//! A mutation of one field that changes one row, planned once and sent as one message.
//!
//! What is refused there has changed nothing. It is then asked the whole way, which finds the words and records the denial.

use crate::base::{Actor, RequestContext};
use crate::graphql::access_change;
use crate::graphql::api::RootField;
use crate::graphql::change::{Answered, Done, Manner, Shown, plan_payload};
use crate::graphql::engine::{Coerced, Engine, Prepared};
use crate::graphql::keep::PlannedOperation;
use crate::graphql::mutate::manner_of;
use crate::graphql::names::Names;
use crate::graphql::payload::PayloadPlan;
use crate::graphql::plan_cache::{KeptPayload, PlannedRoot, PlannedWork};
use crate::graphql::response::{self, GraphqlResponse, OperationSummary};
use crate::graphql::retry::KEY_ARGUMENT;
use crate::graphql::{GraphqlError, mutation::Shape};
use crate::planner::{Planner, SelectedField};
use crate::write::{Change, PreparedChange};

impl Engine {
    /// Runs a change whose plan was kept; `coerced` is what it is planned from anew if there is something to say about it.
    pub(crate) async fn run_planned_change(
        &self,
        planned: &PlannedOperation,
        coerced: Coerced,
        (actor, context): (&Actor, &RequestContext),
        summary: OperationSummary,
    ) -> GraphqlResponse {
        let kept_summary = OperationSummary {
            is_plan_kept: true,
            fields: planned.plan.fields.iter().map(|field| field.planned.name.clone()).collect(),
            ..summary.clone()
        };
        match self.make_change(planned, context).await {
            Some(Ok(Answered { data, masked, rows, .. })) => {
                let summary = OperationSummary { rows, ..kept_summary };
                return response::executed(Some(data), &[], &masked, summary, context.request_id);
            }
            Some(Err(error)) => return response::executed(None, &[error], &[], kept_summary, context.request_id),
            None => {}
        }
        match self.select(coerced, None, Names::for_actor(actor, &self.parts.introspection_for)) {
            Ok(prepared) => self.run_mutation(&self.planner(actor, context), &prepared, summary).await,
            Err(errors) => response::request_error(&errors, summary, context.request_id),
        }
    }

    /// Makes the change; `None` if it was not made, because something is to be said about it.
    async fn make_change(&self, planned: &PlannedOperation, context: &RequestContext) -> Option<Result<Answered, GraphqlError>> {
        let PlannedOperation { plan, work } = planned;
        let (Some(payload), [PlannedWork::Change(change)]) = (&plan.payload, work.as_slice()) else { return None };
        let settings = &self.parts.planner_settings;
        let answers = match change.run(&self.parts.database, &plan.settings, context, settings).await {
            Ok(made) => made?,
            Err(error) => return Some(Err(GraphqlError::of_field(&error, &payload.field.key))),
        };
        let _answering = tracing::trace_span!(target: "toolcrib::stage", "answer").entered();
        let shown = Shown {
            payload: PayloadPlan::of_kept(payload),
            answers,
            done: Done { rows: vec![change.row], ..Done::default() },
            manner: Manner::Real,
            secret: None,
            access_changes: Vec::new(),
        };
        let masked = plan.fields.iter().flat_map(|field| field.planned.masked.iter().cloned()).collect();
        let mut answered = Answered { masked, ..Answered::default() };
        answered.add(&payload.field, Some(shown));
        Some(Ok(answered))
    }

    /// Keeps the plan of a mutation that comes again, if it is of one field that changes one row.
    pub(crate) fn keep_change(&self, prepared: &Prepared, planner: &Planner<'_>, cost: u64) {
        if prepared.keep.is_none() {
            return;
        }
        let planned = match prepared.selection.0.as_slice() {
            [field] => self.plan_whole_change(planner, field),
            _ => None,
        };
        match planned {
            Some((root, payload)) => self.keep_plan(prepared, planner, (&[root], Some(payload)), cost),
            None => self.keep_no_plan(prepared),
        }
    }

    /// The change of a root field, if it is over with one message.
    pub(crate) fn plan_whole_change(&self, planner: &Planner<'_>, field: &SelectedField) -> Option<(PlannedRoot, KeptPayload)> {
        let root = self.api.root_fields.get(&field.name).copied();
        let Some(RootField::Create(collection) | RootField::Update(collection)) = root else { return None };
        // Whose presence is asked for hangs on the time; a key and a dry run have a transaction's other statements.
        let asks_presence = planner.catalog.collection(collection).access.step_up.is_some();
        let is_real = manner_of(std::slice::from_ref(field)).is_ok_and(|manner| manner == Manner::Real);
        let is_plain = is_real && field.argument(KEY_ARGUMENT).is_none() && self.token_change(field).is_none();
        let compares_access = field.selection.0.iter().any(|selected| selected.name == access_change::FIELD);
        if asks_presence || !is_plain || compares_access {
            return None;
        }
        let shape = self.shape_of(planner, field).ok()?;
        let change = self.plan_change(planner, field).ok()?;
        self.prepare_change(planner, field, &shape, &change)
    }

    fn prepare_change(
        &self,
        planner: &Planner<'_>,
        field: &SelectedField,
        shape: &Shape,
        change: &Change,
    ) -> Option<(PlannedRoot, KeptPayload)> {
        let payload = plan_payload(planner, field, shape, change.rows()).ok()?;
        let prepared = PreparedChange::of(planner, change, &payload.reads).ok()??;
        let row = prepared.row;
        let new_row = matches!(change, Change::Create(_)).then_some(row.id);
        let views = payload.reads.iter().filter_map(|read| read.view.as_ref()).map(|view| view.event_id);
        let masked = payload.reads.iter().flat_map(|read| &read.masked).map(|path| format!("{}.{path}", field.key));
        let kept = payload.to_kept(field);
        let root = PlannedRoot {
            key: field.key.clone(),
            name: field.name.clone(),
            ids: [row.event_id].into_iter().chain(new_row).chain(views).collect(),
            masked: masked.collect(),
            work: PlannedWork::Change(prepared),
        };
        Some((root, kept))
    }
}
