//! The language: a request's text and variables → validated operation → plans → one JSON answer.
//!
//! Purpose: the only place that knows GraphQL's documents and the shape of its responses.
//! Flow: `trusted` (which document) → `document` (parse, validate, limits; cached by text) → `variables` → `collect` (selection) → `introspection` (the right
//! to it) → `cost` → `execute` (plan, run) → `response`. From its second use on a query's plan is kept (`plan_cache`), and the way
//! from `variables` to running is short.
//! The API's types are declared as async-graphql's dynamic schema (`api`); its SDL is what clients get. Documents are validated
//! by apollo-compiler against that same SDL: it follows the specification where async-graphql 7.2 accepts a missing required
//! variable until it resolves, and a validated document can be kept and used again. What it finds is told in our words
//! (`mistake`), because its own name types that not every caller may learn (`names`).
//! Invariants: whoever may not introspect learns no name of the schema from an error; a mutation that fails has `data: null` and changed nothing; root fields keep the order of the request.
//! Deliberately unknown: HTTP, how the caller signed in, SQL.

mod access_change;
pub mod api;
pub mod api_change;
mod change;
pub mod collect;
mod cost;
mod document;
mod engine;
mod error;
mod execute;
mod explain;
mod export;
mod introspection;
mod keep;
mod limits;
mod mistake;
mod mutate;
mod mutation;
mod names;
mod payload;
mod plan_cache;
mod policy_explain;
mod pricing;
mod response;
mod retry;
mod share;
mod token;
mod trusted;
mod variables;
mod whole_change;

pub use cost::Cost;
pub use engine::{ApiError, Engine, EngineParts, GraphqlRequest, ReadyOperation, Variables};
pub use error::GraphqlError;
pub use explain::ExplainedField;
pub use limits::OperationLimits;
pub use response::{GraphqlResponse, OperationSummary, ResponseKind};
pub use trusted::{ManifestError, TrustedDocuments};
