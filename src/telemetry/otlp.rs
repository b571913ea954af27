//! Spans to a collector, as OTLP in protobuf over HTTP, with TLS where the collector's address says so.
//!
//! The exporter sends from a thread of its own, which knows no tokio; the sending itself happens on the server's runtime, with
//! the HTTP client that is here anyway (`client`). A collector that is away costs nothing but the spans.

use crate::config::TelemetrySettings;
use crate::telemetry::client::{Courier, PATIENCE};
use crate::telemetry::traces::Spans;
use crate::telemetry::{STAGE, TelemetryError};
use async_trait::async_trait;
use opentelemetry::KeyValue;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{BatchSpanProcessor, Sampler, SdkTracerProvider};
use secrecy::ExposeSecret;
use std::marker::PhantomData;
use tokio::runtime::Handle;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;

/// Sends spans until it is shut down.
pub(super) struct Sender(SdkTracerProvider);

impl Sender {
    /// Sends what waits.
    pub(super) async fn shut_down(self) {
        // It waits for its thread, which waits for our runtime: not on one of the runtime's own threads.
        let _ = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(PATIENCE)).await;
    }
}

/// Sends the spans of the stages to a collector.
pub(super) fn start(endpoint: &str, settings: &TelemetrySettings) -> Result<(Sender, Spans), TelemetryError> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Collector { courier: Courier::new(settings.ca_file.as_deref())?, runtime: Handle::current() })
        .with_headers(
            settings.otlp_headers.iter().map(|(name, value)| (name.clone(), value.expose_secret().to_owned())).collect(),
        )
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(PATIENCE)
        .with_endpoint(endpoint)
        .build()
        .map_err(|error| TelemetryError::Traces(Box::new(error)))?;
    let resource = Resource::builder_empty()
        .with_service_name(settings.service_name.clone())
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_attributes(settings.environment.iter().map(|name| KeyValue::new("deployment.environment.name", name.clone())))
        .build();
    // Who calls us decides whether the whole is traced; where nobody did, the setting does.
    let share = Sampler::TraceIdRatioBased(f64::from(settings.sample_percent) / 100.0);
    let provider = SdkTracerProvider::builder()
        .with_span_processor(BatchSpanProcessor::builder(exporter).build())
        .with_sampler(Sampler::ParentBased(Box::new(share)))
        .with_resource(resource)
        .build();
    let spans = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("toolcrib"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        // Spans of libraries, and log lines, may say what ours never do.
        .with_filter(filter_fn(|metadata| metadata.is_span() && metadata.target() == STAGE));
    Ok((Sender(provider), spans.boxed()))
}

/// The headers of a request.
struct Headers<'h, F>(F, PhantomData<&'h str>);

impl<'h, F: Fn(&str) -> Option<&'h str>> Extractor for Headers<'h, F> {
    fn get(&self, key: &str) -> Option<&str> {
        (self.0)(key)
    }

    fn keys(&self) -> Vec<&str> {
        Vec::new()
    }
}

pub(super) fn adopt_parent<'h>(span: &Span, header: impl Fn(&str) -> Option<&'h str>) {
    let parent = TraceContextPropagator::new().extract(&Headers(header, PhantomData));
    // A span that is not collected has no parent to be given.
    let _ = span.set_parent(parent);
}

/// The way to the collector.
#[derive(Debug)]
struct Collector {
    courier: Courier,
    /// That of the server, on which the courier has to run.
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let courier = self.courier.clone();
        // The clock, too, is the runtime's: a timeout can only be made there.
        self.runtime.spawn(async move { courier.send(request).await }).await?
    }
}
