//! Signing in and out: what every way shares.

use crate::audit::{self, Event, EventType};
use crate::auth::admission::{self, Account};
use crate::auth::identity::Identity;
use crate::auth::provider::Providers;
use crate::auth::session::{self, NewSession, SessionHolder, SessionStart};
use crate::auth::{AuthError, Denial};
use crate::base::{Actor, CallerContext, RequestContext};
use crate::config::{AuthSettings, ProviderId};
use crate::db::{ActorSettings, Database, DbError, Transaction};
use crate::planner::Planner;
use secrecy::SecretString;
use serde_json::{Value as Json, json};
use url::Url;
use uuid::Uuid;

/// The part of the platform that signs people in: the only one whose rules let it bind identities and open sessions.
pub const SERVICE: &str = "signin";

/// How often a sign-in is tried anew when another one of the same person was quicker.
const TRIES: usize = 4;

/// Signs people in and out. Each method that writes takes a planner whose actor is the service [`SERVICE`].
pub struct SignIn {
    pub(super) database: Database,
    pub(super) providers: Providers,
    pub(super) settings: AuthSettings,
}

/// A provider, for whoever offers the choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderChoice {
    /// Its name in addresses.
    pub id: ProviderId,
    /// Its name for people.
    pub name: String,
    /// Its issuer.
    pub issuer: String,
    /// The client that a command line may be, and where it then asks for a code and for tokens.
    pub device: Option<DeviceClient>,
}

/// How a command line signs in by a code on another device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceClient {
    /// The public client.
    pub client_id: String,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// Where a code is asked for.
    pub device_url: Url,
    /// Where tokens are asked for.
    pub token_url: Url,
}

impl SignIn {
    /// Over the database of the callers. No provider is asked yet.
    pub fn new(database: Database, settings: AuthSettings) -> Self {
        Self { database, providers: Providers::new(&settings.providers), settings }
    }

    /// The settings.
    pub fn settings(&self) -> &AuthSettings {
        &self.settings
    }

    /// The providers, without asking them anything.
    pub fn choices(&self) -> Vec<ProviderChoice> {
        let choice = |provider: &crate::auth::provider::Provider| ProviderChoice {
            id: provider.id().clone(),
            name: provider.settings.name.clone(),
            issuer: provider.settings.issuer.clone(),
            device: None,
        };
        self.providers.all().iter().map(choice).collect()
    }

    /// The same with what a command line needs; a provider that does not answer has no device client.
    pub async fn choices_with_devices(&self) -> Vec<ProviderChoice> {
        let mut choices = self.choices();
        for (choice, provider) in choices.iter_mut().zip(self.providers.all()) {
            let Some(client_id) = provider.settings.device_client_id.clone() else { continue };
            if let Ok(Some((device_url, token_url))) = provider.device_urls().await {
                let scopes = ["openid".to_owned()].into_iter().chain(provider.settings.scopes.clone()).collect();
                choice.device = Some(DeviceClient { client_id, scopes, device_url, token_url });
            }
        }
        choices
    }

    /// An address of this server, from the settings alone.
    pub(super) fn own_url(&self, path: &str) -> Result<Url, AuthError> {
        let base = self.settings.public_url.as_ref().ok_or_else(|| AuthError::provider("`auth.public_url` is not set"))?;
        base.join(path).map_err(AuthError::provider)
    }

    /// Admission, session and record, in one transaction.
    pub(super) async fn let_in(&self, planner: &Planner<'_>, entry: Entry<'_>) -> Result<NewSession, AuthError> {
        let mut tries = 1;
        loop {
            let transaction = self.database.begin_system().await?;
            match self.enter(&transaction, planner, entry).await {
                Ok(session) => {
                    transaction.commit().await?;
                    return Ok(session);
                }
                Err(error) => {
                    transaction.rollback().await?;
                    if !error.is_race() || tries == TRIES {
                        return Err(error);
                    }
                    tries += 1;
                }
            }
        }
    }

