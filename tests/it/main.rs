//! The integration tests, one binary so that they link once.

#![expect(clippy::unwrap_used, reason = "a test that meets an error has failed")]

mod local_pg;
