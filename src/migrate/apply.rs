//! Applying: one process at a time, each migration in a transaction with its record and its audit event.

use crate::base::TableName;
use crate::catalog::Catalog;
use crate::db::introspect::{self, StoredSchema};
use crate::db::migrations::{self, SchemaChange, ToolMigrationRecord};
use crate::migrate::compare::{Comparison, tables_to_look_into};
use crate::migrate::connect::{become_login, become_owner, lock};
use crate::migrate::demand::RuleDemands;
use crate::migrate::files::{self, ToolMigration};
use crate::migrate::grants::{self, GrantChanges};
use crate::migrate::wanted::{self, WantedTable};
use crate::migrate::{MigrateError, Plan, roles, status};
use chrono::Utc;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use std::collections::BTreeSet;
use std::path::Path;

/// How many months of audit partitions are made ahead.
const AUDIT_MONTHS_AHEAD: u32 = 3;

/// A tool as far as the database is concerned.
#[derive(Clone, Copy, Debug)]
pub struct Tool<'a> {
    /// Its collections.
    pub catalog: &'a Catalog,
    /// What its rules ask of the database.
    pub demands: &'a RuleDemands,
    /// The directory of its migrations.
    pub migrations: &'a Path,
}

impl Tool<'_> {
    pub(super) fn tables(&self) -> Vec<WantedTable> {
        wanted::tables(self.catalog, &self.demands.indexed)
    }
}

/// What an apply did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    /// The platform's migrations, by name.
    pub platform: Vec<String>,
    /// The tool's migrations, by name.
    pub tool: Vec<String>,
    /// Privileges.
    pub grants: GrantChanges,
}

/// Brings the database to the catalog: platform migrations, the tool's, roles and privileges, audit partitions. Does nothing
/// where nothing is to do, so every server calls it at start.
///
/// # Errors
/// [`MigrateError`]; migrations before the one that failed stay applied, and nothing of that one.
pub async fn apply(mut connection: AsyncPgConnection, tool: Tool<'_>) -> Result<Applied, MigrateError> {
    let migrations = files::read(tool.migrations)?;
    lock(&mut connection).await?;
    prepare_roles(&mut connection, tool).await?;
    let (mut connection, platform) = migrations::run_platform(connection).await?;
    let pending = status::pending(&mut connection, &migrations, tool.migrations).await?;
    for migration in &pending {
        apply_one(&mut connection, migration).await?;
    }
    let stored = verify_shape(&mut connection, tool).await?;
    let grants = apply_grants(&mut connection, tool, &stored).await?;
    make_audit_partitions(&mut connection).await?;
    Ok(Applied { platform, tool: pending.iter().map(ToolMigration::full_name).collect(), grants })
}

/// What is missing in the database. Reads only, except on a database without the platform's tables: there they are made in a
/// transaction that is rolled back, so that a first plan can be made before anything is applied.
///
/// # Errors
/// [`MigrateError::Pending`] if migrations wait, because a plan would write them again.
pub async fn plan(mut connection: AsyncPgConnection, tool: Tool<'_>) -> Result<Plan, MigrateError> {
    let migrations = files::read(tool.migrations)?;
    let pending = status::pending(&mut connection, &migrations, tool.migrations).await?;
    let platform = status::pending_platform(&mut connection).await?;
    let is_new = platform.len() == migrations::platform_migrations().len();
    let mut names: Vec<String> = if is_new { Vec::new() } else { platform };
    names.extend(pending.iter().map(ToolMigration::full_name));
    if !names.is_empty() {
        return Err(MigrateError::Pending { names });
    }
    if is_new {
        // The transaction ends with the session, unfinished.
        connection.begin_test_transaction().await.map_err(MigrateError::while_doing("looking at an empty database"))?;
        prepare_roles(&mut connection, tool).await?;
        connection = migrations::run_platform(connection).await?.0;
    }
    compare(&mut connection, tool).await.map(|(plan, _)| plan)
}

