//! OpenID providers: where they are, what they say, and whether a token is theirs.

mod code;
mod http;
mod id_token;
mod logout_token;
mod metadata;

pub(crate) use code::{Authorization, CodeAnswer};
pub(crate) use http::ProviderHttp;
pub(crate) use id_token::{Expected, TokenUse, payload as claims_of};

use crate::auth::AuthError;
use crate::config::{ProviderId, ProviderSettings};
use metadata::{Known, MetadataCache};
use std::sync::Arc;
use url::Url;

/// The providers, in the order of the settings.
#[derive(Debug)]
pub(crate) struct Providers(Vec<Provider>);

/// One provider.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) settings: Arc<ProviderSettings>,
    http: ProviderHttp,
    metadata: MetadataCache,
}

impl Providers {
    /// Nobody is asked yet: a provider that is away must not keep the server from starting.
    pub(crate) fn new(settings: &[ProviderSettings]) -> Self {
        let http = ProviderHttp::new();
        let provider = |settings: &ProviderSettings| Provider {
            settings: Arc::new(settings.clone()),
            http: http.clone(),
            metadata: MetadataCache::default(),
        };
        Self(settings.iter().map(provider).collect())
    }

    /// All of them.
    pub(crate) fn all(&self) -> &[Provider] {
        &self.0
    }

    /// The provider with this id.
    pub(crate) fn find(&self, id: &str) -> Result<&Provider, AuthError> {
        self.0.iter().find(|provider| provider.settings.id.as_str() == id).ok_or(AuthError::UnknownProvider)
    }

    /// The provider whose tokens have this issuer.
    pub(crate) fn find_by_issuer(&self, issuer: &str) -> Option<&Provider> {
        self.0.iter().find(|provider| provider.settings.issuer == issuer)
    }
}

impl Provider {
    /// Its id.
    pub(crate) fn id(&self) -> &ProviderId {
        &self.settings.id
    }

    async fn known(&self) -> Result<Arc<Known>, AuthError> {
        self.metadata.known(&self.settings.issuer, &self.http).await
    }

    async fn newer_than(&self, seen: &Arc<Known>) -> Result<Arc<Known>, AuthError> {
        self.metadata.newer_than(seen, &self.settings.issuer, &self.http).await
    }

    /// Where people sign out of the provider, if it has such a place.
    pub(crate) async fn end_session_url(&self) -> Result<Option<Url>, AuthError> {
        Ok(self.known().await?.metadata.additional_metadata().end_session_endpoint.clone())
    }

    /// Where a device asks for a code, and where it then asks for tokens.
    pub(crate) async fn device_urls(&self) -> Result<Option<(Url, Url)>, AuthError> {
        let known = self.known().await?;
        let device = known.metadata.additional_metadata().device_authorization_endpoint.clone();
        let token = known.metadata.token_endpoint().map(|url| url.url().clone());
        Ok(device.zip(token))
    }
}
