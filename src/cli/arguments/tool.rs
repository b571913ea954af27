//! What is written after the commands over a tool's own files: `new`, `check`, `schema`, `snapshot`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `new`
#[derive(Debug, Args)]
pub struct NewArguments {
    /// Where: a directory that is empty or not there yet, named like the tool.
    pub name: PathBuf,
}

/// `check`
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// Print a JSON array of mistakes.
    #[arg(long)]
    pub json: bool,
}

/// `schema`
#[derive(Debug, Args)]
pub struct SchemaArguments {
    /// Which part.
    #[command(subcommand)]
    pub command: SchemaCommand,
}

/// The parts of `schema`.
#[derive(Debug, Subcommand)]
pub enum SchemaCommand {
    /// Print the API as SDL.
    Print,
}

/// `snapshot`
#[derive(Debug, Args)]
pub struct SnapshotArguments {
    /// Where the files are [default: `snapshots` in the tool's directory].
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
    /// Write nothing; say what has changed since they were written, and fail if something has.
    #[arg(long)]
    pub check: bool,
}
