//! `/healthz` says that the process lives, `/readyz` that it can serve.

use crate::base::Actor;
use crate::db::ActorSettings;
use crate::http::WebState;
use crate::sql::{Column, Expr, Query, Select};
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
    let columns = vec![Column::fixed(Expr::Fixed("null::json"), "j"), Column::fixed(Expr::Fixed("1::bigint"), "rows")];
    let query = Query::select(Select { columns, ..Select::default() });
    let settings = ActorSettings::of(&Actor::platform("readiness"));
    match tokio::time::timeout(PATIENCE, state.engine.database().read(&settings, &query)).await {
        Ok(Ok(_)) => (StatusCode::OK, "ready\n"),
        Ok(Err(error)) => {
            tracing::warn!(error = %error, "not ready: the database cannot be reached");
            (StatusCode::SERVICE_UNAVAILABLE, "the database cannot be reached\n")
        }
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    }
}