/// Whether the database fits the catalog, for a server that does not migrate by itself.
///
/// # Errors
/// [`MigrateError::Pending`] or [`MigrateError::Unplanned`] if it does not.
pub async fn verify(connection: &mut AsyncPgConnection, tool: Tool<'_>) -> Result<(), MigrateError> {
    let migrations = files::read(tool.migrations)?;
    let mut names = status::pending_platform(connection).await?;
    names.extend(status::pending(connection, &migrations, tool.migrations).await?.iter().map(ToolMigration::full_name));
    if !names.is_empty() {
        return Err(MigrateError::Pending { names });
    }
    verify_shape(connection, tool).await.map(drop)
}

async fn prepare_roles(connection: &mut AsyncPgConnection, tool: Tool<'_>) -> Result<(), MigrateError> {
    become_login(connection).await?;
    let names: Vec<_> = tool.demands.privileges.keys().cloned().collect();
    roles::ensure(connection, &names).await?;
    become_owner(connection).await
}

async fn apply_one(connection: &mut AsyncPgConnection, migration: &ToolMigration) -> Result<(), MigrateError> {
    let ToolMigration { version, name, up, checksum } = migration;
    let record =
        ToolMigrationRecord { version: version.clone(), name: name.clone(), checksum: checksum.clone(), applied_at: Utc::now() };
    let details = serde_json::json!({ "migration": migration.full_name(), "of": "tool", "checksum": checksum });
    let event = SchemaChange::new(details);
    let outcome = connection.transaction::<(), DieselError, _>(async |connection| {
        connection.batch_execute(up).await?;
        migrations::record_tool_migration(connection, &record).await?;
        migrations::record_schema_change(connection, &event).await
    });
    outcome.await.map_err(MigrateError::while_doing(format!("the migration `{}`", migration.full_name())))
}

async fn compare(connection: &mut AsyncPgConnection, tool: Tool<'_>) -> Result<(Plan, StoredSchema), MigrateError> {
    let doing = || MigrateError::while_doing("reading the tables that are there");
    let tables = tool.tables();
    let stored = introspect::read_schema(connection).await.map_err(doing())?;
    let mut occupied: BTreeSet<TableName> = BTreeSet::new();
    for table in tables_to_look_into(&tables, &stored) {
        if introspect::has_rows(connection, table).await.map_err(doing())? {
            occupied.insert(table.clone());
        }
    }
    let plan = Comparison { wanted: &tables, stored: &stored, occupied: &occupied }.plan();
    Ok((plan, stored))
}

async fn verify_shape(connection: &mut AsyncPgConnection, tool: Tool<'_>) -> Result<StoredSchema, MigrateError> {
    let (plan, stored) = compare(connection, tool).await?;
    if plan.is_empty() { Ok(stored) } else { Err(MigrateError::Unplanned { steps: plan.steps, refusals: plan.refusals }) }
}

/// Privileges change with their audit event, all of them or none.
async fn apply_grants(
    connection: &mut AsyncPgConnection,
    tool: Tool<'_>,
    stored: &StoredSchema,
) -> Result<GrantChanges, MigrateError> {
    let wanted = grants::wanted(tool.catalog, tool.demands, &tool.tables());
    connection
        .transaction::<GrantChanges, GrantFailure, _>(async |connection| {
            let changes = grants::apply(connection, wanted, stored).await.map_err(GrantFailure::Known)?;
            if !changes.is_empty() {
                migrations::record_schema_change(connection, &SchemaChange::new(changes.to_json())).await?;
            }
            Ok(changes)
        })
        .await
        .map_err(GrantFailure::into_error)
}

/// A transaction's closure has to be able to fail with Diesel's own error.
enum GrantFailure {
    Known(MigrateError),
    Diesel(DieselError),
}

impl From<DieselError> for GrantFailure {
    fn from(error: DieselError) -> Self {
        Self::Diesel(error)
    }
}

impl GrantFailure {
    fn into_error(self) -> MigrateError {
        match self {
            Self::Known(error) => error,
            Self::Diesel(error) => MigrateError::while_doing("granting what the rules give")(error),
        }
    }
}

async fn make_audit_partitions(connection: &mut AsyncPgConnection) -> Result<(), MigrateError> {
    // Injection safety: the number is the program's own.
    let text = format!("select toolcrib.ensure_audit_partitions({AUDIT_MONTHS_AHEAD})");
    connection.batch_execute(&text).await.map_err(MigrateError::while_doing("making room for the next months of the audit log"))
}
