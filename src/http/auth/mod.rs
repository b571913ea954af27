//! `/auth/...`: signing in and out.
//!
//! All of these routes but `/auth/whoami` are open to everybody, limited in how often one address may ask, and never cached. What they redirect to is
//! built from `auth.public_url`, never from what a request says of its host.

mod cookie;
mod exchange;
mod limit;
mod login;
mod logout;
mod page;

pub use cookie::SessionCookie;
pub use limit::SignInLimit;
pub(crate) use page::choice_page;

use crate::auth::AuthError;
use crate::base::{Actor, Fault, FaultCode, RequestContext};
use crate::http::WebState;
use crate::http::error::Refusal;
use crate::http::extract::Caller;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

/// The largest body that anybody may send here: an ID token with many groups.
const MAX_BODY: usize = 128 * 1024;

/// The routes of sign-in.
pub(crate) fn routes(state: &WebState) -> Router<WebState> {
    Router::new()
        .route("/auth/login", get(login::choose))
        .route("/auth/login/{provider}", get(login::start).post(login::confirm))
        .route("/auth/callback/{provider}", get(login::finish))
        .route("/auth/providers", get(login::providers))
        .route("/auth/logout", get(logout::page).post(logout::log_out))
        .route("/auth/signed-out", get(logout::signed_out))
        .route("/auth/backchannel-logout/{provider}", post(logout::for_provider))
        .route("/auth/exchange", post(exchange::exchange))
        .route("/auth/handoff", post(exchange::handoff))
        .route("/auth/whoami", get(whoami))
        .layer(from_fn(never_cached))
        .layer(from_fn_with_state(state.clone(), limit::limit))
}

/// `GET /auth/whoami`: who the caller is, as the server takes it.
async fn whoami(caller: Caller) -> Json<Value> {
    let Caller { actor, .. } = caller;
    Json(json!({
        "id": actor.id, "email": actor.email, "role": actor.role.as_str(), "team": actor.team, "mfa": actor.is_mfa,
        "method": actor.auth_method.as_str(),
    }))
}

/// Answers of sign-in are for one person at one moment, and say nothing to the page after them of where they came from.
async fn never_cached(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // With `no-referrer` a browser would say nothing of where our own form comes from, either.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Who works here: the part of the platform that signs people in.
pub(crate) fn service() -> Actor {
    Actor::platform(crate::auth::SIGN_IN_SERVICE)
}

/// A refusal for a program. The cause is in the log and the audit log alone.
pub(crate) fn refuse(error: &AuthError, context: &RequestContext) -> Response {
    let mut refusal = Refusal::of(error, context.request_id);
    if matches!(error, AuthError::Provider(_)) {
        refusal = Refusal::new(FaultCode::InternalServerError, error.to_string(), context.request_id);
        refusal.status = StatusCode::SERVICE_UNAVAILABLE;
    }
    refusal.into_response()
}

/// The same for a person, as a page.
pub(crate) fn refuse_in_page(error: &AuthError, context: &RequestContext) -> Response {
    let status = match error {
        AuthError::Denied { .. } => StatusCode::FORBIDDEN,
        AuthError::UnknownProvider => StatusCode::NOT_FOUND,
        AuthError::Provider(_) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    if error.code() == FaultCode::InternalServerError {
        let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
        tracing::error!(error = %error, error.cause = cause, request.id = %context.request_id, "a sign-in failed");
    }
    let message = match error {
        AuthError::Provider(_) => error.to_string(),
        _ => error.public_message(),
    };
    page::message_page(status, "Not signed in", &message, context)
}

/// Whether a request comes from a page of this server, as far as the browser tells. Browsers cannot be made to lie about either
/// header; programs may send neither.
pub(crate) fn is_same_origin(headers: &HeaderMap, state: &WebState) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if text("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return false;
    }
    match (text("origin"), &state.sign_in.settings().public_url) {
        (None, _) => true,
        (Some(origin), Some(public)) => origin == public.origin().ascii_serialization(),
        // Without an address of our own there is only what the request says; the demo checks that against the machine's names.
        (Some(origin), None) => {
            let host = text("host").unwrap_or_default();
            origin.split_once("://").is_some_and(|(_, from)| !host.is_empty() && from.eq_ignore_ascii_case(host))
        }
    }
}
