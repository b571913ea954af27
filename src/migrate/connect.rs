//! The owner's session: who it is, how long it waits.

use crate::db::privileges::OWNER_ROLE;
use crate::db::{DatabaseAddress, introspect};
use crate::migrate::MigrateError;
use crate::migrate::error::MINIMUM_VERSION;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};

/// How long a second server waits for the first one's migrations.
const BUSY_SECONDS: u64 = 120;

/// Connects as the owner. Waiting for a table's lock blocks everybody who comes after, hence the short patience.
///
/// # Errors
/// [`MigrateError::Connect`] and [`MigrateError::TooOld`].
pub async fn connect(owner_url: &str) -> Result<AsyncPgConnection, MigrateError> {
    // Not `establish`: Diesel's error would be a text without its cause, which says whether nobody listens or the password is
    // wrong.
    let mut connection = DatabaseAddress::parse(owner_url)?.connect().await?;
    let settings = "set application_name to 'toolcrib migrate'; set lock_timeout to '5s'; set client_min_messages to warning;
        set search_path to public";
    connection.batch_execute(settings).await.map_err(MigrateError::while_doing("setting up the session"))?;
    let version = introspect::read_server_version(&mut connection).await;
    check_version(version.map_err(MigrateError::while_doing("reading the server's version"))?)?;
    Ok(connection)
}

fn check_version(found: i32) -> Result<(), MigrateError> {
    if found < MINIMUM_VERSION { Err(MigrateError::TooOld { found }) } else { Ok(()) }
}

/// Takes the lock that lets one process at a time migrate this database; it lasts as long as the session.
pub(super) async fn lock(connection: &mut AsyncPgConnection) -> Result<(), MigrateError> {
    // The number is the word "toolcrib" in ASCII; it only has to be the same for all of us.
    let text =
        format!("set lock_timeout to '{BUSY_SECONDS}s'; select pg_advisory_lock(8390045718415370594); set lock_timeout to '5s'");
    match connection.batch_execute(&text).await.map_err(MigrateError::while_doing("waiting for the turn to migrate")) {
        Err(MigrateError::LockTimeout { .. }) => Err(MigrateError::Busy { seconds: BUSY_SECONDS }),
        other => other,
    }
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
