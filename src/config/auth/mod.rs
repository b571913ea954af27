//! `[auth]`: how people sign in, and for how long.

mod provider;
mod shown;

pub(super) use provider::ProviderEntry;
pub use provider::{AdmissionMode, ClaimRule, ClientSecret, EmailTrust, ProviderId, ProviderSettings, SigningAlgorithm};

use crate::config::duration;
use crate::config::entries::Entries;
use std::time::Duration;
use url::Url;

/// What is served where there is no provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithoutProvider {
    /// Nothing but health: a fresh installation is not open before somebody decided who may come in.
    Nothing,
    /// Whoever has a token: an installation for scripts alone.
    Tokens,
}

/// How people sign in, and for how long.
#[derive(Clone, Debug)]
pub struct AuthSettings {
    /// The address under which browsers reach this server: scheme, host, port, nothing else. Redirects are built from it alone,
    /// never from what a request says of its host.
    pub public_url: Option<Url>,
    /// The OpenID providers, in the order of the sign-in page.
    pub providers: Vec<ProviderSettings>,
    /// What is served where there is no provider.
    pub without_provider: WithoutProvider,
    /// How long a session lasts that nobody uses.
    pub session_idle: Duration,
    /// How long a session lasts, however much it is used.
    pub session_lifetime: Duration,
    /// How many requests to the sign-in routes one address may send in a minute.
    pub attempts_per_minute: u32,
}

impl AuthSettings {
    pub(super) const KEYS: &'static [&'static str] =
        &["auth.public_url", "auth.without_provider", "auth.session_idle", "auth.session_lifetime", "auth.attempts_per_minute"];

    pub(super) fn read(entries: &mut Entries, providers: Vec<ProviderSettings>) -> Self {
        let address = "an address without a path, `https://desk.example.com`; plain `http` only for this machine";
        let public_url = entries.read("auth.public_url", address, parse_public_url);
        if public_url.is_none() && !providers.is_empty() && entries.said("auth.public_url").is_none() {
            entries.report_missing("auth.public_url", "providers send people back to it after they have signed in");
        }
        let without_provider = entries.read("auth.without_provider", "`nothing` or `tokens`", |text| match text {
            "nothing" => Some(WithoutProvider::Nothing),
            "tokens" => Some(WithoutProvider::Tokens),
            _ => None,
        });
        let count = entries.read_count("auth.attempts_per_minute");
        Self {
            public_url,
            providers,
            without_provider: without_provider.unwrap_or(WithoutProvider::Nothing),
            session_idle: read_duration(entries, "auth.session_idle", Duration::from_secs(2 * 3600)),
            session_lifetime: read_duration(entries, "auth.session_lifetime", Duration::from_secs(12 * 3600)),
            attempts_per_minute: count.map_or(600, |count| u32::try_from(count).unwrap_or(u32::MAX)),
        }
    }
}

fn read_duration(entries: &mut Entries, key: &'static str, default: Duration) -> Duration {
    entries.read(key, duration::EXPECTED, duration::parse).unwrap_or(default)
}

/// An address of the server itself: anything behind the port would be lost in redirects.
fn parse_public_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let has_login = !url.username().is_empty() || url.password().is_some();
    (is_bare && !has_login && is_safe(&url)).then_some(url)
}

/// Whether nobody on the way can read along: TLS, or this machine.
fn is_safe(url: &Url) -> bool {
    let is_local = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => return false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_local)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_an_origin_that_nobody_can_listen_to() {
        for good in
            ["https://desk.example.com", "https://desk.example.com:8443/", "http://localhost:4000", "http://127.0.0.1:4000"]
        {
            assert!(parse_public_url(good).is_some(), "{good}");
        }
        let refused = [
            "http://desk.example.com",
            "https://desk.example.com/tool",
            "https://desk.example.com/?a=b",
            "https://ana:word@desk.example.com",
            "http://localhost.example.com",
            "javascript:alert(1)",
            "desk.example.com",
        ];
        for refused in refused {
            assert!(parse_public_url(refused).is_none(), "{refused}");
        }
    }
}
