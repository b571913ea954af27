//! `toolcrib db`

use crate::app::{Storage, Tool};
use crate::cli::Arguments;
use crate::cli::arguments::{DbArguments, DbCommand, DbRoleCommand};
use crate::db::database_logins::DatabaseLogin;
use crate::migrate;
use chrono::SecondsFormat;
use comfy_table::Table;
use serde_json::{Value as Json, json};
use std::process::ExitCode;

/// Makes, lists or drops logins of PostgreSQL that read for users.
pub(crate) async fn run(arguments: &Arguments, command: &DbArguments) -> anyhow::Result<ExitCode> {
    let DbCommand::Role(role) = &command.command;
    let settings = arguments.settings()?;
    let tool = Tool::load(&settings)?;
    let storage = Storage::open(&settings).await?;
    let outcome = match storage.verify(&tool, &settings.server.migrations).await {
        Ok(()) => run_role(&storage, &role.command).await,
        Err(error) => Err(error.into()),
    };
    storage.close().await;
    outcome.map(|()| ExitCode::SUCCESS)
}

async fn run_role(storage: &Storage, command: &DbRoleCommand) -> anyhow::Result<()> {
    let owner = &storage.owner_url;
    match command {
        DbRoleCommand::Create { name, user } => {
            let bound = migrate::bind_login(owner, name, user).await?;
            let role = bound.role;
            match bound.url {
                // The only place that ever shows it.
                Some(url) => {
                    println!("{}", url.expose());
                    eprintln!("{name} reads as {user} does, as long as their role is `{role}`; the URL is not shown again");
                }
                None => {
                    eprintln!("{name} reads as {user} does now, as long as their role is `{role}`; its password is the old one")
                }
            }
        }
        DbRoleCommand::List { json } => list(&migrate::list_logins(owner).await?, *json),
        DbRoleCommand::Drop { name } => {
            migrate::drop_login(owner, name).await?;
            println!("dropped {name}");
        }
    }
    Ok(())
}

fn list(logins: &[DatabaseLogin], as_json: bool) {
    if as_json {
        let row = |login: &DatabaseLogin| {
            let DatabaseLogin { login, email, role, is_good, created_at } = login;
            let created_at = created_at.to_rfc3339_opts(SecondsFormat::Secs, true);
            json!({ "login": login, "user": email, "role": role, "isGood": is_good, "createdAt": created_at })
        };
        println!("{:#}", logins.iter().map(row).collect::<Json>());
        return;
    }
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING).set_header(["login", "user", "role", "state", "made"]);
    for DatabaseLogin { login, email, role, is_good, created_at } in logins {
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let state = if *is_good { "good" } else { "sees nothing" };
        let created_at = created_at.to_rfc3339_opts(SecondsFormat::Secs, true);
        table.add_row([login.clone(), or_dash(email), or_dash(role), state.to_owned(), created_at]);
    }
    println!("{table}");
}
