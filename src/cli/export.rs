//! `toolcrib export trace`

use crate::cli::Arguments;
use crate::cli::arguments::{ExportArguments, ExportCommand};
use crate::cli::session::CommandSession;
use anyhow::Context;
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

/// Says which exports a file came from; exit code 1 if none is found in it.
pub(crate) async fn run(arguments: &Arguments, command: &ExportArguments) -> anyhow::Result<ExitCode> {
    let ExportCommand::Trace { file, json } = &command.command;
    let text = read_text(file)?;
    let session = CommandSession::open(arguments).await?;
    let traced = session.app.engine.exporter().trace(&text);
    session.close().await;
    if *json {
        println!("{}", serde_json::to_string_pretty(&traced)?);
    } else {
        traced.iter().for_each(|export| println!("{export}"));
    }
    if traced.is_empty() {
        eprintln!("no watermark was found");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn read_text(file: &Path) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().read_to_end(&mut bytes)?;
    } else {
        bytes = std::fs::read(file).with_context(|| format!("`{}` cannot be read", file.display()))?;
    }
    // A fragment may be cut in the middle of a character.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
