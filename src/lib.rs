//! Toolcrib: a GraphQL internal-tools platform over PostgreSQL.
//!
//! This is the map. A request goes down the floors and its answer comes up again: `http` proves who is asking (`auth`), `graphql`
//! parses and validates, `planner` turns selection, actor and rules (`policy`) into a plan and the plan into one statement
//! (`sql`), `read` or `write` runs it over `db`, and PostgreSQL builds the JSON. Everything is decided by the `catalog`, which is
//! compiled once from `schema.graphql`.
//!
//! # Floors
//!
//! A module uses the modules of its row and no others; nothing sideways, nothing upward. `tests/it/tidy.rs` reads this table
//! and fails on any other `crate::` path. A row changes in a commit of its own that says why.
//!
//! | Floor | Module | May use |
//! | --- | --- | --- |
//! | 0 | base | – |
//! | 1 | config | base |
//! | 1 | sql | base |
//! | 1 | catalog | base |
//! | 2 | telemetry | base, config |
//! | 2 | policy | base, sql, catalog |
//! | 2 | db | base, config, sql |
//! | 2 | local_pg | base, config |
//! | 3 | planner | base, sql, catalog, policy |
//! | 3 | migrate | base, config, sql, catalog, policy, db |
//! | 3 | audit | base, db |
//! | 4 | read | base, sql, catalog, policy, planner, db, audit |
//! | 5 | write | base, sql, catalog, policy, planner, db, audit, read |
//! | 6 | auth | base, config, catalog, planner, db, audit, write |
//! | 6 | export | base, config, catalog, policy, planner, db, audit, read, write |
//! | 7 | scim | base, config, catalog, planner, db, read, write |
//! | 7 | graphql | base, config, sql, catalog, policy, planner, db, read, write, auth, export |
//! | 8 | http | base, config, telemetry, catalog, policy, db, audit, auth, export, scim, graphql |
//! | 9 | app | base, config, catalog, policy, db, local_pg, planner, migrate, audit, read, write, auth, export, graphql, http |
//! | 10 | backup | base, config, db, local_pg, migrate, app |
//! | 10 | doctor | base, config, db, export, migrate, app |
//! | 11 | cli | base, config, telemetry, sql, catalog, policy, planner, db, local_pg, migrate, read, auth, graphql, http, app, backup, doctor |
//!
//! Why some rows are what they are:
//!
//! - `db` takes a `sql::Query` and no text, so that no other module can hand it SQL.
//! - `write` stands above `read`: what a payload shows is a read inside the write's own transaction.
//! - `auth` and `export` stand above `write`: tokens and exports are collections, and collections change by the one write path.
//! - `graphql` knows `auth` for tokens alone: their mutations show a secret once, which `auth` makes.
//! - `migrate` knows `config` for the type of a database URL, which hides its password.
//! - `migrate` knows `sql` for the text of a rule within a policy.
//! - `graphql` and `cli` know `sql` for its `Statement`: `explain` shows one instead of running it, and the plans that are kept
//!   are statements to be filled with a request's values.
//! - `write` knows `sql` for its `Statement`: whether one is prepared decides what may be sent right behind it.
//! - `scim` stands beside `graphql`: another language for the same reads and writes, without a word about HTTP.
//! - `http` knows `telemetry`: it serves the metrics and takes over the traces of callers.
//! - `cli` knows `planner`, `read` and `graphql`: listing tokens is a read under the rules, printing the API's schema builds it.
//!
//! # Invariants
//!
//! Each says what is absent; the test that holds it is named.
//!
//! 1. `base`, `sql`, `catalog`, `policy`, `planner` are pure: no `async`, no runtime, no driver, no web (`tidy`).
//! 2. `push_sql` and `sql_query` appear only in `sql` and, with fixed text, in `db`; whole scripts run only where databases are
//!    made and migrated. Every name goes through `push_identifier`, every value through a bind (`tidy`).
//! 3. The same plan gives the same SQL text: nothing in `sql` and `planner` is random or in the order of a hash (`tidy`, and
//!    `planner`).
//! 4. No plan names a table without its solved read rule: `planner::Readable` can only be made by asking the rules (`tidy`).
//! 5. A collection is written only by `write::apply`, in one statement with its audit event; Diesel's typed DSL writes only system
//!    tables and two columns that say when a credential was last used (`tidy`; every test of a write compares changes and events).
//! 6. `audit` offers append and nothing else; reading is a read like any other (`tidy`).
//! 7. Only `http` knows axum, only `graphql` async-graphql (`tidy`); only `auth` hashes and compares credentials.
//! 8. The server never starts on a catalog with mistakes: [`catalog::Catalog::load`] and [`policy::RuleBook::compile`] give
//!    either what they compile or the mistakes, never both.
//! 9. What is no collection uses Diesel's typed DSL, collections use `sql`; never both in one function.

// Floor 0: words.
pub mod base;

// Floor 1: ground.
pub mod catalog;
pub mod config;
pub mod sql;

// Floor 2: rules and storage.
pub mod db;
pub mod local_pg;
pub mod policy;
pub mod telemetry;

// Floor 3: plans and records.
pub mod audit;
pub mod migrate;
pub mod planner;

// Floors 4 and 5: acting.
pub mod read;
pub mod write;

// Floor 6: who is asking, and what leaves.
pub mod auth;
pub mod export;

// Floor 7: languages.
pub mod graphql;
pub mod scim;

// Floor 8: web.
pub mod http;

// Floors 9 to 11: assembly.
pub mod app;
pub mod backup;
pub mod cli;
pub mod doctor;
