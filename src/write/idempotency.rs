//! Keys that make a retry safe: the first request of a key is done, every further one is answered with what that did.
//!
//! The key is claimed in the transaction of the change itself. A request that fails leaves no claim, so that its retry is a
//! first request again; one that comes while the first still runs waits for it. What is kept are ids alone: the answer to a
//! retry is read anew, under the rules of the day.

use crate::db::schema::toolcrib::idempotency_keys;
use crate::db::{Database, DbError, Transaction};
use crate::write::WriteError;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use serde_json::Value as Json;
use uuid::Uuid;

/// How long a key is remembered.
pub const LIFETIME: TimeDelta = TimeDelta::hours(24);

/// A caller's key for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestKey {
    /// Whose key it is: two callers may use the same text.
    pub actor: Uuid,
    /// The text.
    pub key: String,
    /// What was asked: a key stands for one request and no other.
    pub request_hash: [u8; 32],
}

/// What is known of a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Claimed {
    /// Nothing: the request is the first.
    First,
    /// The request was answered.
    Answered(Json),
}

/// Claims a key, in a transaction that acts as the server itself. Waits for a request of the same key that is under way.
///
/// # Errors
/// [`WriteError::KeyTaken`] if the key stands for another request.
pub async fn claim(transaction: &Transaction, key: &RequestKey, now: DateTime<Utc>) -> Result<Claimed, WriteError> {
    let row = (
        idempotency_keys::actor_user_id.eq(key.actor),
        idempotency_keys::key.eq(&key.key),
        idempotency_keys::request_hash.eq(key.request_hash.as_slice()),
        idempotency_keys::expires_at.eq(now + LIFETIME),
    );
    let renewed = (
        idempotency_keys::request_hash.eq(excluded(idempotency_keys::request_hash)),
        idempotency_keys::answer.eq(None::<Json>),
        idempotency_keys::expires_at.eq(excluded(idempotency_keys::expires_at)),
    );
    let insert = diesel::insert_into(idempotency_keys::table)
        .values(row)
        .on_conflict((idempotency_keys::actor_user_id, idempotency_keys::key))
        .do_update()
        .set(renewed);
    // A key whose time is over is anybody's again.
    if transaction.run(diesel::query_dsl::methods::FilterDsl::filter(insert, idempotency_keys::expires_at.le(now))).await? == 1 {
        return Ok(Claimed::First);
    }
    let stored =
        idempotency_keys::table.find((key.actor, &key.key)).select((idempotency_keys::request_hash, idempotency_keys::answer));
    let (request_hash, answer) = stored.first::<(Vec<u8>, Option<Json>)>(&mut transaction.pg()).await.map_err(DbError::from)?;
    if request_hash != key.request_hash {
        return Err(WriteError::KeyTaken);
    }
    Ok(Claimed::Answered(answer.unwrap_or_default()))
}

/// Keeps what a request did under the key that it claimed.
///
/// # Errors
/// [`DbError`]; the change must not be committed then.
pub async fn keep(transaction: &Transaction, key: &RequestKey, answer: &Json) -> Result<(), DbError> {
    let claimed = diesel::update(idempotency_keys::table.find((key.actor, &key.key)));
    transaction.run(claimed.set(idempotency_keys::answer.eq(answer))).await?;
    Ok(())
}

/// Forgets the keys whose time is over.
///
/// # Errors
/// [`DbError`]; they are forgotten the next time.
pub async fn sweep(database: &Database, now: DateTime<Utc>) -> Result<usize, DbError> {
    let transaction = database.begin_system().await?;
    let swept = transaction.run(diesel::delete(idempotency_keys::table.filter(idempotency_keys::expires_at.le(now)))).await?;
    transaction.commit().await?;
    Ok(swept)
}
