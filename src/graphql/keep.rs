//! Using and keeping the plans of operations.

use crate::base::{Actor, ContextUse, RequestContext};
use crate::db::ActorSettings;
use crate::graphql::collect;
use crate::graphql::engine::{Coerced, Engine, Prepared};
use crate::graphql::execute::PlannedField;
use crate::graphql::plan_cache::{
    KeptPayload, KeptPlan, KeyParts, Known, Making, PlanKey, PlannedRoot, PlannedWork, SoughtKey, TextValue, make_template,
};
use crate::graphql::pricing::PricedFor;
use crate::planner::{Planner, Selection};
use crate::read::PreparedRead;
use apollo_compiler::executable::OperationType;
use apollo_compiler::response::JsonMap;
use std::sync::Arc;

/// An operation whose plan was kept, with its own values in it.
pub(crate) struct PlannedOperation {
    pub(crate) plan: Arc<KeptPlan>,
    /// What to run, field by field.
    pub(crate) work: Vec<PlannedWork>,
}

impl PlannedOperation {
    /// What it costs.
    pub(crate) fn cost(&self) -> u64 {
        self.plan.cost
    }
}

/// What there is for an operation.
pub(crate) enum FoundPlan {
    /// Its plan.
    Kept(PlannedOperation),
    /// None yet, and it came before.
    WorthKeeping(Box<PlanKey>),
    /// None, and none is to be kept.
    Nothing,
}

impl Engine {
    /// Looks for the plan of an operation.
    pub(crate) fn find_plan(&self, coerced: &Coerced, caller: &PricedFor<'_>) -> FoundPlan {
        let asked = self.parts.rules.context_use();
        let is_cost_asked = caller.request.extensions.contains_key("cost");
        if coerced.operation.is_subscription() || is_cost_asked || asked.names_time || asked.names_age {
            return FoundPlan::Nothing;
        }
        let Some((key, texts)) = self.key_of(coerced, caller.actor, caller.context) else { return FoundPlan::Nothing };
        match self.plans.find(&key) {
            Known::Nothing | Known::NotKept => FoundPlan::Nothing,
            Known::Seen => FoundPlan::WorthKeeping(Box::new(key.to_kept())),
            Known::Kept(plan) if !Arc::ptr_eq(&plan.sizes, &self.sizes.read()) => {
                FoundPlan::WorthKeeping(Box::new(key.to_kept()))
            }
            Known::Kept(plan) => {
                let Some(work) = plan.fill(&texts, caller.context) else { return FoundPlan::Nothing };
                if cfg!(debug_assertions) {
                    self.compare_with_new(coerced, caller, &plan, &texts);
                }
                FoundPlan::Kept(PlannedOperation { plan, work })
            }
        }
    }

    fn key_of<'r>(
        &self,
        coerced: &'r Coerced,
        actor: &'r Actor,
        context: &RequestContext,
    ) -> Option<(SoughtKey<'r>, Vec<TextValue<'r>>)> {
        let Coerced { document, operation, variables } = coerced;
        let ip_address = context.ip_address.filter(|_| self.parts.rules.context_use().names_address);
        KeyParts { schema: &self.schema, document, operation, actor, ip_address, variables }.into_key()
    }

    /// Keeps the plan of an operation that was planned, if it can be kept; `payload` is what a change answers with.
    pub(crate) fn keep_plan(
        &self,
        prepared: &Prepared,
        planner: &Planner<'_>,
        (planned, payload): (&[PlannedRoot], Option<KeptPayload>),
        cost: u64,
    ) {
        let Some(key) = prepared.keep.clone() else { return };
        let Coerced { document, operation, variables } = &prepared.coerced;
        let (actor, request) = (planner.actor, planner.request);
        let Some((_, texts)) = self.key_of(&prepared.coerced, actor, request) else { return };
        if !texts.iter().all(TextValue::is_well_formed) {
            // Such a request is no pattern for others, nor a reason never to keep their plan.
            return;
        }
        let making = Making {
            schema: &self.schema,
            operation,
            variables,
            texts: &texts,
            request,
            ip_address: request.ip_address.filter(|_| self.parts.rules.context_use().names_address),
            actor,
            asked: asked_by(planned),
            payload,
            cost,
            sizes: Arc::clone(&self.sizes.read()),
        };
        let plan = make_template(&making, planned, |variables, context| {
            let selection = collect::collect(document, &operation.selection_set, variables).ok()?;
            self.plan_roots(&self.planner(actor, context), operation.operation_type, &selection)
        });
        self.plans.keep(key, plan);
    }

    /// Notes that the plan of an operation is not one that can be kept.
    pub(crate) fn keep_no_plan(&self, prepared: &Prepared) {
        if let Some(key) = prepared.keep.clone() {
            self.plans.keep(key, None);
        }
    }

    /// What to run for each field; `None` if one of them is not to be run, or not in one go.
    fn plan_roots(&self, planner: &Planner<'_>, kind: OperationType, selection: &Selection) -> Option<Vec<PlannedRoot>> {
        if kind == OperationType::Mutation {
            let [field] = selection.0.as_slice() else { return None };
            return Some(vec![self.plan_whole_change(planner, field)?.0]);
        }
        let planned = self.plan_fields(planner, &selection.0).ok()?;
        self.to_reads(planner, selection, &planned)
    }

    /// What to run for each field that is planned.
    pub(crate) fn to_reads(
        &self,
        planner: &Planner<'_>,
        selection: &Selection,
        planned: &[Option<PlannedField>],
    ) -> Option<Vec<PlannedRoot>> {
        let reads = selection.0.iter().zip(planned).map(|(field, plan)| {
            let plan = plan.as_ref()?.as_ref().ok()?;
            Some(PlannedRoot {
                key: field.key.clone(),
                name: field.name.clone(),
                work: PlannedWork::Read(PreparedRead::of(planner, plan).ok()?),
                ids: plan.view.iter().map(|view| view.event_id).collect(),
                masked: plan.masked.clone(),
            })
        });
        reads.collect()
    }

    /// # Panics
    /// When a kept plan is not the one that would be made now.
    fn compare_with_new(&self, coerced: &Coerced, caller: &PricedFor<'_>, plan: &KeptPlan, texts: &[TextValue<'_>]) {
        let Coerced { document, operation, variables } = coerced;
        let variables: &JsonMap = variables;
        let Ok(selection) = collect::collect(document, &operation.selection_set, variables) else { return };
        let planner = self.planner(caller.actor, caller.context);
        let Some(planned) = self.plan_roots(&planner, operation.operation_type, &selection) else {
            // A change may be refused by its values alone; the tables then refuse it, too.
            assert!(operation.is_mutation(), "a query whose plan is kept can be planned");
            return;
        };
        assert!(plan.fits(&planned, texts, caller.context), "a kept plan is another than a new one: {planned:#?}");
        let settings = ActorSettings::as_asked(planner.caller_asked(asked_by(&planned)));
        assert_eq!(plan.settings, settings, "a kept plan runs for somebody else");
    }
}

fn asked_by(planned: &[PlannedRoot]) -> ContextUse {
    ContextUse::any(planned.iter().map(|field| field.work.asked()))
}
