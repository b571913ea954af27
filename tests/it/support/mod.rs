//! What the tests of several areas share.

pub mod database;
pub mod expect;