    async fn enter(&self, transaction: &Transaction, planner: &Planner<'_>, entry: Entry<'_>) -> Result<NewSession, AuthError> {
        let Entry { identity, holder, previous } = entry;
        let account = admission::admit(transaction, planner, identity).await?;
        if let Some(previous) = previous {
            // Whoever signs in has a new session: one that somebody else put into the browser before is worth nothing.
            transaction.act_as_server().await?;
            let found = session::find_by_raw(transaction, previous).await?;
            let ended = session::lock(transaction, found.as_slice()).await?;
            transaction.act_as(&ActorSettings::of(planner.caller())).await?;
            session::delete_all(transaction, planner, &ended).await?;
        }
        let provider = identity.provider.id.as_str();
        let start = SessionStart { user_id: account.id, provider, holder, lifetime: self.settings.session_lifetime };
        let session = session::open_session(transaction, planner, &start, Some(identity)).await?;
        record_login(transaction, planner.request, &account, identity, &session).await?;
        Ok(session)
    }

    /// Passes an outcome on, after a refusal is on record.
    pub(super) async fn on_record<T>(
        &self,
        request: &RequestContext,
        about: About<'_>,
        outcome: Result<T, AuthError>,
    ) -> Result<T, AuthError> {
        if let Err(AuthError::Denied { denial, cause }) = &outcome {
            let cause = cause.as_ref().map(ToString::to_string).unwrap_or_default();
            tracing::info!(request.id = %request.request_id, auth.denial = denial.as_str(), "a sign-in was refused: {denial} {cause}");
            self.record_denial(request, about, *denial).await?;
        }
        outcome
    }

    async fn record_denial(&self, request: &RequestContext, about: About<'_>, denial: Denial) -> Result<(), DbError> {
        let About { route, provider, identity } = about;
        let mut details = json!({ "route": route, "cause": denial.as_str() });
        if let Some(provider) = provider {
            details["provider"] = Json::from(provider);
        }
        if let Some(identity) = identity {
            details["subject"] = Json::from(identity.subject.clone());
            details["email"] = identity.claims.get("email").cloned().unwrap_or(Json::Null);
        }
        let actor = Actor::platform(SERVICE);
        let event = Event {
            event_type: EventType::LoginDenied,
            entity_type: None,
            entity_id: None,
            details: Some(details),
            reason: None,
        };
        let transaction = self.database.begin(&ActorSettings::of(CallerContext::plain(&actor, request))).await?;
        audit::append(&transaction, &actor, request, event).await?;
        transaction.commit().await
    }
}

/// Somebody at the door.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    /// Who it is.
    pub(super) identity: &'a Identity,
    /// How the session will be shown.
    pub(super) holder: SessionHolder,
    /// The session that the browser had, which ends.
    pub(super) previous: Option<&'a SecretString>,
}

/// What a refusal was about.
#[derive(Clone, Copy, Default)]
pub(super) struct About<'a> {
    pub(super) route: &'a str,
    pub(super) provider: Option<&'a str>,
    /// Who it was, if a provider vouched for that.
    pub(super) identity: Option<&'a Identity>,
}

async fn record_login(
    transaction: &Transaction,
    request: &RequestContext,
    account: &Account,
    identity: &Identity,
    session: &NewSession,
) -> Result<(), AuthError> {
    let details = json!({ "provider": identity.provider.id.as_str(), "sessionId": session.id, "mfa": identity.is_mfa });
    let event = user_event(EventType::Login, account.id, details);
    Ok(audit::append(transaction, &account.to_actor(), request, event).await?)
}

/// An event about a user.
pub(super) fn user_event(event_type: EventType, user_id: Uuid, details: Json) -> Event {
    Event { event_type, entity_type: Some("User".to_owned()), entity_id: Some(user_id), details: Some(details), reason: None }
}
