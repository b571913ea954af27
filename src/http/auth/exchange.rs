//! Sessions for programs: for an ID token, or for the code that a browser brought to a command line.

use crate::auth::{AuthError, NewSession};
use crate::base::{FaultCode, RequestContext};
use crate::http::WebState;
use crate::http::auth::{MAX_BODY, refuse, service};
use crate::http::error::Refusal;
use crate::http::extract::request_context;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::SecondsFormat;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ExchangeRequest {
    id_token: SecretString,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct HandoffRequest {
    code: SecretString,
    verifier: String,
}

/// `POST /auth/exchange`
pub(super) async fn exchange(State(state): State<WebState>, parts: Parts, body: Body) -> Response {
    let context = request_context(&parts, &state);
    let request: ExchangeRequest = match read(&parts, body, &context, "{\"idToken\": \"...\"}").await {
        Ok(request) => request,
        Err(refusal) => return refusal.into_response(),
    };
    let actor = service();
    let planner = state.engine.planner(&actor, &context);
    let session = state.sign_in.exchange(&planner, &request.id_token).await;
    if session.is_ok() {
        // Who signs in may have another role or team now.
        state.authenticator.forget_all();
    }
    answer(session, &context)
}

/// `POST /auth/handoff`
pub(super) async fn handoff(State(state): State<WebState>, parts: Parts, body: Body) -> Response {
    let context = request_context(&parts, &state);
    let request: HandoffRequest = match read(&parts, body, &context, "{\"code\": \"...\", \"verifier\": \"...\"}").await {
        Ok(request) => request,
        Err(refusal) => return refusal.into_response(),
    };
    answer(state.sign_in.take_handoff(&context, &request.code, &request.verifier).await, &context)
}

fn answer(session: Result<NewSession, AuthError>, context: &RequestContext) -> Response {
    match session {
        Ok(session) => {
            let expires_at = session.expires_at.to_rfc3339_opts(SecondsFormat::Secs, true);
            Json(json!({ "token": session.raw.expose_secret(), "expiresAt": expires_at })).into_response()
        }
        Err(error) => refuse(&error, context),
    }
}

/// Reads JSON that says it is: a form of a foreign page cannot.
async fn read<T: DeserializeOwned>(parts: &Parts, body: Body, context: &RequestContext, form: &str) -> Result<T, Refusal> {
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        let message = "send `Content-Type: application/json`";
        return Err(Refusal::with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE, message, context.request_id));
    }
    let wrong = || Refusal::new(FaultCode::BadUserInput, format!("send `{form}`"), context.request_id);
    let body = axum::body::to_bytes(body, MAX_BODY).await.map_err(|_| wrong())?;
    serde_json::from_slice(&body).map_err(|_| wrong())
}
