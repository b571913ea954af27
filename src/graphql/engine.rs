//! What answers GraphQL requests: the API of one catalog over one database.

use crate::base::{Actor, FaultCode, RequestContext};
use crate::catalog::Catalog;
use crate::config::Roles;
use crate::db::{Database, TableSizes};
use crate::export::Exporter;
use crate::graphql::api::{self, Api};
use crate::graphql::document::Documents;
use crate::graphql::keep::{FoundPlan, PlannedOperation};
use crate::graphql::names::Names;
use crate::graphql::plan_cache::{PlanCache, PlanKey};
use crate::graphql::pricing::PricedFor;
use crate::graphql::response::{self, GraphqlResponse, OperationSummary};
use crate::graphql::retry::{KEY_ARGUMENT, Sweeper, request_hash};
use crate::graphql::trusted::TrustedDocuments;
use crate::graphql::{GraphqlError, OperationLimits, collect, introspection, limits, variables};
use crate::planner::{Planner, PlannerSettings};
use crate::policy::RuleBook;
use apollo_compiler::executable::Operation;
use apollo_compiler::response::JsonMap;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use futures_util::FutureExt;
use parking_lot::RwLock;
use std::sync::Arc;

/// What an engine is made of.
pub struct EngineParts {
    /// The checked catalog.
    pub catalog: Arc<Catalog>,
    /// Its compiled rules.
    pub rules: Arc<RuleBook>,
    /// The database, with the server's own login.
    pub database: Database,
    /// Page sizes and the cursor key.
    pub planner_settings: PlannerSettings,
    /// What one operation may ask for.
    pub limits: OperationLimits,
    /// Which roles may introspect.
    pub introspection_for: Roles,
    /// Which documents are run for whom.
    pub trusted: TrustedDocuments,
    /// Runs exports.
    pub exporter: Exporter,
}

/// A JSON object of a request: the values of its variables, or its extensions.
pub type Variables = JsonMap;

/// A request, as the GraphQL-over-HTTP specification names its parts.
#[derive(Clone, Debug, Default)]
pub struct GraphqlRequest {
    /// The document; empty where it is named by an id.
    pub query: String,
    /// The id of a trusted document.
    pub document_id: Option<String>,
    /// Which of its operations.
    pub operation_name: Option<String>,
    /// Values of its variables.
    pub variables: Variables,
    /// What goes beyond the specification. Entries that nobody here knows are left alone.
    pub extensions: Variables,
}

/// Answers GraphQL requests. Shared by all of them.
pub struct Engine {
    pub(crate) parts: EngineParts,
    pub(crate) api: Api,
    pub(crate) schema: Arc<Valid<Schema>>,
    pub(crate) sweeper: Sweeper,
    documents: Documents,
    pub(crate) plans: PlanCache,
    /// How large the tables are, as it was measured last: what an operation costs follows from it.
    pub(crate) sizes: RwLock<Arc<TableSizes>>,
}

/// Why a catalog has no API.
#[derive(Debug, thiserror::Error)]
#[error("the API of this schema cannot be built: {0}")]
pub struct ApiError(String);

impl Engine {
    /// Builds the API of a catalog.
    ///
    /// # Errors
    /// [`ApiError`] if its types collide, which `toolcrib check` refuses first.
    pub fn new(parts: EngineParts) -> Result<Self, ApiError> {
        let api = api::build(&parts.catalog, &parts.rules).map_err(|error| ApiError(error.to_string()))?;
        let schema = Schema::parse_and_validate(api.sdl(), "api.graphql").map_err(|error| ApiError(error.errors.to_string()))?;
        let schema = Arc::new(schema);
        let documents = Documents::new(Arc::clone(&schema), parts.limits.clone());
        for text in parts.trusted.texts() {
            // A client that is out of date must not keep the server from starting.
            if let Err(errors) = documents.find(text, Names::Told) {
                let message = errors.first().map(|error| error.message.clone()).unwrap_or_default();
                let start: String = text.chars().take(80).collect();
                tracing::warn!("a trusted document does not fit the API, and will be refused: {message}: {start}");
            }
        }
        let plans = PlanCache::new();
        Ok(Self { parts, api, schema, sweeper: Sweeper::default(), documents, plans, sizes: RwLock::default() })
    }

