//! Errors and panics on their way to Sentry, where the binary has it: without the feature `sentry` asking for it is refused.

use crate::config::TelemetrySettings;
use crate::telemetry::TelemetryError;
use tracing_subscriber::{Layer, Registry};

/// What notices errors.
pub(super) type Watch = Box<dyn Layer<Registry> + Send + Sync>;

/// Where reports go.
pub(super) struct Reports {
    #[cfg(feature = "sentry")]
    sender: crate::telemetry::sentry::Sender,
}

impl Reports {
    /// Sends what waits, within a few seconds.
    pub(super) async fn shut_down(self) {
        #[cfg(feature = "sentry")]
        self.sender.shut_down().await;
    }
}

#[cfg(feature = "sentry")]
pub(super) fn start(settings: &TelemetrySettings) -> Result<(Option<Reports>, Option<Watch>), TelemetryError> {
    let Some(dsn) = &settings.sentry_dsn else { return Ok((None, None)) };
    let (sender, watch) = crate::telemetry::sentry::start(dsn, settings)?;
    Ok((Some(Reports { sender }), Some(watch)))
}

#[cfg(not(feature = "sentry"))]
pub(super) fn start(settings: &TelemetrySettings) -> Result<(Option<Reports>, Option<Watch>), TelemetryError> {
    if settings.sentry_dsn.is_some() { Err(TelemetryError::NoReports) } else { Ok((None, None)) }
}
