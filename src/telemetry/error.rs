//! Why telemetry cannot be set up.

use crate::base::{Fault, FaultCode};

/// Why telemetry cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// A collector is named, and this binary cannot speak to it.
    #[error("`telemetry.otlp_endpoint` is set, but this binary was built without the feature `otlp`")]
    NoTraces,
    /// The exporter of spans cannot be built.
    #[error("traces cannot be sent to the collector of `telemetry.otlp_endpoint`")]
    Traces(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Somebody else records metrics in this process.
    #[error("metrics are recorded already")]
    Metrics(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Fault for TelemetryError {
    fn code(&self) -> FaultCode {
        FaultCode::InternalServerError
    }
}
