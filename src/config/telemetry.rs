//! `[telemetry]`

use crate::config::entries::Entries;

/// Where traces go. Nowhere by default.
#[derive(Clone, Debug, PartialEq)]
pub struct TelemetrySettings {
    /// The collector that takes OTLP as protobuf over HTTP, with its path.
    pub otlp_endpoint: Option<String>,
    /// What this service is called in traces.
    pub service_name: String,
    /// How many of a hundred requests are traced, where the caller has not decided already.
    pub sample_percent: u8,
}

impl TelemetrySettings {
    pub(super) const KEYS: &'static [&'static str] =
        &["telemetry.otlp_endpoint", "telemetry.service_name", "telemetry.sample_percent"];

    pub(super) fn read(entries: &mut Entries) -> Self {
        let endpoint = "a URL of a collector without TLS, `http://127.0.0.1:4318`";
        let name = entries.read("telemetry.service_name", "a name", |text| (!text.trim().is_empty()).then(|| text.to_owned()));
        let percent = entries.read("telemetry.sample_percent", "a whole number from 1 to 100", |text| {
            text.parse().ok().filter(|percent| (1..=100).contains(percent))
        });
        Self {
            otlp_endpoint: entries.read("telemetry.otlp_endpoint", endpoint, with_path),
            service_name: name.unwrap_or_else(|| "toolcrib".to_owned()),
            sample_percent: percent.unwrap_or(100),
        }
    }
}

/// A collector takes traces at `/v1/traces` unless the URL says otherwise.
fn with_path(text: &str) -> Option<String> {
    let rest = text.strip_prefix("http://")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let is_good = !host.is_empty() && !text.contains(char::is_whitespace) && !host.contains('@');
    let path = if path.is_empty() { "v1/traces" } else { path };
    is_good.then(|| format!("http://{host}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_has_a_path() {
        assert_eq!(with_path("http://c:4318").as_deref(), Some("http://c:4318/v1/traces"));
        assert_eq!(with_path("http://c:4318/").as_deref(), Some("http://c:4318/v1/traces"));
        assert_eq!(with_path("http://c/otlp/v1/traces").as_deref(), Some("http://c/otlp/v1/traces"));
        for refused in ["https://c:4318", "c:4318", "http://", "http://a b", "http://user:word@c"] {
            assert_eq!(with_path(refused), None, "{refused}");
        }
    }
}
