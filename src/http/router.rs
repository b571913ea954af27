//! The routes, and what stands around all of them.

use crate::auth::LocalPath;
use crate::base::FaultCode;
use crate::http::error::Refusal;
use crate::http::extract::Caller;
use crate::http::{Access, WebState, auth, console, demo, exports, graphql, health, metrics, scim};
use axum::Router;
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::any::Any;
use tower_http::catch_panic::CatchPanicLayer;
use uuid::Uuid;

/// Every route of the server.
pub fn router(state: WebState) -> Router {
    let console = console::routes(&state.tool_name, &state.examples).layer(from_fn_with_state(state.clone(), require_caller));
    let mut router = Router::new()
        .route("/", get(|| async { Redirect::to("/graphiql") }).layer(from_fn_with_state(state.clone(), require_caller)))
        .route("/graphql", get(graphql::handle).post(graphql::handle))
        .route("/exports/{id}", get(export_file))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz));
    if state.metrics.as_ref().is_some_and(|metrics| metrics.is_beside_the_api()) {
        router = router.route("/metrics", get(metrics::show));
    }
    if state.demo.is_some() {
        router = router.route("/demo/sign-in", get(demo::sign_in));
    }
    router = router
        .merge(scim::routes())
        .merge(auth::routes(&state))
        .merge(console.with_state(()))
        .fallback(not_found)
        .method_not_allowed_fallback(refuse_method);
    // A layer stands around what is there before it, so these come last.
    if state.demo.is_some() {
        router = router.layer(from_fn(require_own_host));
    }
    if state.access == Access::Closed {
        router = router.layer(from_fn(tell_health_alone));
    }
    router.layer(CatchPanicLayer::custom(answer_panic)).with_state(state)
}

/// Lets only callers through; a browser is shown where to sign in.
async fn require_caller(State(state): State<WebState>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match Caller::from_request_parts(&mut parts, &state).await {
        Ok(_) => next.run(Request::from_parts(parts, body)).await,
        Err(refusal) if refusal.status == StatusCode::UNAUTHORIZED => {
            let accepts = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
            if !accepts.contains("text/html") {
                return refusal.into_response();
            }
            show_sign_in(&state, parts.uri.path_and_query().map_or("/", |path| path.as_str()))
        }
        Err(refusal) => refusal.into_response(),
    }
}

/// A browser goes to sign in, and comes back to where it wanted to be.
fn show_sign_in(state: &WebState, wanted: &str) -> Response {
    let wanted = LocalPath::new(wanted);
    if state.demo.is_some() || state.sign_in.choices().is_empty() {
        return auth::choice_page(state, StatusCode::UNAUTHORIZED, &wanted);
    }
    let wanted = utf8_percent_encode(wanted.as_str(), NON_ALPHANUMERIC);
    Redirect::to(&format!("/auth/login?return_to={wanted}")).into_response()
}

/// Where nobody can sign in, nobody is served: not even whoever has a credential from before.
async fn tell_health_alone(request: Request, next: Next) -> Response {
    if matches!(request.uri().path(), "/healthz" | "/readyz") {
        return next.run(request).await;
    }
    let message = "nobody can sign in here yet; the server's log says what to set";
    Refusal::with_status(StatusCode::SERVICE_UNAVAILABLE, message, Uuid::now_v7()).into_response()
}

/// In a demo anybody who reaches the port may be anybody, so the port must only be reached under the machine's own names: a
/// foreign page that has its name resolve to this machine (DNS rebinding) sends its own name as Host.
async fn require_own_host(request: Request, next: Next) -> Response {
    // HTTP/2 has the name in the request's own address.
    let host = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    let host = host.or(request.uri().authority().map(|authority| authority.as_str())).unwrap_or_default();
    let is_port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let name = host.rsplit_once(':').filter(|(_, port)| is_port(port)).map_or(host, |(name, _)| name);
    if ["localhost", "127.0.0.1", "[::1]"].iter().any(|own| own.eq_ignore_ascii_case(name)) {
        return next.run(request).await;
    }
    Refusal::with_status(
        StatusCode::MISDIRECTED_REQUEST,
        "the demo answers to this machine's own names alone: ask for `localhost` or `127.0.0.1`",
        Uuid::now_v7(),
    )
    .into_response()
}

/// The file of an export. A text that is no id is an id that no export has.
async fn export_file(State(state): State<WebState>, caller: Caller, Path(id): Path<String>) -> Response {
    let id = id.parse().unwrap_or(Uuid::nil());
    exports::serve(state.engine.exporter(), &caller.actor, &caller.context, id).await
}

/// A path that is nothing. Only a caller learns that; everybody else is told to sign in.
async fn not_found(caller: Caller) -> Response {
    Refusal::with_status(
        StatusCode::NOT_FOUND,
        "there is nothing at this path; the API is at `/graphql`, GraphiQL at `/graphiql`",
        caller.context.request_id,
    )
    .into_response()
}

/// A method that a path does not have; axum adds which ones it has.
async fn refuse_method(caller: Caller, method: Method) -> Response {
    let message = format!("{method} is not served here; the header `Allow` says which methods are");
    Refusal::with_status(StatusCode::METHOD_NOT_ALLOWED, message, caller.context.request_id).into_response()
}

/// A fault of ours that nobody foresaw: an answer in the form of every other, with the id under which the log has the rest.
fn answer_panic(panic: Box<dyn Any + Send>) -> Response {
    let request_id = Uuid::now_v7();
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    tracing::error!(request.id = %request_id, panic.text = text.unwrap_or("without a word"), "a request panicked");
    let message = "internal error; the server's log has the cause under this request id";
    Refusal::new(FaultCode::InternalServerError, message, request_id).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tower::ServiceExt;

    #[tokio::test]
    async fn a_panic_is_answered_like_any_fault_of_ours() {
        let panics = Router::new().route("/", get(async || -> &'static str { panic!("secret {}", 7) }));
        let request = Request::builder().uri("/").body(axum::body::Body::empty()).unwrap();
        let response = panics.layer(CatchPanicLayer::custom(answer_panic)).oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(response.headers().contains_key("x-request-id"));
        let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains("INTERNAL_SERVER_ERROR") && !body.contains("secret"), "{body}");
    }
}
