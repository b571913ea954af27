//! `/graphql`: GraphQL over HTTP.

use crate::base::{FaultCode, milliseconds};
use crate::graphql::{GraphqlRequest, GraphqlResponse, ReadyOperation, ResponseKind};
use crate::http::WebState;
use crate::http::error::{Refusal, status_of_request};
use crate::http::extract::Caller;
use crate::http::graphql_request::{Asked, is_safe, read_request};
use crate::http::negotiate::{MediaType, NOT_ACCEPTABLE, negotiate};
use crate::telemetry::adopt_parent;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::borrow::Cow;
use std::time::Instant;
use tracing::{Instrument, Span, field};
use uuid::Uuid;

/// Collections whose changes decide who callers are; their names are in the names of the mutations, of one row or of several.
const IDENTITY: [&str; 5] = ["User", "Team", "ServiceToken", "Identit", "Session"];

/// What a client that asks for a websocket is told.
const NO_WEBSOCKETS: &str = "websockets are not served here; send each operation by POST to `/graphql`";

/// `GET` and `POST /graphql`.
pub(crate) async fn handle(State(state): State<WebState>, caller: Result<Caller, Refusal>, request: Request) -> Response {
    let started = Instant::now();
    let negotiated = negotiate(request.headers());
    let media_type = negotiated.unwrap_or(MediaType::Json);
    let answered = async {
        let caller = caller?;
        let request_id = caller.context.request_id;
        if negotiated.is_none() {
            return Err(Refusal::with_status(StatusCode::NOT_ACCEPTABLE, NOT_ACCEPTABLE, request_id));
        }
        if wants_websocket(request.headers()) {
            return Err(Refusal::with_status(StatusCode::BAD_REQUEST, NO_WEBSOCKETS, request_id));
        }
        let is_query_only = is_safe(request.method());
        let span = open_span(&request, &caller);
        let asked = read_request(request, &state, request_id, media_type).await?;
        let exchange = Exchange { state, caller, started, is_query_only };
        let answering = async {
            match asked {
                Asked::One(request) => exchange.answer(&request).await.map(|response| respond(response, media_type, request_id)),
                Asked::Batch(requests) => {
                    exchange.answer_batch(&requests).await.map(|body| reply(StatusCode::OK, body, media_type, request_id))
                }
            }
        };
        answering.instrument(span).await
    };
    answered.await.unwrap_or_else(|refusal| refusal.in_media_type(media_type).into_response())
}

fn wants_websocket(headers: &HeaderMap) -> bool {
    let offers = headers.get_all(header::UPGRADE).iter().filter_map(|value| value.to_str().ok());
    offers.flat_map(|offer| offer.split(',')).any(|protocol| protocol.trim().eq_ignore_ascii_case("websocket"))
}

/// One HTTP request of one caller.
#[derive(Clone)]
struct Exchange {
    state: WebState,
    caller: Caller,
    started: Instant,
    /// Whether the method promises to change nothing.
    is_query_only: bool,
}

impl Exchange {
    async fn answer(&self, request: &GraphqlRequest) -> Result<GraphqlResponse, Refusal> {
        let Caller { actor, context } = &self.caller;
        let ready = match self.state.engine.prepare(request, actor, context) {
            Ok(ready) => ready,
            Err(response) => {
                self.log(&response);
                return Ok(*response);
            }
        };
        if !ready.is_mutation() {
            // A client that hangs up cancels its query.
            return Ok(self.run(ready).await);
        }
        if self.is_query_only {
            let message = "a mutation has to be sent with POST";
            let refusal = Refusal::with_status(StatusCode::METHOD_NOT_ALLOWED, message, context.request_id);
            return Err(refusal.with_header((header::ALLOW, "POST")));
        }
        // A change is seen through to its commit, or to the record of its refusal, whether or not the client still listens.
        let exchange = self.clone();
        let running = tokio::spawn(async move { exchange.run(ready).await }.instrument(Span::current()));
        let failed = |_| Refusal::new(FaultCode::InternalServerError, "the request failed", context.request_id);
        running.await.map_err(failed)
    }

    /// Answers one after the other, in their order: a later operation sees what an earlier one changed. Each stands and falls
    /// alone.
    async fn answer_batch(&self, requests: &[GraphqlRequest]) -> Result<String, Refusal> {
        let mut bodies = Vec::with_capacity(requests.len());
        for request in requests {
            bodies.push(self.answer(request).await?.body);
        }
        Ok(format!("[{}]", bodies.join(",")))
    }

    async fn run(&self, ready: ReadyOperation) -> GraphqlResponse {
        let Self { state, caller, .. } = self;
        let is_mutation = ready.is_mutation();
        let response = state.engine.run_ready(ready, &caller.actor, &caller.context).await;
        // Deletions take rows of other collections along.
        let may_change_identity =
            |field: &String| field.starts_with("delete") || IDENTITY.iter().any(|name| field.contains(name));
        let has_identity_changed = response.summary.fields.iter().any(may_change_identity);
        if is_mutation && has_identity_changed {
            state.authenticator.forget_all();
        }
        self.log(&response);
        response
    }

