//! Assembly: settings in, a running service out.
//!
//! Purpose: the one place that knows every module and puts them together.
//! Flow: [`Tool::load`] (SDL and rules) → [`Storage::open`] (private PostgreSQL or a given one) → migrations → [`App::build`]
//! (pool, keys, engine) → `http`.
//! Invariants: nothing is served from a catalog with mistakes, or from a database that does not fit it.
//! Deliberately unknown: how a command line looks.

mod build;
mod demo;
mod error;
mod storage;
mod sweep;
mod tool;

pub use build::App;
pub use demo::{DemoCredential, demo_credentials, holds_real_data, seed};
pub use error::AppError;
pub use storage::Storage;
pub use tool::Tool;
