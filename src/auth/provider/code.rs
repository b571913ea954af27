//! The code flow: where a browser is sent, and what its code is good for.

use crate::auth::AuthError;
use crate::auth::identity::Identity;
use crate::auth::provider::Provider;
use crate::auth::provider::id_token::{Expected, TokenUse};
use crate::auth::provider::metadata::Known;
use chrono::{DateTime, Utc};
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreUserInfoClaims};
use openidconnect::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, SubjectIdentifier, TokenResponse,
};
use serde_json::{Map, Value as Json};
use std::time::Duration;
use url::Url;

type Client = CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// What a browser is sent with. The verifier stays here.
pub(crate) struct Authorization<'a> {
    pub(crate) redirect_url: &'a Url,
    pub(crate) state: &'a str,
    pub(crate) nonce: &'a str,
    pub(crate) pkce_verifier: &'a str,
    /// The most seconds since the person last proved who it is.
    pub(crate) max_age: Option<Duration>,
}

/// What a browser comes back with.
pub(crate) struct CodeAnswer<'a> {
    pub(crate) code: &'a str,
    pub(crate) redirect_url: &'a Url,
    pub(crate) nonce: &'a str,
    pub(crate) pkce_verifier: &'a str,
    pub(crate) max_age: Option<Duration>,
    pub(crate) now: DateTime<Utc>,
}

impl Provider {
    /// Where the browser goes to sign in.
    pub(crate) async fn authorization_url(&self, authorization: &Authorization<'_>) -> Result<Url, AuthError> {
        let Authorization { redirect_url, state, nonce, pkce_verifier, max_age } = authorization;
        let known = self.known().await?;
        let client = self.client(&known, redirect_url);
        let (state, nonce) = (CsrfToken::new((*state).to_owned()), Nonce::new((*nonce).to_owned()));
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new((*pkce_verifier).to_owned()));
        let mut request = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || state, move || nonce)
            .add_scopes(self.settings.scopes.iter().filter(|scope| *scope != "openid").cloned().map(Scope::new))
            .set_pkce_challenge(challenge);
        if let Some(max_age) = max_age {
            request = request.set_max_age(*max_age);
        }
        Ok(request.url().0)
    }

    /// Whom a code stands for.
    pub(crate) async fn redeem(&self, answer: &CodeAnswer<'_>) -> Result<Identity, AuthError> {
        let CodeAnswer { code, redirect_url, nonce, pkce_verifier, max_age, now } = answer;
        let known = self.known().await?;
        let client = self.client(&known, redirect_url);
        let request = client
            .exchange_code(AuthorizationCode::new((*code).to_owned()))
            .map_err(AuthError::provider)?
            .set_pkce_verifier(PkceCodeVerifier::new((*pkce_verifier).to_owned()));
        let tokens = match request.request_async(&self.http).await {
            Ok(tokens) => tokens,
            // The provider's own refusal: a code that was used, or is not ours.
            Err(error @ openidconnect::RequestTokenError::ServerResponse(_)) => return Err(AuthError::refused_token(error)),
            Err(error) => return Err(AuthError::provider(error)),
        };
        let id_token = tokens.id_token().ok_or_else(|| AuthError::refused_token("the provider gave no ID token"))?;
        let expected =
            Expected { audience: &self.settings.client_id, usage: TokenUse::CodeFlow { nonce }, max_age: *max_age, now: *now };
        let mut identity = self.verify(&id_token.to_string(), &expected).await?;
        if !identity.claims.contains_key("email") && client.user_info_url().is_some() {
            // Some providers keep the ID token small, and tell the rest to whoever has the access token.
            let subject = SubjectIdentifier::new(identity.subject.clone());
            let request = client.user_info(tokens.access_token().to_owned(), Some(subject)).map_err(AuthError::provider)?;
            let claims: CoreUserInfoClaims = request.request_async(&self.http).await.map_err(AuthError::provider)?;
            identity.add_claims(to_map(&claims));
        }
        Ok(identity)
    }

    fn client(&self, known: &Known, redirect_url: &Url) -> Client {
        let settings = &self.settings;
        let secret = settings.client_secret.as_ref().map(|secret| ClientSecret::new(secret.expose().to_owned()));
        let methods = known.metadata.token_endpoint_auth_methods_supported();
        let takes = |method| methods.is_none_or(|methods| methods.contains(&method));
        let is_in_body = !takes(CoreClientAuthMethod::ClientSecretBasic) && takes(CoreClientAuthMethod::ClientSecretPost);
        CoreClient::from_provider_metadata(known.metadata.clone(), ClientId::new(settings.client_id.clone()), secret)
            .set_redirect_uri(RedirectUrl::from_url(redirect_url.clone()))
            .set_auth_type(if is_in_body { AuthType::RequestBody } else { AuthType::BasicAuth })
    }
}

fn to_map(claims: &CoreUserInfoClaims) -> Map<String, Json> {
    match serde_json::to_value(claims) {
        Ok(Json::Object(map)) => map,
        _ => Map::new(),
    }
}
