//! `[telemetry]`

use crate::config::entries::Entries;
use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use std::path::{Path, PathBuf};

/// Where traces go, and reports of errors. Nowhere by default.
#[derive(Clone, Debug)]
pub struct TelemetrySettings {
    /// The collector that takes OTLP as protobuf over HTTP, with its path.
    pub otlp_endpoint: Option<String>,
    /// What the collector is told besides, a credential for instance.
    pub otlp_headers: Vec<(String, SecretString)>,
    /// What this service is called in traces and reports.
    pub service_name: String,
    /// Which installation it is: production, staging.
    pub environment: Option<String>,
    /// How many of a hundred requests are traced, where the caller has not decided already.
    pub sample_percent: u8,
    /// The project at Sentry that errors and panics are reported to.
    pub sentry_dsn: Option<SecretString>,
    /// The certificate authorities of collector and Sentry; the system's if absent.
    pub ca_file: Option<PathBuf>,
}

impl TelemetrySettings {
    pub(super) const KEYS: &'static [&'static str] = &[
        "telemetry.otlp_endpoint",
        "telemetry.otlp_headers",
        "telemetry.service_name",
        "telemetry.environment",
        "telemetry.sample_percent",
        "telemetry.sentry_dsn",
        "telemetry.ca_file",
    ];

    pub(super) fn read(entries: &mut Entries, directory: &Path) -> Self {
        let endpoint = "a URL of a collector, `https://collector.example.com:4318`";
        let headers = "headers as `name=value`, separated by commas, other characters than letters, digits and marks as `%2C`";
        let dsn = "a DSN of Sentry, `https://KEY@HOST/PROJECT`";
        let name = |text: &str| (!text.trim().is_empty()).then(|| text.to_owned());
        let percent = entries.read("telemetry.sample_percent", "a whole number from 1 to 100", |text| {
            text.parse().ok().filter(|percent| (1..=100).contains(percent))
        });
        Self {
            otlp_endpoint: entries.read("telemetry.otlp_endpoint", endpoint, with_path),
            otlp_headers: entries.read("telemetry.otlp_headers", headers, read_headers).unwrap_or_default(),
            service_name: entries.read("telemetry.service_name", "a name", name).unwrap_or_else(|| "toolcrib".to_owned()),
            environment: entries.read("telemetry.environment", "a name", name),
            sample_percent: percent.unwrap_or(100),
            sentry_dsn: entries.read("telemetry.sentry_dsn", dsn, |text| is_dsn(text).then(|| SecretString::from(text))),
            ca_file: entries.read_path("telemetry.ca_file", directory),
        }
    }
}

/// A collector takes traces at `/v1/traces` unless the URL says otherwise.
fn with_path(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://").filter(|(scheme, _)| ["http", "https"].contains(scheme))?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let is_good = !host.is_empty() && !text.contains(char::is_whitespace) && !host.contains('@');
    let path = if path.is_empty() { "v1/traces" } else { path };
    is_good.then(|| format!("{scheme}://{host}/{path}"))
}

/// Headers in the form of OpenTelemetry's own variable, `OTEL_EXPORTER_OTLP_HEADERS`.
fn read_headers(text: &str) -> Option<Vec<(String, SecretString)>> {
    let is_mark = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let headers = text.split(',').map(|header| {
        let (name, value) = header.split_once('=')?;
        let (name, value) = (name.trim(), percent_decode_str(value.trim()).decode_utf8().ok()?);
        let is_good = !name.is_empty() && name.bytes().all(is_mark) && value.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        is_good.then(|| (name.to_ascii_lowercase(), SecretString::from(value.into_owned())))
    });
    headers.collect()
}

fn is_dsn(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let Some((key, place)) = rest.split_once('@') else { return false };
    let project = place.rsplit_once('/').filter(|(host, _)| !host.is_empty()).map(|(_, project)| project);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    ["http", "https"].contains(&scheme) && !key.is_empty() && project.is_some_and(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn a_collector_has_a_path() {
        assert_eq!(with_path("http://c:4318").as_deref(), Some("http://c:4318/v1/traces"));
        assert_eq!(with_path("https://c:4318/").as_deref(), Some("https://c:4318/v1/traces"));
        assert_eq!(with_path("https://c/otlp/v1/traces").as_deref(), Some("https://c/otlp/v1/traces"));
        for refused in ["ftp://c:4318", "c:4318", "https://", "http://a b", "https://user:word@c"] {
            assert_eq!(with_path(refused), None, "{refused}");
        }
    }

    #[test]
    fn headers_are_those_of_opentelemetry() {
        let headers = read_headers("Authorization=Bearer%20a%2Cb, x-scope=1").unwrap();
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.expose_secret())).collect();
        assert_eq!(headers, [("authorization", "Bearer a,b"), ("x-scope", "1")]);
        for refused in ["", "authorization", "=x", "a b=c", "a=b,", "a=%0d%0aHost: x", "a=%ff"] {
            assert!(read_headers(refused).is_none(), "{refused}");
        }
    }

    #[test]
    fn a_dsn_has_a_key_and_a_project() {
        assert!(is_dsn("https://0123abcd@o1.ingest.sentry.io/42"));
        assert!(is_dsn("http://key@localhost:9000/prefix/1"));
        for refused in
            ["https://sentry.io/42", "https://key@sentry.io", "key@sentry.io/42", "https://@sentry.io/42", "ftp://k@s/1"]
        {
            assert!(!is_dsn(refused), "{refused}");
        }
    }
}
