//! `toolcrib backup` and `toolcrib restore`

use crate::app::{Storage, Tool};
use crate::backup::{self, Manifest};
use crate::cli::Arguments;
use crate::cli::arguments::{BackupArguments, RestoreArguments};
use crate::config::Settings;
use std::process::ExitCode;

/// Writes a backup.
pub(crate) async fn save(arguments: &Arguments, command: &BackupArguments) -> anyhow::Result<ExitCode> {
    let settings = arguments.settings()?;
    let storage = Storage::open(&settings).await?;
    let saved = backup::save(&storage, &settings.server.data_dir, &command.to).await;
    storage.close().await;
    let Manifest { roles, export_files, .. } = saved?;
    let to = command.to.display();
    println!("wrote `{to}`: the database, {} roles, {export_files} files of exports", roles.len());
    Ok(ExitCode::SUCCESS)
}

/// Brings a backup back, and the database to the tool.
pub(crate) async fn restore(arguments: &Arguments, command: &RestoreArguments) -> anyhow::Result<ExitCode> {
    let settings = arguments.settings()?;
    let tool = Tool::load(&settings)?;
    let storage = Storage::open(&settings).await?;
    let outcome = restore_into(&settings, &tool, &storage, command).await;
    storage.close().await;
    outcome
}

async fn restore_into(
    settings: &Settings,
    tool: &Tool,
    storage: &Storage,
    command: &RestoreArguments,
) -> anyhow::Result<ExitCode> {
    let Manifest { created_at, .. } = backup::restore(storage, &settings.server.data_dir, &command.from).await?;
    println!("restored the backup of {}", created_at.format("%Y-%m-%d %H:%M:%S UTC"));
    let applied = storage.apply(tool, &settings.server.migrations).await?;
    for name in applied.platform.iter().chain(&applied.tool) {
        println!("applied {name}");
    }
    println!("`toolcrib doctor` says whether all is well");
    Ok(ExitCode::SUCCESS)
}
