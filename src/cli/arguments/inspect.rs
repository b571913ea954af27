//! What is written after the commands that find something out and change nothing: `explain`, `export`, `doctor`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `explain`
#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// The GraphQL document, or `@FILE`.
    pub query: String,
    /// For whom: the mail address of an active user.
    #[arg(long = "as", value_name = "EMAIL")]
    pub user: String,
    /// Which of the document's operations.
    #[arg(long, value_name = "NAME")]
    pub operation: Option<String>,
    /// Values of its variables, a JSON object.
    #[arg(long, value_name = "JSON")]
    pub variables: Option<String>,
    /// Run it, and tell what each step really did.
    #[arg(long)]
    pub analyze: bool,
    /// Print a JSON array, one object for each root field.
    #[arg(long)]
    pub json: bool,
}

/// `export`
#[derive(Debug, Args)]
pub struct ExportArguments {
    /// Which part.
    #[command(subcommand)]
    pub command: ExportCommand,
}

/// The parts of `export`.
#[derive(Debug, Subcommand)]
pub enum ExportCommand {
    /// Say which export a file, or a fragment of one, came from.
    Trace {
        /// The file; `-` for standard input.
        file: PathBuf,
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
}

/// `doctor`
#[derive(Debug, Args)]
pub struct DoctorArguments {
    /// Print a JSON array of findings.
    #[arg(long)]
    pub json: bool,
}
