//! Clearing away what of sign-in has ended and nobody comes back for.
//!
//! Whether a credential is good is never decided here: whoever asks looks at its times. Sessions go by the write path, so that
//! each has its event; what is no collection has none. A token's row stays as the record that it is, its secret does not.

use crate::auth::session::{self, Ended};
use crate::auth::{AuthError, SignIn};
use crate::db::schema::toolcrib::{login_attempts, login_handoffs, service_token_hashes, service_tokens};
use crate::db::{ActorSettings, DbError, Transaction};
use crate::planner::Planner;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

/// The most rows of a kind that one transaction takes away: nobody waits long for what it holds.
const AT_ONCE: i64 = 500;

/// What was taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Sessions that have expired, or that nobody used.
    pub sessions: usize,
    /// Sign-ins that were begun and not finished in time.
    pub attempts: usize,
    /// Codes that no command line came for.
    pub handoffs: usize,
    /// Secrets of tokens that have ended or were revoked.
    pub token_secrets: usize,
}

impl Swept {
    /// Whether there may be more of a kind.
    pub fn is_full(&self) -> bool {
        let Self { sessions, attempts, handoffs, token_secrets } = *self;
        [sessions, attempts, handoffs, token_secrets]
            .iter()
            .any(|count| i64::try_from(*count).is_ok_and(|count| count >= AT_ONCE))
    }
}

impl SignIn {
    /// Takes a batch away. Of several servers one does at a time, and the others have nothing to do.
    ///
    /// # Errors
    /// [`AuthError::Database`], [`AuthError::Write`]; sessions are still there then.
    pub async fn sweep(&self, planner: &Planner<'_>) -> Result<Swept, AuthError> {
        let now = planner.request.time;
        let Some(transaction) = self.begin_sweep().await? else { return Ok(Swept::default()) };
        let attempts = sweep_attempts(&transaction, now).await?;
        let handoffs = sweep_handoffs(&transaction, now).await?;
        let token_secrets = sweep_token_secrets(&transaction, now).await?;
        // On its own: a session that cannot be deleted must not keep what anybody may begin without signing in.
        transaction.commit().await?;
        let swept = Swept { sessions: 0, attempts, handoffs, token_secrets };
        let Some(transaction) = self.begin_sweep().await? else { return Ok(swept) };
        let idle = TimeDelta::from_std(self.settings.session_idle).unwrap_or(TimeDelta::MAX);
        let ended = Ended { by: now, unused_since: now.checked_sub_signed(idle).unwrap_or(DateTime::UNIX_EPOCH) };
        let sessions = session::find_ended(&transaction, &ended, AT_ONCE).await?;
        transaction.act_as(&ActorSettings::of(planner.caller())).await?;
        session::delete_all(&transaction, planner, &sessions).await?;
        transaction.commit().await?;
        Ok(Swept { sessions: sessions.len(), ..swept })
    }

    /// A transaction for a batch; `None` while another server has one.
    async fn begin_sweep(&self) -> Result<Option<Transaction>, DbError> {
        let transaction = self.database.begin_system().await?;
        if transaction.try_lock_name("toolcrib.sweep-sign-in").await? {
            return Ok(Some(transaction));
        }
        transaction.rollback().await?;
        Ok(None)
    }
}

async fn sweep_attempts(transaction: &Transaction, now: DateTime<Utc>) -> Result<usize, DbError> {
    let old = login_attempts::table.filter(login_attempts::expires_at.lt(now)).order(login_attempts::expires_at);
    let old = old.limit(AT_ONCE).select(login_attempts::state_hash).load::<Vec<u8>>(&mut transaction.pg()).await?;
    transaction.run(diesel::delete(login_attempts::table.filter(login_attempts::state_hash.eq_any(old)))).await
}

async fn sweep_handoffs(transaction: &Transaction, now: DateTime<Utc>) -> Result<usize, DbError> {
    let old = login_handoffs::table.filter(login_handoffs::expires_at.lt(now)).order(login_handoffs::expires_at);
    let old = old.limit(AT_ONCE).select(login_handoffs::code_hash).load::<Vec<u8>>(&mut transaction.pg()).await?;
    transaction.run(diesel::delete(login_handoffs::table.filter(login_handoffs::code_hash.eq_any(old)))).await
}

async fn sweep_token_secrets(transaction: &Transaction, now: DateTime<Utc>) -> Result<usize, DbError> {
    let old = service_token_hashes::table
        .inner_join(service_tokens::table)
        .filter(service_tokens::revoked_at.is_not_null().or(service_tokens::expires_at.le(now)))
        .order(service_token_hashes::token_id)
        .limit(AT_ONCE)
        .select(service_token_hashes::token_id);
    let old = old.load::<Uuid>(&mut transaction.pg()).await?;
    transaction.run(diesel::delete(service_token_hashes::table.filter(service_token_hashes::token_id.eq_any(old)))).await
}
