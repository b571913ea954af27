//! Browser sessions: rows of the system table `sessions`, by the hash of a random id.

use crate::auth::credential::{CredentialHash, generate};
use crate::auth::{AuthError, Credential};
use crate::db::Database;
use crate::db::schema::toolcrib::sessions;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use secrecy::SecretString;
use uuid::Uuid;

/// How long a session lasts, however much it is used.
const LIFETIME: TimeDelta = TimeDelta::hours(12);

/// A session that was just made. Its raw id goes into the cookie and nowhere else.
pub struct NewSession {
    /// The cookie's value.
    pub raw: SecretString,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// Makes a session for a user whom somebody has already let in, and takes the occasion to delete those that have ended.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn create_session(database: &Database, user_id: Uuid, now: DateTime<Utc>) -> Result<NewSession, AuthError> {
    let raw = generate("ts_");
    let hash = CredentialHash::of(&raw);
    let expires_at = now + LIFETIME;
    let row = (sessions::id_hash.eq(hash.as_bytes()), sessions::user_id.eq(user_id), sessions::expires_at.eq(expires_at));
    let transaction = database.begin_system().await?;
    transaction.run(diesel::insert_into(sessions::table).values(row)).await?;
    transaction.run(diesel::delete(sessions::table.filter(sessions::expires_at.lt(now)))).await?;
    transaction.commit().await?;
    Ok(NewSession { raw, expires_at })
}

/// Ends a session.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn delete_session(database: &Database, credential: &Credential) -> Result<(), AuthError> {
    let hash = credential.hash();
    let transaction = database.begin_system().await?;
    transaction.run(diesel::delete(sessions::table.filter(sessions::id_hash.eq(hash.as_bytes())))).await?;
    transaction.commit().await?;
    Ok(())
}
