//! Applying: one process at a time, each step of a migration with its record and its audit event.

use crate::catalog::Catalog;
use crate::db::introspect::{self, StoredSchema};
use crate::db::migrations::{self, SchemaChange};
use crate::db::probe;
use crate::migrate::access::{self, Standing, Widening};
use crate::migrate::compare::{Answers, Outcome, compare};
use crate::migrate::connect::{become_login, become_owner, take_turn};
use crate::migrate::demand::RuleDemands;
use crate::migrate::files;
use crate::migrate::gate::{self, Consent};
use crate::migrate::grants::{self, GrantChanges};
use crate::migrate::status::Waiting;
use crate::migrate::wall::{self, Suspended, WallChanges};
use crate::migrate::wanted::{self, WantedTable};
use crate::migrate::{MigrateError, Patience, Plan, roles, run, status};
use diesel::result::Error as DieselError;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
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
    /// Row-level security.
    pub wall: WallChanges,
}

/// How migrations are applied or taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplyOptions {
    /// Whether what loses data or locks a table for long may run.
    pub consent: Consent,
    /// Whether rules may give somebody more than those that were applied.
    pub widening: Widening,
    /// How long others are waited for.
    pub patience: Patience,
}

/// [`apply_with`] nobody's word for what loses data or locks a table for long.
///
/// # Errors
/// Those of [`apply_with`].
pub async fn apply(connection: AsyncPgConnection, tool: Tool<'_>) -> Result<Applied, MigrateError> {
    apply_with(connection, tool, &ApplyOptions::default()).await
}

/// Brings the database to the catalog: platform migrations, the tool's, roles and privileges, audit partitions. Does nothing
/// where nothing is to do, so every server calls it at start.
///
/// # Errors
/// [`MigrateError`]; the steps before the one that failed stay applied, and nothing of that one.
pub async fn apply_with(
    mut connection: AsyncPgConnection,
    tool: Tool<'_>,
    options: &ApplyOptions,
) -> Result<Applied, MigrateError> {
    let ApplyOptions { consent, widening, patience } = options;
    let migrations = files::read(tool.migrations)?;
    take_turn(&mut connection, patience).await?;
    prepare_roles(&mut connection, tool).await?;
    let (mut connection, platform) = migrations::run_platform(connection).await?;
    let standing = access::examine(&mut connection, tool).await?;
    standing.refuse_wider(widening)?;
    let waiting = status::waiting(&mut connection, &migrations, tool.migrations).await?;
    refuse_without_consent(&mut connection, &waiting, *consent).await?;
    let mut suspended = None;
    let applied = apply_waiting(&mut connection, tool, (&waiting, &standing), options, &mut suspended).await;
    if let (Err(_), Some(suspended)) = (&applied, &suspended) {
        wall::restore(&mut connection, suspended).await;
    }
    let (names, guards) = applied?;
    make_audit_partitions(&mut connection).await?;
    let Guards { grants, wall } = guards;
    Ok(Applied { platform, tool: names, grants, wall })
}

/// Applies what waits, and lets privileges and row-level security follow the rules.
async fn apply_waiting(
    connection: &mut AsyncPgConnection,
    tool: Tool<'_>,
    (waiting, standing): (&[Waiting], &Standing),
    options: &ApplyOptions,
    suspended: &mut Option<Suspended>,
) -> Result<(Vec<String>, Guards), MigrateError> {
    let mut names = Vec::new();
    for next in waiting {
        // A migration before it may have filled the tables.
        refuse_without_consent(connection, std::slice::from_ref(next), options.consent).await?;
        run::up(connection, next, &options.patience, suspended).await?;
        names.push(next.migration.full_name());
    }
    let stored = verify_shape(connection, tool).await?;
    Ok((names, raise_guards(connection, tool, &stored, (standing, &options.widening)).await?))
}

async fn refuse_without_consent(
    connection: &mut AsyncPgConnection,
    waiting: &[Waiting],
    consent: Consent,
) -> Result<(), MigrateError> {
    if consent == Consent::Given {
        return Ok(());
    }
    let mut asked = Vec::new();
    for Waiting { migration, done } in waiting {
        asked.extend(gate::ask(connection, &migration.full_name(), &migration.up[*done..]).await?);
    }
    if asked.is_empty() { Ok(()) } else { Err(MigrateError::NeedsConsent { asked, command: "apply" }) }
}

/// What is missing in the database. Reads only, except on a database without the platform's tables: there they are made in a
/// transaction that is rolled back, so that a first plan can be made before anything is applied.
///
/// # Errors
/// [`MigrateError::Pending`] if migrations wait, because a plan would write them again.
pub async fn plan(mut connection: AsyncPgConnection, tool: Tool<'_>) -> Result<Plan, MigrateError> {
    let waiting = status::names_of_waiting(&mut connection, tool.migrations).await?;
    let platform = status::pending_platform(&mut connection).await?;
    let is_new = platform.len() == migrations::platform_migrations().len();
    let mut names: Vec<String> = if is_new { Vec::new() } else { platform };
    names.extend(waiting);
    if !names.is_empty() {
        return Err(MigrateError::Pending { names });
    }
    if is_new {
        // The transaction ends with the session, unfinished.
        connection.begin_test_transaction().await.map_err(MigrateError::while_doing("looking at an empty database"))?;
        prepare_roles(&mut connection, tool).await?;
        connection = migrations::run_platform(connection).await?.0;
    }
    plan_for(&mut connection, tool).await.map(|(plan, _)| plan)
}

