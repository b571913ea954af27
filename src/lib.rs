//! Toolcrib: a GraphQL internal-tools platform over PostgreSQL.

pub mod audit;
pub mod auth;
pub mod base;
pub mod catalog;
pub mod config;
pub mod db;
pub mod export;
pub mod graphql;
pub mod http;
pub mod local_pg;
pub mod migrate;
pub mod planner;
pub mod policy;
pub mod read;
pub mod sql;
pub mod write;
