//! Making the data directory, once, and the database in it.

use crate::config::DatabaseUrl;
use crate::local_pg::account::Account;
use crate::local_pg::layout::Layout;
use crate::local_pg::program::Programs;
use crate::local_pg::{Durability, LocalPostgresError, OWNER};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tokio_postgres::NoTls;
use tokio_postgres::error::SqlState;

/// The version that made the data; `None` if there are none yet.
pub(super) fn version_of(data: &Path) -> Option<(PathBuf, u32)> {
    let text = fs::read_to_string(data.join("PG_VERSION")).ok()?;
    Some((data.to_owned(), text.trim().parse().ok()?))
}

/// Runs `initdb` unless there are data. It works beside the final place and is moved there when it is complete, so that an
/// interrupted one is never taken for a database.
pub(super) fn initialize(
    programs: &Programs,
    layout: &Layout,
    account: &Account,
    durability: Durability,
) -> Result<(), LocalPostgresError> {
    if version_of(&layout.data).is_some() {
        return Ok(());
    }
    let unfinished = layout.data.with_extension("unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(LocalPostgresError::directory(&unfinished))?;
    }
    fs::create_dir(&unfinished).map_err(LocalPostgresError::directory(&unfinished))?;
    account.own(&unfinished)?;
    run_initdb(programs, &unfinished, account, durability)?;
    fs::rename(&unfinished, &layout.data).map_err(LocalPostgresError::directory(&layout.data))
}

fn run_initdb(programs: &Programs, data: &Path, account: &Account, durability: Durability) -> Result<(), LocalPostgresError> {
    let path = programs.path("initdb");
    let mut command = Command::new(&path);
    // Trust: whoever can enter the socket's directory already is the database's account or root.
    command.args(["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions", "--username", OWNER]);
    if durability == Durability::Disposable {
        command.arg("--no-sync");
    }
    command.arg("--pgdata").arg(data).current_dir(data);
    account.apply(&mut command);
    let output = command.output().map_err(|source| LocalPostgresError::Program { path, source })?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(LocalPostgresError::Initialize { output: String::from_utf8_lossy(&said).trim().to_owned() })
}

/// Connects once, which is also the proof that the server answers, and makes the database if it is not there.
pub(super) async fn ensure_database(
    wanted: &DatabaseUrl,
    maintenance: &DatabaseUrl,
    name: &'static str,
) -> Result<(), LocalPostgresError> {
    match tokio_postgres::connect(wanted.expose(), NoTls).await {
        Ok(_) => return Ok(()),
        Err(error) if error.code() == Some(&SqlState::INVALID_CATALOG_NAME) => {}
        Err(error) => return Err(error.into()),
    }
    let (client, connection) = tokio_postgres::connect(maintenance.expose(), NoTls).await?;
    let connection = tokio::spawn(connection);
    // Injection safety: the name is a word of the program.
    let created = client.batch_execute(&format!("create database {name}")).await;
    drop(client);
    let _ = connection.await;
    match created {
        // Another process of ours was faster.
        Err(error) if matches!(error.code(), Some(&SqlState::DUPLICATE_DATABASE | &SqlState::UNIQUE_VIOLATION)) => Ok(()),
        other => Ok(other?),
    }
}
