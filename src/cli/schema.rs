//! `toolcrib schema print`

use crate::app::Tool;
use crate::cli::Arguments;
use crate::cli::arguments::{SchemaArguments, SchemaCommand};
use crate::graphql::api;
use std::process::ExitCode;

/// Prints the API as SDL. Needs no database.
pub(crate) fn run(arguments: &Arguments, schema: &SchemaArguments) -> anyhow::Result<ExitCode> {
    let SchemaCommand::Print = schema.command;
    let tool = Tool::load(&arguments.settings()?)?;
    let api = api::build(&tool.catalog, &tool.rules)?;
    print!("{}", api.sdl());
    Ok(ExitCode::SUCCESS)
}
