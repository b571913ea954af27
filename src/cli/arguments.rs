//! What can be written on the command line.

use crate::config::{ConfigError, DIRECTORY_VARIABLE, EffectiveSetting, Overrides, Settings};
use clap::{Args, Parser, Subcommand};
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

/// `new`
#[derive(Debug, Args)]
pub struct NewArguments {
    /// Where: a directory that is empty or not there yet, named like the tool.
    pub name: PathBuf,
}

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

/// `check`
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// Print a JSON array of mistakes.
    #[arg(long)]
    pub json: bool,
}

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

/// `token`
#[derive(Debug, Args)]
pub struct TokenArguments {
    /// Which part.
    #[command(subcommand)]
    pub command: TokenCommand,
}

/// The parts of `token`.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token for a user; it is shown once.
    Create(TokenCreateArguments),
    /// List tokens, never the tokens themselves.
    List {
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Make a token in the place of another, which is still good for a while.
    Rotate(TokenRotateArguments),
    /// End a token for good.
    Revoke {
        /// The token's id, as `token list` shows it.
        id: String,
    },
}

/// `token create`
#[derive(Debug, Args)]
pub struct TokenCreateArguments {
    /// The user's mail address.
    #[arg(long, value_name = "EMAIL")]
    pub user: String,
    /// How long it is good for: `30m`, `1h`, `7d`.
    #[arg(long, value_name = "TIME")]
    pub expires_in: String,
    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    pub name: Option<String>,
    /// What it leaves of the user's rights, any number of times: `Ticket:READ,UPDATE`, `*:READ`, `platform:*`; for service accounts
    /// also `act-for:ROLE`, or `scim` alone. Without it `*:*`: everything, but for writing people and tokens.
    #[arg(long = "scope", value_name = "SCOPE")]
    pub scopes: Vec<String>,
    /// A network from which it may be used, any number of times: `10.1.0.0/16`. Without it any.
    #[arg(long = "allow-ip", value_name = "NETWORK")]
    pub allow_ips: Vec<String>,
    /// Print `{"id", "token", "expiresAt"}`.
    #[arg(long)]
    pub json: bool,
}

/// `token rotate`
#[derive(Debug, Args)]
pub struct TokenRotateArguments {
    /// The token's id, as `token list` shows it.
    pub id: String,
    /// How long the new one is good for: `30m`, `1h`, `7d`.
    #[arg(long, value_name = "TIME")]
    pub expires_in: String,
    /// How long the old one is still good.
    #[arg(long, value_name = "TIME", default_value = "1h")]
    pub overlap: String,
    /// Print `{"id", "token", "expiresAt"}`.
    #[arg(long)]
    pub json: bool,
}

/// `policy`
#[derive(Debug, Args)]
pub struct PolicyArguments {
    /// Which part.
    #[command(subcommand)]
    pub command: PolicyCommand,
}

/// The parts of `policy`.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Every collection, operation and guarded field for every role: everything, nothing, or under which condition.
    Matrix(PolicyMatrixArguments),
    /// Say which role gains or loses what by other rules. Exit code 0 if nobody gains anything, 3 if somebody does or it cannot be
    /// decided, 1 if the rules cannot be compared.
    Diff(PolicyDiffArguments),
    /// Say why a user may do something to a row, or may not: which clause decides, and what it saw. Values of the row are shown,
    /// whatever the user may see.
    Explain(PolicyExplainArguments),
    /// Run the cases of the tool's `rules/`: who may do what to which rows, and what never holds. Nothing that they do stays. Exit code
    /// 1 if a case fails.
    Test(PolicyTestArguments),
}

/// `policy test`
#[derive(Debug, Args)]
pub struct PolicyTestArguments {
    /// Only these files [default: every `rules/*.toml` of the tool's directory].
    pub files: Vec<PathBuf>,
    /// Also fail if a clause of the rules was not seen both true and not true.
    #[arg(long)]
    pub full_coverage: bool,
    /// Print a JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `policy explain`
#[derive(Debug, Args)]
pub struct PolicyExplainArguments {
    /// For whom: the mail address of an active user.
    #[arg(long = "as", value_name = "EMAIL")]
    pub user: String,
    /// The row: a type with an id, or a unique text: `Ticket:CASE-000017`.
    #[arg(long, value_name = "TYPE:ROW")]
    pub on: String,
    /// Also the rule of a field.
    #[arg(long)]
    pub field: Option<String>,
    /// What the user would do. Of `create` the row stands for a new one, of `update` for itself before and after.
    #[arg(long, value_enum, default_value_t = PolicyOperation::Read)]
    pub operation: PolicyOperation,
    /// Print a JSON object.
    #[arg(long)]
    pub json: bool,
}

/// What somebody would do to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum PolicyOperation {
    /// See it.
    Read,
    /// Add it.
    Create,
    /// Change it.
    Update,
    /// Delete it.
    Delete,
    /// Take it out as a file.
    Export,
}

