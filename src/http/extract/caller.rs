//! The caller: an actor with the context of the request.

use crate::auth::{AuthError, Credential};
use crate::base::{Actor, Fault, FaultCode, RequestContext, TokenScope};
use crate::http::WebState;
use crate::http::auth::is_same_origin;
use crate::http::error::Refusal;
use crate::http::extract::request_context;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use secrecy::SecretString;
use std::sync::Arc;
use uuid::Uuid;

/// For whom a service account acts: a person's mail address or id.
pub(crate) const ACT_FOR_HEADER: &str = "x-toolcrib-act-for";

/// As whom an admin looks at data: a user's mail address or id.
pub(crate) const SIMULATE_HEADER: &str = "x-toolcrib-simulate";

/// Headers of which a caller by cookie has to send one: our own, the one that the GraphQL-over-HTTP specification shows, and
/// Apollo's. A page of another origin can send none of them without a CORS preflight, which this server never allows.
const CSRF_HEADERS: [&str; 3] = ["x-toolcrib-csrf", "graphql-require-preflight", "apollo-require-preflight"];

/// A caller who has proved who it is.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Who. Shared with whatever else is asked for with the same credential.
    pub(crate) actor: Arc<Actor>,
    /// In which request.
    pub(crate) context: RequestContext,
}

impl FromRequestParts<WebState> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Refusal> {
        let context = request_context(parts, state);
        let unauthenticated = || {
            Refusal::new(
                FaultCode::Unauthenticated,
                "sign in, or send a token as `Authorization: Bearer ...`; `toolcrib token create` makes one",
                context.request_id,
            )
        };
        let credential = find_credential(&parts.headers, state).ok_or_else(unauthenticated)?;
        let refuse = |error: AuthError| match error.code() {
            FaultCode::Unauthenticated => unauthenticated(),
            FaultCode::Forbidden => Refusal::of(&error, context.request_id),
            _ => {
                let mut refusal = Refusal::of(&error, context.request_id);
                refusal.status = StatusCode::SERVICE_UNAVAILABLE;
                refusal
            }
        };
        let mut actor = state.authenticator.authenticate(&credential, &context).await.map_err(refuse)?;
        if matches!(credential, Credential::Session(_))
            && is_operation(parts)
            && let Some(refusal) = refuse_forged(parts, state, context.request_id)
        {
            return Err(refusal);
        }
        if actor.scope.of_token().is_some_and(TokenScope::is_provisioning) {
            let message = "this token provisions by `/scim/v2` and does nothing else";
            return Err(Refusal::new(FaultCode::Forbidden, message, context.request_id));
        }
        if let Some(person) = parts.headers.get(ACT_FOR_HEADER) {
            // A text that is no text is nobody's name.
            let person = person.to_str().unwrap_or_default();
            let acting = state.authenticator.authenticate_for(Arc::unwrap_or_clone(actor), person, &context);
            actor = Arc::new(acting.await.map_err(refuse)?);
        }
        if let Some(user) = parts.headers.get(SIMULATE_HEADER) {
            // Files and everything else that is not asked of the rules row by row stays the caller's own.
            if parts.uri.path() != "/graphql" {
                let message = format!("`{SIMULATE_HEADER}` is for queries at `/graphql` alone");
                return Err(Refusal::new(FaultCode::Forbidden, message, context.request_id));
            }
            let user = user.to_str().unwrap_or_default();
            let simulating = state.authenticator.authenticate_as(Arc::unwrap_or_clone(actor), user, &context);
            actor = Arc::new(simulating.await.map_err(refuse)?);
        }
        Ok(Self { actor, context })
    }
}

/// Pages and files are fetched by plain navigation; everything that runs operations is not.
fn is_operation(parts: &Parts) -> bool {
    parts.uri.path() == "/graphql" || !matches!(parts.method, Method::GET | Method::HEAD)
}

/// A browser sends its cookie whoever asks it to; that it was a page of ours shows in a header that no other can send, and in
/// what the browser itself says.
fn refuse_forged(parts: &Parts, state: &WebState, request_id: Uuid) -> Option<Refusal> {
    if !CSRF_HEADERS.iter().any(|name| parts.headers.contains_key(*name)) {
        let message = format!("a request with a session cookie needs the header `{}: 1`", CSRF_HEADERS[0]);
        return Some(Refusal::new(FaultCode::Forbidden, message, request_id));
    }
    if !is_same_origin(&parts.headers, state) {
        let message = "a request with a session cookie has to come from a page of this server";
        return Some(Refusal::new(FaultCode::Forbidden, message, request_id));
    }
    None
}

/// The credential of a request. A bearer token wins: a script in a browser that names one means it.
pub(crate) fn find_credential(headers: &HeaderMap, state: &WebState) -> Option<Credential> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        let is_bearer = scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty();
        return is_bearer.then(|| Credential::of_bearer(SecretString::from(token.trim().to_owned())));
    }
    state.session_cookie.session(headers).map(Credential::Session)
}
