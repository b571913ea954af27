//! What is written after the commands of a person who signs in to a server: `login`, `whoami`, `logout`.

use clap::Args;

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
