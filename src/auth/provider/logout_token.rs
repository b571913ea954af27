//! Logout tokens: a provider's word that a session, or a person, is signed out there (OpenID Connect Back-Channel Logout 1.0).

use crate::auth::AuthError;
use crate::auth::provider::Provider;
use crate::auth::provider::id_token::{payload, to_library};
use crate::auth::provider::metadata::Known;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::JsonWebKey;
use openidconnect::core::CoreJwsSigningAlgorithm;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// The claim of `events` that makes a token a logout token.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// How old a token may be that does not say when it ends.
const LONGEST_AGE: TimeDelta = TimeDelta::minutes(5);

/// Longer tokens are not looked at.
const LONGEST_TOKEN: usize = 16 * 1024;

/// Whose session ended at the provider; at least one of the two is there.
#[derive(Debug, PartialEq)]
pub(crate) struct EndedSession {
    /// The provider's own name of the session.
    pub(crate) session: Option<String>,
    /// The person.
    pub(crate) subject: Option<String>,
}

#[derive(Deserialize)]
struct Header {
    alg: CoreJwsSigningAlgorithm,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Json>,
}

impl Provider {
    /// Whose session a logout token ends.
    pub(crate) async fn verify_logout(&self, token: &str, now: DateTime<Utc>) -> Result<EndedSession, AuthError> {
        if token.len() > LONGEST_TOKEN {
            return Err(AuthError::refused_token("the token is too long"));
        }
        let known = self.known().await?;
        if !self.is_signed(&known, token) && !self.is_signed(&*self.newer_than(&known).await?, token) {
            return Err(AuthError::refused_token("the logout token's signature is not the provider's"));
        }
        let claims = payload(token).ok_or_else(|| AuthError::refused_token("the logout token has no claims"))?;
        self.check_claims(&claims, now).map_err(AuthError::refused_token)
    }

    fn is_signed(&self, known: &Known, token: &str) -> bool {
        let Some((message, signature)) = token.rsplit_once('.') else { return false };
        let header = message.split('.').next().and_then(|header| URL_SAFE_NO_PAD.decode(header).ok());
        let header = header.and_then(|header| serde_json::from_slice::<Header>(&header).ok());
        let (Some(Header { alg, kid, typ, crit: None }), Ok(signature)) = (header, URL_SAFE_NO_PAD.decode(signature)) else {
            return false;
        };
        let is_type = typ.is_none_or(|typ| ["logout+jwt", "jwt"].contains(&typ.to_ascii_lowercase().as_str()));
        let is_allowed = self.settings.algorithms.iter().any(|allowed| to_library(allowed) == alg);
        let keys = known.keys().keys().iter();
        let mut keys = keys.filter(|key| kid.is_none() || key.key_id().map(|id| id.as_str()) == kid.as_deref());
        is_type && is_allowed && keys.any(|key| key.verify_signature(&alg, message.as_bytes(), &signature).is_ok())
    }

    fn check_claims(&self, claims: &Map<String, Json>, now: DateTime<Utc>) -> Result<EndedSession, &'static str> {
        let text = |claim: &str| claims.get(claim).and_then(Json::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
        let time =
            |claim: &str| claims.get(claim).and_then(Json::as_i64).and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        if text("iss").as_deref() != Some(self.settings.issuer.as_str()) {
            return Err("the logout token is another provider's");
        }
        let client = &self.settings.client_id;
        let is_for_us = match claims.get("aud") {
            Some(Json::String(audience)) => audience == client,
            Some(Json::Array(audiences)) => audiences.iter().any(|audience| audience == client.as_str()),
            _ => false,
        };
        if !is_for_us {
            return Err("the logout token is for another client");
        }
        let is_event = claims.get("events").and_then(|events| events.get(EVENT)).is_some_and(Json::is_object);
        if !is_event || claims.contains_key("nonce") {
            return Err("this is no logout token");
        }
        let issued = time("iat").ok_or("the logout token does not say when it was made")?;
        let ends = time("exp").unwrap_or(issued + LONGEST_AGE);
        if issued > now + self.skew() || ends <= now - self.skew() {
            return Err("the logout token is not good now");
        }
        let ended = EndedSession { session: text("sid"), subject: text("sub") };
        if ended.session.is_none() && ended.subject.is_none() { Err("the logout token names nobody") } else { Ok(ended) }
    }
}
