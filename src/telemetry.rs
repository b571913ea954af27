//! Logs: set-up, and the names of their fields.
//!
//! Purpose: one place that decides where log lines go, in which form, and what their fields are called.
//! Flow: [`start`] once, before anything else; after that, `tracing`'s macros wherever something happens.
//! Invariants: lines say which request and who, never what: no tokens, cookies, mail addresses, row contents, variables, bodies.
//! Deliberately unknown: what happens.
//!
//! Fields that appear in more than one place: `request.id`, `actor.id`, `actor.role`, `operation.name`, `operation.fields`,
//! `duration_ms`, `rows`, `errors`, `error`.

use crate::config::{LogFormat, LogSettings};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Sends log lines to standard error, in the form that the settings ask for. Does nothing if a subscriber is already there.
pub fn start(settings: &LogSettings) {
    let filter = EnvFilter::try_new(&settings.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let registry = tracing_subscriber::registry().with(filter);
    // Colours are for people at a terminal; in a file they are noise that no search expects.
    let is_terminal = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false).with_ansi(is_terminal);
    let started = match settings.format {
        LogFormat::Text => registry.with(lines).try_init(),
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
    };
    if started.is_err() {
        tracing::debug!("logging was already set up");
    }
}
