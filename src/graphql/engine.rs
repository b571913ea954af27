//! What answers GraphQL requests: the API of one catalog over one database.

use crate::base::{Actor, FaultCode, RequestContext};
use crate::catalog::Catalog;
use crate::db::Database;
use crate::export::Exporter;
use crate::graphql::api::{self, Api};
use crate::graphql::document::Documents;
use crate::graphql::response::{self, GraphqlResponse, OperationSummary};
use crate::graphql::retry::{KEY_ARGUMENT, Sweeper, request_hash};
use crate::graphql::{GraphqlError, OperationLimits, collect};
use crate::planner::{Planner, PlannerSettings};
use crate::policy::RuleBook;
use apollo_compiler::executable::Operation;
use apollo_compiler::response::JsonMap;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
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
    /// Runs exports.
    pub exporter: Exporter,
}

/// Values of an operation's variables, as a request gives them.
pub type Variables = JsonMap;

/// A request, as the GraphQL-over-HTTP specification names its parts.
#[derive(Clone, Debug, Default)]
pub struct GraphqlRequest {
    /// The document.
    pub query: String,
    /// Which of its operations.
    pub operation_name: Option<String>,
    /// Values of its variables.
    pub variables: Variables,
    /// Whether mutations are refused, as for a GET.
    pub is_query_only: bool,
}

/// Answers GraphQL requests. Shared by all of them.
pub struct Engine {
    pub(crate) parts: EngineParts,
    pub(crate) api: Api,
    pub(crate) schema: Arc<Valid<Schema>>,
    pub(crate) sweeper: Sweeper,
    documents: Documents,
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
        let schema =
            Schema::parse_and_validate(api.schema.sdl(), "api.graphql").map_err(|error| ApiError(error.errors.to_string()))?;
        let schema = Arc::new(schema);
        let documents = Documents::new(Arc::clone(&schema), parts.limits.clone());
        Ok(Self { parts, api, schema, sweeper: Sweeper::default(), documents })
    }

    /// The API's SDL.
    pub fn sdl(&self) -> String {
        self.api.schema.sdl()
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

    /// Whether a request asks for a change, which has to be seen through once it began.
    pub fn is_mutation(&self, request: &GraphqlRequest) -> bool {
        let document = self.documents.find(&request.query).ok();
        let is_mutation = |document: Arc<Valid<ExecutableDocument>>| {
            document.operations.get(request.operation_name.as_deref()).is_ok_and(|operation| operation.is_mutation())
        };
        document.is_some_and(is_mutation)
    }

    /// Answers a request.
    pub async fn execute(&self, request: &GraphqlRequest, actor: &Actor, context: &RequestContext) -> GraphqlResponse {
        let mut summary = OperationSummary { operation_name: request.operation_name.clone(), ..OperationSummary::default() };
        match self.prepare(request, &mut summary) {
            Ok(prepared) => self.run(prepared, actor, context, summary).await,
            Err(errors) => response::request_error(&errors, summary, context.request_id),
        }
    }

    fn prepare(&self, request: &GraphqlRequest, summary: &mut OperationSummary) -> Result<Prepared, Vec<GraphqlError>> {
        let document = self.documents.find(&request.query)?;
        let bad_input = |message: String| vec![GraphqlError::request(FaultCode::BadUserInput, message)];
        let name = request.operation_name.as_deref();
        let operation = document.operations.get(name).map_err(|_| {
            bad_input(match name {
                Some(name) => format!("the document has no operation `{name}`"),
                None => "the document has several operations; say which with `operationName`".to_owned(),
            })
        })?;
        summary.operation_name = operation.name.as_ref().map(|name| name.to_string());
        summary.operation_type = Some(if operation.is_mutation() { "mutation" } else { "query" });
        if operation.is_mutation() && request.is_query_only {
            return Err(bad_input("a mutation has to be sent with POST".to_owned()));
        }
        if operation.is_subscription() {
            return Err(bad_input("subscriptions are not served".to_owned()));
        }
        let variables = apollo_compiler::request::coerce_variable_values(&self.schema, operation, &request.variables)
            .map_err(|error| bad_input(error.message().to_string()))?;
        let selection = collect::collect(&document, &operation.selection_set, &variables).map_err(|error| vec![error])?;
        let has_key = selection.0.iter().any(|field| field.argument(KEY_ARGUMENT).is_some());
        let request_hash = has_key.then(|| request_hash(request));
        let operation = operation.clone();
        Ok(Prepared { document, operation, variables, selection, request_hash })
    }
}

/// An operation that is ready to run.
pub(crate) struct Prepared {
    pub(crate) document: Arc<Valid<ExecutableDocument>>,
    pub(crate) operation: apollo_compiler::Node<Operation>,
    pub(crate) variables: Valid<JsonMap>,
    pub(crate) selection: crate::planner::Selection,
    /// What an `idempotencyKey` is bound to, if the operation has one.
    pub(crate) request_hash: Option<[u8; 32]>,
}
