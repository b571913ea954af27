//! The metrics: their names, what they mean, and the text that Prometheus reads.
//!
//! Every name and label value is written in the program; `tests/it/operating/metrics.rs` compares this table with the code.

use crate::telemetry::{TelemetryError, process};
use metrics::{Unit, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::time::Duration;

/// The upper ends of the buckets of durations, in seconds: from a read by id to the statement time limit.
const SECONDS: [f64; 15] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// How often samples are sorted into their buckets, so that they do not pile up while nobody asks.
const UPKEEP: Duration = Duration::from_secs(5);

/// What kind of metric it is.
#[derive(Clone, Copy)]
enum Kind {
    Counter,
    Gauge,
    Seconds,
}

/// Every metric, what kind it is, and what it says.
const METRICS: [(&str, Kind, &str); 19] = [
    ("toolcrib_build_info", Kind::Gauge, "1; the label `version` is the running release"),
    (
        "toolcrib_request_duration_seconds",
        Kind::Seconds,
        "GraphQL requests by `type` (query, mutation, invalid) and `outcome` (ok, refused, failed)",
    ),
    ("toolcrib_refusals_total", Kind::Counter, "errors in answers by `code`, the same as in `extensions.code`"),
    ("toolcrib_rows_total", Kind::Counter, "rows of root collections in answers, by `type`"),
    ("toolcrib_plans_total", Kind::Counter, "plans of queries by `source`: kept from an earlier request, or the planner"),
    ("toolcrib_statement_duration_seconds", Kind::Seconds, "SQL statements; `kind` is read (its own transaction) or transaction"),
    ("toolcrib_database_errors_total", Kind::Counter, "errors of the database by `kind`"),
    ("toolcrib_pool_wait_seconds", Kind::Seconds, "how long a connection was waited for"),
    ("toolcrib_pool_limit", Kind::Gauge, "connections that a `pool` may have"),
    ("toolcrib_pool_connections", Kind::Gauge, "connections of a `pool` by `state`: busy or free"),
    ("toolcrib_pool_waiting", Kind::Gauge, "requests that wait for a connection of a `pool`"),
    ("toolcrib_audit_events_total", Kind::Counter, "audit events that were committed, by `type`"),
    ("toolcrib_exports_total", Kind::Counter, "exports by `outcome`: completed, failed, denied"),
    ("toolcrib_export_rows_total", Kind::Counter, "rows in completed exports"),
    ("process_resident_memory_bytes", Kind::Gauge, "memory of the process that is in RAM"),
    ("process_virtual_memory_bytes", Kind::Gauge, "memory of the process altogether"),
    ("process_open_fds", Kind::Gauge, "open files and sockets"),
    ("process_cpu_seconds_total", Kind::Gauge, "processor time used"),
    ("process_start_time_seconds", Kind::Gauge, "when the process began, in seconds since 1970"),
];

/// Whatever was counted in this process, ready to be shown. Cheap to clone.
#[derive(Clone)]
pub struct MetricsRecorder(PrometheusHandle);

impl MetricsRecorder {
    /// Begins to count. Before, `metrics`' macros do nothing.
    ///
    /// # Errors
    /// [`TelemetryError::Metrics`] if this process counts already.
    pub fn install() -> Result<Self, TelemetryError> {
        let failed = |error: metrics_exporter_prometheus::BuildError| TelemetryError::Metrics(Box::new(error));
        let builder = PrometheusBuilder::new().set_buckets(&SECONDS).map_err(failed)?;
        let handle = builder.install_recorder().map_err(failed)?;
        for (name, kind, help) in METRICS {
            match kind {
                Kind::Counter => describe_counter!(name, help),
                Kind::Gauge => describe_gauge!(name, help),
                Kind::Seconds => describe_histogram!(name, Unit::Seconds, help),
            }
        }
        gauge!("toolcrib_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        Ok(Self(handle))
    }

    /// Keeps the memory of samples bounded, for as long as the runtime runs.
    pub async fn keep_up(self) {
        let mut ticks = tokio::time::interval(UPKEEP);
        loop {
            ticks.tick().await;
            self.0.run_upkeep();
        }
    }

    /// The metrics in Prometheus' text format.
    pub fn render(&self) -> String {
        process::measure();
        self.0.render()
    }
}