/// Whether the database fits the catalog, for a server that does not migrate by itself.
///
/// # Errors
/// [`MigrateError::Pending`], [`MigrateError::Unplanned`], [`MigrateError::RulesNotApplied`] or [`MigrateError::OtherRules`] if it
/// does not.
pub async fn verify(connection: &mut AsyncPgConnection, tool: Tool<'_>) -> Result<(), MigrateError> {
    let mut names = status::pending_platform(connection).await?;
    names.extend(status::names_of_waiting(connection, tool.migrations).await?);
    if !names.is_empty() {
        return Err(MigrateError::Pending { names });
    }
    verify_shape(connection, tool).await?;
    access::verify(connection, tool).await?;
    let WallChanges { mut made, dropped } = wall::compare(connection, &wall::wanted(tool.catalog, tool.demands)).await?;
    made.extend(dropped);
    if made.is_empty() { Ok(()) } else { Err(MigrateError::OtherRules { pieces: made }) }
}

async fn prepare_roles(connection: &mut AsyncPgConnection, tool: Tool<'_>) -> Result<(), MigrateError> {
    become_login(connection).await?;
    let names: Vec<_> = tool.demands.privileges.keys().cloned().collect();
    roles::ensure(connection, &names).await?;
    become_owner(connection).await
}

async fn plan_for(connection: &mut AsyncPgConnection, tool: Tool<'_>) -> Result<(Plan, StoredSchema), MigrateError> {
    let doing = || MigrateError::while_doing("reading the tables that are there");
    let tables = tool.tables();
    let stored = introspect::read_schema(connection).await.map_err(doing())?;
    let mut answers = Answers::new();
    loop {
        match compare(&tables, &stored, &answers) {
            Outcome::Plan(plan) => return Ok((plan, stored)),
            Outcome::Questions(questions) => {
                for question in questions {
                    let answer = probe::holds(connection, &question).await.map_err(doing())?;
                    answers.insert(question, answer);
                }
            }
        }
    }
}

async fn verify_shape(connection: &mut AsyncPgConnection, tool: Tool<'_>) -> Result<StoredSchema, MigrateError> {
    let (plan, stored) = plan_for(connection, tool).await?;
    if plan.is_empty() { Ok(stored) } else { Err(MigrateError::Unplanned { steps: plan.steps, refusals: plan.refusals }) }
}

/// Lets views and row-level security follow the rules inside a transaction of the owner that will be undone, so that rules can be
/// tried before they are applied. Does nothing where they were.
///
/// # Errors
/// [`MigrateError`], also where the tables do not fit the catalog.
pub async fn try_rules(connection: &mut AsyncPgConnection, tool: Tool<'_>) -> Result<(), MigrateError> {
    wall::bring(connection, &wall::wanted(tool.catalog, tool.demands)).await.map(drop)
}

/// Lets privileges and row-level security follow the rules where the database is what they were written for and nobody gains by
/// them; says whether that is so.
pub(super) async fn raise_guards_if_it_fits(
    connection: &mut AsyncPgConnection,
    tool: Tool<'_>,
    widening: &Widening,
) -> Result<bool, MigrateError> {
    let (plan, stored) = plan_for(connection, tool).await?;
    let standing = access::examine(connection, tool).await?;
    let fits = plan.is_empty() && standing.refuse_wider(widening).is_ok();
    if fits {
        raise_guards(connection, tool, &stored, (&standing, widening)).await?;
    }
    Ok(fits)
}

/// What keeps everybody to the rules.
struct Guards {
    grants: GrantChanges,
    wall: WallChanges,
}

/// Privileges and row-level security change with their audit event and the record of the rules that they follow, all of them or
/// none.
async fn raise_guards(
    connection: &mut AsyncPgConnection,
    tool: Tool<'_>,
    stored: &StoredSchema,
    (standing, widening): (&Standing, &Widening),
) -> Result<Guards, MigrateError> {
    let wanted = grants::wanted(tool.catalog, tool.demands, &tool.tables());
    let pieces = wall::wanted(tool.catalog, tool.demands);
    connection
        .transaction::<Guards, GrantFailure, _>(async |connection| {
            let wall = wall::bring(connection, &pieces).await.map_err(GrantFailure::Known)?;
            let grants = grants::apply(connection, wanted, stored).await.map_err(GrantFailure::Known)?;
            if !grants.is_empty() || !wall.is_empty() {
                let mut details = grants.to_json();
                details["rowSecurity"] = wall.to_json();
                migrations::record_schema_change(connection, &SchemaChange::new(details)).await?;
            }
            standing.record(connection, tool.catalog, widening).await?;
            Ok(Guards { grants, wall })
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
