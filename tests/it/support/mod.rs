//! What the tests of several areas share.

pub mod app;
pub mod caller;
#[cfg(any(feature = "otlp", feature = "sentry"))]
pub mod collector;
pub mod database;
pub mod desk;
pub mod expect;
pub mod http;
pub mod issuer;
pub mod process;
pub mod provider;
pub mod proxy;
pub mod request_case;
pub mod tls;
