//! The cookies: the session, and what a browser keeps while its person is at the provider.

use axum::http::{HeaderMap, HeaderValue, header};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// How cookies are called and guarded: over TLS their names begin with `__Host-`, which browsers only take from this very host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionCookie {
    /// Over TLS.
    Host,
    /// On this machine, without.
    Plain,
}

impl SessionCookie {
    /// As the server's address asks for.
    pub fn for_url(public_url: Option<&Url>) -> Self {
        if public_url.is_some_and(|url| url.scheme() == "https") { Self::Host } else { Self::Plain }
    }

    /// The session's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Host => "__Host-toolcrib_session",
            Self::Plain => "toolcrib_session",
        }
    }

    fn attempt_name(self, attempt: &str) -> String {
        match self {
            Self::Host => format!("__Host-toolcrib_login_{attempt}"),
            Self::Plain => format!("toolcrib_login_{attempt}"),
        }
    }

    fn attributes(self) -> &'static str {
        match self {
            Self::Host => "Path=/; HttpOnly; SameSite=Lax; Secure",
            Self::Plain => "Path=/; HttpOnly; SameSite=Lax",
        }
    }

    /// The session that a browser shows.
    pub(crate) fn session(self, headers: &HeaderMap) -> Option<SecretString> {
        cookie_value(headers, self.name()).map(SecretString::from)
    }

    /// Gives a browser its session.
    pub(crate) fn set_session(self, raw: &SecretString, expires_at: DateTime<Utc>, now: DateTime<Utc>) -> HeaderValue {
        let seconds = (expires_at - now).num_seconds().max(0);
        self.set(self.name(), raw.expose_secret(), seconds)
    }

    /// Takes it away.
    pub(crate) fn clear_session(self) -> HeaderValue {
        self.set(self.name(), "", 0)
    }

    /// What the browser kept of a sign-in.
    pub(crate) fn attempt(self, headers: &HeaderMap, attempt: &str) -> Option<SecretString> {
        cookie_value(headers, &self.attempt_name(attempt)).map(SecretString::from)
    }

    /// Lets the browser keep its part of a sign-in.
    pub(crate) fn set_attempt(self, attempt: &str, secret: &SecretString) -> HeaderValue {
        self.set(&self.attempt_name(attempt), secret.expose_secret(), crate::auth::ATTEMPT_LASTS.num_seconds())
    }

    /// Takes it away.
    pub(crate) fn clear_attempt(self, attempt: &str) -> HeaderValue {
        self.set(&self.attempt_name(attempt), "", 0)
    }

    fn set(self, name: &str, value: &str, seconds: i64) -> HeaderValue {
        let text = format!("{name}={value}; Max-Age={seconds}; {}", self.attributes());
        HeaderValue::from_str(&text).expect("names and values are ASCII of our own making")
    }
}

/// The value of a cookie.
fn cookie_value<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}
