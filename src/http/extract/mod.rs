//! Extractors: handlers ask for the proof that they need.

mod caller;
mod context;
mod proxies;

pub(crate) use caller::{Caller, find_credential};
pub(crate) use context::request_context;
pub use proxies::Proxies;