    /// The API's SDL.
    pub fn sdl(&self) -> String {
        self.api.sdl()
    }

    /// The database, for whoever checks that the service is ready.
    pub fn database(&self) -> &Database {
        &self.parts.database
    }

    /// The exporter, for whoever serves its files.
    pub fn exporter(&self) -> &Exporter {
        &self.parts.exporter
    }

    /// The planner for one request.
    pub fn planner<'a>(&'a self, actor: &'a Actor, request: &'a RequestContext) -> Planner<'a> {
        Planner { catalog: &self.parts.catalog, rules: &self.parts.rules, actor, request, settings: &self.parts.planner_settings }
    }

    /// Answers a request.
    pub async fn execute(&self, request: &GraphqlRequest, actor: &Actor, context: &RequestContext) -> GraphqlResponse {
        match self.prepare(request, actor, context) {
            Ok(ready) => self.run_ready(ready, actor, context).await,
            Err(response) => *response,
        }
    }

    /// Makes an operation ready to run: its document found, validated and within the limits, its variables coerced, and
    /// planned, if its plan was kept.
    ///
    /// # Errors
    /// The response, where the request as a whole is faulty.
    pub fn prepare(
        &self,
        request: &GraphqlRequest,
        actor: &Actor,
        context: &RequestContext,
    ) -> Result<ReadyOperation, Box<GraphqlResponse>> {
        let mut summary = OperationSummary { operation_name: request.operation_name.clone(), ..OperationSummary::default() };
        let names = Names::for_actor(actor, &self.parts.introspection_for);
        match self.make_ready(&PricedFor { request, actor, context, names }, &mut summary) {
            Ok(work) => Ok(ReadyOperation { work, summary }),
            Err(errors) => Err(Box::new(response::request_error(&errors, summary, context.request_id))),
        }
    }

    fn make_ready(&self, caller: &PricedFor<'_>, summary: &mut OperationSummary) -> Result<Work, Vec<GraphqlError>> {
        let PricedFor { request, actor, names, .. } = *caller;
        let text = self.parts.trusted.resolve(request, actor).map_err(|error| vec![error])?;
        let coerced = self.find_operation(request, &text, names, summary)?;
        if coerced.operation.is_mutation() && actor.scope.simulated_by().is_some() {
            let message = "whoever looks at data as another user changes and exports nothing";
            return Err(vec![GraphqlError::request(FaultCode::Forbidden, message)]);
        }
        let keep = match self.find_plan(&coerced, caller) {
            FoundPlan::Kept(planned) => {
                summary.cost = planned.cost();
                return Ok(match coerced.operation.is_mutation() {
                    true => Work::PlannedChange(Box::new((planned, coerced))),
                    false => Work::Planned(planned),
                });
            }
            FoundPlan::WorthKeeping(key) => Some(*key),
            FoundPlan::Nothing => None,
        };
        let prepared = Prepared { keep, ..self.select(coerced, Some((request, &text)), names)? };
        self.price(&prepared, caller, summary).map_err(|error| vec![error])?;
        Ok(Work::Prepared(Box::new(prepared)))
    }

    /// Runs an operation; a query that takes longer than the limit is given up.
    ///
    /// What is not the run of a kept query is on the heap: its room would otherwise be a part of every request's future.
    pub async fn run_ready(&self, ready: ReadyOperation, actor: &Actor, context: &RequestContext) -> GraphqlResponse {
        let ReadyOperation { work, summary } = ready;
        match work {
            Work::Planned(planned) => {
                let given_up = summary.clone();
                self.within_time(self.run_planned(&planned, context, summary), given_up, context).await
            }
            Work::PlannedChange(change) => {
                let (planned, coerced) = *change;
                Box::pin(self.run_planned_change(&planned, coerced, (actor, context), summary)).await
            }
            Work::Prepared(prepared) if prepared.coerced.operation.is_mutation() => {
                Box::pin(self.run_mutation(&self.planner(actor, context), &prepared, summary)).await
            }
            Work::Prepared(prepared) => {
                let given_up = summary.clone();
                self.within_time(Box::pin(self.run_query(&prepared, actor, context, summary)), given_up, context).await
            }
        }
    }

    fn within_time(
        &self,
        running: impl Future<Output = GraphqlResponse>,
        given_up: OperationSummary,
        context: &RequestContext,
    ) -> impl Future<Output = GraphqlResponse> {
        let given_up =
            |_| response::executed(None, &[limits::took_too_long(&self.parts.limits)], &[], given_up, context.request_id);
        tokio::time::timeout(self.parts.limits.timeout, running).map(|answered| answered.unwrap_or_else(given_up))
    }

    pub(super) fn find_operation(
        &self,
        request: &GraphqlRequest,
        text: &str,
        names: Names,
        summary: &mut OperationSummary,
    ) -> Result<Coerced, Vec<GraphqlError>> {
        let document = self.documents.find(text, names)?;
        let bad_input = |message: String| vec![GraphqlError::request(FaultCode::BadUserInput, message)];
        let name = request.operation_name.as_deref();
        let operation = document.operations.get(name).map_err(|_| {
            bad_input(match name {
                Some(name) => format!("the document has no operation `{name}`; `operationName` has to name one of its own"),
                None => "the document has several operations; say which with `operationName`".to_owned(),
            })
        })?;
        summary.operation_name = operation.name.as_ref().map(|name| name.to_string());
        summary.operation_type = Some(if operation.is_mutation() { "mutation" } else { "query" });
        if operation.is_subscription() {
            return Err(bad_input("subscriptions are not served; ask with a query".to_owned()));
        }
        let variables = variables::coerce(&self.schema, &document, operation, &request.variables, names)?;
        let operation = operation.clone();
        Ok(Coerced { document, operation, variables })
    }

    /// Collects what an operation selects. Its request, with the text of its document, is asked of one that may have a key.
    pub(super) fn select(
        &self,
        coerced: Coerced,
        request: Option<(&GraphqlRequest, &str)>,
        names: Names,
    ) -> Result<Prepared, Vec<GraphqlError>> {
        let Coerced { document, operation, variables } = &coerced;
        let max_values = self.parts.limits.max_values;
        let selection = collect::collect_within(document, &operation.selection_set, variables, max_values);
        let selection = selection.map_err(|error| vec![error])?;
        introspection::check(document, operation, &selection, names).map_err(|error| vec![error])?;
        let has_key = selection.0.iter().any(|field| field.argument(KEY_ARGUMENT).is_some());
        let request_hash = request.filter(|_| has_key).map(|(request, text)| request_hash(text, request));
        Ok(Prepared { coerced, selection, request_hash, keep: None })
    }
}

