//! Logs, metrics, traces, reports of errors: set-up, and the names of their fields.
//!
//! Purpose: one place that decides where log lines, numbers and spans go, in which form, and what they are called.
//! Flow: [`start`] once, before anything else; after that, `tracing`'s and `metrics`' macros wherever something happens. Log
//! lines go to standard error (`lines`), numbers to whoever asks (`metrics`), spans to a collector (`traces`), faults of ours to
//! Sentry (`reports`).
//! Invariants: all of them say which request and who, never what: no tokens, cookies, mail addresses, row contents, variables,
//! bodies; labels of metrics are of fixed lists, so that nobody can fill the memory by inventing names; what is not configured
//! costs a request nothing but a comparison. The message of an error is a fixed text, with whatever differs in fields, because
//! messages are reported and causes are not.
//! Deliberately unknown: what happens.
//!
//! Fields that appear in more than one place: `request.id`, `actor.id`, `actor.role`, `operation.name`, `operation.fields`,
//! `duration_ms`, `rows`, `errors`, `error`, `statement.text`.
//!
//! Spans are of the target `toolcrib::stage` at the level `TRACE`, which no log filter shows unless it is asked to: `graphql`
//! (the whole request), `parse`, `validate`, `plan`, `sql`, `answer`.

#[cfg(any(feature = "otlp", feature = "sentry"))]
mod client;
mod error;
mod fields;
mod lines;
mod metrics;
#[cfg(feature = "otlp")]
mod otlp;
mod process;
mod reports;
#[cfg(feature = "sentry")]
mod sentry;
mod traces;

pub use error::TelemetryError;
pub use metrics::MetricsRecorder;
pub use traces::adopt_parent;

use crate::config::{LogFormat, LogSettings, TelemetrySettings};
use fields::PlainFields;
use lines::{LastLines, Lines};
use reports::Reports;
use std::io::IsTerminal;
use traces::Traces;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

/// The target of the spans around the stages of a request.
pub(crate) const STAGE: &str = "toolcrib::stage";

/// What [`start`] set up. Dropped, it writes the lines that still wait.
#[must_use = "dropping it ends the writing of log lines in the background"]
pub struct Telemetry {
    lines: LastLines,
    traces: Option<Traces>,
    reports: Option<Reports>,
}

impl Telemetry {
    /// Sends what still waits: lines to standard error, spans to the collector, reports to Sentry.
    pub async fn shut_down(self) {
        if let Some(reports) = self.reports {
            reports.shut_down().await;
        }
        if let Some(traces) = self.traces {
            traces.shut_down().await;
        }
        drop(self.lines);
    }
}

/// Sends log lines to standard error, spans to the collector and errors to Sentry, as the settings say. Does nothing where a
/// subscriber is there already.
///
/// # Errors
/// [`TelemetryError`] if a collector or Sentry is named and cannot be used.
pub fn start(log: &LogSettings, telemetry: &TelemetrySettings) -> Result<Telemetry, TelemetryError> {
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = Lines::to_stderr();
    // Colours are for people at a terminal; in a file they are noise that no search expects.
    let is_terminal = std::io::stderr().is_terminal();
    let layer = tracing_subscriber::fmt::layer().with_writer(lines.clone()).with_target(false).with_ansi(is_terminal);
    let layer: Box<dyn Layer<Registry> + Send + Sync> = match log.format {
        LogFormat::Text => layer.fmt_fields(PlainFields).with_filter(filter).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).with_filter(filter).boxed(),
    };
    let (traces, spans) = traces::start(telemetry)?;
    let (reports, watch) = reports::start(telemetry)?;
    // Layers in a list cost a little more than one alone.
    let others: Vec<_> = spans.into_iter().chain(watch).collect();
    let started = if others.is_empty() {
        tracing_subscriber::registry().with(layer).try_init()
    } else {
        tracing_subscriber::registry().with([vec![layer], others].into_iter().flatten().collect::<Vec<_>>()).try_init()
    };
    if started.is_err() {
        tracing::debug!("logging was already set up");
    }
    Ok(Telemetry { lines: LastLines(lines), traces, reports })
}
