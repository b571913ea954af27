//! The owner's session: who it is, how long it waits.

use crate::db::migrations::try_lock;
use crate::db::privileges::OWNER_ROLE;
use crate::db::{DatabaseAddress, introspect};
use crate::migrate::error::MINIMUM_VERSION;
use crate::migrate::patience::wait_for_locks;
use crate::migrate::{MigrateError, Patience};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use std::time::{Duration, Instant};

/// The lock that lets one process at a time migrate a database. The number is the word "toolcrib" in ASCII; it only has to be
/// the same for all of us.
const TURN: i64 = 8_390_045_718_415_370_594;

/// How long a second server waits before it asks again whether the first one is done.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// Connects as the owner. Waiting for a table's lock blocks everybody who comes after, hence the short patience.
///
/// # Errors
/// [`MigrateError::Connect`] and [`MigrateError::TooOld`].
pub async fn connect(owner_url: &str) -> Result<AsyncPgConnection, MigrateError> {
    // Not `establish`: Diesel's error would be a text without its cause, which says whether nobody listens or the password is
    // wrong.
    let mut connection = DatabaseAddress::parse(owner_url)?.connect().await?;
    let settings = "set application_name to 'toolcrib migrate'; set lock_timeout to '5s'; set statement_timeout to 0;
        set client_min_messages to warning;
        set search_path to public";
    connection.batch_execute(settings).await.map_err(MigrateError::while_doing("setting up the session"))?;
    let version = introspect::read_server_version(&mut connection).await;
    check_version(version.map_err(MigrateError::while_doing("reading the server's version"))?)?;
    Ok(connection)
}

fn check_version(found: i32) -> Result<(), MigrateError> {
    if found < MINIMUM_VERSION { Err(MigrateError::TooOld { found }) } else { Ok(()) }
}

/// Waits until no other process migrates this database; from here on, and as long as the session lasts, none will.
pub(super) async fn take_turn(connection: &mut AsyncPgConnection, patience: &Patience) -> Result<(), MigrateError> {
    wait_for_locks(connection, patience.lock_timeout).await?;
    let doing = || MigrateError::while_doing("waiting for the turn to migrate");
    let deadline = Instant::now() + patience.turn_timeout;
    while !try_lock(connection, TURN).await.map_err(doing())? {
        if Instant::now() >= deadline {
            return Err(MigrateError::Busy { seconds: patience.turn_timeout.as_secs() });
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
    Ok(())
}

/// From here on the session acts as the role that owns the tables.
pub(super) async fn become_owner(connection: &mut AsyncPgConnection) -> Result<(), MigrateError> {
    let text = format!("set role {OWNER_ROLE}");
    connection.batch_execute(&text).await.map_err(MigrateError::while_doing("becoming the owner of the tables"))
}

/// From here on the session acts as its login again, which may create roles.
pub(super) async fn become_login(connection: &mut AsyncPgConnection) -> Result<(), MigrateError> {
    connection.batch_execute("reset role").await.map_err(MigrateError::while_doing("becoming the login again"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_server_is_refused_by_its_version() {
        assert!(check_version(MINIMUM_VERSION).is_ok());
        let error = check_version(14).unwrap_err();
        assert_eq!(error.to_string(), "the database is PostgreSQL 14; 15 is the oldest that will do");
    }
}
