//! Signing out.

use crate::auth::{Credential, ProviderLogout};
use crate::base::FaultCode;
use crate::http::WebState;
use crate::http::auth::{MAX_BODY, is_same_origin, page, refuse, service};
use crate::http::error::Refusal;
use crate::http::extract::{find_credential, request_context};
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;
use url::form_urlencoded;

/// `GET /auth/logout`: a button. Following a link signs nobody out: a foreign page could hold it.
pub(super) async fn page() -> Response {
    page::page(
        StatusCode::OK,
        "Sign out",
        "<form method=\"post\" action=\"/auth/logout\"><button type=\"submit\">Sign out</button></form>",
    )
}

/// `POST /auth/logout`: ends the session here, and sends a browser to where it ends at the provider. A script that asks for JSON
/// is told where that is, since it cannot see where it would be sent.
pub(super) async fn log_out(State(state): State<WebState>, parts: Parts) -> Response {
    let context = request_context(&parts, &state);
    if !is_same_origin(&parts.headers, &state) {
        return Refusal::new(FaultCode::Forbidden, "only a page of this server signs out", context.request_id).into_response();
    }
    let actor = service();
    let planner = state.engine.planner(&actor, &context);
    let raw = match find_credential(&parts.headers, &state) {
        Some(Credential::Session(raw) | Credential::SessionToken(raw)) => raw,
        Some(Credential::Token(_)) | None => return signed_out_of(&state, &parts, None),
    };
    match state.sign_in.log_out(&planner, &raw).await {
        Ok(provider) => {
            state.authenticator.forget_all();
            signed_out_of(&state, &parts, provider)
        }
        Err(error) => refuse(&error, &context),
    }
}

fn signed_out_of(state: &WebState, parts: &Parts, provider: Option<ProviderLogout>) -> Response {
    let here = || "/auth/signed-out".to_owned();
    let accepted = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut response = if accepted.starts_with("application/json") {
        let url = provider.map_or_else(here, |provider| provider.url.into());
        ([(header::CACHE_CONTROL, "no-store")], Json(json!({ "signOutUrl": url }))).into_response()
    } else {
        Redirect::to(&provider.map_or_else(here, |provider| provider.with_hint().into())).into_response()
    };
    response.headers_mut().append(header::SET_COOKIE, state.session_cookie.clear_session());
    response
}

/// `GET /auth/signed-out`
pub(super) async fn signed_out() -> Response {
    page::page(StatusCode::OK, "Signed out", "<p><a href=\"/auth/login\">Sign in</a></p>")
}

/// `POST /auth/backchannel-logout/{provider}`: the provider's own word that a session is over.
pub(super) async fn for_provider(
    State(state): State<WebState>,
    Path(provider): Path<String>,
    parts: Parts,
    body: Body,
) -> Response {
    let context = request_context(&parts, &state);
    let body = axum::body::to_bytes(body, MAX_BODY).await.unwrap_or_default();
    let token = form_urlencoded::parse(&body).find(|(name, _)| name == "logout_token").map(|(_, value)| value.into_owned());
    let Some(token) = token else {
        let message = "`logout_token` is missing, a form's field";
        return Refusal::new(FaultCode::BadUserInput, message, context.request_id).into_response();
    };
    let actor = service();
    let planner = state.engine.planner(&actor, &context);
    let mut response = match state.sign_in.end_for_provider(&planner, &provider, &token).await {
        Ok(()) => {
            state.authenticator.forget_all();
            StatusCode::OK.into_response()
        }
        Err(error) => refuse(&error, &context),
    };
    // The specification's word for a token that is refused.
    if response.status() == StatusCode::FORBIDDEN {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    response
}
