//! Which migrations are applied and which wait.

use crate::db::migrations::{self, ToolMigrationRecord, UnfinishedMigration};
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
    /// How many of its steps are applied, and how many there are; of the platform's, one.
    pub steps: (usize, usize),
}

/// A migration of the tool that waits, or goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    /// It.
    pub(super) migration: ToolMigration,
    /// How many of its steps are applied.
    pub(super) done: usize,
}

/// What is on record of the tool's migrations.
pub(super) struct Recorded {
    complete: BTreeMap<String, ToolMigrationRecord>,
    unfinished: BTreeMap<String, UnfinishedMigration>,
}

impl Recorded {
    /// Reads it, and makes sure that the files still say what was applied.
    pub(super) async fn read(
        connection: &mut AsyncPgConnection,
        files: &[ToolMigration],
        directory: &Path,
    ) -> Result<Self, MigrateError> {
        let doing = || MigrateError::while_doing("reading the applied migrations");
        let complete = migrations::list_tool_migrations(connection).await.map_err(doing())?;
        let unfinished = migrations::list_unfinished(connection).await.map_err(doing())?;
        let recorded = Self { complete, unfinished };
        recorded.check(files, directory)?;
        Ok(recorded)
    }

    /// How many steps of a migration are applied.
    pub(super) fn steps(&self, migration: &ToolMigration) -> usize {
        if self.complete.contains_key(&migration.version) {
            return migration.up.len();
        }
        let unfinished = self.unfinished.get(&migration.version);
        unfinished.and_then(|record| usize::try_from(record.applied_steps).ok()).unwrap_or_default()
    }

    /// What was applied has to be there, unchanged: otherwise nobody can say what the database is.
    fn check(&self, files: &[ToolMigration], directory: &Path) -> Result<(), MigrateError> {
        let complete = self.complete.values().map(|record| (&record.version, &record.name, &record.checksum));
        let unfinished = self.unfinished.values().map(|record| (&record.version, &record.name, &record.checksum));
        for (version, name, checksum) in complete.chain(unfinished) {
            let name = format!("{version}_{name}");
            match files.iter().find(|migration| migration.version == *version) {
                None => return Err(MigrateError::MissingFile { name, directory: directory.to_owned() }),
                Some(file) if file.checksum_of(self.steps(file)) != *checksum => return Err(MigrateError::ChangedFile { name }),
                Some(_) => {}
            }
        }
        Ok(())
    }
}

/// Every migration, the platform's first, in order.
///
/// # Errors
/// [`MigrateError`] if an applied migration was changed or is gone.
pub async fn status(connection: &mut AsyncPgConnection, directory: &Path) -> Result<Vec<MigrationStatus>, MigrateError> {
    let doing = || MigrateError::while_doing("reading the applied migrations");
    let platform = migrations::list_platform_migrations(connection).await.map_err(doing())?;
    let files = files::read(directory)?;
    let recorded = Recorded::read(connection, &files, directory).await?;
    let of_platform = migrations::platform_migrations().into_iter().map(|migration| MigrationStatus {
        source: MigrationSource::Platform,
        applied_at: platform.get(&migration.version).copied(),
        steps: (usize::from(platform.contains_key(&migration.version)), 1),
        name: migration.name,
    });
    let of_tool = files.iter().map(|migration| MigrationStatus {
        source: MigrationSource::Tool,
        name: migration.full_name(),
        applied_at: recorded.complete.get(&migration.version).map(|record| record.applied_at),
        steps: (recorded.steps(migration), migration.up.len()),
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
pub(super) async fn waiting(
    connection: &mut AsyncPgConnection,
    files: &[ToolMigration],
    directory: &Path,
) -> Result<Vec<Waiting>, MigrateError> {
    let recorded = Recorded::read(connection, files, directory).await?;
    let waiting = files.iter().filter(|migration| !recorded.complete.contains_key(&migration.version));
    Ok(waiting.map(|migration| Waiting { migration: migration.clone(), done: recorded.steps(migration) }).collect())
}

/// The names of the tool's migrations that wait.
pub(super) async fn names_of_waiting(connection: &mut AsyncPgConnection, directory: &Path) -> Result<Vec<String>, MigrateError> {
    let files = files::read(directory)?;
    let waiting = waiting(connection, &files, directory).await?;
    Ok(waiting.iter().map(|Waiting { migration, .. }| migration.full_name()).collect())
}
