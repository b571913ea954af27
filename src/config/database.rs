//! `[database]`

use crate::config::duration;
use crate::config::entries::Entries;
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;

/// Where a database is and as whom to log in. Holds a password, so it never prints itself.
#[derive(Clone, Debug)]
pub struct DatabaseUrl(SecretString);

impl DatabaseUrl {
    /// Wraps a URL; `None` if it is not `postgres://...`.
    pub fn new(url: &str) -> Option<Self> {
        let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"))?;
        (!rest.is_empty()).then(|| Self(SecretString::from(url)))
    }

    /// The URL with its password, for whoever connects.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Which database, and how much of it.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    /// The owner's login: migrations and the command line. `None`: the server runs a private PostgreSQL.
    pub url: Option<DatabaseUrl>,
    /// The server's own login, `toolcrib_server`, where it is not derived from the private PostgreSQL.
    pub server_url: Option<DatabaseUrl>,
    /// The most connections that the server opens.
    pub max_connections: usize,
    /// How long a statement may run.
    pub statement_timeout: Duration,
}

impl DatabaseSettings {
    pub(super) const KEYS: &'static [&'static str] =
        &["database.url", "database.server_url", "database.max_connections", "database.statement_timeout"];

    pub(super) fn read(entries: &mut Entries) -> Self {
        let expected = "a URL, `postgres://user:password@host:5432/database`";
        Self {
            url: entries.read("database.url", expected, DatabaseUrl::new),
            server_url: entries.read("database.server_url", expected, DatabaseUrl::new),
            max_connections: entries.read_count("database.max_connections").unwrap_or_else(default_connections),
            statement_timeout: entries
                .read("database.statement_timeout", duration::EXPECTED, duration::parse)
                .unwrap_or(Duration::from_secs(30)),
        }
    }
}

/// Twice the cores keeps PostgreSQL busy while half of the connections wait for the network; fewer than eight lets one slow
/// statement be felt.
fn default_connections() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    (2 * cores).max(8)
}
