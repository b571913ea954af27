//! The one place that makes an actor of a caller.

use crate::auth::cache::{ActorCache, KnownCaller};
use crate::auth::credential::CredentialHash;
use crate::auth::simulate::simulate;
use crate::auth::token_scope::AllowList;
use crate::auth::token_use::{act_for, find_token_caller};
use crate::auth::{AuthError, Credential};
use crate::base::{Actor, AuthMethod, RequestContext, RoleName, Scope};
use crate::db::schema::toolcrib::{session_secrets, sessions, users};
use crate::db::{Database, DbError, Transaction, UserTeams};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How often a credential's last use is written down.
const LAST_USE_EVERY: TimeDelta = TimeDelta::minutes(1);

/// Makes actors of callers.
pub struct Authenticator {
    database: Database,
    cache: ActorCache,
    session_idle: TimeDelta,
}

/// What a session says besides its user: whether a second factor was used, and when the person last proved who it is,
/// if the provider says.
type SessionFacts = (bool, Option<DateTime<Utc>>);

/// What the database says of a credential's user; its teams are the own one and those below it.
pub(super) type UserRow = (Uuid, String, String, Vec<Uuid>, bool);

pub(super) const USER: (users::id, users::email, users::role, UserTeams, users::is_active) =
    (users::id, users::email, users::role, UserTeams, users::is_active);

impl Authenticator {
    /// Asks this database. A session that nobody uses for so long has ended.
    pub fn new(database: Database, session_idle: Duration) -> Self {
        let session_idle = TimeDelta::from_std(session_idle).unwrap_or(TimeDelta::MAX);
        Self { database, cache: ActorCache::new(), session_idle }
    }

    /// The connections that callers are looked up with.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The actor of a credential.
    ///
    /// # Errors
    /// [`AuthError::Unauthenticated`] whatever is wrong with it; [`AuthError::Database`] if nobody can be asked.
    pub async fn authenticate(&self, credential: &Credential, request: &RequestContext) -> Result<Arc<Actor>, AuthError> {
        if !credential.is_shown_as_given() {
            return Err(AuthError::Unauthenticated);
        }
        let hash = credential.hash();
        let known = match self.cache.find(&hash) {
            Ok(known) => known,
            Err(asked) => {
                // On the heap, because it is seldom: most requests only carry the room for it.
                let found = Box::pin(self.find_caller(credential, &hash, request)).await?;
                let known = found.ok_or(AuthError::Unauthenticated)?;
                self.cache.keep(hash, asked, known.clone());
                known
            }
        };
        // A cached caller may come from anywhere.
        if !known.allow_list.admits(request.ip_address) {
            return Err(AuthError::Unauthenticated);
        }
        Ok(known.actor)
    }

    /// The actor that a service account is while it acts for a person, named by mail address or id.
    ///
    /// # Errors
    /// [`AuthError::ActingForbidden`], on record, if the scope of its token does not say so, or there is no such person.
    pub async fn authenticate_for(&self, service: Actor, person: &str, request: &RequestContext) -> Result<Actor, AuthError> {
        Box::pin(act_for(&self.database, service, person, request)).await
    }

    /// The actor that an admin is while it looks at data as another user, named by mail address or id. On record each time.
    ///
    /// # Errors
    /// [`AuthError::SimulationForbidden`], on record, whatever is wrong with it; [`AuthError::Database`].
    pub async fn authenticate_as(&self, admin: Actor, user: &str, request: &RequestContext) -> Result<Actor, AuthError> {
        Box::pin(simulate(&self.database, admin, user, request)).await
    }

    async fn find_caller(
        &self,
        credential: &Credential,
        hash: &CredentialHash,
        request: &RequestContext,
    ) -> Result<Option<KnownCaller>, DbError> {
        match credential {
            Credential::Token(_) => find_token_caller(&self.database, hash, request, LAST_USE_EVERY).await,
            Credential::Session(_) | Credential::SessionToken(_) => {
                let actor = self.find_session_actor(hash, Utc::now()).await?;
                Ok(actor.map(|actor| KnownCaller { actor: Arc::new(actor), allow_list: AllowList::Anywhere }))
            }
        }
    }

    /// Forgets what is known of callers, after a change of users, teams or tokens through this server.
    pub fn forget_all(&self) {
        self.cache.clear();
    }

