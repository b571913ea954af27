//! `toolcrib migrate`

use crate::app::{Storage, Tool};
use crate::cli::Arguments;
use crate::cli::arguments::{ApplyArguments, ConsentArguments, MigrateArguments, MigrateCommand};
use crate::config::Settings;
use crate::migrate::{self, Applied, ApplyOptions, Consent, MigrationSource, Plan, Risk, Warning, Widening};
use chrono::{SecondsFormat, Utc};
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

/// Plans, applies, lists or takes back migrations.
pub(crate) async fn run(arguments: &Arguments, command: &MigrateArguments) -> anyhow::Result<ExitCode> {
    let settings = arguments.settings()?;
    let tool = Tool::load(&settings)?;
    let storage = Storage::open(&settings).await?;
    let outcome = match &command.command {
        MigrateCommand::Plan { write } => plan(&settings, &tool, &storage, write.as_deref()).await,
        MigrateCommand::Apply(arguments) => apply(&settings, &tool, &storage, apply_options(arguments)).await,
        MigrateCommand::Down { steps, consent } => down(&settings, &tool, &storage, (*steps, options(*consent))).await,
        MigrateCommand::Status { json } => status(&settings, &storage, *json).await,
    };
    storage.close().await;
    outcome
}

fn options(consent: ConsentArguments) -> ApplyOptions {
    let consent = if consent.allow_destructive { Consent::Given } else { Consent::Withheld };
    ApplyOptions { consent, ..ApplyOptions::default() }
}

fn apply_options(ApplyArguments { consent, accept_widening }: &ApplyArguments) -> ApplyOptions {
    let accepted = accept_widening.clone().map(|reason| Widening::Accepted { reason });
    ApplyOptions { widening: accepted.unwrap_or_default(), ..options(*consent) }
}

async fn plan(settings: &Settings, tool: &Tool, storage: &Storage, write: Option<&str>) -> anyhow::Result<ExitCode> {
    let migrations = &settings.server.migrations;
    let connection = migrate::connect(storage.owner_url.expose()).await?;
    let plan: Plan = migrate::plan(connection, Storage::migrate_tool(tool, migrations)).await?;
    say_who_gains(tool, storage, migrations).await?;
    if plan.is_empty() {
        println!("nothing to do: the database fits the schema");
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(name) = write {
        let path = migrate::write(&plan, migrations, name, Utc::now())?;
        let flag = if plan.warnings().is_empty() { "" } else { " --allow-destructive" };
        warn(&plan);
        println!("wrote {}; review it, then run `toolcrib migrate apply{flag}`", path.display());
        return Ok(ExitCode::SUCCESS);
    }
    print!("{}", plan.up_sql());
    warn(&plan);
    if plan.refusals.is_empty() {
        eprintln!("\nnothing was changed; `--write NAME` writes this as a migration");
        return Ok(ExitCode::SUCCESS);
    }
    for refusal in &plan.refusals {
        eprintln!("refused: {refusal}");
    }
    Ok(ExitCode::FAILURE)
}

/// Says what the rules give beyond those that were applied.
async fn say_who_gains(tool: &Tool, storage: &Storage, migrations: &Path) -> anyhow::Result<()> {
    let mut connection = migrate::connect(storage.owner_url.expose()).await?;
    let changes = migrate::access_changes(&mut connection, Storage::migrate_tool(tool, migrations)).await?;
    let wider: Vec<_> = changes.iter().filter(|change| change.counts_as_wider()).collect();
    wider.iter().for_each(|change| eprintln!("wider: {change}"));
    if !wider.is_empty() {
        eprintln!("`toolcrib migrate apply` will ask for `--accept-widening \"why\"`\n");
    }
    Ok(())
}

/// Says what the plan costs where tables hold rows.
fn warn(plan: &Plan) {
    for Warning { risk, text, .. } in plan.warnings() {
        let risk = match risk {
            Risk::Destructive => "destructive",
            Risk::LongLock => "long lock",
        };
        eprintln!("{risk}: {text}");
    }
}

async fn apply(settings: &Settings, tool: &Tool, storage: &Storage, options: ApplyOptions) -> anyhow::Result<ExitCode> {
    let migrations = &settings.server.migrations;
    let Applied { platform, tool, grants, wall } = storage.apply_with(tool, migrations, &options).await?;
    for name in platform.iter().chain(&tool) {
        println!("applied {name}");
    }
    if !grants.is_empty() {
        println!("updated the privileges of the database roles");
    }
    if !wall.is_empty() {
        println!("updated row-level security");
    }
    if platform.is_empty() && tool.is_empty() && grants.is_empty() && wall.is_empty() {
        println!("nothing to do: the database fits the schema");
    }
    Ok(ExitCode::SUCCESS)
}

async fn down(
    settings: &Settings,
    tool: &Tool,
    storage: &Storage,
    (steps, options): (u32, ApplyOptions),
) -> anyhow::Result<ExitCode> {
    let migrations = &settings.server.migrations;
    let connection = migrate::connect(storage.owner_url.expose()).await?;
    let count = usize::try_from(steps)?;
    let reverted = migrate::revert(connection, Storage::migrate_tool(tool, migrations), count, &options).await?;
    for name in &reverted.names {
        println!("took {name} back");
    }
    if reverted.names.is_empty() {
        println!("nothing to do: no migration of the tool is applied");
    } else if !reverted.fits_schema {
        println!(
            "the database does not fit the schema now: put the schema back and remove what was taken back, or apply it again"
        );
    }
    Ok(ExitCode::SUCCESS)
}

async fn status(settings: &Settings, storage: &Storage, as_json: bool) -> anyhow::Result<ExitCode> {
    let mut connection = migrate::connect(storage.owner_url.expose()).await?;
    let migrations = migrate::status(&mut connection, &settings.server.migrations).await?;
    let source = |source| match source {
        MigrationSource::Platform => "platform",
        MigrationSource::Tool => "tool",
    };
    let time = |time: chrono::DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
    if as_json {
        let rows = migrations.iter().map(|migration| {
            let (applied_steps, steps) = migration.steps;
            json!({
                "source": source(migration.source),
                "name": migration.name,
                "appliedAt": migration.applied_at.map(time),
                "appliedSteps": applied_steps,
                "steps": steps,
            })
        });
        println!("{:#}", rows.collect::<serde_json::Value>());
        return Ok(ExitCode::SUCCESS);
    }
    for migration in &migrations {
        let waiting = || match migration.steps {
            (0, _) => "pending".to_owned(),
            (applied, all) => format!("{applied} of {all} steps"),
        };
        let applied = migration.applied_at.map_or_else(waiting, time);
        println!("{:20}  {:8}  {}", applied, source(migration.source), migration.name);
    }
    Ok(ExitCode::SUCCESS)
}
