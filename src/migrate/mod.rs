//! The catalog against the database: reviewed, reversible migrations, and the privileges that the rules ask for.
//!
//! Purpose: say what is missing in the database, write it down as SQL for people to review, apply what was reviewed, and keep
//! roles and grants what the rules say.
//! Flow: [`plan()`] (catalog → `wanted` tables; database → `db::introspect`; `compare` → [`Plan`]) → [`write()`] (`script`) →
//! review → [`apply()`] (turn, platform migrations, `gate`, the tool's steps by `run`, shape check, roles and grants, audit
//! partitions); [`revert()`] takes the last ones back.
//! Invariants: nothing that loses data or locks a table for long runs without somebody's word; the same catalog and database
//! always give the same text; every applied step has its record and its audit event, a step in a transaction in that very one; after an [`apply()`] the database fits the
//! catalog, no role has a privilege that no rule gives it, and no rule gives more than before without somebody's word.
//! Deliberately unknown: requests, actors, HTTP; when migrations are applied (`cli` decides).

mod access;
mod apply;
mod cast;
mod check;
mod compare;
mod connect;
mod ddl;
mod definition;
mod demand;
mod error;
mod files;
mod gate;
mod grants;
mod inspect;
mod logins;
mod names;
mod patience;
mod plan;
mod refusal;
mod restore;
mod revert;
mod roles;
mod run;
mod script;
mod server_login;
mod status;
mod step;
mod wall;
mod wanted;

pub use access::{AppliedRules, Widening, access_changes, applied_rules};
pub use apply::{Applied, ApplyOptions, Tool, apply, apply_with, plan, try_rules, verify};
pub use cast::Cast;
pub use connect::connect;
pub use demand::{ReadableColumns, RolePrivileges, RoleRules, RowRules, RuleDemands, TablePrivilege};
pub use error::MigrateError;
pub use files::{ToolMigration, write};
pub use gate::{Asked, Consent};
pub use grants::GrantChanges;
pub use inspect::{inspect_grants, inspect_roles, inspect_wall};
pub use logins::{BoundLogin, bind_login, drop_login, list_logins};
pub use patience::Patience;
pub use plan::Plan;
pub use refusal::Refusal;
pub use restore::{Origins, prepare_restore, read_origins};
pub use revert::{Reverted, revert};
pub use roles::{database_role, reader_role};
pub use script::{Manner, Section};
pub use server_login::{ensure_server_login, server_url_of};
pub use status::{MigrationSource, MigrationStatus, status};
pub use step::{Age, Change, Pass, Risk, Shape, Step, Warning};
pub use wall::{Piece, PieceKind, PieceName, WallChanges, wanted as row_security};
pub use wanted::{SequenceFormat, WantedColumn, WantedDefault, WantedFill, WantedIndex, WantedTable};
