//! Whether an ID token is the provider's, is for us, and is good now.

use crate::auth::AuthError;
use crate::auth::identity::Identity;
use crate::auth::provider::Provider;
use crate::auth::provider::metadata::Known;
use crate::config::SigningAlgorithm;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::core::{CoreIdToken, CoreIdTokenClaims, CoreIdTokenVerifier, CoreJwsSigningAlgorithm};
use openidconnect::{Audience, ClaimsVerificationError, ClientId, IssuerUrl, Nonce, SignatureVerificationError};
use serde_json::{Map, Value as Json};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// Longer tokens are not looked at: groups of a large company take some ten thousand bytes.
const LONGEST_TOKEN: usize = 64 * 1024;

/// The longest subject that the specification allows.
const LONGEST_SUBJECT: usize = 255;

/// What a token has to fit.
pub(crate) struct Expected<'a> {
    /// Whom it has to be made for.
    pub(crate) audience: &'a str,
    /// How it came here.
    pub(crate) usage: TokenUse<'a>,
    /// The most time since the person last proved who it is.
    pub(crate) max_age: Option<Duration>,
    /// Now.
    pub(crate) now: DateTime<Utc>,
}

/// How a token came here.
pub(crate) enum TokenUse<'a> {
    /// From the provider itself, for a sign-in that began here.
    CodeFlow {
        /// What the sign-in was begun with.
        nonce: &'a str,
    },
    /// From a client that signed in for itself.
    Exchange,
}

impl Provider {
    /// Who a token says somebody is. A key that is not known is asked for once.
    pub(crate) async fn verify(&self, token: &str, expected: &Expected<'_>) -> Result<Identity, AuthError> {
        if token.len() > LONGEST_TOKEN {
            return Err(AuthError::refused_token("the token is too long"));
        }
        let parsed = CoreIdToken::from_str(token).map_err(|_| AuthError::refused_token("this is no ID token"))?;
        let known = self.known().await?;
        let claims = match self.check_library(&known, &parsed, expected) {
            Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey)) => {
                let newer = self.newer_than(&known).await?;
                self.check_library(&newer, &parsed, expected)
            }
            checked => checked,
        };
        let claims = claims.map_err(AuthError::refused_token)?;
        let all = payload(token).ok_or_else(|| AuthError::refused_token("this is no ID token"))?;
        self.check_ours(claims, &all, expected).map_err(AuthError::refused_token)?;
        Ok(Identity::new(Arc::clone(&self.settings), claims, all, token))
    }

    /// Issuer, audience, algorithm, signature, expiry, nonce. What a token's header says of keys elsewhere (`jku`, `x5u`, `jwk`)
    /// is never looked at.
    fn check_library<'t>(
        &self,
        known: &Known,
        token: &'t CoreIdToken,
        expected: &Expected<'_>,
    ) -> Result<&'t CoreIdTokenClaims, ClaimsVerificationError> {
        let Expected { audience, usage, max_age, now } = expected;
        let skew = self.skew();
        let issuer = IssuerUrl::new(self.settings.issuer.clone())
            .map_err(|error| ClaimsVerificationError::InvalidIssuer(error.to_string()))?;
        let is_ours =
            |other: &Audience| other.as_str() == self.settings.client_id || self.settings.audiences.contains(other.as_str());
        let verifier: CoreIdTokenVerifier<'_> =
            CoreIdTokenVerifier::new_public_client(ClientId::new((*audience).to_owned()), issuer, known.keys().clone())
                .set_allowed_algs(self.settings.algorithms.iter().map(to_library))
                .set_other_audience_verifier_fn(is_ours)
                .set_time_fn(|| *now - skew)
                .set_issue_time_verifier_fn(
                    |issued| {
                        if issued > *now + skew { Err("issued in the future".to_owned()) } else { Ok(()) }
                    },
                )
                .set_auth_time_verifier_fn(|at| match (max_age, at) {
                    (None, _) => Ok(()),
                    (Some(_), None) => Err("missing `auth_time`".to_owned()),
                    (Some(max_age), Some(at)) if *now - at > TimeDelta::from_std(*max_age).unwrap_or_default() + skew => {
                        Err("the person proved who it is too long ago".to_owned())
                    }
                    (Some(_), Some(_)) => Ok(()),
                });
        match usage {
            TokenUse::CodeFlow { nonce } => token.claims(&verifier, &Nonce::new((*nonce).to_owned())),
            TokenUse::Exchange => token.claims(&verifier, |_: Option<&Nonce>| Ok(())),
        }
    }

    /// What the library leaves to us.
    fn check_ours(
        &self,
        claims: &CoreIdTokenClaims,
        all: &Map<String, Json>,
        expected: &Expected<'_>,
    ) -> Result<(), &'static str> {
        let subject = claims.subject().as_str();
        if subject.is_empty() || subject.len() > LONGEST_SUBJECT {
            return Err("`sub` is empty or too long");
        }
        match claims.authorized_party() {
            Some(party) if party.as_str() != expected.audience => return Err("`azp` names another client"),
            None if claims.audiences().len() > 1 => return Err("several audiences without `azp`"),
            _ => {}
        }
        if claims.auth_time().is_some_and(|at| at > expected.now + self.skew()) {
            // Somebody would be somebody who has just proved it for as long as until then.
            return Err("`auth_time` lies in the future");
        }
        let now = (expected.now + self.skew()).timestamp();
        match all.get("nbf") {
            None | Some(Json::Null) => {}
            Some(nbf) if nbf.as_f64().is_some_and(|nbf| nbf <= now as f64) => {}
            Some(_) => return Err("not valid yet (`nbf`)"),
        }
        if all.contains_key("events") {
            return Err("a logout token is no ID token");
        }
        // Providers that sign access tokens with the same key mark them, if at all, by their type or their scopes.
        let is_typed_otherwise = all.get("typ").is_some_and(|kind| !matches!(kind.as_str(), Some("ID" | "JWT")));
        let has_scopes = ["scope", "scp"].iter().any(|claim| all.contains_key(*claim));
        if is_typed_otherwise || (has_scopes && matches!(expected.usage, TokenUse::Exchange)) {
            return Err("an access token is no ID token");
        }
        Ok(())
    }

    pub(super) fn skew(&self) -> TimeDelta {
        TimeDelta::from_std(self.settings.clock_skew).unwrap_or_default()
    }
}

/// The name of an algorithm in the library.
pub(super) fn to_library(algorithm: &SigningAlgorithm) -> CoreJwsSigningAlgorithm {
    match algorithm {
        SigningAlgorithm::RS256 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        SigningAlgorithm::RS384 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
        SigningAlgorithm::RS512 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
        SigningAlgorithm::PS256 => CoreJwsSigningAlgorithm::RsaSsaPssSha256,
        SigningAlgorithm::PS384 => CoreJwsSigningAlgorithm::RsaSsaPssSha384,
        SigningAlgorithm::PS512 => CoreJwsSigningAlgorithm::RsaSsaPssSha512,
        SigningAlgorithm::ES256 => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        SigningAlgorithm::ES384 => CoreJwsSigningAlgorithm::EcdsaP384Sha384,
        SigningAlgorithm::EdDSA => CoreJwsSigningAlgorithm::EdDsa,
    }
}

/// The claims of a token as they stand in it, whether or not anybody vouches for them.
pub(crate) fn payload(token: &str) -> Option<Map<String, Json>> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}
