//! Clearing away, beside the requests, what of sign-in has ended.

use crate::app::App;
use crate::auth::{AuthError, SIGN_IN_SERVICE, SignIn, Swept};
use crate::base::{Actor, RequestContext};
use crate::graphql::Engine;
use chrono::Utc;
use std::sync::Arc;
use std::time::Duration;

/// How often to look.
const EVERY: Duration = Duration::from_secs(60);

/// The most batches of one look: what is more waits for the next.
const BATCHES: usize = 100;

impl App {
    /// Looks for sessions, sign-ins and secrets that have ended, from time to time for as long as the service is there.
    pub fn watch_ended(&self) {
        let (engine, sign_in) = (Arc::downgrade(&self.engine), Arc::clone(&self.sign_in));
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(EVERY).await;
                let Some(engine) = engine.upgrade() else { return };
                if let Err(error) = sweep(&engine, &sign_in).await {
                    tracing::warn!(error = &error as &dyn std::error::Error, "ended sessions could not be cleared away: {error}");
                }
            }
        });
    }
}

async fn sweep(engine: &Engine, sign_in: &SignIn) -> Result<(), AuthError> {
    let actor = Actor::platform(SIGN_IN_SERVICE);
    for _ in 0..BATCHES {
        let context = RequestContext::internal(Utc::now());
        let swept = sign_in.sweep(&engine.planner(&actor, &context)).await?;
        let Swept { sessions, attempts, handoffs, token_secrets } = swept;
        tracing::debug!(sessions, attempts, handoffs, token_secrets, "cleared away what of sign-in has ended");
        if !swept.is_full() {
            break;
        }
    }
    Ok(())
}
