//! Somebody whom a provider vouches for. Whether that is enough to come in is `admission`'s question.

use crate::config::ProviderSettings;
use chrono::{DateTime, Utc};
use openidconnect::core::CoreIdTokenClaims;
use secrecy::SecretString;
use serde_json::{Map, Value as Json};
use std::fmt;
use std::sync::Arc;

/// Somebody whom a provider vouches for.
pub(crate) struct Identity {
    /// Which one, and what the settings ask of its people.
    pub(crate) provider: Arc<ProviderSettings>,
    /// Its own name of the person, which never changes.
    pub(crate) subject: String,
    /// Everything that it says.
    pub(crate) claims: Map<String, Json>,
    /// When the person last proved who it is. That a token is new says nothing of it: a provider that knows its person from
    /// yesterday makes one without asking.
    pub(crate) authenticated_at: Option<DateTime<Utc>>,
    /// Whether a second factor was used.
    pub(crate) is_mfa: bool,
    /// The token, for signing out there.
    pub(crate) id_token: SecretString,
}

impl Identity {
    /// From claims that were verified.
    pub(crate) fn new(provider: Arc<ProviderSettings>, claims: &CoreIdTokenClaims, all: Map<String, Json>, token: &str) -> Self {
        let amr = claims.auth_method_refs().into_iter().flatten();
        let is_mfa = amr.into_iter().any(|method| provider.mfa_amr.contains(method.as_str()))
            || claims.auth_context_ref().is_some_and(|context| provider.mfa_acr.contains(context.as_str()));
        Self {
            subject: claims.subject().to_string(),
            authenticated_at: claims.auth_time(),
            is_mfa,
            id_token: SecretString::from(token),
            claims: all,
            provider,
        }
    }

    /// Adds what the token does not say; what it does say stays, because it is signed.
    pub(crate) fn add_claims(&mut self, more: Map<String, Json>) {
        for (claim, value) in more {
            self.claims.entry(claim).or_insert(value);
        }
    }

    /// A claim that is a text.
    pub(crate) fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim).and_then(Json::as_str).filter(|text| !text.is_empty())
    }

    /// Whether a claim is this value, or a list that holds it.
    pub(crate) fn has(&self, claim: &str, value: &str) -> bool {
        match self.claims.get(claim) {
            Some(Json::Array(values)) => values.iter().any(|one| one == value),
            Some(one) => one == value,
            None => false,
        }
    }

    /// Whether a claim is true. The text is Amazon Cognito's way to say it.
    pub(crate) fn has_true(&self, claim: &str) -> bool {
        matches!(self.claims.get(claim), Some(Json::Bool(true))) || self.text(claim) == Some("true")
    }

    /// The provider's own name of its session.
    pub(crate) fn provider_session(&self) -> Option<&str> {
        self.text("sid")
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Who it is is for the audit log alone.
        formatter.debug_struct("Identity").field("provider", &self.provider.id).finish_non_exhaustive()
    }
}
