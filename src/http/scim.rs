//! `/scim/v2`: the company's directory provisions people and groups. Its tokens open nothing else, and no other token opens it.

use crate::audit::{self, Event, EventType};
use crate::auth::Credential;
use crate::base::{Actor, CallerContext, Fault, FaultCode, RequestContext, TokenScope};
use crate::db::ActorSettings;
use crate::http::WebState;
use crate::http::extract::request_context;
use crate::scim::{Aim, Answer, Ask, ListRequest, Provisioning, ResourceKind, ScimError, discovery};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Path, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use secrecy::SecretString;
use serde_json::{Map, Value as Json, json};
use std::collections::HashMap;
use std::sync::Arc;

/// Where resources are.
const BASE: &str = "/scim/v2";

/// The media type of RFC 7644.
const MEDIA_TYPE: &str = "application/scim+json";

/// The routes.
pub(crate) fn routes() -> Router<WebState> {
    Router::new()
        .route("/scim/v2/Users", collection(ResourceKind::User))
        .route("/scim/v2/Users/{id}", resource(ResourceKind::User))
        .route("/scim/v2/Groups", collection(ResourceKind::Group))
        .route("/scim/v2/Groups/{id}", resource(ResourceKind::Group))
        .route("/scim/v2/ServiceProviderConfig", get(show_config))
        .route("/scim/v2/ResourceTypes", get(show_resource_types))
        .route("/scim/v2/ResourceTypes/{id}", get(show_resource_type))
        .route("/scim/v2/Schemas", get(show_schemas))
        .route("/scim/v2/Schemas/{id}", get(show_schema))
        .route("/scim/v2/{*path}", get(nothing).post(nothing).put(nothing).patch(nothing).delete(nothing))
}

/// A caller whose token is for provisioning.
#[derive(Clone, Debug)]
pub(crate) struct Provisioner {
    actor: Arc<Actor>,
    context: RequestContext,
}

impl FromRequestParts<WebState> for Provisioner {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Response> {
        let context = request_context(parts, state);
        let unauthenticated = || {
            let said = ScimError::plain(401, "send a token whose scope is `scim` as `Authorization: Bearer ...`");
            let mut response = reply(StatusCode::UNAUTHORIZED, &said, &context);
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            response
        };
        // No cookie opens this: a browser has no business here, and so no foreign page has.
        let bearer = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.split_once(' '));
        let (_, token) = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).ok_or_else(unauthenticated)?;
        let credential = Credential::Token(SecretString::from(token.trim().to_owned()));
        let actor = match state.authenticator.authenticate(&credential, &context).await {
            Ok(actor) => actor,
            Err(error) if error.code() == FaultCode::Unauthenticated => return Err(unauthenticated()),
            Err(error) => {
                tracing::error!(error = %error, request.id = %context.request_id, "a caller could not be looked up");
                return Err(reply(StatusCode::SERVICE_UNAVAILABLE, &ScimError::plain(503, "try again later"), &context));
            }
        };
        if actor.scope.of_token().is_some_and(TokenScope::is_provisioning) {
            return Ok(Self { actor, context });
        }
        Err(refuse(state, &actor, &context).await)
    }
}

/// Records that somebody without the scope has tried.
async fn refuse(state: &WebState, actor: &Actor, context: &RequestContext) -> Response {
    let message = "provisioning needs a token whose scope is `scim`";
    let details = json!({ "code": FaultCode::Forbidden.as_str(), "message": message });
    let event = Event { event_type: EventType::Denied, entity_type: None, entity_id: None, details: Some(details), reason: None };
    let recorded = async {
        let transaction = state.engine.database().begin(&ActorSettings::of(CallerContext::plain(actor, context))).await?;
        audit::append(&transaction, actor, context, event).await?;
        transaction.commit().await
    };
    match recorded.await {
        Ok(()) => reply(StatusCode::FORBIDDEN, &ScimError::plain(403, message), context),
        Err(error) => respond(Err(error.into()), &HeaderMap::new(), context),
    }
}

type Parameters = Query<HashMap<String, String>>;

/// All resources of a kind.
fn collection(kind: ResourceKind) -> MethodRouter<WebState> {
    let list = move |State(state): State<WebState>, caller: Provisioner, Query(query): Parameters| {
        run(state, caller, kind, Ok(Ask::List(list_request(&query))))
    };
    let create = async move |State(state): State<WebState>, caller: Provisioner, request: Request| {
        let ask = read_body(&state, request).await.map(|(_, body)| Ask::Create(body));
        run(state, caller, kind, ask).await
    };
    get(list).post(create)
}

/// One resource of a kind.
fn resource(kind: ResourceKind) -> MethodRouter<WebState> {
    let read = async move |State(state): State<WebState>,
                           caller: Provisioner,
                           Path(id): Path<String>,
                           Query(query): Parameters,
                           headers: HeaderMap| {
        let context = caller.context.clone();
        let answer = answer(state, caller, kind, Ask::Read(id, list_request(&query))).await;
        respond(answer, &headers, &context)
    };
    let replace = async move |State(state): State<WebState>, caller: Provisioner, Path(id): Path<String>, request: Request| {
        let ask = read_body(&state, request).await.map(|(headers, body)| Ask::Replace(aim(id, &headers), body));
        run(state, caller, kind, ask).await
    };
    let patch = async move |State(state): State<WebState>, caller: Provisioner, Path(id): Path<String>, request: Request| {
        let ask = read_body(&state, request).await.map(|(headers, body)| Ask::Patch(aim(id, &headers), body));
        run(state, caller, kind, ask).await
    };
    let remove = move |State(state): State<WebState>, caller: Provisioner, Path(id): Path<String>, headers: HeaderMap| {
        run(state, caller, kind, Ok(Ask::Remove(aim(id, &headers))))
    };
    get(read).put(replace).patch(patch).delete(remove)
}

