//! Signing in by the browser.

use crate::auth::{AuthError, Destination, FinishedLogin, LocalPath, LoginAnswer, LoginStart, attempt_of_state};
use crate::base::FaultCode;
use crate::http::WebState;
use crate::http::auth::{MAX_BODY, choice_page, is_same_origin, page, refuse_in_page, service};
use crate::http::error::Refusal;
use crate::http::extract::request_context;
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use url::form_urlencoded;

/// What a sign-in may be begun with.
#[derive(Debug, Default, Deserialize)]
pub(super) struct StartQuery {
    /// A path of this server.
    return_to: Option<String>,
    /// The most seconds since the person last proved who it is.
    max_age: Option<u32>,
    /// The port of a command line on the browser's own machine.
    port: Option<u16>,
    /// What it will prove itself by.
    challenge: Option<String>,
}

/// What a provider sends the browser back with. The rest is left out.
#[derive(Debug, Default, Deserialize)]
pub(super) struct FinishQuery {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
}

/// `GET /auth/login`: the providers; straight to it if there is but one.
pub(super) async fn choose(State(state): State<WebState>, Query(query): Query<StartQuery>, parts: Parts) -> Response {
    let choices = state.sign_in.choices();
    match choices.as_slice() {
        [only] if state.demo.is_none() => begin(&state, only.id.as_str(), query, &parts).await,
        _ => choice_page(&state, StatusCode::OK, &LocalPath::new(query.return_to.as_deref().unwrap_or("/"))),
    }
}

/// `GET /auth/login/{provider}`
pub(super) async fn start(
    State(state): State<WebState>,
    Path(provider): Path<String>,
    Query(query): Query<StartQuery>,
    parts: Parts,
) -> Response {
    begin(&state, &provider, query, &parts).await
}

/// `POST /auth/login/{provider}`: a person says that a command line of theirs may be signed in.
pub(super) async fn confirm(State(state): State<WebState>, Path(provider): Path<String>, parts: Parts, body: Body) -> Response {
    if !is_same_origin(&parts.headers, &state) {
        let context = request_context(&parts, &state);
        let message = "only a page of this server lets a command line in";
        return Refusal::new(FaultCode::Forbidden, message, context.request_id).into_response();
    }
    let body = axum::body::to_bytes(body, MAX_BODY).await.unwrap_or_default();
    let value = |name: &str| form_urlencoded::parse(&body).find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let number = |name: &str| value(name).and_then(|text| text.parse::<u32>().ok());
    let query = StartQuery {
        return_to: None,
        max_age: number("max_age"),
        port: number("port").and_then(|port| u16::try_from(port).ok()),
        challenge: value("challenge"),
    };
    match query.destination() {
        Some(destination @ Destination::Loopback { .. }) => send(&state, &provider, destination, query.max_age(), &parts).await,
        _ => refuse_start(&parts, &state),
    }
}

async fn begin(state: &WebState, provider: &str, query: StartQuery, parts: &Parts) -> Response {
    match query.destination() {
        // Whoever follows a link has not asked for a command line to be let in; whoever else is on the machine may have.
        Some(Destination::Loopback { port, challenge }) => {
            if !state.sign_in.choices().iter().any(|choice| choice.id.as_str() == provider) {
                return refuse_in_page(&AuthError::UnknownProvider, &request_context(parts, state));
            }
            page::command_line_page(provider, port, &challenge, query.max_age.as_ref())
        }
        Some(destination) => send(state, provider, destination, query.max_age(), parts).await,
        None => refuse_start(parts, state),
    }
}

impl StartQuery {
    /// Where it leads; `None` for what makes no sense.
    fn destination(&self) -> Option<Destination> {
        match (self.port, &self.challenge) {
            (Some(port), Some(challenge)) if port >= 1024 && is_challenge(challenge) => {
                Some(Destination::Loopback { port, challenge: challenge.clone() })
            }
            (None, None) => Some(Destination::Page(LocalPath::new(self.return_to.as_deref().unwrap_or("/")))),
            _ => None,
        }
    }

    fn max_age(&self) -> Option<Duration> {
        self.max_age.map(|seconds| Duration::from_secs(seconds.into()))
    }
}

fn refuse_start(parts: &Parts, state: &WebState) -> Response {
    let message = "`port` and `challenge` come together: a port from 1024 on, and a SHA-256 as base64url";
    Refusal::new(FaultCode::BadUserInput, message, request_context(parts, state).request_id).into_response()
}

/// Sends the browser to the provider.
async fn send(state: &WebState, provider: &str, destination: Destination, max_age: Option<Duration>, parts: &Parts) -> Response {
    let context = request_context(parts, state);
    let start = LoginStart { provider, destination, max_age };
    match state.sign_in.start_login(&start, context.time).await {
        Ok(started) => {
            let mut response = Redirect::to(started.url.as_str()).into_response();
            let cookie = state.session_cookie.set_attempt(&started.attempt, &started.secret);
            response.headers_mut().append(header::SET_COOKIE, cookie);
            response
        }
        Err(error) => refuse_in_page(&error, &context),
    }
}

fn is_challenge(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// `GET /auth/callback/{provider}`
pub(super) async fn finish(
    State(state): State<WebState>,
    Path(provider): Path<String>,
    Query(query): Query<FinishQuery>,
    parts: Parts,
) -> Response {
    let context = request_context(&parts, &state);
    let (actor, cookie) = (service(), state.session_cookie);
    let planner = state.engine.planner(&actor, &context);
    let returned = query.state.unwrap_or_default();
    let attempt = attempt_of_state(&returned);
    let answer = LoginAnswer {
        provider: &provider,
        state: &returned,
        code: query.code.as_deref(),
        issuer: query.iss.as_deref(),
        secret: cookie.attempt(&parts.headers, &attempt),
        previous: cookie.session(&parts.headers),
    };
    let finished = state.sign_in.finish_login(&planner, answer).await;
    let mut response = match finished {
        Ok(finished) => {
            state.authenticator.forget_all();
            arrive(&state, &finished, context.time)
        }
        Err(error) => refuse_in_page(&error, &context),
    };
    response.headers_mut().append(header::SET_COOKIE, cookie.clear_attempt(&attempt));
    response
}

fn arrive(state: &WebState, finished: &FinishedLogin, now: chrono::DateTime<chrono::Utc>) -> Response {
    let FinishedLogin { session, destination, handoff_code } = finished;
    match (destination, handoff_code) {
        (Destination::Loopback { port, .. }, Some(code)) => {
            Redirect::to(&format!("http://127.0.0.1:{port}/?code={}", code.expose_secret())).into_response()
        }
        (Destination::Page(path), _) => {
            let mut response = Redirect::to(path.as_str()).into_response();
            let cookie = state.session_cookie.set_session(&session.raw, session.expires_at, now);
            response.headers_mut().append(header::SET_COOKIE, cookie);
            response
        }
        (Destination::Loopback { .. }, None) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// `GET /auth/providers`: what a command line has to know to sign in. Nothing of it is secret.
pub(super) async fn providers(State(state): State<WebState>) -> Response {
    let choices = state.sign_in.choices_with_devices().await;
    let providers: Vec<Value> = choices
        .iter()
        .map(|choice| {
            let device = choice.device.as_ref().map(|device| {
                json!({
                    "clientId": device.client_id, "scopes": device.scopes, "deviceUrl": device.device_url.as_str(),
                    "tokenUrl": device.token_url.as_str(),
                })
            });
            json!({ "id": choice.id.as_str(), "name": choice.name, "issuer": choice.issuer, "device": device })
        })
        .collect();
    let mut response = Json(json!({ "providers": providers })).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
