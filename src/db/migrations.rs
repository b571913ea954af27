//! The platform's own migrations, embedded in the binary, and the record of every migration that was applied.

use crate::base::{Fault, FaultCode};
use crate::db::schema::toolcrib::{audit_events, tool_migrations, unfinished_migrations};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The migrations under `migrations/platform`.
pub const PLATFORM: EmbeddedMigrations = embed_migrations!("migrations/platform");

diesel::table! {
    /// Diesel's record of applied platform migrations.
    toolcrib.__diesel_schema_migrations (version) {
        /// The timestamp in the migration's name, digits only.
        version -> VarChar,
        /// When it was applied, in UTC.
        run_on -> Timestamp,
    }
}

/// Why the platform's migrations cannot be applied.
#[derive(Debug, thiserror::Error)]
pub enum PlatformMigrationError {
    /// A migration failed; nothing of it stays.
    #[error("the platform's migration `{name}` failed")]
    Failed {
        /// The migration.
        name: String,
        /// What the database says.
        #[source]
        source: DieselError,
    },
    /// The database knows a migration that this binary does not.
    #[error("the database was migrated by a newer Toolcrib (it has the migration `{version}`): run that release, or a newer one")]
    FromNewerRelease {
        /// The migration.
        version: String,
    },
    /// The record of migrations cannot be read.
    #[error("cannot read which of the platform's migrations are applied")]
    Unreadable(#[source] DieselError),
    /// The runtime ended.
    #[error("interrupted while the platform's migrations were running")]
    Interrupted,
}

impl Fault for PlatformMigrationError {
    fn code(&self) -> FaultCode {
        FaultCode::InternalServerError
    }
}

/// A migration of the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformMigration {
    /// Its version, digits only.
    pub version: String,
    /// Its directory's name.
    pub name: String,
}

/// A migration of the tool that was applied.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = tool_migrations, check_for_backend(Pg))]
pub struct ToolMigrationRecord {
    /// Its version, digits only.
    pub version: String,
    /// The rest of its directory's name.
    pub name: String,
    /// SHA-256 of `up.sql`, in hexadecimal.
    pub checksum: String,
    /// When it was applied.
    pub applied_at: DateTime<Utc>,
}

/// A migration of the tool of which some steps are applied.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = unfinished_migrations, check_for_backend(Pg))]
pub struct UnfinishedMigration {
    /// Its version, digits only.
    pub version: String,
    /// The rest of its directory's name.
    pub name: String,
    /// SHA-256 of the steps that are applied, in hexadecimal.
    pub checksum: String,
    /// How many these are.
    pub applied_steps: i32,
    /// When the last of them was applied.
    pub applied_at: DateTime<Utc>,
}

/// The SCHEMA_CHANGE event of something the platform did to the schema.
#[derive(Debug, Insertable)]
#[diesel(table_name = audit_events, check_for_backend(Pg))]
pub struct SchemaChange {
    id: Uuid,
    actor_role: &'static str,
    event_type: &'static str,
    details: serde_json::Value,
    reason: Option<String>,
    request_id: Uuid,
}

impl SchemaChange {
    /// The event of one change, described by `details`.
    pub fn new(details: serde_json::Value) -> Self {
        let id = Uuid::now_v7();
        Self { id, actor_role: "platform", event_type: "SCHEMA_CHANGE", details, reason: None, request_id: id }
    }

    /// The same with the reason that somebody gave.
    pub fn because(self, reason: Option<String>) -> Self {
        Self { reason, ..self }
    }
}

/// Adds the event of a change of the schema, in the transaction that makes the change.
///
/// # Errors
/// What the database says.
pub async fn record_schema_change(connection: &mut AsyncPgConnection, event: &SchemaChange) -> QueryResult<()> {
    diesel::insert_into(audit_events::table).values(event).execute(connection).await.map(drop)
}

