//! The documented file as a reference, and the settings as they are, each with where it was said.

use crate::config::entries::Entries;
use crate::config::{Origin, Settings, keys};
use std::collections::BTreeMap;

/// The repository's own file documents every key.
const DOCUMENTED: &str = include_str!("../../toolcrib.toml");

/// What the repository's own tool sets, as any other tool would find it.
const NOT_OURS: [(&str, &str); 2] = [("migrations = ", "# migrations = \"migrations\""), ("seed = ", "# seed = \"demo.sql\"")];

/// Keys whose documented value is an example, or depends on the machine.
pub(super) const EXAMPLES: [&str; 15] = [
    "auth.public_url",
    "database.url",
    "database.server_url",
    "database.max_connections",
    "log.slow_query",
    "metrics.token",
    "metrics.listen",
    "scim.roles",
    "trusted_proxies",
    "telemetry.otlp_endpoint",
    "telemetry.otlp_headers",
    "telemetry.environment",
    "telemetry.sentry_dsn",
    "telemetry.ca_file",
    "demo.seed",
];

/// A setting as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectiveSetting {
    /// Its key.
    pub key: &'static str,
    /// Its variable.
    pub variable: String,
    /// Its value, secrets hidden; `None` if it has none.
    pub value: Option<String>,
    /// Where it was said; `None` for a default.
    pub origin: Option<Origin>,
}

/// Every setting with its description and default, as a `toolcrib.toml` that sets nothing.
pub fn reference() -> String {
    let lines = DOCUMENTED.lines().map(|line| {
        let general = NOT_OURS.iter().find(|(beginning, _)| line.starts_with(beginning));
        general.map_or(line, |(_, general)| general)
    });
    lines.map(|line| format!("{line}\n")).collect()
}

/// Every setting in the order of the reference.
pub(super) fn effective(settings: &Settings, entries: &Entries) -> Vec<EffectiveSetting> {
    let defaults = defaults();
    let one = |key: &'static str| {
        let (value, origin) = match entries.said(key) {
            Some((text, origin)) => (Some(hidden(key, text)), Some(origin.clone())),
            None if key == "database.max_connections" => (Some(settings.database.max_connections.to_string()), None),
            None if EXAMPLES.contains(&key) => (None, None),
            None => (defaults.get(key).cloned(), None),
        };
        EffectiveSetting { key, variable: keys::to_variable(key), value, origin }
    };
    keys::all().map(one).collect()
}

/// What the reference shows for each key, without its quotes.
fn defaults() -> BTreeMap<&'static str, String> {
    let mut section = String::new();
    let mut defaults = BTreeMap::new();
    for line in reference().lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = format!("{name}.");
        } else if let Some((name, value)) = line.strip_prefix("# ").and_then(|line| line.split_once(" = "))
            && let Some(key) = keys::find(&format!("{section}{name}"))
        {
            defaults.insert(key, value.trim_matches('"').to_owned());
        }
    }
    defaults
}

/// A value that may be shown to whoever looks over the shoulder.
fn hidden(key: &str, text: &str) -> String {
    if key.ends_with("token") || key.ends_with("secret") || key.ends_with("dsn") || key.ends_with("headers") {
        return "***".to_owned();
    }
    if !key.starts_with("database.") {
        return text.to_owned();
    }
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    // Parameters can hold a password as well.
    let rest = rest.split('?').next().unwrap_or_default();
    match rest.rsplit_once('@') {
        Some((login, place)) => format!("{scheme}://{}:***@{place}", login.split(':').next().unwrap_or_default()),
        None => format!("{scheme}://{rest}"),
    }
}