    async fn find_session_actor(&self, hash: &CredentialHash, now: DateTime<Utc>) -> Result<Option<Actor>, DbError> {
        let transaction = self.database.begin_system().await?;
        let query = session_secrets::table
            .inner_join(sessions::table.inner_join(users::table))
            .filter(session_secrets::hash.eq(hash.as_bytes()))
            .filter(sessions::expires_at.gt(now))
            .filter(sessions::last_seen_at.gt(now.checked_sub_signed(self.session_idle).unwrap_or(DateTime::UNIX_EPOCH)))
            .select((sessions::id, sessions::last_seen_at, (sessions::mfa, sessions::authenticated_at), USER));
        let found = query.first::<(Uuid, DateTime<Utc>, SessionFacts, UserRow)>(&mut transaction.pg()).await.optional()?;
        if let Some((id, last_seen_at, ..)) = &found
            && now - *last_seen_at > LAST_USE_EVERY.min(self.session_idle / 4)
        {
            let session = sessions::table.filter(sessions::id.eq(id));
            transaction.run(diesel::update(session).set(sessions::last_seen_at.eq(now))).await?;
        }
        transaction.commit().await?;
        Ok(found.and_then(|(_, _, (is_mfa, authenticated_at), user)| {
            let actor = to_actor(user, AuthMethod::Session)?;
            Some(Actor { is_mfa, authenticated_at, ..actor })
        }))
    }
}

/// The actor of a user by id, for the record of what happens to its sessions; also of an inactive one.
pub(super) async fn find_user_actor(transaction: &Transaction, id: Uuid) -> Result<Option<Actor>, DbError> {
    let found = users::table.filter(users::id.eq(id)).select(USER).first::<UserRow>(&mut transaction.pg()).await.optional()?;
    Ok(found.and_then(|(id, email, role, team, _)| to_actor((id, email, role, team, true), AuthMethod::Session)))
}

/// The actor of a user by mail address, as its own token would make it, for commands that show what the user may do.
///
/// # Errors
/// [`AuthError::UnknownUser`] if nobody active has the address.
pub async fn find_actor(database: &Database, email: &str) -> Result<Actor, AuthError> {
    let transaction = database.begin_system().await?;
    let query = users::table.filter(users::email.eq(email)).select(USER);
    let found = query.first::<UserRow>(&mut transaction.pg()).await.optional().map_err(DbError::from)?;
    transaction.commit().await?;
    found.and_then(|user| to_actor(user, AuthMethod::Token)).ok_or_else(|| AuthError::UnknownUser(email.to_owned()))
}

/// The actor of a user by id, as its own token would make it, on a connection that may see users which nobody else does yet; `None` if
/// nobody active has the id.
///
/// # Errors
/// [`DbError`].
pub async fn find_actor_on(mut connection: &AsyncPgConnection, id: Uuid) -> Result<Option<Actor>, DbError> {
    let found = users::table.filter(users::id.eq(id)).select(USER).first::<UserRow>(&mut connection).await.optional()?;
    Ok(found.and_then(|user| to_actor(user, AuthMethod::Token)))
}

/// The actors of a role, as their own tokens would make them, in the order of their ids; at most so many.
///
/// # Errors
/// [`DbError`].
pub async fn list_actors(database: &Database, role: &RoleName, limit: i64) -> Result<Vec<Actor>, DbError> {
    let transaction = database.begin_system().await?;
    let query = users::table.filter(users::role.eq(role.as_str())).filter(users::is_active.eq(true));
    let query = query.order(users::id).limit(limit).select(USER);
    let found = query.load::<UserRow>(&mut transaction.pg()).await.map_err(DbError::from)?;
    transaction.commit().await?;
    Ok(found.into_iter().filter_map(|user| to_actor(user, AuthMethod::Token)).collect())
}

/// An inactive user is no actor.
pub(super) fn to_actor((id, email, role, teams, is_active): UserRow, auth_method: AuthMethod) -> Option<Actor> {
    is_active.then(|| Actor {
        id: Some(id),
        email: Some(email),
        role: RoleName::new(role),
        team: teams.as_slice().first().copied(),
        teams,
        is_active,
        auth_method,
        is_mfa: false,
        authenticated_at: None,
        service: None,
        scope: Scope::Full,
        acted_by: None,
    })
}
