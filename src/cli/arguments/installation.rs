//! What is written after the commands of whoever runs an installation: `serve`, `backup`, `restore`, `config`, `completions`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `serve`
#[derive(Debug, Args)]
pub struct ServeArguments {
    /// The address to listen on [default: 127.0.0.1:4000].
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Load demo data into an empty database and let anybody on this machine sign in as its users.
    #[arg(long)]
    pub demo: bool,
}

/// `backup`
#[derive(Debug, Args)]
pub struct BackupArguments {
    /// The directory, which must not be there yet.
    pub to: PathBuf,
}

/// `restore`
#[derive(Debug, Args)]
pub struct RestoreArguments {
    /// The directory that `toolcrib backup` wrote.
    pub from: PathBuf,
}

/// `config`
#[derive(Debug, Args)]
pub struct ConfigArguments {
    /// Which part.
    #[command(subcommand)]
    pub command: ConfigCommand,
}

/// The parts of `config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every setting with its meaning and default, as a `toolcrib.toml` that sets nothing.
    Reference,
    /// Print the settings as they are, secrets hidden, and where each was said.
    Show {
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
}

/// `completions`
#[derive(Debug, Args)]
pub struct CompletionsArguments {
    /// For which shell.
    pub shell: clap_complete::Shell,
}
