//! Delivers envelopes one after the other, in the background. What Sentry does not take is lost; nobody waits for it.

use crate::telemetry::client::{Courier, PATIENCE};
use hyper::body::Bytes;
use hyper::{Request, StatusCode, header};
use sentry_types::Dsn;
use sentry_types::protocol::v7::Envelope;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// How many reports may wait: a server that fails at every request has more to do than to tell of each.
const MOST_WAITING: usize = 64;

/// How long Sentry is left alone that has had enough and does not say for how long.
const PAUSE: Duration = Duration::from_secs(60);
/// The longest that the receiver is waited for, in seconds, whatever it asks for.
const LONGEST_PAUSE: u64 = 3600;

enum Parcel {
    Envelope(Bytes),
    /// Everything before it was delivered, or lost.
    End(oneshot::Sender<()>),
}

/// Where envelopes wait. Cheap to clone.
#[derive(Clone)]
pub(super) struct Queue(mpsc::Sender<Parcel>);

impl Queue {
    /// Lets an envelope wait; it is lost where too many do.
    pub(super) fn push(&self, envelope: &Envelope) {
        let mut bytes = Vec::new();
        if envelope.to_writer(&mut bytes).is_ok() {
            let _ = self.0.try_send(Parcel::Envelope(bytes.into()));
        }
    }
}

/// Delivers until it is shut down.
pub(crate) struct Sender(Queue);

impl Sender {
    /// Has to be called on the runtime that will send.
    pub(super) fn start(dsn: &Dsn, courier: Courier) -> Self {
        let (queue, parcels) = mpsc::channel(MOST_WAITING);
        let agent = concat!("toolcrib/", env!("CARGO_PKG_VERSION"));
        let route = Route {
            address: dsn.envelope_api_url().to_string(),
            credential: dsn.to_auth(Some(agent)).to_string(),
            courier,
            is_closed_until: None,
        };
        tokio::spawn(route.deliver(parcels));
        Self(Queue(queue))
    }

    pub(super) fn queue(&self) -> Queue {
        self.0.clone()
    }

    /// Delivers what waits.
    pub(crate) async fn shut_down(self) {
        let (ended, end) = oneshot::channel();
        if self.0.0.send(Parcel::End(ended)).await.is_ok() {
            let _ = tokio::time::timeout(PATIENCE, end).await;
        }
    }
}

/// The way to one project.
struct Route {
    address: String,
    credential: String,
    courier: Courier,
    is_closed_until: Option<Instant>,
}

impl Route {
    async fn deliver(mut self, mut parcels: mpsc::Receiver<Parcel>) {
        while let Some(parcel) = parcels.recv().await {
            match parcel {
                Parcel::End(ended) => drop(ended.send(())),
                Parcel::Envelope(_) if self.is_closed_until.is_some_and(|until| Instant::now() < until) => {}
                Parcel::Envelope(envelope) => self.send(envelope).await,
            }
        }
    }

    async fn send(&mut self, envelope: Bytes) {
        let request = Request::post(&self.address)
            .header(header::CONTENT_TYPE, "application/x-sentry-envelope")
            .header("x-sentry-auth", &self.credential)
            .body(envelope);
        let Ok(request) = request else { return };
        match self.courier.send(request).await {
            Ok(answer) if answer.status() == StatusCode::TOO_MANY_REQUESTS => {
                let asked = answer.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
                self.is_closed_until =
                    Some(Instant::now() + asked.map_or(PAUSE, |seconds: u64| Duration::from_secs(seconds.min(LONGEST_PAUSE))));
            }
            Ok(answer) if !answer.status().is_success() => {
                tracing::warn!(status = answer.status().as_u16(), "Sentry does not take a report");
            }
            Ok(_) => {}
            // At the level of a warning: an error would be reported in turn.
            Err(error) => tracing::warn!(error = %error, "a report does not reach Sentry"),
        }
    }
}
