//! Reports of errors and panics for Sentry: what failed, where in the program, in which request and operation.
//!
//! Purpose: tell people of faults of ours, without telling Sentry anything of theirs.
//! Flow: `watch` notices what is logged as an error, and panics; a request's errors wait for its end, because only then its
//! operation is known → [`Report`] → an event of Sentry's protocol → `sender` delivers it in the background.
//! Invariants: a report is made of fixed texts, places in the program, ids of requests, names of operations and codes. The causes
//! of errors, which may quote values, are in the log alone, under the request's id; nothing of a caller is reported at all.
//! Deliberately unknown: Sentry's own client, whose integrations collect what is not told here.

mod sender;
mod watch;

pub(super) use sender::Sender;

use crate::config::TelemetrySettings;
use crate::telemetry::TelemetryError;
use crate::telemetry::client::Courier;
use crate::telemetry::reports::Watch;
use secrecy::{ExposeSecret, SecretString};
use sentry_types::Dsn;
use sentry_types::protocol::v7::{Envelope, Event, Level};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A fault of ours.
#[derive(Clone, Debug, Default, PartialEq)]
struct Report {
    /// What happened, a fixed text.
    message: String,
    /// The module that says so.
    module: &'static str,
    /// Where in the program.
    place: String,
    /// Ids, names and codes.
    tags: BTreeMap<&'static str, String>,
}

/// Which installation reports.
#[derive(Clone, Debug)]
struct Origin {
    release: String,
    environment: Option<String>,
}

impl Report {
    fn into_envelope(self, origin: &Origin) -> Envelope {
        let Self { message, module, place, tags } = self;
        // Reports from one place are one issue, whatever request they come from.
        let fingerprint = vec![Cow::Owned(place.clone())];
        let event = Event {
            level: Level::Error,
            transaction: tags.get(watch::OPERATION).cloned(),
            message: Some(message),
            logger: Some(module.to_owned()),
            culprit: Some(place),
            fingerprint: Cow::Owned(fingerprint),
            release: Some(Cow::Owned(origin.release.clone())),
            environment: origin.environment.clone().map(Cow::Owned),
            tags: tags.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            ..Event::new()
        };
        Envelope::from(event)
    }
}

/// Reports errors and panics from now on.
pub(super) fn start(dsn: &SecretString, settings: &TelemetrySettings) -> Result<(Sender, Watch), TelemetryError> {
    let dsn: Dsn = dsn.expose_secret().parse().map_err(|_| TelemetryError::Reports)?;
    let courier = Courier::new(settings.ca_file.as_deref())?;
    let sender = Sender::start(&dsn, courier);
    let origin = Origin {
        release: format!("{}@{}", settings.service_name, env!("CARGO_PKG_VERSION")),
        environment: settings.environment.clone(),
    };
    let queue = sender.queue();
    watch::report_panics();
    let watch = watch::layer(move |report: Report| queue.push(&report.into_envelope(&origin)));
    Ok((sender, watch))
}
