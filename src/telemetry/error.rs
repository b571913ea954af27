//! Why telemetry cannot be set up.

use crate::base::{Fault, FaultCode};
use std::path::PathBuf;

/// Why telemetry cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// A collector is named, and this binary cannot speak to it.
    #[error("`telemetry.otlp_endpoint` is set, but this binary was built without the feature `otlp`")]
    NoTraces,
    /// The exporter of spans cannot be built.
    #[error("traces cannot be sent to the collector of `telemetry.otlp_endpoint`")]
    Traces(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Errors are to be reported, and this binary cannot.
    #[error("`telemetry.sentry_dsn` is set, but this binary was built without the feature `sentry`")]
    NoReports,
    /// The address of Sentry is none.
    #[error("`telemetry.sentry_dsn` is no DSN as Sentry shows it in the project's settings under \"Client Keys\"")]
    Reports,
    /// A file of certificate authorities cannot be used.
    #[error("`{path}` of `telemetry.ca_file` holds no certificates in PEM form")]
    Authorities {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: rustls::pki_types::pem::Error,
    },
    /// Somebody else records metrics in this process.
    #[error("metrics are recorded already")]
    Metrics(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Fault for TelemetryError {
    fn code(&self) -> FaultCode {
        FaultCode::InternalServerError
    }
}
