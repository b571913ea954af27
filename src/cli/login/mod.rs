//! `toolcrib login`, `whoami`, `logout`: the session of a person at a terminal, for the scripts that they run.

mod device;
mod loopback;
mod server;
mod store;

use crate::cli::arguments::{LoginArguments, LogoutArguments, WhoamiArguments};
use anyhow::{Context, bail};
use secrecy::ExposeSecret;
use server::{Provider, Server};
use std::process::ExitCode;
use store::{Store, StoredSession};

/// Where a server is, if nobody says and nobody signed in yet.
const USUAL_SERVER: &str = "http://127.0.0.1:4000";

/// Signs in: by a code on another device where the provider offers that, else by a browser on this machine.
pub(crate) async fn log_in(arguments: &LoginArguments) -> anyhow::Result<ExitCode> {
    let mut store = Store::open()?;
    let server = Server::new(arguments.server.as_deref().or(store.last_server()).unwrap_or(USUAL_SERVER))?;
    let provider = choose(server.providers().await?, arguments.provider.as_deref())?;
    let session = match &provider.device {
        Some(client) if !arguments.browser => device::log_in(&server, client).await?,
        _ => loopback::log_in(&server, &provider).await?,
    };
    let expires_at = session.expires_at.clone();
    store.keep(server.address(), session)?;
    eprintln!("signed in to {} until {expires_at}", server.address());
    Ok(ExitCode::SUCCESS)
}

fn choose(mut providers: Vec<Provider>, wanted: Option<&str>) -> anyhow::Result<Provider> {
    let names = providers.iter().map(|provider| provider.id.as_str()).collect::<Vec<_>>().join(", ");
    match wanted {
        Some(id) => {
            let found = providers.into_iter().find(|provider| provider.id == id);
            found.with_context(|| format!("the server has no provider `{id}`; there are: {names}"))
        }
        None if providers.len() == 1 => providers.pop().context("the only one"),
        None if providers.is_empty() => bail!("the server has no sign-in provider"),
        None => bail!("say which with `--provider`: {names}"),
    }
}

/// Says who is signed in.
pub(crate) async fn whoami(arguments: &WhoamiArguments) -> anyhow::Result<ExitCode> {
    let store = Store::open()?;
    let (address, session) = find(&store, arguments.server.as_deref())?;
    if arguments.token {
        println!("{}", session.token.expose_secret());
        return Ok(ExitCode::SUCCESS);
    }
    let who = Server::new(address)?.whoami(&session.token).await?;
    if arguments.json {
        println!("{who:#}");
    } else {
        println!("{} ({}) at {address}", who["email"].as_str().unwrap_or("-"), who["role"].as_str().unwrap_or("-"));
    }
    Ok(ExitCode::SUCCESS)
}

/// Ends the session, at the server too.
pub(crate) async fn log_out(arguments: &LogoutArguments) -> anyhow::Result<ExitCode> {
    let mut store = Store::open()?;
    let (address, session) = find(&store, arguments.server.as_deref())?;
    let address = address.to_owned();
    let ended = Server::new(&address)?.log_out(&session.token).await;
    // A session that the server does not know any more, or cannot be told about, is of no use here either.
    store.forget(&address)?;
    ended?;
    eprintln!("signed out of {address}");
    Ok(ExitCode::SUCCESS)
}

fn find<'s>(store: &'s Store, server: Option<&str>) -> anyhow::Result<(&'s str, &'s StoredSession)> {
    let server = server.map(Server::new).transpose()?;
    let found = store.find(server.as_ref().map(Server::address));
    found.context("nobody is signed in here; `toolcrib login --server URL` does that")
}
