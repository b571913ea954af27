//! `/graphql`: GraphQL over HTTP, one operation for each request.

use crate::base::FaultCode;
use crate::graphql::{GraphqlRequest, GraphqlResponse, ResponseKind};
use crate::http::WebState;
use crate::http::error::{Refusal, status_of};
use crate::http::extract::Caller;
use crate::http::graphql_request::read_request;
use crate::http::negotiate::{MediaType, negotiate};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::time::Instant;
use uuid::Uuid;

/// Collections whose changes decide who callers are.
const IDENTITY: [&str; 3] = ["User", "Team", "ServiceToken"];

/// `GET` and `POST /graphql`.
pub(crate) async fn handle(State(state): State<WebState>, caller: Caller, request: Request) -> Response {
    let started = Instant::now();
    let request_id = caller.context.request_id;
    let Some(media_type) = negotiate(request.headers()) else {
        return Refusal::with_status(StatusCode::NOT_ACCEPTABLE, "accept application/json", request_id).into_response();
    };
    let request = match read_request(request, &state, request_id).await {
        Ok(request) => request,
        Err(refusal) => return refusal.into_response(),
    };
    let is_mutation = state.engine.is_mutation(&request);
    let is_query_only = request.is_query_only;
    let running = run(state, caller, request, started);
    if !is_mutation {
        // A client that hangs up cancels its query.
        return respond(running.await, media_type, request_id);
    }
    // A change is seen through to its commit, or to the record of its refusal, whether or not the client still listens.
    let mut answer = match tokio::spawn(running).await {
        Ok(response) => respond(response, media_type, request_id),
        Err(_) => return Refusal::new(FaultCode::InternalServerError, "the request failed", request_id).into_response(),
    };
    if is_query_only {
        *answer.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    answer
}

async fn run(state: WebState, caller: Caller, request: GraphqlRequest, started: Instant) -> GraphqlResponse {
    let response = state.engine.execute(&request, &caller.actor, &caller.context).await;
    // Deletions take rows of other collections along.
    let may_change_identity = |field: &String| field.starts_with("delete") || IDENTITY.iter().any(|name| field.contains(name));
    let has_identity_changed = response.summary.fields.iter().any(may_change_identity);
    if response.summary.operation_type == Some("mutation") && has_identity_changed {
        state.authenticator.forget_all();
    }
    log(&caller, &response, started);
    response
}

fn respond(response: GraphqlResponse, media_type: MediaType, request_id: Uuid) -> Response {
    let status = match (response.kind, media_type) {
        (ResponseKind::RequestError, MediaType::GraphqlResponse) => status_of(FaultCode::GraphqlValidationFailed),
        _ => StatusCode::OK,
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type.as_str())),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    let mut answer = (status, headers, response.body).into_response();
    if let Ok(id) = HeaderValue::from_str(&request_id.to_string()) {
        answer.headers_mut().insert("x-request-id", id);
    }
    answer
}

/// One line for each operation: names and numbers, never values.
fn log(caller: &Caller, response: &GraphqlResponse, started: Instant) {
    let summary = &response.summary;
    let operation = summary.operation_name.as_deref().unwrap_or("anonymous");
    let operation_type = summary.operation_type.unwrap_or("request");
    let duration_ms = started.elapsed().as_secs_f64() * 1000.0;
    tracing::info!(
        request.id = %caller.context.request_id,
        actor.id = ?caller.actor.id,
        actor.role = %caller.actor.role,
        operation.name = operation,
        operation.fields = ?summary.fields,
        duration_ms,
        rows = summary.rows,
        errors = ?summary.error_codes,
        "{operation_type} {operation} took {duration_ms:.1} ms"
    );
}