    /// Counts an operation and logs one line for it: names and numbers, never values. Written for speed: it is part of every
    /// request.
    fn log(&self, response: &GraphqlResponse) {
        let Self { caller, started, .. } = self;
        let summary = &response.summary;
        let took = started.elapsed();
        let (operation_type, outcome) = (summary.operation_type.unwrap_or("invalid"), outcome_of(&summary.error_codes));
        metrics::histogram!("toolcrib_request_duration_seconds", "type" => operation_type, "outcome" => outcome)
            .record(took.as_secs_f64());
        metrics::counter!("toolcrib_rows_total", "type" => operation_type).increment(u64::try_from(summary.rows).unwrap_or(0));
        if operation_type == "query" {
            let source = if summary.is_plan_kept { "kept" } else { "planner" };
            metrics::counter!("toolcrib_plans_total", "source" => source).increment(1);
        }
        for code in &summary.error_codes {
            metrics::counter!("toolcrib_refusals_total", "code" => *code).increment(1);
        }
        let operation = summary.operation_name.as_deref().unwrap_or("anonymous");
        let span = Span::current();
        if !span.is_disabled() {
            span.record("operation.name", operation).record("operation.type", operation_type).record("outcome", outcome);
        }
        tracing::info!(
            request.id = %caller.context.request_id.as_hyphenated(),
            actor.id = caller.actor.id.map(field::display),
            actor.role = caller.actor.role.as_str(),
            operation.type = operation_type,
            operation.name = operation,
            operation.fields = &*joined(summary.fields.iter().map(String::as_str)),
            duration_ms = milliseconds(took),
            rows = summary.rows,
            cost = summary.cost,
            errors = &*joined(summary.error_codes.iter().copied()),
            "{outcome}"
        );
    }
}

fn respond(response: GraphqlResponse, media_type: MediaType, request_id: Uuid) -> Response {
    let status = match (response.kind, media_type) {
        (ResponseKind::RequestError(code), MediaType::GraphqlResponse) => status_of_request(code),
        _ => StatusCode::OK,
    };
    reply(status, response.body, media_type, request_id)
}

fn reply(status: StatusCode, body: String, media_type: MediaType, request_id: Uuid) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type.as_str())),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    let mut answer = (status, headers, body).into_response();
    if let Ok(id) = HeaderValue::from_str(request_id.as_hyphenated().encode_lower(&mut Uuid::encode_buffer())) {
        answer.headers_mut().insert("x-request-id", id);
    }
    answer
}

/// The span around a request, of the trace that the caller says it belongs to; disabled where no traces are collected.
fn open_span(request: &Request, caller: &Caller) -> Span {
    let span = tracing::trace_span!(
        target: "toolcrib::stage",
        "graphql",
        otel.kind = "server",
        request.id = %caller.context.request_id,
        actor.role = caller.actor.role.as_str(),
        operation.name = field::Empty,
        operation.type = field::Empty,
        outcome = field::Empty,
    );
    adopt_parent(&span, |name| request.headers().get(name).and_then(|value| value.to_str().ok()));
    span
}

/// Whether an operation was answered, refused, or failed by a fault of ours.
fn outcome_of(codes: &[&'static str]) -> &'static str {
    if codes.is_empty() {
        "ok"
    } else if codes.contains(&FaultCode::InternalServerError.as_str()) {
        "failed"
    } else {
        "refused"
    }
}

/// Names separated by commas. Most operations have one field and no error, which needs no new text.
fn joined<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> Cow<'n, str> {
    let mut names = names;
    match names.len() {
        0 => Cow::Borrowed(""),
        1 => Cow::Borrowed(names.next().unwrap_or_default()),
        _ => Cow::Owned(names.collect::<Vec<_>>().join(",")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a request's future takes. It is allocated and moved for each request, also for one that needs little of it.
    fn size_of_future<A, B, C, F>(_: impl Fn(A, B, C) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn a_request_carries_no_room_for_what_is_seldom() {
        let size = size_of_future(handle);
        assert!(size < 8 << 10, "{size} bytes: put what most requests do not come to into a `Box::pin`");
    }

    #[test]
    fn an_outcome_is_of_three_kinds() {
        assert_eq!(outcome_of(&[]), "ok");
        assert_eq!(outcome_of(&["FORBIDDEN"]), "refused");
        assert_eq!(outcome_of(&["FORBIDDEN", "INTERNAL_SERVER_ERROR"]), "failed");
    }

    #[test]
    fn names_are_joined() {
        assert_eq!(joined([].into_iter()), "");
        assert!(matches!(joined(["tickets"].into_iter()), Cow::Borrowed("tickets")));
        assert_eq!(joined(["tickets", "teams"].into_iter()), "tickets,teams");
    }
}
