//! A session on its way from the browser that signed in to the command line that asked for it.
//!
//! The browser only carries a code that is good once, within a minute, and for whoever knows the text behind the challenge; the
//! session's token never stands in an address.

use crate::auth::credential::{CredentialHash, generate};
use crate::auth::seal::{self, Purpose};
use crate::auth::session::NewSession;
use crate::auth::sign_in::About;
use crate::auth::{AuthError, Denial, SignIn};
use crate::base::RequestContext;
use crate::db::DbError;
use crate::db::schema::toolcrib::{login_handoffs, sessions};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

/// How long a command line may take to fetch its session.
const LASTS: TimeDelta = TimeDelta::minutes(1);

type HandoffRow = (String, Vec<u8>, uuid::Uuid, DateTime<Utc>);

impl SignIn {
    pub(super) async fn hand_off(
        &self,
        session: &NewSession,
        challenge: &str,
        now: DateTime<Utc>,
    ) -> Result<SecretString, AuthError> {
        let code = generate("");
        let hash = CredentialHash::of(&code);
        let row = (
            login_handoffs::code_hash.eq(hash.as_bytes()),
            login_handoffs::challenge.eq(challenge),
            login_handoffs::session_id.eq(session.id),
            login_handoffs::sealed_token.eq(seal::seal(&code, Purpose::Handoff, &session.raw)),
            login_handoffs::expires_at.eq(now + LASTS),
        );
        let transaction = self.database.begin_system().await?;
        transaction.run(diesel::insert_into(login_handoffs::table).values(row)).await?;
        transaction.commit().await?;
        Ok(code)
    }

    /// Gives a session to the command line that asked for it.
    ///
    /// # Errors
    /// [`AuthError::Denied`], [`AuthError::Database`].
    pub async fn take_handoff(
        &self,
        request: &RequestContext,
        code: &SecretString,
        verifier: &str,
    ) -> Result<NewSession, AuthError> {
        let taken = self.take(code, verifier, request.time).await;
        self.on_record(request, About { route: "handoff", ..About::default() }, taken).await
    }

    async fn take(&self, code: &SecretString, verifier: &str, now: DateTime<Utc>) -> Result<NewSession, AuthError> {
        let hash = CredentialHash::of(code);
        let transaction = self.database.begin_system().await?;
        let taken = diesel::delete(login_handoffs::table.filter(login_handoffs::code_hash.eq(hash.as_bytes()))).returning((
            login_handoffs::challenge,
            login_handoffs::sealed_token,
            login_handoffs::session_id,
            login_handoffs::expires_at,
        ));
        let taken = taken.get_result::<HandoffRow>(&mut transaction.pg()).await.optional().map_err(DbError::from)?;
        let session = match &taken {
            Some((.., id, _)) => {
                let query = sessions::table.filter(sessions::id.eq(id)).select(sessions::expires_at);
                query.first::<DateTime<Utc>>(&mut transaction.pg()).await.optional().map_err(DbError::from)?
            }
            None => None,
        };
        transaction.commit().await?;
        let (Some((challenge, sealed, id, ends)), Some(expires_at)) = (taken, session) else {
            return Err(Denial::Handoff.into());
        };
        let is_asker = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())) == challenge;
        let raw = seal::open(code, Purpose::Handoff, &sealed).filter(|_| is_asker && ends >= now).ok_or(Denial::Handoff)?;
        Ok(NewSession { id, raw, expires_at })
    }
}
