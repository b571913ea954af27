//! The caller: an actor with the context of the request.

use crate::auth::{AuthError, Credential};
use crate::base::{Actor, AuthMethod, Fault, FaultCode, RequestContext, TokenScope};
use crate::http::WebState;
use crate::http::error::Refusal;
use crate::http::extract::request_context;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use secrecy::SecretString;

/// The session cookie. Not `__Host-`, which browsers only take over TLS: the demo that sets it is on loopback without.
pub(crate) const SESSION_COOKIE: &str = "toolcrib_session";

/// For whom a service account acts: a person's mail address or id.
pub(crate) const ACT_FOR_HEADER: &str = "x-toolcrib-act-for";

/// Headers of which a caller by cookie has to send one: our own, the one that the GraphQL-over-HTTP specification shows, and
/// Apollo's. A page of another origin can send none of them without a CORS preflight, which this server never allows.
const CSRF_HEADERS: [&str; 3] = ["x-toolcrib-csrf", "graphql-require-preflight", "apollo-require-preflight"];

/// A caller who has proved who it is.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Who.
    pub(crate) actor: Actor,
    /// In which request.
    pub(crate) context: RequestContext,
}

impl FromRequestParts<WebState> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Refusal> {
        let context = request_context(parts);
        let unauthenticated = || {
            Refusal::new(
                FaultCode::Unauthenticated,
                "sign in, or send a token as `Authorization: Bearer ...`; `toolcrib token create` makes one",
                context.request_id,
            )
        };
        let credential = find_credential(&parts.headers).ok_or_else(unauthenticated)?;
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
        if actor.scope.of_token().is_some_and(TokenScope::is_provisioning) {
            let message = "this token provisions by `/scim/v2` and does nothing else";
            return Err(Refusal::new(FaultCode::Forbidden, message, context.request_id));
        }
        if let Some(person) = parts.headers.get(ACT_FOR_HEADER) {
            // A text that is no text is nobody's name.
            let person = person.to_str().unwrap_or_default();
            actor = state.authenticator.authenticate_for(actor, person, &context).await.map_err(refuse)?;
        }
        if actor.auth_method == AuthMethod::Session && needs_csrf_header(parts) {
            return Err(Refusal::new(
                FaultCode::Forbidden,
                format!("a request with a session cookie needs the header `{}: 1`", CSRF_HEADERS[0]),
                context.request_id,
            ));
        }
        Ok(Self { actor, context })
    }
}

/// Pages and files are fetched by plain navigation; everything that runs operations is not.
fn needs_csrf_header(parts: &Parts) -> bool {
    let is_operation = parts.uri.path() == "/graphql" || !matches!(parts.method, Method::GET | Method::HEAD);
    is_operation && !CSRF_HEADERS.iter().any(|name| parts.headers.contains_key(*name))
}

/// The credential of a request. A bearer token wins: a script in a browser that names one means it.
fn find_credential(headers: &HeaderMap) -> Option<Credential> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        let is_bearer = scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty();
        return is_bearer.then(|| Credential::Token(SecretString::from(token.trim().to_owned())));
    }
    cookie_value(headers, SESSION_COOKIE).map(|value| Credential::Session(SecretString::from(value.to_owned())))
}

/// The value of a cookie.
pub(crate) fn cookie_value<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}
