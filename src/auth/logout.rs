//! Signing out: by the person, here and at the provider; or by the provider, behind the browser's back.

use crate::audit::{self, EventType};
use crate::auth::actor::find_user_actor;
use crate::auth::credential::CredentialHash;
use crate::auth::seal::{self, Purpose};
use crate::auth::session;
use crate::auth::sign_in::{About, user_event};
use crate::auth::{AuthError, SignIn};
use crate::db::schema::toolcrib::{session_secrets, sessions};
use crate::db::{ActorSettings, DbError};
use crate::planner::Planner;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use url::Url;
use uuid::Uuid;

/// The most sessions that one word of a provider ends at once; it comes again for the rest.
const AT_ONCE: i64 = 500;

/// Where a person signs out of the provider, too.
pub struct ProviderLogout {
    /// The address, for whoever may know it. The provider asks there whom it is to sign out.
    pub url: Url,
    id_token: Option<SecretString>,
}

impl ProviderLogout {
    /// The address with the ID token, which tells the provider whom it is about: for the browser alone, never for a script.
    pub fn with_hint(self) -> Url {
        let Self { mut url, id_token } = self;
        if let Some(id_token) = id_token {
            url.query_pairs_mut().append_pair("id_token_hint", id_token.expose_secret());
        }
        url
    }
}

type SessionRow = (Uuid, Uuid, String, Option<Vec<u8>>);

impl SignIn {
    /// Ends the session of a cookie or token, and says where the person signs out of the provider too, if there is such a place.
    /// A session that is not there has ended already.
    ///
    /// # Errors
    /// [`AuthError::Database`], [`AuthError::Write`].
    pub async fn log_out(&self, planner: &Planner<'_>, raw: &SecretString) -> Result<Option<ProviderLogout>, AuthError> {
        let hash = CredentialHash::of(raw);
        let transaction = self.database.begin_system().await?;
        let query = session_secrets::table
            .inner_join(sessions::table)
            .filter(session_secrets::hash.eq(hash.as_bytes()))
            .select((sessions::id, sessions::user_id, sessions::provider, session_secrets::sealed_id_token));
        let found = query.first::<SessionRow>(&mut transaction.pg()).await.optional().map_err(DbError::from)?;
        let Some((id, user_id, provider, sealed)) = found else {
            transaction.commit().await?;
            return Ok(None);
        };
        self.end(transaction, planner, &[(id, user_id)], "self").await?;
        let id_token = sealed.and_then(|sealed| seal::open(raw, Purpose::IdToken, &sealed));
        Ok(self.provider_logout_url(&provider).await.map(|url| ProviderLogout { url, id_token }))
    }

    /// Ends the sessions that a provider says are over.
    ///
    /// # Errors
    /// [`AuthError::Denied`] if the word is not the provider's; [`AuthError::Database`], [`AuthError::Write`].
    pub async fn end_for_provider(&self, planner: &Planner<'_>, id: &str, logout_token: &str) -> Result<(), AuthError> {
        let provider = self.providers.find(id)?;
        let ended = provider.verify_logout(logout_token, planner.request.time).await;
        let about = About { route: "backchannel-logout", provider: Some(id), identity: None };
        let ended = self.on_record(planner.request, about, ended).await?;
        let transaction = self.database.begin_system().await?;
        let mut query = session_secrets::table
            .inner_join(sessions::table)
            .filter(session_secrets::issuer.eq(&provider.settings.issuer))
            .select((sessions::id, sessions::user_id))
            .order(sessions::id)
            .limit(AT_ONCE)
            .into_boxed();
        if let Some(session) = ended.session {
            query = query.filter(session_secrets::provider_session.eq(session));
        }
        if let Some(subject) = ended.subject {
            query = query.filter(session_secrets::subject.eq(subject));
        }
        let found = query.load::<(Uuid, Uuid)>(&mut transaction.pg()).await.map_err(DbError::from)?;
        self.end(transaction, planner, &found, "provider").await
    }

    /// Deletes sessions, with one event for each user.
    async fn end(
        &self,
        transaction: crate::db::Transaction,
        planner: &Planner<'_>,
        found: &[(Uuid, Uuid)],
        by: &str,
    ) -> Result<(), AuthError> {
        let ids: Vec<Uuid> = found.iter().map(|(id, _)| *id).collect();
        // What ended meanwhile is on record already.
        let ids = session::lock(&transaction, &ids).await?;
        let found: Vec<&(Uuid, Uuid)> = found.iter().filter(|(id, _)| ids.contains(id)).collect();
        let mut users: Vec<Uuid> = found.iter().map(|(_, user)| *user).collect();
        users.sort();
        users.dedup();
        let mut actors = Vec::with_capacity(users.len());
        for user in users {
            actors.extend(find_user_actor(&transaction, user).await?);
        }
        transaction.act_as(&ActorSettings::of(planner.caller())).await?;
        session::delete_all(&transaction, planner, &ids).await?;
        // Recorded in the name of whoever is signed out, which no service may.
        transaction.act_as_server().await?;
        for actor in actors {
            let user_id = actor.id.unwrap_or_default();
            let event = user_event(EventType::Logout, user_id, json!({ "by": by, "sessions": ids }));
            audit::append(&transaction, &actor, planner.request, event).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// RP-initiated logout. A provider that does not answer keeps nobody from signing out here.
    async fn provider_logout_url(&self, provider: &str) -> Option<Url> {
        let provider = self.providers.find(provider).ok()?;
        let mut url = provider.end_session_url().await.ok()??;
        let back = self.own_url("/auth/signed-out").ok()?;
        let mut query = url.query_pairs_mut();
        query.append_pair("client_id", &provider.settings.client_id);
        query.append_pair("post_logout_redirect_uri", back.as_str());
        drop(query);
        Some(url)
    }
}
