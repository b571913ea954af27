//! `toolcrib check`

use crate::app::{AppError, Tool};
use crate::cli::Arguments;
use crate::cli::arguments::CheckArguments;
use std::process::ExitCode;

/// Reports every mistake of the schema; exit code 1 if there is one.
pub(crate) fn run(arguments: &Arguments, check: &CheckArguments) -> anyhow::Result<ExitCode> {
    let settings = arguments.settings()?;
    match Tool::load(&settings) {
        Ok(tool) => {
            if check.json {
                println!("[]");
            } else {
                let collections = tool.catalog.collections.iter().filter(|collection| !collection.is_platform).count();
                println!("{}: {collections} collections, no mistakes", settings.server.schema.display());
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(AppError::Schema(diagnostics)) if check.json => {
            println!("{:#}", diagnostics.to_json());
            Ok(ExitCode::FAILURE)
        }
        Err(error) => Err(error.into()),
    }
}
