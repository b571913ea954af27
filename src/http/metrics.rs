//! `GET /metrics`: what was counted, in Prometheus' text format. Numbers about the service, never about its data.

use crate::base::FaultCode;
use crate::config::MetricsSettings;
use crate::db::PoolState;
use crate::http::WebState;
use crate::http::error::Refusal;
use crate::http::extract::request_context;
use crate::http::serve::serve_router;
use crate::telemetry::MetricsRecorder;
use axum::Router;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics::gauge;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

/// Who may read the metrics, and where.
pub struct MetricsEndpoint {
    recorder: MetricsRecorder,
    /// The hash of the token: comparing hashes tells nothing of how much of a guess was right.
    token_hash: Option<[u8; 32]>,
    has_own_listener: bool,
}

impl MetricsEndpoint {
    /// As the settings say.
    pub fn new(recorder: MetricsRecorder, settings: &MetricsSettings) -> Self {
        let token_hash = settings.token.as_ref().map(|token| hash(token.expose_secret()));
        Self { recorder, token_hash, has_own_listener: settings.listen.is_some() }
    }

    /// Whether they are served beside the API, to whoever has the token.
    pub(crate) fn is_beside_the_api(&self) -> bool {
        !self.has_own_listener && self.token_hash.is_some()
    }

    fn admits(&self, parts: &Parts) -> bool {
        let Some(expected) = &self.token_hash else { return self.has_own_listener };
        let value = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = value.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        token.is_some_and(|(_, token)| hash(token.trim()) == *expected)
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Serves the metrics, and nothing else, on a listener of their own.
pub async fn serve_metrics(listener: TcpListener, state: WebState) {
    let router = Router::new().route("/metrics", get(show)).with_state(state);
    serve_router(listener, router, std::future::pending()).await;
}

/// `GET /metrics`
pub(super) async fn show(State(state): State<WebState>, parts: Parts) -> Response {
    let Some(metrics) = state.metrics.as_ref().filter(|metrics| metrics.admits(&parts)) else {
        let message = "metrics need their token, as `Authorization: Bearer ...`";
        return Refusal::new(FaultCode::Unauthenticated, message, request_context(&parts, &state).request_id).into_response();
    };
    measure_pool("requests", state.engine.database().pool_state());
    measure_pool("callers", state.authenticator.database().pool_state());
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, metrics.recorder.render()).into_response()
}

fn measure_pool(pool: &'static str, state: PoolState) {
    let PoolState { limit, size, free, waiting } = state;
    let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    gauge!("toolcrib_pool_limit", "pool" => pool).set(count(limit));
    gauge!("toolcrib_pool_connections", "pool" => pool, "state" => "free").set(count(free));
    gauge!("toolcrib_pool_connections", "pool" => pool, "state" => "busy").set(count(size.saturating_sub(free)));
    gauge!("toolcrib_pool_waiting", "pool" => pool).set(count(waiting));
}
