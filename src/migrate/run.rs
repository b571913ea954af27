//! Running the steps of a migration, each with the record that it is applied.

use crate::base::TableName;
use crate::db::migrations::{self, SchemaChange, ToolMigrationRecord, UnfinishedMigration};
use crate::db::probe;
use crate::migrate::files::ToolMigration;
use crate::migrate::patience::wait_for_locks;
use crate::migrate::script::{Manner, Section};
use crate::migrate::status::Waiting;
use crate::migrate::wall::{self, Suspended};
use crate::migrate::{MigrateError, Patience, ddl};
use chrono::Utc;
use diesel::QueryResult;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};

/// Applies what is left of a migration.
pub(super) async fn up(
    connection: &mut AsyncPgConnection,
    waiting: &Waiting,
    patience: &Patience,
    suspended: &mut Option<Suspended>,
) -> Result<(), MigrateError> {
    let Waiting { migration, done } = waiting;
    for (index, section) in migration.up.iter().enumerate().skip(*done) {
        let step = AppliedStep { migration, number: index + 1 };
        match &section.manner {
            Manner::Transaction => {
                let applied = apply_section(connection, &step, section, patience).await;
                if suspend_for(connection, &applied, suspended).await? {
                    apply_section(connection, &step, section, patience).await?;
                } else {
                    applied?;
                }
            }
            Manner::Outside => {
                retry(connection, patience, async |connection| execute(connection, &step, section).await).await?;
                record_outside(connection, &step).await?;
            }
            Manner::Build(index) => {
                wait_for_locks(connection, patience.build_timeout).await?;
                let built = build(connection, &step, section, index).await;
                wait_for_locks(connection, patience.lock_timeout).await?;
                built?;
                record_outside(connection, &step).await?;
            }
        }
    }
    Ok(())
}

