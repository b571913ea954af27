//! `/healthz` says that the process lives, `/readyz` that it can serve.

use crate::http::WebState;
use axum::extract::State;
use axum::http::StatusCode;
use std::time::Duration;

/// Longer than this, and the database counts as away.
const PATIENCE: Duration = Duration::from_secs(2);

/// The process lives.
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// A statement runs in the database, under a role, as every request does.
pub(crate) async fn readyz(State(state): State<WebState>) -> (StatusCode, &'static str) {
    match tokio::time::timeout(PATIENCE, state.engine.database().check_ready()).await {
        Ok(Ok(())) => (StatusCode::OK, "ready\n"),
        Ok(Err(error)) => {
            tracing::warn!(error = %error, "not ready: the database cannot be reached");
            (StatusCode::SERVICE_UNAVAILABLE, "the database cannot be reached\n")
        }
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    }
}
