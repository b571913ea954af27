//! The web: what each route answers to whom, in which form and with which status.

mod audit;
mod batches;
mod bodies;
mod codes;
mod costs;
mod credentials;
mod demo;
mod introspection;
mod media_types;
mod methods;
mod mistakes;
mod plans;
mod proxies;
mod sizes;
mod trusted;

/// Reads without touching a row.
const TYPENAME: &str = "{ __typename }";
