//! What is written after `migrate`, and the word that somebody gives for what loses data.

use clap::{Args, Subcommand};

/// `migrate`
#[derive(Debug, Args)]
pub struct MigrateArguments {
    /// Which part.
    #[command(subcommand)]
    pub command: MigrateCommand,
}

/// The parts of `migrate`.
#[derive(Debug, Subcommand)]
pub enum MigrateCommand {
    /// Show the SQL that brings the database to the schema.
    Plan {
        /// Write it as a migration of this name, to be reviewed and applied.
        #[arg(long, value_name = "NAME")]
        write: Option<String>,
    },
    /// Apply what waits: platform, tool, roles and privileges.
    Apply(ApplyArguments),
    /// Take the last migrations of the tool back, by their `down.sql`.
    Down {
        /// How many.
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        steps: u32,
        /// Whether somebody gave their word.
        #[command(flatten)]
        consent: ConsentArguments,
    },
    /// List migrations and whether they are applied.
    Status {
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
}

/// `migrate apply`
#[derive(Debug, Args)]
pub struct ApplyArguments {
    /// Whether somebody gave their word.
    #[command(flatten)]
    pub consent: ConsentArguments,
    /// Also apply rules that give somebody more than those that were applied; `toolcrib policy diff` says what that is. The
    /// reason goes into the audit log.
    #[arg(long, value_name = "REASON", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub accept_widening: Option<String>,
}

/// Somebody's word for what cannot be undone.
#[derive(Clone, Copy, Debug, Args)]
pub struct ConsentArguments {
    /// Also run what loses data or locks a table for long, where there are rows; `plan` says what that is.
    #[arg(long)]
    pub allow_destructive: bool,
}
