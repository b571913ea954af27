//! The integration tests, in one binary so that it links once.

mod catalog;
mod local_pg;
mod support;
