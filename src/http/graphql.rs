//! `/graphql`: GraphQL over HTTP, one operation for each request.

use crate::base::FaultCode;
use crate::graphql::{GraphqlRequest, GraphqlResponse, ResponseKind};
use crate::http::WebState;
use crate::http::error::{Refusal, status_of};
use crate::http::extract::Caller;
use async_graphql::ParseRequestError;
use async_graphql_axum::GraphQLRequest;
use async_graphql_axum::rejection::GraphQLRejection;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::time::Instant;
use uuid::Uuid;

/// The media type of the GraphQL-over-HTTP specification.
const GRAPHQL_RESPONSE: &str = "application/graphql-response+json; charset=utf-8";

/// The older one, which every client reads.
const JSON: &str = "application/json; charset=utf-8";

/// Collections whose changes decide who callers are.
const IDENTITY: [&str; 3] = ["User", "Team", "ServiceToken"];

/// `GET` and `POST /graphql`.
pub(crate) async fn handle(State(state): State<WebState>, caller: Caller, request: Request) -> Response {
    let started = Instant::now();
    let request_id = caller.context.request_id;
    let media_type = match negotiate(request.headers()) {
        Some(media_type) => media_type,
        None => return Refusal::with_status(StatusCode::NOT_ACCEPTABLE, "accept application/json", request_id).into_response(),
    };
    let request = match read_request(request, &state, request_id).await {
        Ok(request) => request,
        Err(refusal) => return refusal.into_response(),
    };
    let is_mutation = state.engine.is_mutation(&request);
    let running = run(state, caller, request, started);
    if !is_mutation {
        // A client that hangs up cancels its query.
        return respond(running.await, media_type, request_id);
    }
    // A change is seen through to its commit, or to the record of its refusal, whether or not the client still listens.
    match tokio::spawn(running).await {
        Ok(response) => respond(response, media_type, request_id),
        Err(_) => Refusal::new(FaultCode::InternalServerError, "the request failed", request_id).into_response(),
    }
}

async fn run(state: WebState, caller: Caller, request: GraphqlRequest, started: Instant) -> GraphqlResponse {
    let response = state.engine.execute(&request, &caller.actor, &caller.context).await;
    let has_identity_changed = response.summary.fields.iter().any(|field| IDENTITY.iter().any(|name| field.ends_with(name)));
    if response.summary.operation_type == Some("mutation") && has_identity_changed {
        state.authenticator.forget_all();
    }
    log(&caller, &response, started);
    response
}

/// The media type of the answer; `None` if the client accepts neither.
fn negotiate(headers: &HeaderMap) -> Option<&'static str> {
    let Some(accept) = headers.get(header::ACCEPT) else {
        return Some(JSON);
    };
    let accept = accept.to_str().unwrap_or("*/*");
    let mut ranges = accept.split(',').map(|range| range.split(';').next().unwrap_or_default().trim());
    if ranges.clone().any(|range| range.eq_ignore_ascii_case("application/graphql-response+json")) {
        return Some(GRAPHQL_RESPONSE);
    }
    let is_json =
        |range: &str| ["application/json", "application/*", "*/*"].iter().any(|known| range.eq_ignore_ascii_case(known));
    ranges.any(is_json).then_some(JSON)
}

async fn read_request(request: Request, state: &WebState, request_id: Uuid) -> Result<GraphqlRequest, Refusal> {
    let is_query_only = request.method() == Method::GET;
    if !is_query_only && !is_json(request.headers()) {
        let message = "send the request as `Content-Type: application/json`";
        return Err(Refusal::with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE, message, request_id));
    }
    let parsed = GraphQLRequest::<GraphQLRejection>::from_request(request, state).await;
    let parsed = parsed.map_err(|GraphQLRejection(error)| refuse_body(&error, request_id))?.into_inner();
    if parsed.query.is_empty() {
        return Err(Refusal::with_status(StatusCode::BAD_REQUEST, "`query` is missing: the GraphQL document to run", request_id));
    }
    Ok(GraphqlRequest { is_query_only, ..GraphqlRequest::from(parsed) })
}

fn refuse_body(error: &ParseRequestError, request_id: Uuid) -> Refusal {
    match error {
        ParseRequestError::PayloadTooLarge => {
            Refusal::with_status(StatusCode::PAYLOAD_TOO_LARGE, "the request body is too large", request_id)
        }
        ParseRequestError::UnsupportedBatch => Refusal::with_status(
            StatusCode::BAD_REQUEST,
            "batches are not served; send one operation for each request",
            request_id,
        ),
        ParseRequestError::Io(error) if error.to_string().contains("length limit exceeded") => {
            Refusal::with_status(StatusCode::PAYLOAD_TOO_LARGE, "the request body is too large", request_id)
        }
        _ => {
            let message =
                "the body is not a GraphQL request: a JSON object with `query`, and perhaps `variables` and `operationName`";
            Refusal::with_status(StatusCode::BAD_REQUEST, message, request_id)
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// With the newer media type the status tells a faulty request from an executed one; with the older one clients expect 200.
fn respond(response: GraphqlResponse, media_type: &'static str, request_id: Uuid) -> Response {
    let status = match response.kind {
        ResponseKind::RequestError if media_type == GRAPHQL_RESPONSE => status_of(FaultCode::GraphqlValidationFailed),
        _ => StatusCode::OK,
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
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
