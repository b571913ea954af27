//! Extractors: handlers ask for the proof that they need.

mod caller;
mod context;

pub(crate) use caller::{Caller, SESSION_COOKIE};
pub(crate) use context::request_context;
