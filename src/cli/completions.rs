//! `toolcrib completions`

use crate::cli::Arguments;
use crate::cli::arguments::CompletionsArguments;
use clap::CommandFactory;
use std::process::ExitCode;

/// Prints a script that completes commands and flags.
pub(crate) fn run(completions: &CompletionsArguments) -> ExitCode {
    let mut command = Arguments::command();
    let name = command.get_name().to_owned();
    clap_complete::generate(completions.shell, &mut command, name, &mut std::io::stdout());
    ExitCode::SUCCESS
}