/// Whether a step failed because row-level security names what it changes, and may be tried again now that it is down.
async fn suspend_for(
    connection: &mut AsyncPgConnection,
    outcome: &Result<(), MigrateError>,
    suspended: &mut Option<Suspended>,
) -> Result<bool, MigrateError> {
    match outcome {
        Err(error) if suspended.is_none() && wall::is_in_the_way(error) => {
            *suspended = Some(wall::suspend(connection).await?);
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// Takes a migration back: all that is applied of it, in one transaction with its record.
pub(super) async fn down(
    connection: &mut AsyncPgConnection,
    migration: &ToolMigration,
    sections: &[Section],
    patience: &Patience,
    suspended: &mut Option<Suspended>,
) -> Result<(), MigrateError> {
    let taken_back = take_back(connection, migration, sections, patience).await;
    if suspend_for(connection, &taken_back, suspended).await? {
        return take_back(connection, migration, sections, patience).await;
    }
    taken_back
}

async fn take_back(
    connection: &mut AsyncPgConnection,
    migration: &ToolMigration,
    sections: &[Section],
    patience: &Patience,
) -> Result<(), MigrateError> {
    let text: String = sections.iter().map(|section| section.text.as_str()).collect();
    let details = serde_json::json!({ "migration": migration.full_name(), "of": "tool", "direction": "down" });
    let event = SchemaChange::new(details);
    retry(connection, patience, async |connection| {
        let outcome = connection.transaction::<(), DieselError, _>(async |connection| {
            connection.batch_execute(&text).await?;
            migrations::forget_tool_migration(connection, &migration.version).await?;
            migrations::record_schema_change(connection, &event).await
        });
        outcome.await.map_err(MigrateError::while_doing(format!("taking the migration `{}` back", migration.full_name())))
    })
    .await
}

/// A step of a migration, from 1.
struct AppliedStep<'a> {
    migration: &'a ToolMigration,
    number: usize,
}

impl AppliedStep<'_> {
    fn name(&self) -> String {
        let (name, steps) = (self.migration.full_name(), self.migration.up.len());
        if steps == 1 {
            format!("the migration `{name}`")
        } else {
            format!("step {} of {steps} of the migration `{name}`", self.number)
        }
    }

    /// Notes that it is applied, with its event.
    async fn record(&self, connection: &mut AsyncPgConnection) -> QueryResult<()> {
        let Self { migration, number } = self;
        let ToolMigration { version, name, up, .. } = migration;
        let (version, name) = (version.clone(), name.clone());
        let checksum = migration.checksum_of(*number);
        let mut details = serde_json::json!({ "migration": migration.full_name(), "of": "tool", "checksum": checksum });
        if up.len() > 1 {
            details["step"] = serde_json::json!({ "number": number, "of": up.len() });
        }
        if *number == up.len() {
            migrations::forget_unfinished(connection, &version).await?;
            let record = ToolMigrationRecord { version, name, checksum, applied_at: Utc::now() };
            migrations::record_tool_migration(connection, &record).await?;
        } else {
            let applied_steps = i32::try_from(*number).unwrap_or(i32::MAX);
            let record = UnfinishedMigration { version, name, checksum, applied_steps, applied_at: Utc::now() };
            migrations::record_unfinished(connection, &record).await?;
        }
        migrations::record_schema_change(connection, &SchemaChange::new(details)).await
    }
}

async fn apply_section(
    connection: &mut AsyncPgConnection,
    step: &AppliedStep<'_>,
    section: &Section,
    patience: &Patience,
) -> Result<(), MigrateError> {
    retry(connection, patience, async |connection| {
        let outcome = connection.transaction::<(), DieselError, _>(async |connection| {
            connection.batch_execute(&section.text).await?;
            step.record(connection).await
        });
        outcome.await.map_err(MigrateError::while_doing(step.name()))
    })
    .await
}

async fn execute(connection: &mut AsyncPgConnection, step: &AppliedStep<'_>, section: &Section) -> Result<(), MigrateError> {
    connection.batch_execute(&section.text).await.map_err(MigrateError::while_doing(step.name()))
}

async fn record_outside(connection: &mut AsyncPgConnection, step: &AppliedStep<'_>) -> Result<(), MigrateError> {
    let outcome = connection.transaction::<(), DieselError, _>(async |connection| step.record(connection).await);
    outcome.await.map_err(MigrateError::while_doing(step.name()))
}

/// Builds an index. One that is there and can be used was built by a run that ended before it could say so; one that cannot be
/// used was left by a run that ended earlier.
async fn build(
    connection: &mut AsyncPgConnection,
    step: &AppliedStep<'_>,
    section: &Section,
    index: &TableName,
) -> Result<(), MigrateError> {
    let state = probe::is_index_valid(connection, index).await.map_err(MigrateError::while_doing(step.name()))?;
    match state {
        Some(true) => return Ok(()),
        Some(false) => drop_unusable(connection, index).await.map_err(MigrateError::while_doing(step.name()))?,
        None => {}
    }
    let built = execute(connection, step, section).await;
    if built.is_err() && probe::is_index_valid(connection, index).await == Ok(Some(false)) {
        // Until it is gone it refuses rows and costs every write. If this fails too, the next run does it.
        drop_unusable(connection, index).await.ok();
    }
    built
}

async fn drop_unusable(connection: &mut AsyncPgConnection, index: &TableName) -> QueryResult<()> {
    connection.batch_execute(&format!("drop index concurrently {}", ddl::table(index))).await
}

/// Tries again as long as others hold a lock.
async fn retry(
    connection: &mut AsyncPgConnection,
    patience: &Patience,
    attempt: impl AsyncFn(&mut AsyncPgConnection) -> Result<(), MigrateError>,
) -> Result<(), MigrateError> {
    let mut number = 1;
    loop {
        let outcome = attempt(connection).await;
        let (Err(MigrateError::LockTimeout { .. }), Some(pause)) = (&outcome, patience.pause_after(number)) else {
            return outcome;
        };
        tokio::time::sleep(pause).await;
        number += 1;
    }
}
