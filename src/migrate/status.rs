//! Which migrations are applied and which wait.

use crate::db::migrations::{self, ToolMigrationRecord};
use crate::migrate::MigrateError;
use crate::migrate::files::{self, ToolMigration};
use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use std::collections::BTreeMap;
use std::path::Path;

/// Whose migration it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MigrationSource {
    /// The platform's, in the binary.
    Platform,
    /// The tool's, in its directory.
    Tool,
}

/// A migration and whether it is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Whose it is.
    pub source: MigrationSource,
    /// The name of its directory.
    pub name: String,
    /// When it was applied; `None` if it waits.
    pub applied_at: Option<DateTime<Utc>>,
}

/// Every migration, the platform's first, in order.
///
/// # Errors
/// [`MigrateError`] if an applied migration was changed or is gone.
pub async fn status(connection: &mut AsyncPgConnection, directory: &Path) -> Result<Vec<MigrationStatus>, MigrateError> {
    let doing = || MigrateError::while_doing("reading the applied migrations");
    let platform = migrations::list_platform_migrations(connection).await.map_err(doing())?;
    let tool = migrations::list_tool_migrations(connection).await.map_err(doing())?;
    let files = files::read(directory)?;
    check_applied(&tool, &files, directory)?;
    let of_platform = migrations::platform_migrations().into_iter().map(|migration| MigrationStatus {
        source: MigrationSource::Platform,
        applied_at: platform.get(&migration.version).copied(),
        name: migration.name,
    });
    let of_tool = files.iter().map(|migration| MigrationStatus {
        source: MigrationSource::Tool,
        name: migration.full_name(),
        applied_at: tool.get(&migration.version).map(|record| record.applied_at),
    });
    Ok(of_platform.chain(of_tool).collect())
}

/// The platform's migrations that wait, by name.
pub(super) async fn pending_platform(connection: &mut AsyncPgConnection) -> Result<Vec<String>, MigrateError> {
    let applied = migrations::list_platform_migrations(connection)
        .await
        .map_err(MigrateError::while_doing("reading the applied migrations"))?;
    migrations::refuse_newer_release(&applied)?;
    let pending = migrations::platform_migrations().into_iter().filter(|migration| !applied.contains_key(&migration.version));
    Ok(pending.map(|migration| migration.name).collect())
}

/// The tool's migrations that wait, in order.
pub(super) async fn pending(
    connection: &mut AsyncPgConnection,
    files: &[ToolMigration],
    directory: &Path,
) -> Result<Vec<ToolMigration>, MigrateError> {
    let applied = migrations::list_tool_migrations(connection)
        .await
        .map_err(MigrateError::while_doing("reading the applied migrations"))?;
    check_applied(&applied, files, directory)?;
    Ok(files.iter().filter(|migration| !applied.contains_key(&migration.version)).cloned().collect())
}

/// What was applied has to be there, unchanged: otherwise nobody can say what the database is.
fn check_applied(
    applied: &BTreeMap<String, ToolMigrationRecord>,
    files: &[ToolMigration],
    directory: &Path,
) -> Result<(), MigrateError> {
    for record in applied.values() {
        let name = format!("{}_{}", record.version, record.name);
        match files.iter().find(|migration| migration.version == record.version) {
            None => return Err(MigrateError::MissingFile { name, directory: directory.to_owned() }),
            Some(file) if file.checksum != record.checksum => return Err(MigrateError::ChangedFile { name }),
            Some(_) => {}
        }
    }
    Ok(())
}
