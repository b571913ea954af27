//! An ID token for a session: for single-page apps and scripts that signed in at the provider by themselves.

use crate::auth::identity::Identity;
use crate::auth::provider::{Expected, Provider, TokenUse};
use crate::auth::session::{NewSession, SessionHolder};
use crate::auth::sign_in::{About, Entry};
use crate::auth::{AuthError, SignIn, claims_of};
use crate::planner::Planner;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;

impl SignIn {
    /// Opens a session for whoever holds an ID token that a provider made for one of its `audiences`.
    ///
    /// # Errors
    /// [`AuthError::Denied`], whatever is wrong; [`AuthError::Provider`], [`AuthError::Database`].
    pub async fn exchange(&self, planner: &Planner<'_>, id_token: &SecretString) -> Result<NewSession, AuthError> {
        let token = id_token.expose_secret();
        let provider = self.find_provider(token);
        let id = provider.map(|provider| provider.id().as_str());
        let about = About { route: "exchange", provider: id, identity: None };
        let identity = match provider {
            Some(provider) => identify(provider, token, planner).await,
            None => Err(AuthError::refused_token("the token is no known provider's")),
        };
        let identity = self.on_record(planner.request, about, identity).await?;
        let entry = Entry { identity: &identity, holder: SessionHolder::Program, previous: None };
        let session = self.let_in(planner, entry).await;
        self.on_record(planner.request, About { identity: Some(&identity), ..about }, session).await
    }

    /// Only a hint whose keys to ask: the provider checks that the token is its own.
    fn find_provider(&self, token: &str) -> Option<&Provider> {
        let claims = claims_of(token)?;
        self.providers.find_by_issuer(claims.get("iss")?.as_str()?)
    }
}

async fn identify(provider: &Provider, token: &str, planner: &Planner<'_>) -> Result<Identity, AuthError> {
    let audiences = claims_of(token).and_then(|mut claims| claims.remove("aud"));
    let named: Vec<&str> = match &audiences {
        Some(Json::String(audience)) => vec![audience.as_str()],
        Some(Json::Array(audiences)) => audiences.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    };
    // A token for this server itself never leaves it: whoever has one took it.
    let audience = named.into_iter().find(|audience| provider.settings.audiences.contains(*audience));
    let audience = audience.ok_or_else(|| AuthError::refused_token("no audience of the token may exchange it"))?;
    let expected = Expected { audience, usage: TokenUse::Exchange, max_age: None, now: planner.request.time };
    provider.verify(token, &expected).await
}
