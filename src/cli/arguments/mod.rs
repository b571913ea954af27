//! What can be written on the command line: what holds for every command, and one file for each group of commands.

mod credential;
mod inspect;
mod installation;
mod migrate;
mod policy;
mod session;
mod tool;

pub use credential::{
    AdminArguments, AdminCommand, BootstrapArguments, DbArguments, DbCommand, DbRoleCommand, TokenArguments, TokenCommand,
    TokenCreateArguments, TokenRotateArguments,
};
pub use inspect::{DoctorArguments, ExplainArguments, ExportArguments, ExportCommand};
pub use installation::{BackupArguments, CompletionsArguments, ConfigArguments, ConfigCommand, RestoreArguments, ServeArguments};
pub use migrate::{ApplyArguments, ConsentArguments, MigrateArguments, MigrateCommand};
pub use policy::{
    PolicyArguments, PolicyCommand, PolicyDiffArguments, PolicyExplainArguments, PolicyMatrixArguments, PolicyOperation,
    PolicyTestArguments,
};
pub use session::{LoginArguments, LogoutArguments, WhoamiArguments};
pub use tool::{CheckArguments, NewArguments, SchemaArguments, SchemaCommand, SnapshotArguments};

use crate::config::{ConfigError, DIRECTORY_VARIABLE, EffectiveSetting, Overrides, Settings};
use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// A GraphQL internal-tools platform over PostgreSQL: closed rules, audited writes, watermarked exports.
#[derive(Debug, Parser)]
#[command(name = "toolcrib", version, about, max_term_width = 100)]
pub struct Arguments {
    /// The tool's directory: `schema.graphql`, migrations, `toolcrib.toml`.
    #[arg(long, global = true, env = DIRECTORY_VARIABLE, default_value = ".", value_name = "DIR")]
    pub dir: PathBuf,
    /// Where the private PostgreSQL and export files are kept [default: `.toolcrib` in the tool's directory].
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// The SDL file [default: `schema.graphql` in the tool's directory].
    #[arg(long, global = true, value_name = "FILE")]
    pub schema: Option<PathBuf>,
    /// The database's URL for its owner, `postgres://user:password@host/database`; without one, a private PostgreSQL is run.
    #[arg(long, global = true, value_name = "URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Arguments {
    /// The settings that the file, the environment and these arguments make.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is wrong.
    pub fn settings(&self) -> Result<Settings, ConfigError> {
        Ok(self.settings_with_origins()?.0)
    }

    /// The same, with each setting as text and where it was said.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is wrong.
    pub fn settings_with_origins(&self) -> Result<(Settings, Vec<EffectiveSetting>), ConfigError> {
        let listen = match &self.command {
            Command::Serve(serve) => serve.listen.clone(),
            _ => None,
        };
        let overrides = Overrides {
            listen,
            data_dir: self.data_dir.clone(),
            schema: self.schema.clone(),
            database_url: self.database_url.clone(),
        };
        Settings::load_with_origins(&self.dir, std::env::vars(), &overrides)
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make the directory of a new tool, which can be served at once.
    New(NewArguments),
    /// Serve the API and GraphiQL.
    Serve(ServeArguments),
    /// Report every mistake in the schema and its rules, with its place and what to write instead.
    Check(CheckArguments),
    /// Plan, apply, list and take back migrations.
    Migrate(MigrateArguments),
    /// Make, list and revoke bearer tokens.
    Token(TokenArguments),
    /// Sign in to a server as a person, for the scripts that you run.
    Login(LoginArguments),
    /// Say who is signed in.
    Whoami(WhoamiArguments),
    /// End the session of `login`.
    Logout(LogoutArguments),
    /// Let the first administrator in.
    Admin(AdminArguments),
    /// Let programs that read SQL in as users: reports, dashboards.
    Db(DbArguments),
    /// Print the API's schema for client generators.
    Schema(SchemaArguments),
    /// Show who may do what, by the rules of the schema.
    Policy(PolicyArguments),
    /// Write the API and who may do what into files, or compare what was written: for the tool's own CI.
    Snapshot(SnapshotArguments),
    /// Find out which export a leaked file came from.
    Export(ExportArguments),
    /// Show how a query is answered for a user: the plan, the SQL, and what PostgreSQL does. Nothing that it does stays.
    Explain(ExplainArguments),
    /// Write the database, its roles and the files of exports into a directory. The server may go on meanwhile.
    Backup(BackupArguments),
    /// Bring a backup into an empty database and data directory.
    Restore(RestoreArguments),
    /// Say what is wrong with this installation, and what to do; nothing is changed.
    Doctor(DoctorArguments),
    /// Print the settings: every one there is, or those that hold now.
    Config(ConfigArguments),
    /// Print a script that lets a shell complete commands and flags.
    Completions(CompletionsArguments),
}