/// Adds a migration of the tool to the applied ones, in the transaction that applies it.
///
/// # Errors
/// What the database says.
pub async fn record_tool_migration(connection: &mut AsyncPgConnection, record: &ToolMigrationRecord) -> QueryResult<()> {
    diesel::insert_into(tool_migrations::table).values(record).execute(connection).await.map(drop)
}

/// Notes how far a migration of the tool is, in the transaction of its last step so far.
///
/// # Errors
/// What the database says.
pub async fn record_unfinished(connection: &mut AsyncPgConnection, record: &UnfinishedMigration) -> QueryResult<()> {
    let insert = diesel::insert_into(unfinished_migrations::table).values(record);
    insert.on_conflict(unfinished_migrations::version).do_update().set(record).execute(connection).await.map(drop)
}

/// Forgets how far a migration was, in the transaction that completes it.
///
/// # Errors
/// What the database says.
pub async fn forget_unfinished(connection: &mut AsyncPgConnection, version: &str) -> QueryResult<()> {
    diesel::delete(unfinished_migrations::table.find(version)).execute(connection).await.map(drop)
}

/// Forgets a migration of the tool, in the transaction that takes it back.
///
/// # Errors
/// What the database says.
pub async fn forget_tool_migration(connection: &mut AsyncPgConnection, version: &str) -> QueryResult<()> {
    forget_unfinished(connection, version).await?;
    diesel::delete(tool_migrations::table.find(version)).execute(connection).await.map(drop)
}

/// The migrations of the tool of which some steps are applied, by version.
///
/// # Errors
/// What the database says.
pub async fn list_unfinished(connection: &mut AsyncPgConnection) -> QueryResult<BTreeMap<String, UnfinishedMigration>> {
    if !is_there(connection, "toolcrib.unfinished_migrations").await? {
        return Ok(BTreeMap::new());
    }
    let records: Vec<UnfinishedMigration> = unfinished_migrations::table.load(connection).await?;
    Ok(records.into_iter().map(|record| (record.version.clone(), record)).collect())
}

/// Takes the lock of this number until the session ends, if nobody else has it. Asking anew is better than waiting: whoever waits
/// holds a snapshot, and a concurrent build of whoever has the lock would wait for that.
///
/// # Errors
/// What the database says.
pub async fn try_lock(connection: &mut AsyncPgConnection, number: i64) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Taken {
        #[diesel(sql_type = Bool)]
        is_taken: bool,
    }
    let query = diesel::sql_query("select pg_try_advisory_lock($1) as is_taken").bind::<BigInt, _>(number);
    query.get_result::<Taken>(connection).await.map(|row| row.is_taken)
}

/// The applied migrations of the tool by version; none if the platform's are not there yet.
///
/// # Errors
/// What the database says.
pub async fn list_tool_migrations(connection: &mut AsyncPgConnection) -> QueryResult<BTreeMap<String, ToolMigrationRecord>> {
    if !is_there(connection, "toolcrib.tool_migrations").await? {
        return Ok(BTreeMap::new());
    }
    let records: Vec<ToolMigrationRecord> = tool_migrations::table.load(connection).await?;
    Ok(records.into_iter().map(|record| (record.version.clone(), record)).collect())
}

/// The applied migrations of the platform by version, with the time.
///
/// # Errors
/// What the database says.
pub async fn list_platform_migrations(connection: &mut AsyncPgConnection) -> QueryResult<BTreeMap<String, DateTime<Utc>>> {
    if !is_there(connection, "toolcrib.__diesel_schema_migrations").await? {
        return Ok(BTreeMap::new());
    }
    let records: Vec<(String, NaiveDateTime)> = __diesel_schema_migrations::table.load(connection).await?;
    Ok(records.into_iter().map(|(version, run_on)| (version, run_on.and_utc())).collect())
}

/// Every migration of the platform, in order.
pub fn platform_migrations() -> Vec<PlatformMigration> {
    sorted_platform().iter().map(|migration| describe(migration.as_ref())).collect()
}

