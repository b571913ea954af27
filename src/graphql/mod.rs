//! The language: a request's text and variables → validated operation → plans → one JSON answer.
//!
//! Purpose: the only place that knows GraphQL's documents and the shape of its responses.
//! Flow: `document` (parse, validate, limits; cached by text) → `request` (operation, variables) → `collect` (selection) →
//! `execute` (plan, run) → `response`.
//! The API's types are declared as async-graphql's dynamic schema (`api`); its SDL is what clients get. Documents are validated
//! and variables coerced by apollo-compiler against that same SDL: it follows the specification where async-graphql 7.2 accepts
//! a missing required variable until it resolves, and a validated document can be kept and used again.
//! Invariants: a mutation that fails has `data: null` and changed nothing; root fields keep the order of the request.
//! Deliberately unknown: HTTP, how the caller signed in, SQL.

pub mod api;
mod change;
pub mod collect;
mod document;
mod engine;
mod error;
mod execute;
mod export;
mod limits;
mod mutate;
mod mutation;
mod payload;
mod response;
mod retry;

pub use engine::{ApiError, Engine, EngineParts, GraphqlRequest, Variables};
pub use error::GraphqlError;
pub use limits::OperationLimits;
pub use response::{GraphqlResponse, OperationSummary, ResponseKind};
