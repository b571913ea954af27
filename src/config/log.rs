//! `[log]`

use crate::config::entries::Entries;

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object for each line, for machines.
    Json,
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct LogSettings {
    /// The form.
    pub format: LogFormat,
    /// Which lines: a filter of `tracing`, `info,toolcrib=debug`.
    pub filter: String,
}

impl LogSettings {
    pub(super) const KEYS: &'static [&'static str] = &["log.format", "log.filter"];

    pub(super) fn read(entries: &mut Entries) -> Self {
        let format = entries.read("log.format", "`text` or `json`", |text| match text {
            "text" => Some(LogFormat::Text),
            "json" => Some(LogFormat::Json),
            _ => None,
        });
        let filter = entries.read("log.filter", "a filter such as `info,toolcrib=debug`", |text| {
            let is_filter = tracing_subscriber::EnvFilter::try_new(text).is_ok();
            is_filter.then(|| text.to_owned())
        });
        Self { format: format.unwrap_or(LogFormat::Text), filter: filter.unwrap_or_else(|| "info".to_owned()) }
    }
}
