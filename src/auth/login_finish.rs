//! The second half of a sign-in: the browser comes back from the provider with a code.

use crate::auth::credential::CredentialHash;
use crate::auth::identity::Identity;
use crate::auth::provider::CodeAnswer;
use crate::auth::seal::{Purpose, derive};
use crate::auth::session::{NewSession, SessionHolder};
use crate::auth::sign_in::{About, Entry};
use crate::auth::{AuthError, Denial, Destination, LocalPath, SignIn};
use crate::db::DbError;
use crate::db::schema::toolcrib::login_attempts;
use crate::planner::Planner;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;

/// What a browser comes back with.
pub struct LoginAnswer<'a> {
    /// The provider whose address it came back to.
    pub provider: &'a str,
    /// `state`
    pub state: &'a str,
    /// `code`; none if the provider refused.
    pub code: Option<&'a str>,
    /// `iss`, which some providers send.
    pub issuer: Option<&'a str>,
    /// What the browser kept.
    pub secret: Option<SecretString>,
    /// The session that the browser had, which ends.
    pub previous: Option<SecretString>,
}

/// Somebody who has signed in.
pub struct FinishedLogin {
    /// The session.
    pub session: NewSession,
    /// Where to go on.
    pub destination: Destination,
    /// What a command line asks for the session with.
    pub handoff_code: Option<SecretString>,
}

/// An attempt as it was kept.
struct Attempt {
    destination: Destination,
    max_age: Option<Duration>,
}

type AttemptRow = (Vec<u8>, String, String, Option<i32>, Option<String>, Option<i32>, DateTime<Utc>);

impl SignIn {
    /// Finishes a sign-in, or records why it is refused.
    ///
    /// # Errors
    /// [`AuthError::Denied`], whatever the cause; [`AuthError::Provider`], [`AuthError::Database`].
    pub async fn finish_login(&self, planner: &Planner<'_>, answer: LoginAnswer<'_>) -> Result<FinishedLogin, AuthError> {
        let provider = self.providers.find(answer.provider)?;
        let about = About { route: "callback", provider: Some(answer.provider), identity: None };
        let redeemed = self.redeem(planner, &answer).await;
        let (attempt, identity) = self.on_record(planner.request, about, redeemed).await?;
        let holder = match attempt.destination {
            Destination::Page(_) => SessionHolder::Browser,
            Destination::Loopback { .. } => SessionHolder::Program,
        };
        let previous = answer.previous.as_ref().filter(|_| holder == SessionHolder::Browser);
        let session = self.let_in(planner, Entry { identity: &identity, holder, previous }).await;
        let about = About { identity: Some(&identity), provider: Some(provider.id().as_str()), ..about };
        let session = self.on_record(planner.request, about, session).await?;
        let handoff_code = match &attempt.destination {
            Destination::Page(_) => None,
            Destination::Loopback { challenge, .. } => Some(self.hand_off(&session, challenge, planner.request.time).await?),
        };
        Ok(FinishedLogin { session, destination: attempt.destination, handoff_code })
    }

    async fn redeem(&self, planner: &Planner<'_>, answer: &LoginAnswer<'_>) -> Result<(Attempt, Identity), AuthError> {
        let provider = self.providers.find(answer.provider)?;
        let secret = answer.secret.as_ref().ok_or(Denial::Attempt)?;
        let attempt = self.take_attempt(answer, secret, planner.request.time).await?;
        if answer.issuer.is_some_and(|issuer| issuer != provider.settings.issuer) {
            return Err(AuthError::refused_token("the answer is another provider's"));
        }
        let code = answer.code.ok_or(Denial::Provider)?;
        let answer = CodeAnswer {
            code,
            redirect_url: &self.callback_url(answer.provider)?,
            nonce: &derive(secret, Purpose::Nonce),
            pkce_verifier: &derive(secret, Purpose::PkceVerifier),
            max_age: attempt.max_age,
            now: planner.request.time,
        };
        let identity = provider.redeem(&answer).await?;
        Ok((attempt, identity))
    }

    /// Takes an attempt away, whatever comes of it: a state is good once. It has to be the browser's that began it.
    async fn take_attempt(
        &self,
        answer: &LoginAnswer<'_>,
        secret: &SecretString,
        now: DateTime<Utc>,
    ) -> Result<Attempt, AuthError> {
        let state = CredentialHash::of(&SecretString::from(answer.state));
        let transaction = self.database.begin_system().await?;
        let taken = diesel::delete(login_attempts::table.filter(login_attempts::state_hash.eq(state.as_bytes()))).returning((
            login_attempts::browser_hash,
            login_attempts::provider,
            login_attempts::return_to,
            login_attempts::loopback_port,
            login_attempts::loopback_challenge,
            login_attempts::max_age,
            login_attempts::expires_at,
        ));
        let taken = taken.get_result::<AttemptRow>(&mut transaction.pg()).await.optional().map_err(DbError::from)?;
        transaction.commit().await?;
        let (browser_hash, provider, return_to, port, challenge, max_age, expires_at) = taken.ok_or(Denial::Attempt)?;
        let is_same_browser = browser_hash == CredentialHash::of(secret).as_bytes();
        if !is_same_browser || provider != answer.provider || expires_at < now || secret.expose_secret().is_empty() {
            return Err(Denial::Attempt.into());
        }
        let port = port.and_then(|port| u16::try_from(port).ok());
        let destination = match (port, challenge) {
            (Some(port), Some(challenge)) => Destination::Loopback { port, challenge },
            _ => Destination::Page(LocalPath::new(&return_to)),
        };
        let max_age = max_age.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
        Ok(Attempt { destination, max_age })
    }
}