/// `policy matrix`
#[derive(Debug, Args)]
pub struct PolicyMatrixArguments {
    /// Print a JSON array, one object for each cell.
    #[arg(long, conflicts_with = "html")]
    pub json: bool,
    /// Print a page that stands alone.
    #[arg(long)]
    pub html: bool,
    /// Only this collection.
    #[arg(long, value_name = "TYPE")]
    pub collection: Option<String>,
    /// Only this role.
    #[arg(long)]
    pub role: Option<String>,
}

/// `policy diff`
#[derive(Debug, Args)]
pub struct PolicyDiffArguments {
    /// The rules before: a schema file, a tool's directory, or `-` for standard input, as in
    /// `git show main:schema.graphql | toolcrib policy diff -` [default: those that were applied to the database].
    pub old: Option<PathBuf>,
    /// The rules after, in the same forms [default: those of this tool].
    pub new: Option<PathBuf>,
    /// Ask the database how many rows each active user of the role gains and loses.
    #[arg(long)]
    pub counts: bool,
    /// Print a JSON array.
    #[arg(long)]
    pub json: bool,
}

/// `login`
#[derive(Debug, Args)]
pub struct LoginArguments {
    /// The server [default: that of the last sign-in, or http://127.0.0.1:4000].
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// The provider, where the server has several.
    #[arg(long, value_name = "ID")]
    pub provider: Option<String>,
    /// Use a browser on this machine even where a code on another device would do.
    #[arg(long)]
    pub browser: bool,
}

/// `whoami`
#[derive(Debug, Args)]
pub struct WhoamiArguments {
    /// The server [default: that of the last sign-in].
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// Print what the server says as JSON.
    #[arg(long)]
    pub json: bool,
    /// Print the session's token: `curl -H "Authorization: Bearer $(toolcrib whoami --token)"`.
    #[arg(long, conflicts_with = "json")]
    pub token: bool,
}

/// `logout`
#[derive(Debug, Args)]
pub struct LogoutArguments {
    /// The server [default: that of the last sign-in].
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
}

/// `admin`
#[derive(Debug, Args)]
pub struct AdminArguments {
    /// Which part.
    #[command(subcommand)]
    pub command: AdminCommand,
}

/// The parts of `admin`.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Make the first administrator, once: the first sign-in with this mail address, or as this subject, is it.
    Bootstrap(BootstrapArguments),
}

/// `admin bootstrap`
#[derive(Debug, Args)]
pub struct BootstrapArguments {
    /// The mail address, as a provider of the settings will vouch for it.
    #[arg(long, value_name = "EMAIL")]
    pub email: String,
    /// What to call the person [default: the mail address].
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The issuer of a provider of the settings; then only `--subject` is the administrator, whoever has the mail address.
    #[arg(long, value_name = "URL", requires = "subject")]
    pub issuer: Option<String>,
    /// The provider's own name of the person, the claim `sub`.
    #[arg(long, value_name = "SUBJECT", requires = "issuer")]
    pub subject: Option<String>,
}

/// `db`
#[derive(Debug, Args)]
pub struct DbArguments {
    /// Which part.
    #[command(subcommand)]
    pub command: DbCommand,
}

/// The parts of `db`.
#[derive(Debug, Subcommand)]
pub enum DbCommand {
    /// Logins of PostgreSQL that read what a user may read, and nothing else.
    Role(DbRoleArguments),
}

/// `db role`
#[derive(Debug, Args)]
pub struct DbRoleArguments {
    /// Which part.
    #[command(subcommand)]
    pub command: DbRoleCommand,
}

/// The parts of `db role`.
#[derive(Debug, Subcommand)]
pub enum DbRoleCommand {
    /// Make a login for a user; its URL is shown once. Run it again, with the same name, when the user has got another role: until
    /// then the login sees nothing. Its password stays.
    Create {
        /// What the login is called: small letters, digits and `_`.
        name: String,
        /// The mail address of the user whose rules it reads under, best a service account's.
        #[arg(long, value_name = "EMAIL")]
        user: String,
    },
    /// List the logins.
    List {
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Take a login away.
    Drop {
        /// Its name.
        name: String,
    },
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

/// `doctor`
#[derive(Debug, Args)]
pub struct DoctorArguments {
    /// Print a JSON array of findings.
    #[arg(long)]
    pub json: bool,
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
