//! Words that every floor shares: names, values, the actor, faults, and how long something took.
//!
//! Purpose: give the product's nouns one plain type each, so that a table name is never mistaken for a field name and
//! "who is asking" is the same data everywhere.
//! Flow: none; every other module passes these along.
//! Invariants: nothing here does I/O, knows SQL text, HTTP or GraphQL; every type is plain data.
//! Deliberately unknown: how an actor signed in, how a value is bound, how a fault is shown.

mod actor;
mod fault;
mod name;
mod network;
mod scalar;
mod scope;
mod time;
mod value;

pub use actor::{Actor, AuthMethod, CallerContext, ContextUse, RequestContext};
pub use fault::{Fault, FaultCode, FaultKind};
pub use name::{ColumnName, EnumValueName, FieldName, RoleName, TableName, TypeName};
pub use network::parse_network;
pub use scalar::ScalarType;
pub use scope::{NoScope, Scope, ScopeOperation, ScopeOperations, ScopedCollection, TokenScope};
pub use time::milliseconds;
pub use value::{Value, ValueError};
