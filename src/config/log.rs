//! `[log]`

use crate::config::duration;
use crate::config::entries::Entries;
use std::time::Duration;

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
    /// Statements that take longer are logged, as text without values. `None`: none are.
    pub slow_query: Option<Duration>,
    /// What is logged of them besides.
    pub slow_query_plan: SlowQueryPlan,
}

/// Whether slow statements are explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlowQueryPlan {
    /// They are not.
    Left,
    /// PostgreSQL's plan is logged too, made without anybody's values.
    Logged,
}

impl LogSettings {
    pub(super) const KEYS: &'static [&'static str] = &["log.format", "log.filter", "log.slow_query", "log.slow_query_plan"];

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
        let plan = entries.read("log.slow_query_plan", "`true` or `false`", |text| match text {
            "true" => Some(SlowQueryPlan::Logged),
            "false" => Some(SlowQueryPlan::Left),
            _ => None,
        });
        Self {
            format: format.unwrap_or(LogFormat::Text),
            filter: filter.unwrap_or_else(|| "info".to_owned()),
            slow_query: entries.read("log.slow_query", duration::EXPECTED, duration::parse),
            slow_query_plan: plan.unwrap_or(SlowQueryPlan::Left),
        }
    }
}
