//! The first half of a sign-in: the browser is sent to the provider.

use crate::auth::credential::{CredentialHash, generate};
use crate::auth::provider::Authorization;
use crate::auth::seal::{Purpose, derive};
use crate::auth::{AuthError, SignIn};
use crate::db::schema::toolcrib::login_attempts;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use url::Url;

/// How long a person may take at the provider.
pub const ATTEMPT_LASTS: TimeDelta = TimeDelta::minutes(10);

/// A page of this server to come back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalPath(String);

impl LocalPath {
    /// Takes a path with its query; whatever could lead a browser to another server is the front page.
    pub fn new(text: &str) -> Self {
        let front = || Self("/".to_owned());
        let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
        if text.len() > 2000 || !text.starts_with('/') || text.starts_with("//") || !text.bytes().all(is_plain) {
            return front();
        }
        let base = Url::parse("https://own.invalid/").expect("an address");
        // Read as a browser reads it: `/.//evil.test` and its kin must not become another server's.
        match base.join(text) {
            Ok(url) if url.host_str() == base.host_str() && !url.path().starts_with("//") => {
                Self(format!("{}{}", url.path(), url.query().map(|query| format!("?{query}")).unwrap_or_default()))
            }
            _ => front(),
        }
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a finished sign-in goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A page of this server, in the browser that began it.
    Page(LocalPath),
    /// A command line that listens on this port of the browser's own machine, and proves with the text behind this hash
    /// (SHA-256, base64url) that it is the one that began it.
    Loopback {
        /// The port.
        port: u16,
        /// The hash.
        challenge: String,
    },
}

/// What a sign-in begins with.
#[derive(Clone, Debug)]
pub struct LoginStart<'a> {
    /// The provider's id.
    pub provider: &'a str,
    /// Where it goes when it is finished.
    pub destination: Destination,
    /// The most time since the person last proved who it is; the provider asks again if that is longer ago.
    pub max_age: Option<Duration>,
}

/// A sign-in that has begun.
pub struct StartedLogin {
    /// Where the browser goes.
    pub url: Url,
    /// The name under which the browser keeps `secret`: each sign-in has its own, so that several may be open.
    pub attempt: String,
    /// What the browser keeps. State is bound to it, and nonce and PKCE verifier are made from it.
    pub secret: SecretString,
}

impl SignIn {
    /// Begins a sign-in.
    ///
    /// # Errors
    /// [`AuthError::UnknownProvider`], [`AuthError::Provider`], [`AuthError::Database`].
    pub async fn start_login(&self, start: &LoginStart<'_>, now: DateTime<Utc>) -> Result<StartedLogin, AuthError> {
        let provider = self.providers.find(start.provider)?;
        let (state, secret) = (generate(""), generate(""));
        let authorization = Authorization {
            redirect_url: &self.callback_url(start.provider)?,
            state: state.expose_secret(),
            nonce: &derive(&secret, Purpose::Nonce),
            pkce_verifier: &derive(&secret, Purpose::PkceVerifier),
            max_age: start.max_age,
        };
        let url = provider.authorization_url(&authorization).await?;
        self.keep_attempt(start, &state, &secret, now).await?;
        Ok(StartedLogin { url, attempt: attempt_name(&state), secret })
    }

    pub(super) fn callback_url(&self, provider: &str) -> Result<Url, AuthError> {
        self.own_url(&format!("/auth/callback/{provider}"))
    }

    async fn keep_attempt(
        &self,
        start: &LoginStart<'_>,
        state: &SecretString,
        secret: &SecretString,
        now: DateTime<Utc>,
    ) -> Result<(), AuthError> {
        let (return_to, port, challenge) = match &start.destination {
            Destination::Page(path) => (path.as_str(), None, None),
            Destination::Loopback { port, challenge } => ("/", Some(i32::from(*port)), Some(challenge.as_str())),
        };
        let (state, browser) = (CredentialHash::of(state), CredentialHash::of(secret));
        let row = (
            login_attempts::state_hash.eq(state.as_bytes()),
            login_attempts::browser_hash.eq(browser.as_bytes()),
            login_attempts::provider.eq(start.provider),
            login_attempts::return_to.eq(return_to),
            login_attempts::loopback_port.eq(port),
            login_attempts::loopback_challenge.eq(challenge),
            login_attempts::max_age.eq(start.max_age.and_then(|age| i32::try_from(age.as_secs()).ok())),
            login_attempts::expires_at.eq(now + ATTEMPT_LASTS),
        );
        let transaction = self.database.begin_system().await?;
        transaction.run(diesel::insert_into(login_attempts::table).values(row)).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// A short name for a sign-in, from what comes back with it.
pub(super) fn attempt_name(state: &SecretString) -> String {
    hex::encode(&CredentialHash::of(state).as_bytes()[..6])
}

/// The name under which the browser keeps its part of the sign-in with this state.
pub fn attempt_of_state(state: &str) -> String {
    attempt_name(&SecretString::from(state))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_on_this_server() {
        for good in ["/", "/graphiql", "/graphiql?a=b&c=%2F", "/exports/1"] {
            assert_eq!(LocalPath::new(good).as_str(), good);
        }
        assert_eq!(LocalPath::new("/a/../b").as_str(), "/b");
        let elsewhere = [
            "",
            "graphiql",
            "//evil.test",
            "//evil.test/x",
            "/\\evil.test",
            "\\\\evil.test",
            "/\t/evil.test",
            "/ /evil.test",
            "https://evil.test",
            "https:evil.test",
            "javascript:alert(1)",
            "/.//evil.test",
            "/..//evil.test",
            "/x/..//evil.test",
            "/\r\nSet-Cookie: a=b",
            "/%0d\u{e9}",
        ];
        for elsewhere in elsewhere {
            assert_eq!(LocalPath::new(elsewhere).as_str(), "/", "{elsewhere:?}");
        }
    }
}
