//! What is written after the commands that let people and programs in: `token`, `admin`, `db`.

use clap::{Args, Subcommand};

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
