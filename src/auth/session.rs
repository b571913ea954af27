//! Sessions: rows of the `Session` collection, changed through the one write path by the service `signin`; what they are
//! recognized by is kept apart, where no rule can show it.

use crate::auth::AuthError;
use crate::auth::admission;
use crate::auth::credential::{CredentialHash, generate};
use crate::auth::identity::Identity;
use crate::auth::seal::{self, Purpose};
use crate::db::schema::toolcrib::{session_secrets, sessions};
use crate::db::{ActorSettings, Database, DbError, Transaction};
use crate::planner::Planner;
use crate::write::{self, Change, WriteError};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use secrecy::SecretString;
use serde_json::json;
use std::time::Duration;
use uuid::Uuid;

/// How a session's holder shows it. Each has a prefix of its own, so that what was given to a script is no cookie, and a cookie
/// that leaked is no bearer token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionHolder {
    /// A browser, in a cookie.
    Browser,
    /// A program, as a bearer token.
    Program,
}

impl SessionHolder {
    /// What the random value begins with.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Browser => "ts_",
            Self::Program => "te_",
        }
    }
}

/// A session that was just made. Its raw value goes to its holder and nowhere else.
pub struct NewSession {
    /// The row's id.
    pub id: Uuid,
    /// The cookie's value, or the token.
    pub raw: SecretString,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// What a session is made of.
pub struct SessionStart<'a> {
    /// Whose it is: somebody whom `admission` has let in, or a demo's user.
    pub user_id: Uuid,
    /// The provider's name.
    pub provider: &'a str,
    /// How it will be shown.
    pub holder: SessionHolder,
    /// How long it lasts at most.
    pub lifetime: Duration,
}

/// When sessions have ended: as whoever asks for their actor sees it.
pub(crate) struct Ended {
    /// Those that expire until then.
    pub(crate) by: DateTime<Utc>,
    /// Those that nobody used since.
    pub(crate) unused_since: DateTime<Utc>,
}

/// Makes a session without a provider, in a transaction of its own, for a demo. The planner's actor has to be the service
/// `signin`.
///
/// # Errors
/// [`AuthError::Write`], [`AuthError::Database`].
pub async fn create_session(
    database: &Database,
    planner: &Planner<'_>,
    start: &SessionStart<'_>,
) -> Result<NewSession, AuthError> {
    let transaction = database.begin_system().await?;
    transaction.act_as(&ActorSettings::of(planner.caller())).await?;
    let session = open_session(&transaction, planner, start, None).await?;
    transaction.commit().await?;
    Ok(session)
}

/// Makes a session in a transaction of the service `signin`, which goes on as the server's own.
pub(crate) async fn open_session(
    transaction: &Transaction,
    planner: &Planner<'_>,
    start: &SessionStart<'_>,
    identity: Option<&Identity>,
) -> Result<NewSession, AuthError> {
    let now = planner.request.time;
    let raw = generate(start.holder.prefix());
    let expires_at = now + TimeDelta::from_std(start.lifetime).unwrap_or(TimeDelta::hours(12));
    let text = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Micros, true);
    let input = json!({
        "user": { "id": start.user_id },
        "provider": start.provider,
        "mfa": identity.is_some_and(|identity| identity.is_mfa),
        "authenticatedAt": identity.map_or(Some(now), |identity| identity.authenticated_at).map(text),
        "expiresAt": text(expires_at),
        "lastSeenAt": text(now),
        "ipAddress": planner.request.ip_address.map(|address| address.to_string()),
        "userAgent": planner.request.user_agent,
    });
    let id = admission::create(transaction, planner, "Session", &input).await?;
    let hash = CredentialHash::of(&raw);
    let row = (
        session_secrets::session_id.eq(id),
        session_secrets::hash.eq(hash.as_bytes()),
        session_secrets::issuer.eq(identity.map(|identity| identity.provider.issuer.clone())),
        session_secrets::subject.eq(identity.map(|identity| identity.subject.clone())),
        session_secrets::provider_session.eq(identity.and_then(Identity::provider_session)),
        session_secrets::sealed_id_token.eq(identity.map(|identity| seal::seal(&raw, Purpose::IdToken, &identity.id_token))),
    );
    transaction.act_as_server().await?;
    transaction.run(diesel::insert_into(session_secrets::table).values(row)).await?;
    Ok(NewSession { id, raw, expires_at })
}

/// Deletes sessions through the write path.
pub(crate) async fn delete_all(transaction: &Transaction, planner: &Planner<'_>, ids: &[Uuid]) -> Result<(), AuthError> {
    if ids.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let plan = planner.plan_deletes(admission::collection(planner, "Session"), &ids, None).map_err(WriteError::from)?;
    write::apply(transaction, planner, &Change::Delete(plan), &[]).await?;
    Ok(())
}

/// Sessions that have ended by themselves, locked; those that somebody else is at are left to whoever that is.
pub(crate) async fn find_ended(transaction: &Transaction, ended: &Ended, limit: i64) -> Result<Vec<Uuid>, DbError> {
    let query = sessions::table
        .filter(sessions::expires_at.le(ended.by).or(sessions::last_seen_at.le(ended.unused_since)))
        .order(sessions::id)
        .limit(limit)
        .select(sessions::id)
        .for_update()
        .skip_locked();
    Ok(query.load::<Uuid>(&mut transaction.pg()).await?)
}

/// Those of the sessions that are still there, locked: of several who end one at once, one finds it.
pub(crate) async fn lock(transaction: &Transaction, ids: &[Uuid]) -> Result<Vec<Uuid>, DbError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let query = sessions::table.filter(sessions::id.eq_any(ids)).order(sessions::id).select(sessions::id).for_update();
    Ok(query.load::<Uuid>(&mut transaction.pg()).await?)
}

/// The session of a raw value, however it is shown.
pub(crate) async fn find_by_raw(transaction: &Transaction, raw: &SecretString) -> Result<Option<Uuid>, DbError> {
    let hash = CredentialHash::of(raw);
    let found = session_secrets::table.filter(session_secrets::hash.eq(hash.as_bytes())).select(session_secrets::session_id);
    Ok(found.first::<Uuid>(&mut transaction.pg()).await.optional()?)
}
