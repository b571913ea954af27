//! The integration tests, in one binary so that it links once.

mod catalog;
mod support;
