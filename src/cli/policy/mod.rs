//! `toolcrib policy`: who may do what, what changes it, and proof of it.

mod diff;
mod explain;
mod matrix;
mod site;
mod test;

use crate::cli::Arguments;
use crate::cli::arguments::{PolicyArguments, PolicyCommand};
use std::process::ExitCode;

/// Runs one part.
pub(crate) async fn run(arguments: &Arguments, policy: &PolicyArguments) -> anyhow::Result<ExitCode> {
    match &policy.command {
        PolicyCommand::Matrix(matrix) => matrix::run(arguments, matrix),
        PolicyCommand::Diff(diff) => diff::run(arguments, diff).await,
        PolicyCommand::Explain(explain) => explain::run(arguments, explain).await,
        PolicyCommand::Test(test) => test::run(arguments, test).await,
    }
}
