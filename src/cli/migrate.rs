//! `toolcrib migrate`

use crate::app::{Storage, Tool};
use crate::cli::Arguments;
use crate::cli::arguments::{MigrateArguments, MigrateCommand};
use crate::config::Settings;
use crate::migrate::{self, Applied, MigrationSource, Plan};
use chrono::{SecondsFormat, Utc};
use serde_json::json;
use std::process::ExitCode;

/// Plans, applies or lists migrations.
pub(crate) async fn run(arguments: &Arguments, command: &MigrateArguments) -> anyhow::Result<ExitCode> {
    let settings = arguments.settings()?;
    let tool = Tool::load(&settings)?;
    let storage = Storage::open(&settings).await?;
    let outcome = match &command.command {
        MigrateCommand::Plan { write } => plan(&settings, &tool, &storage, write.as_deref()).await,
        MigrateCommand::Apply => apply(&settings, &tool, &storage).await,
        MigrateCommand::Status { json } => status(&settings, &storage, *json).await,
    };
    storage.close().await;
    outcome
}

async fn plan(settings: &Settings, tool: &Tool, storage: &Storage, write: Option<&str>) -> anyhow::Result<ExitCode> {
    let migrations = &settings.server.migrations;
    let connection = migrate::connect(storage.owner_url.expose()).await?;
    let plan: Plan = migrate::plan(connection, Storage::migrate_tool(tool, migrations)).await?;
    if plan.is_empty() {
        println!("nothing to do: the database fits the schema");
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(name) = write {
        let path = migrate::write(&plan, migrations, name, Utc::now())?;
        println!("wrote {}; review it, then run `toolcrib migrate apply`", path.display());
        return Ok(ExitCode::SUCCESS);
    }
    print!("{}", plan.up_sql());
    if plan.refusals.is_empty() {
        eprintln!("\nnothing was changed; `--write NAME` writes this as a migration");
        return Ok(ExitCode::SUCCESS);
    }
    for refusal in &plan.refusals {
        eprintln!("refused: {refusal}");
    }
    Ok(ExitCode::FAILURE)
}

async fn apply(settings: &Settings, tool: &Tool, storage: &Storage) -> anyhow::Result<ExitCode> {
    let Applied { platform, tool, grants } = storage.apply(tool, &settings.server.migrations).await?;
    for name in platform.iter().chain(&tool) {
        println!("applied {name}");
    }
    if !grants.is_empty() {
        println!("updated the privileges of the database roles");
    }
    if platform.is_empty() && tool.is_empty() && grants.is_empty() {
        println!("nothing to do: the database fits the schema");
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
            json!({ "source": source(migration.source), "name": migration.name, "appliedAt": migration.applied_at.map(time) })
        });
        println!("{:#}", rows.collect::<serde_json::Value>());
        return Ok(ExitCode::SUCCESS);
    }
    for migration in &migrations {
        let applied = migration.applied_at.map_or_else(|| "pending".to_owned(), time);
        println!("{:20}  {:8}  {}", applied, source(migration.source), migration.name);
    }
    Ok(ExitCode::SUCCESS)
}
