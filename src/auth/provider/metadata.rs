//! What a provider says of itself, and its keys: asked for once, kept for an hour, and again when a token names an unknown key.

use crate::auth::AuthError;
use crate::auth::provider::http::ProviderHttp;
use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey, CoreJsonWebKeySet,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType,
    CoreSubjectIdentifierType,
};
use openidconnect::{AdditionalProviderMetadata, IssuerUrl, ProviderMetadata};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use url::Url;

/// How long metadata and keys are believed without asking again.
const FRESH: Duration = Duration::from_secs(3600);

/// How long they are believed while the provider does not answer.
const STALE: Duration = Duration::from_secs(24 * 3600);

/// The pause between two questions: tokens with invented key ids must not make us ask for each.
const PAUSE: Duration = Duration::from_secs(5);

/// Endpoints that the library does not know.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct FurtherEndpoints {
    /// Where people sign out of the provider.
    #[serde(default)]
    pub(crate) end_session_endpoint: Option<Url>,
    /// Where a device asks for a code.
    #[serde(default)]
    pub(crate) device_authorization_endpoint: Option<Url>,
}

impl AdditionalProviderMetadata for FurtherEndpoints {}

/// What a provider says of itself.
pub(crate) type Metadata = ProviderMetadata<
    FurtherEndpoints,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// Metadata with the keys of the same moment.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) metadata: Metadata,
    since: Instant,
}

impl Known {
    /// The keys that sign tokens.
    pub(crate) fn keys(&self) -> &CoreJsonWebKeySet {
        self.metadata.jwks()
    }
}

/// The last answer of one provider.
#[derive(Debug, Default)]
pub(crate) struct MetadataCache(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    known: Option<Arc<Known>>,
    asked: Option<Instant>,
}

impl MetadataCache {
    /// What is known, asked for if that is too old. Who comes meanwhile waits for the same answer.
    pub(crate) async fn known(&self, issuer: &str, http: &ProviderHttp) -> Result<Arc<Known>, AuthError> {
        let mut kept = self.0.lock().await;
        match &kept.known {
            Some(known) if known.since.elapsed() < FRESH => Ok(Arc::clone(known)),
            _ => kept.ask(issuer, http).await,
        }
    }

    /// What is known after a token named a key that `seen` does not have.
    pub(crate) async fn newer_than(&self, seen: &Arc<Known>, issuer: &str, http: &ProviderHttp) -> Result<Arc<Known>, AuthError> {
        let mut kept = self.0.lock().await;
        match &kept.known {
            Some(known) if !Arc::ptr_eq(known, seen) => Ok(Arc::clone(known)),
            _ => kept.ask(issuer, http).await,
        }
    }
}

impl Kept {
    async fn ask(&mut self, issuer: &str, http: &ProviderHttp) -> Result<Arc<Known>, AuthError> {
        let usable = self.known.as_ref().filter(|known| known.since.elapsed() < STALE).map(Arc::clone);
        if self.asked.is_some_and(|asked| asked.elapsed() < PAUSE) {
            return usable.ok_or_else(|| AuthError::provider("it did not answer a moment ago"));
        }
        self.asked = Some(Instant::now());
        let url = IssuerUrl::new(issuer.to_owned()).map_err(AuthError::provider)?;
        match Metadata::discover_async(url, http).await {
            Ok(metadata) => {
                let known = Arc::new(Known { metadata, since: Instant::now() });
                self.known = Some(Arc::clone(&known));
                Ok(known)
            }
            Err(error) => match usable {
                Some(known) => {
                    tracing::warn!(error = %error, auth.issuer = issuer, "the provider `{issuer}` does not answer; its last keys are used");
                    Ok(known)
                }
                None => Err(AuthError::provider(error)),
            },
        }
    }
}
