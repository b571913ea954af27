//! The demo's one-click sign-in. It exists only under `--demo`, which only listens on loopback.

use crate::audit::{self, Event, EventType};
use crate::auth::{self, AuthError, Credential, SessionHolder, SessionStart};
use crate::base::{CallerContext, Fault};
use crate::db::ActorSettings;
use crate::http::WebState;
use crate::http::auth::service;
use crate::http::error::Refusal;
use crate::http::extract::request_context;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

/// A user whom anybody on this machine may sign in as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoUser {
    /// The mail address.
    pub email: String,
    /// The role, for the page that offers the choice.
    pub role: String,
}

/// `?user=agent@demo.test`
#[derive(Debug, Deserialize)]
pub(crate) struct SignIn {
    user: String,
}

/// `GET /demo/sign-in?user=...`: a session for one of the demo's users, then GraphiQL.
pub(crate) async fn sign_in(
    State(state): State<WebState>,
    query: Result<Query<SignIn>, QueryRejection>,
    parts: Parts,
) -> Response {
    let context = request_context(&parts, &state);
    let Ok(Query(query)) = query else {
        let message = "`user` is missing: the mail address of the demo user to be, `?user=agent@demo.test`";
        return Refusal::with_status(StatusCode::BAD_REQUEST, message, context.request_id).into_response();
    };
    let is_known = state.demo.as_ref().is_some_and(|demo| demo.users.iter().any(|user| user.email == query.user));
    if !is_known {
        return Refusal::with_status(
            StatusCode::NOT_FOUND,
            "the demo has no such user; `/graphiql` shows whom to be",
            context.request_id,
        )
        .into_response();
    }
    match open_session(&state, &query.user, &context).await {
        Ok(cookie) => {
            let mut response = Redirect::to("/graphiql").into_response();
            response.headers_mut().insert(header::SET_COOKIE, cookie);
            response
        }
        Err(error) => Refusal::of(&error as &dyn Fault, context.request_id).into_response(),
    }
}

async fn open_session(state: &WebState, email: &str, context: &crate::base::RequestContext) -> Result<HeaderValue, AuthError> {
    let database = state.engine.database();
    let user_id = auth::find_user_id(database, email).await?;
    let actor = service();
    let planner = state.engine.planner(&actor, context);
    let lifetime = state.sign_in.settings().session_lifetime;
    let start = SessionStart { user_id, provider: "demo", holder: SessionHolder::Browser, lifetime };
    let session = auth::create_session(database, &planner, &start).await?;
    let cookie = state.session_cookie.set_session(&session.raw, session.expires_at, context.time);
    // The session itself says who signed in: what is recorded is what the next request will be.
    let actor = state.authenticator.authenticate(&Credential::Session(session.raw), context).await?;
    let transaction = database.begin(&ActorSettings::of(CallerContext::plain(&actor, context))).await?;
    let event = Event {
        event_type: EventType::Login,
        entity_type: Some("User".to_owned()),
        entity_id: actor.id,
        details: Some(json!({ "method": "demo" })),
        reason: None,
    };
    audit::append(&transaction, &actor, context, event).await?;
    transaction.commit().await?;
    Ok(cookie)
}