async fn show_config(State(state): State<WebState>, caller: Provisioner) -> Response {
    let max_results = state.engine.planner(&caller.actor, &caller.context).settings.max_page_size;
    reply(StatusCode::OK, &discovery::service_provider_config(BASE, max_results), &caller.context)
}

async fn show_resource_types(caller: Provisioner) -> Response {
    reply(StatusCode::OK, &discovery::list(&discovery::resource_types(BASE)), &caller.context)
}

async fn show_resource_type(caller: Provisioner, Path(id): Path<String>) -> Response {
    show_one(discovery::resource_types(BASE), &id, &caller.context)
}

async fn show_schemas(caller: Provisioner) -> Response {
    reply(StatusCode::OK, &discovery::list(&discovery::schemas(BASE)), &caller.context)
}

async fn show_schema(caller: Provisioner, Path(id): Path<String>) -> Response {
    show_one(discovery::schemas(BASE), &id, &caller.context)
}

async fn nothing(caller: Provisioner) -> Response {
    respond(Err(ScimError::NotFound), &HeaderMap::new(), &caller.context)
}

fn show_one(resources: Vec<Json>, id: &str, context: &RequestContext) -> Response {
    match resources.into_iter().find(|resource| resource["id"] == id) {
        Some(resource) => reply(StatusCode::OK, &resource, context),
        None => respond(Err(ScimError::NotFound), &HeaderMap::new(), context),
    }
}

async fn run(state: WebState, caller: Provisioner, kind: ResourceKind, ask: Result<Ask, ScimError>) -> Response {
    let context = caller.context.clone();
    let answer = match ask {
        Ok(ask) => answer(state, caller, kind, ask).await,
        Err(error) => Err(error),
    };
    respond(answer, &HeaderMap::new(), &context)
}

/// Answers a request, seen through to its end whether or not the client still listens.
async fn answer(state: WebState, caller: Provisioner, kind: ResourceKind, ask: Ask) -> Result<Answer, ScimError> {
    let running = tokio::spawn(async move {
        let actor = Provisioning::actor(&caller.actor);
        let provisioning = Provisioning {
            database: state.engine.database(),
            planner: state.engine.planner(&actor, &caller.context),
            settings: &state.scim,
            base: BASE,
        };
        let answer = provisioning.answer(kind, &ask).await;
        if !matches!(ask, Ask::List(_) | Ask::Read(..)) {
            state.authenticator.forget_all();
        }
        answer
    });
    running.await.unwrap_or_else(|panic| {
        tracing::error!(error = %panic, "a request of provisioning panicked");
        Err(ScimError::Failed)
    })
}

fn list_request(query: &HashMap<String, String>) -> ListRequest {
    // Parameters that are no numbers count as absent, as the RFC has it for those out of range.
    let number = |name: &str| query.get(name).and_then(|text| text.parse().ok());
    ListRequest {
        filter: query.get("filter").cloned(),
        start_index: number("startIndex"),
        count: number("count"),
        excluded: query.get("excludedAttributes").cloned(),
    }
}

fn aim(id: String, headers: &HeaderMap) -> Aim {
    let if_match = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok());
    Aim { id, if_match: if_match.map(str::to_owned) }
}

async fn read_body(state: &WebState, request: Request) -> Result<(HeaderMap, Map<String, Json>), ScimError> {
    let (parts, body) = request.into_parts();
    let media_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if ![MEDIA_TYPE, "application/json"].contains(&media_type.as_str()) {
        return Err(ScimError::Syntax(format!("send `{MEDIA_TYPE}`")));
    }
    let bytes = to_bytes(body, state.max_body_bytes).await;
    let bytes = bytes.map_err(|_| ScimError::Syntax(format!("a body has at most {} bytes", state.max_body_bytes)))?;
    match serde_json::from_slice(&bytes) {
        Ok(Json::Object(body)) => Ok((parts.headers, body)),
        _ => Err(ScimError::Syntax("the body is a JSON object".to_owned())),
    }
}

fn respond(answer: Result<Answer, ScimError>, headers: &HeaderMap, context: &RequestContext) -> Response {
    let (status, resource) = match answer {
        Ok(Answer::Page(page)) => return reply(StatusCode::OK, &page, context),
        Ok(Answer::Gone) => return (StatusCode::NO_CONTENT, Body::empty()).into_response(),
        Ok(Answer::Created(resource)) => (StatusCode::CREATED, resource),
        Ok(Answer::Resource(resource)) => (StatusCode::OK, resource),
        Err(error) => {
            if error.code() == FaultCode::InternalServerError {
                tracing::error!(error = %error, request.id = %context.request_id, "a request of provisioning failed");
            }
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            return reply(status, &error.body(), context);
        }
    };
    let seen = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let mut response = match seen {
        Some(seen) if seen == resource.etag => (StatusCode::NOT_MODIFIED, Body::empty()).into_response(),
        _ => reply(status, &resource.body, context),
    };
    for (name, value) in [(header::ETAG, &resource.etag), (header::LOCATION, &resource.location)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn reply(status: StatusCode, body: &Json, context: &RequestContext) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    let mut response = (status, headers, body.to_string()).into_response();
    if let Ok(id) = HeaderValue::from_str(&context.request_id.to_string()) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}
