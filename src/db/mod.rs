//! The server's connections: a pool of sessions that own nothing, and transactions that carry an actor.
//!
//! Purpose: run statements under the database role of whoever asks, and never give an open or dirty transaction back.
//! Flow: [`Database::read`] is one message of role and settings, statement and the end of their transaction (`pipeline`), and so is
//! [`Database::change`]; [`Database::begin`] opens a [`Transaction`] for more.
//! Invariants: the pool logs in as `toolcrib_server`, which has no privilege on collections, so a statement outside its
//! transaction is refused by PostgreSQL; a connection that is dropped before the end of its transaction was answered is closed, not
//! pooled.
//! Deliberately unknown: plans, rules, what a statement means.

mod address;
mod advisory;
pub mod applied_schema;
mod circle;
mod connect;
pub mod database_logins;
mod error;
mod explain;
pub mod health;
pub mod introspect;
pub mod migrations;
mod observe;
mod owner;
mod pipeline;
mod pool;
pub mod privileges;
pub mod probe;
mod provisioning_turn;
mod raw_json;
mod readiness;
mod running_export;
#[expect(missing_docs, reason = "printed by Diesel; the migrations describe the tables")]
pub mod schema;
pub mod server_keys;
mod session;
mod shape;
mod shared_connection;
mod slow;
mod table_sizes;
mod taken;
mod teams;
mod transaction;
pub mod wall;

pub use address::{ConnectError, DatabaseAddress};
pub use circle::find_circle;
pub use connect::ConnectOptions;
pub use error::{ConstraintKind, DbError};
pub use explain::ExplainRun;
pub use observe::PoolState;
pub use owner::{OwnerTrial, is_migrated};
pub use pool::{Database, OneChange};
pub use provisioning_turn::take_provisioning_turn;
pub use raw_json::RawJson;
pub use running_export::{hold_running_export, list_abandoned_exports};
pub use session::{ActorSettings, WrittenRows, admitting};
pub use slow::SlowPlan;
pub use table_sizes::TableSizes;
pub use taken::{Candidates, find_taken};
pub use teams::UserTeams;
pub use transaction::{JsonRow, Transaction};
