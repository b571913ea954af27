//! Traces, where the binary has them: without the feature `otlp` there are none, and asking for them is refused.

use crate::config::TelemetrySettings;
use crate::telemetry::TelemetryError;
use tracing::Span;
use tracing_subscriber::{Layer, Registry};

/// What receives spans.
pub(super) type Spans = Box<dyn Layer<Registry> + Send + Sync>;

/// Where spans go.
pub(super) struct Traces {
    #[cfg(feature = "otlp")]
    sender: crate::telemetry::otlp::Sender,
}

impl Traces {
    /// Sends what waits, within a few seconds.
    pub(super) async fn shut_down(self) {
        #[cfg(feature = "otlp")]
        self.sender.shut_down().await;
    }
}

#[cfg(feature = "otlp")]
pub(super) fn start(settings: &TelemetrySettings) -> Result<(Option<Traces>, Option<Spans>), TelemetryError> {
    let Some(endpoint) = &settings.otlp_endpoint else { return Ok((None, None)) };
    let (sender, spans) = crate::telemetry::otlp::start(endpoint, settings)?;
    Ok((Some(Traces { sender }), Some(spans)))
}

#[cfg(not(feature = "otlp"))]
pub(super) fn start(settings: &TelemetrySettings) -> Result<(Option<Traces>, Option<Spans>), TelemetryError> {
    if settings.otlp_endpoint.is_some() { Err(TelemetryError::NoTraces) } else { Ok((None, None)) }
}

/// Makes a span the continuation of the trace that a caller began, as the W3C's `traceparent` and `tracestate` say; `header`
/// finds a header by its name. Without traces nobody looks.
pub fn adopt_parent<'h>(span: &Span, header: impl Fn(&str) -> Option<&'h str>) {
    if span.is_disabled() {
        return;
    }
    #[cfg(feature = "otlp")]
    crate::telemetry::otlp::adopt_parent(span, header);
    #[cfg(not(feature = "otlp"))]
    let _ = header;
}
