//! `[metrics]`

use crate::config::entries::Entries;
use secrecy::SecretString;
use std::net::SocketAddr;

/// A shorter token could be guessed.
const SHORTEST_TOKEN: usize = 16;

/// Who may read the metrics, and where. Nobody and nowhere by default.
#[derive(Clone, Debug, Default)]
pub struct MetricsSettings {
    /// Whoever sends it as a bearer token may read them.
    pub token: Option<SecretString>,
    /// A listener of their own, which a network lets only the monitoring reach.
    pub listen: Option<SocketAddr>,
}

impl MetricsSettings {
    pub(super) const KEYS: &'static [&'static str] = &["metrics.token", "metrics.listen"];

    pub(super) fn read(entries: &mut Entries) -> Self {
        Self {
            token: entries.read("metrics.token", "a text of at least 16 characters without blanks", |text| {
                let is_good = text.len() >= SHORTEST_TOKEN && !text.contains(char::is_whitespace);
                is_good.then(|| SecretString::from(text))
            }),
            listen: entries.read("metrics.listen", "an IP address with a port, `127.0.0.1:9464`", |text| text.parse().ok()),
        }
    }

    /// Whether anybody may read them.
    pub fn is_on(&self) -> bool {
        self.token.is_some() || self.listen.is_some()
    }
}