/// An operation that is ready to run, with what is known of it so far.
pub struct ReadyOperation {
    work: Work,
    summary: OperationSummary,
}

/// What is left to do for an operation.
enum Work {
    /// A query whose plan was kept.
    Planned(PlannedOperation),
    /// A change whose plan was kept, and what it is planned from if it is refused.
    PlannedChange(Box<(PlannedOperation, Coerced)>),
    /// Planning, too.
    Prepared(Box<Prepared>),
}

impl ReadyOperation {
    /// Whether it asks for a change, which has to be seen through once it began.
    pub fn is_mutation(&self) -> bool {
        match &self.work {
            Work::Prepared(prepared) => prepared.coerced.operation.is_mutation(),
            Work::PlannedChange(_) => true,
            Work::Planned(_) => false,
        }
    }
}

/// An operation with its variables.
pub(crate) struct Coerced {
    pub(crate) document: Arc<Valid<ExecutableDocument>>,
    pub(crate) operation: apollo_compiler::Node<Operation>,
    pub(crate) variables: Valid<JsonMap>,
}

/// An operation with its variables and what it selects.
pub(crate) struct Prepared {
    pub(crate) coerced: Coerced,
    pub(crate) selection: crate::planner::Selection,
    /// What an `idempotencyKey` is bound to, if the operation has one.
    pub(crate) request_hash: Option<[u8; 32]>,
    /// Under which its plan is worth keeping.
    pub(crate) keep: Option<PlanKey>,
}
