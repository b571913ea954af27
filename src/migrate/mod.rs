//! The catalog against the database: reviewed, reversible migrations, and the privileges that the rules ask for.
//!
//! Purpose: say what is missing in the database, write it down as SQL for people to review, apply what was reviewed, and keep
//! roles and grants what the rules say.
//! Flow: [`plan()`] (catalog → `wanted` tables; database → `db::introspect`; `compare` → [`Plan`]) → [`write()`] → review →
//! [`apply()`] (lock, platform migrations, the tool's, shape check, roles and grants, audit partitions).
//! Invariants: a plan creates and adds, it never loses data; the same catalog and database always give the same text; every
//! applied migration has its record and its audit event in its own transaction; after an [`apply()`] the database fits the
//! catalog, and no role has a privilege that no rule gives it.
//! Deliberately unknown: requests, actors, HTTP; when migrations are applied (`cli` decides).

mod apply;
mod compare;
mod connect;
mod ddl;
mod definition;
mod demand;
mod error;
mod files;
mod grants;
mod inspect;
mod names;
mod plan;
mod refusal;
mod restore;
mod roles;
mod server_login;
mod status;
mod step;
mod wanted;

pub use apply::{Applied, Tool, apply, plan, verify};
pub use connect::connect;
pub use demand::{RolePrivileges, RuleDemands, TablePrivilege};
pub use error::MigrateError;
pub use files::{ToolMigration, write};
pub use grants::GrantChanges;
pub use inspect::{inspect_grants, inspect_roles};
pub use plan::Plan;
pub use refusal::Refusal;
pub use restore::{Origins, prepare_restore, read_origins};
pub use roles::database_role;
pub use server_login::{ensure_server_login, server_url_of};
pub use status::{MigrationSource, MigrationStatus, status};
pub use step::Step;
pub use wanted::{SequenceFormat, WantedColumn, WantedDefault, WantedIndex, WantedTable};