/// Refuses a database that holds what this binary does not know.
///
/// # Errors
/// [`PlatformMigrationError::FromNewerRelease`].
pub fn refuse_newer_release(applied: &BTreeMap<String, DateTime<Utc>>) -> Result<(), PlatformMigrationError> {
    let known: Vec<String> = platform_migrations().into_iter().map(|migration| migration.version).collect();
    match applied.keys().find(|version| !known.contains(version)) {
        Some(version) => Err(PlatformMigrationError::FromNewerRelease { version: version.clone() }),
        None => Ok(()),
    }
}

/// Applies the platform's pending migrations, each in a transaction with its audit event, and returns their names. Runs as
/// whoever the session is; the tables then belong to that role.
///
/// # Errors
/// [`PlatformMigrationError`]; the connection is closed then.
pub async fn run_platform(mut connection: AsyncPgConnection) -> Result<(AsyncPgConnection, Vec<String>), PlatformMigrationError> {
    let applied = list_platform_migrations(&mut connection).await.map_err(PlatformMigrationError::Unreadable)?;
    refuse_newer_release(&applied)?;
    // Diesel keeps its record in the first schema of the path; `public` is the tool's.
    connection.batch_execute("set search_path to toolcrib").await.map_err(PlatformMigrationError::Unreadable)?;
    let run = tokio::task::spawn_blocking(move || {
        let mut connection = AsyncConnectionWrapper::<AsyncPgConnection>::from(connection);
        run_pending(&mut connection).map(|names| (connection.into_inner(), names))
    });
    let (mut connection, names) = run.await.map_err(|_| PlatformMigrationError::Interrupted)??;
    connection.batch_execute("set search_path to public").await.map_err(PlatformMigrationError::Unreadable)?;
    Ok((connection, names))
}

fn run_pending(connection: &mut AsyncConnectionWrapper<AsyncPgConnection>) -> Result<Vec<String>, PlatformMigrationError> {
    let applied = MigrationHarness::applied_migrations(connection)
        .map_err(|error| PlatformMigrationError::Unreadable(to_diesel_error(error)))?;
    let mut names = Vec::new();
    for migration in sorted_platform().iter().filter(|migration| !applied.contains(&migration.name().version().as_owned())) {
        let name = migration.name().to_string();
        let event = SchemaChange::new(serde_json::json!({ "migration": name, "of": "platform" }));
        let outcome = diesel::Connection::transaction(connection, |connection| {
            MigrationHarness::run_migration(connection, migration.as_ref()).map_err(to_diesel_error)?;
            diesel::RunQueryDsl::execute(diesel::insert_into(audit_events::table).values(&event), connection)
        });
        outcome.map_err(|source| PlatformMigrationError::Failed { name: name.clone(), source })?;
        names.push(name);
    }
    Ok(names)
}

fn sorted_platform() -> Vec<Box<dyn Migration<Pg>>> {
    let mut migrations = MigrationSource::<Pg>::migrations(&PLATFORM).expect("embedded migrations were read by the compiler");
    migrations.sort_by(|left, right| left.name().version().cmp(&right.name().version()));
    migrations
}

fn describe(migration: &dyn Migration<Pg>) -> PlatformMigration {
    PlatformMigration { version: migration.name().version().to_string(), name: migration.name().to_string() }
}

/// Diesel boxes the errors of migrations; what is inside stays the source.
fn to_diesel_error(error: Box<dyn std::error::Error + Send + Sync>) -> DieselError {
    DieselError::QueryBuilderError(error)
}

/// Whether a table is there yet.
pub(super) async fn is_there(connection: &mut AsyncPgConnection, relation: &str) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Bool)]
        found: bool,
    }
    let query = diesel::sql_query("select to_regclass($1) is not null as found").bind::<Text, _>(relation);
    query.get_result::<Found>(connection).await.map(|row| row.found)
}
