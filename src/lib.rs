//! Toolcrib: a GraphQL internal-tools platform over PostgreSQL.

pub mod base;
pub mod catalog;
pub mod config;
pub mod local_pg;
pub mod policy;
pub mod sql;
