//! The integration tests, in one binary so that it links once.

#![expect(clippy::unwrap_used, reason = "a test that meets an error has failed")]

mod app;
mod audit_images;
mod auth;
mod browser;
mod catalog;
mod clients;
mod examples;
mod explain;
mod export;
mod faults;
mod http;
mod local_pg;
mod masks;
mod migrations;
mod new;
mod operating;
mod oracle;
mod paging;
mod planner;
mod policy;
mod readme;
mod requests;
mod scim;
mod script;
mod sharing;
mod snapshot;
mod support;
mod tidy;
mod write;
