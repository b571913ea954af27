//! `toolcrib admin`

use crate::auth::{self, FirstAdmin, FirstIdentity};
use crate::base::{Actor, RequestContext};
use crate::cli::Arguments;
use crate::cli::arguments::{AdminArguments, AdminCommand, BootstrapArguments};
use crate::cli::session::CommandSession;
use anyhow::Context;
use chrono::Utc;
use std::process::ExitCode;

/// Lets the first administrator in, as the service `cli`: through the collection's rules and on record.
pub(crate) async fn run(arguments: &Arguments, command: &AdminArguments) -> anyhow::Result<ExitCode> {
    let AdminCommand::Bootstrap(bootstrap) = &command.command;
    let session = CommandSession::open(arguments).await?;
    let outcome = bootstrap_in(&session, bootstrap).await;
    session.close().await;
    outcome.map(|()| ExitCode::SUCCESS)
}

async fn bootstrap_in(session: &CommandSession, arguments: &BootstrapArguments) -> anyhow::Result<()> {
    let BootstrapArguments { email, name, issuer, subject } = arguments;
    let providers = &session.settings.auth.providers;
    let identity = match (issuer, subject) {
        (Some(issuer), Some(subject)) => {
            let provider = providers.iter().find(|provider| provider.issuer == *issuer);
            let known: Vec<&str> = providers.iter().map(|provider| provider.issuer.as_str()).collect();
            let provider = provider.with_context(|| {
                format!("no provider of the settings has the issuer `{issuer}`; there are: {}", known.join(", "))
            })?;
            Some(FirstIdentity { provider: provider.id.as_str(), issuer, subject })
        }
        _ => None,
    };
    let (actor, request) = (Actor::platform("cli"), RequestContext::internal(Utc::now()));
    let planner = session.app.engine.planner(&actor, &request);
    let first = FirstAdmin { email, name: name.as_deref().unwrap_or(email), identity };
    let id = auth::bootstrap_admin(session.app.engine.database(), &planner, &first).await?;
    println!("{email} ({id}) is the first administrator, as soon as they sign in");
    if providers.is_empty() {
        eprintln!("no provider is configured yet: name one in `[[auth.providers]]`");
    }
    Ok(())
}
