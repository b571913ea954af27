//! Notices what is logged as an error, and panics, and in which request.

use crate::telemetry::STAGE;
use crate::telemetry::reports::Watch;
use crate::telemetry::sentry::Report;
use std::collections::BTreeMap;
use std::fmt;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// The operation of a request.
pub(super) const OPERATION: &str = "operation.name";

/// The place of a panic.
const PANIC_PLACE: &str = "panic.place";

/// The words of a panic, which may quote values. A line that has them is about a panic that was noticed where it happened.
const PANIC_TEXT: &str = "panic.text";

/// What is told besides the message; everything else that a line has stays in the log.
const TOLD: [&str; 4] = ["request.id", OPERATION, "operation.type", "error.code"];

/// The beginning of the targets of the program's own lines.
const OURS: &str = env!("CARGO_PKG_NAME");

/// The span of a whole request.
const REQUEST: &str = "graphql";

/// How many errors of one request are reported.
const MOST_IN_REQUEST: usize = 10;

/// Logs each panic with its place in the request that it happens in, beside what was done about panics before.
pub(super) fn report_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(|place| format!("{}:{}", place.file(), place.line())).unwrap_or_default();
        tracing::error!(panic.place = place, "a panic");
        before(panic);
    }));
}

/// Hands every report to `report`.
pub(super) fn layer(report: impl Fn(Report) + Send + Sync + 'static) -> Watch {
    let is_asked = |metadata: &Metadata<'_>| {
        let is_request = metadata.is_span() && metadata.target() == STAGE && metadata.name() == REQUEST;
        // The texts of libraries are not known to quote nothing.
        let is_ours = metadata.target().starts_with(OURS);
        is_request || metadata.is_event() && *metadata.level() == Level::ERROR && is_ours
    };
    Watcher { report }.with_filter(filter_fn(is_asked)).boxed()
}

struct Watcher<F> {
    report: F,
}

/// A request under way: what is known of it, and what went wrong so far.
#[derive(Default)]
struct Underway {
    tags: BTreeMap<&'static str, String>,
    reports: Vec<Report>,
}

impl<S, F> Layer<S> for Watcher<F>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    F: Fn(Report) + Send + Sync + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut seen = Seen::default();
        attributes.record(&mut seen);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Underway { tags: seen.tags, reports: Vec::new() });
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut seen = Seen::default();
        values.record(&mut seen);
        if let Some(span) = context.span(id)
            && let Some(underway) = span.extensions_mut().get_mut::<Underway>()
        {
            underway.tags.extend(seen.tags);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        if metadata.fields().field(PANIC_TEXT).is_some() {
            return;
        }
        let mut seen = Seen::default();
        event.record(&mut seen);
        let logged = || format!("{}:{}", metadata.file().unwrap_or_default(), metadata.line().unwrap_or_default());
        let report = Report {
            message: seen.message,
            module: metadata.target(),
            place: seen.panic_place.unwrap_or_else(logged),
            tags: seen.tags,
        };
        if let Some(span) = context.event_span(event)
            && let Some(underway) = span.extensions_mut().get_mut::<Underway>()
        {
            if underway.reports.len() < MOST_IN_REQUEST {
                underway.reports.push(report);
            }
            return;
        }
        (self.report)(report);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let Some(Underway { tags, reports }) = span.extensions_mut().remove::<Underway>() else { return };
        for mut report in reports {
            for (name, value) in &tags {
                report.tags.entry(name).or_insert_with(|| value.clone());
            }
            (self.report)(report);
        }
    }
}

/// The parts of a line or span that may be told.
#[derive(Default)]
struct Seen {
    message: String,
    panic_place: Option<String>,
    tags: BTreeMap<&'static str, String>,
}

impl Visit for Seen {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.see(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" || TOLD.contains(&field.name()) {
            self.see(field, format!("{value:?}"));
        }
    }
}

impl Seen {
    fn see(&mut self, field: &Field, text: String) {
        match field.name() {
            "message" => self.message = text,
            PANIC_PLACE => self.panic_place = Some(text),
            name if TOLD.contains(&name) && !text.is_empty() => drop(self.tags.insert(field.name(), text)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot::Mutex;
    use std::sync::Arc;
    use tracing_subscriber::layer::SubscriberExt;

    /// What is reported meanwhile, as Sentry would get it.
    fn reports(run: impl FnOnce()) -> Vec<Report> {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let keeper = Arc::clone(&kept);
        let watch = layer(move |report| keeper.lock().push(report));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(watch), run);
        kept.lock().clone()
    }

    fn tags(report: &Report) -> Vec<(&'static str, &str)> {
        report.tags.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    #[test]
    fn an_error_is_told_with_its_request_and_without_its_cause() {
        let found = reports(|| {
            let span = tracing::trace_span!(
                target: "toolcrib::stage",
                "graphql",
                request.id = %7,
                actor.role = "agent",
                operation.name = tracing::field::Empty,
            );
            span.in_scope(|| {
                tracing::trace_span!(target: "toolcrib::stage", "sql", db.query.text = "select secret").in_scope(|| {
                    tracing::error!(error = "needle", error.code = "INTERNAL_SERVER_ERROR", field = "secret", "a field failed");
                });
                tracing::warn!("not so bad");
            });
            span.record("operation.name", "Haystack");
        });
        let [report] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(report.message, "a field failed");
        assert!(report.place.starts_with("src/telemetry/sentry/watch.rs:"), "{}", report.place);
        let expected = [("error.code", "INTERNAL_SERVER_ERROR"), ("operation.name", "Haystack"), ("request.id", "7")];
        assert_eq!(tags(report), expected);
        let shown = format!("{report:?}");
        assert!(!shown.contains("needle") && !shown.contains("secret") && !shown.contains("agent"), "{shown}");
    }

    #[test]
    fn an_error_of_no_request_is_told_at_once() {
        let found = reports(|| tracing::error!(request.id = %8, "an export failed"));
        assert_eq!(found.len(), 1);
        assert_eq!(tags(&found[0]), [("request.id", "8")]);
    }

    #[test]
    fn a_panic_is_told_once_with_its_place_and_without_its_words() {
        report_panics();
        let found = reports(|| {
            let span = tracing::trace_span!(target: "toolcrib::stage", "graphql", request.id = %9);
            let panicked = span.in_scope(|| std::panic::catch_unwind(|| panic!("needle")));
            assert!(panicked.is_err());
            tracing::error!(panic.text = "needle", "a request panicked");
        });
        let [report] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((report.message.as_str(), tags(report)), ("a panic", vec![("request.id", "9")]));
        assert!(report.place.starts_with("src/telemetry/sentry/watch.rs:"), "{}", report.place);
        assert!(!format!("{report:?}").contains("needle"));
    }
}
