//! Taking the last migrations back.

use crate::migrate::apply::{ApplyOptions, Tool, raise_guards_if_it_fits};
use crate::migrate::connect::{become_owner, take_turn};
use crate::migrate::files::{self, ToolMigration};
use crate::migrate::gate::{self, Consent};
use crate::migrate::script::Section;
use crate::migrate::status::Recorded;
use crate::migrate::{MigrateError, run, wall};
use diesel_async::AsyncPgConnection;

/// What was taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reverted {
    /// The migrations, the last one first.
    pub names: Vec<String>,
    /// Whether the database fits the schema now, so that privileges follow the rules again.
    pub fits_schema: bool,
}

/// Takes the last `count` migrations of the tool back, each in one transaction. The platform's own stay.
///
/// # Errors
/// [`MigrateError`]; what was taken back before stays so.
pub async fn revert(
    mut connection: AsyncPgConnection,
    tool: Tool<'_>,
    count: usize,
    options: &ApplyOptions,
) -> Result<Reverted, MigrateError> {
    let ApplyOptions { consent, widening, patience } = options;
    let migrations = files::read(tool.migrations)?;
    take_turn(&mut connection, patience).await?;
    let recorded = Recorded::read(&mut connection, &migrations, tool.migrations).await?;
    let applied = migrations.iter().rev().filter(|migration| recorded.steps(migration) > 0).take(count);
    let mut plan = Vec::new();
    for migration in applied {
        plan.push((migration, sections_back(migration, recorded.steps(migration), tool)?));
    }
    if plan.is_empty() {
        return Ok(Reverted::default());
    }
    become_owner(&mut connection).await?;
    if *consent == Consent::Withheld {
        let mut asked = Vec::new();
        for (migration, sections) in &plan {
            asked.extend(gate::ask(&mut connection, &migration.full_name(), sections).await?);
        }
        if !asked.is_empty() {
            return Err(MigrateError::NeedsConsent { asked, command: "down" });
        }
    }
    let mut reverted = Reverted::default();
    let mut suspended = None;
    let mut outcome = Ok(());
    for (migration, sections) in plan {
        outcome = run::down(&mut connection, migration, &sections, patience, &mut suspended).await;
        if outcome.is_err() {
            break;
        }
        reverted.names.push(migration.full_name());
    }
    if outcome.is_ok() {
        reverted.fits_schema = raise_guards_if_it_fits(&mut connection, tool, widening).await?;
    }
    if let Some(suspended) = suspended.filter(|_| !reverted.fits_schema) {
        // What the older tables still have keeps its rules; the others refuse until their schema is applied.
        wall::restore(&mut connection, &suspended).await;
    }
    outcome.map(|()| reverted)
}

/// The steps of `down.sql` that take back what is applied: all of them, or the last ones for the first of `up.sql`.
fn sections_back(migration: &ToolMigration, applied: usize, tool: Tool<'_>) -> Result<Vec<Section>, MigrateError> {
    let bad = |problem| Err(MigrateError::BadMigration { path: tool.migrations.join(migration.full_name()), problem });
    let Some(down) = &migration.down else { return bad("it has no `down.sql` to take it back with") };
    let missing = migration.up.len() - applied;
    if missing > 0 && down.len() != migration.up.len() {
        return bad("only some of its steps are applied, and `down.sql` has not one for each");
    }
    Ok(down.iter().skip(missing).cloned().collect())
}
