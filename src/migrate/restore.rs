//! What a database needs before a dump of another one is restored into it.

use crate::base::RoleName;
use crate::db::{introspect, privileges};
use crate::migrate::{MigrateError, roles};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};

/// Tables named where a database is not empty.
const NAMED: usize = 3;

/// What has to be known of a server to restore one of its databases elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins {
    /// Its major version.
    pub version: u32,
    /// The Toolcrib roles that its roles stand for. A dump of a database has none: they belong to the whole server.
    pub roles: Vec<RoleName>,
}

/// Reads what a dump of the database leaves out.
///
/// # Errors
/// [`MigrateError::Database`].
pub async fn read_origins(connection: &mut AsyncPgConnection) -> Result<Origins, MigrateError> {
    let doing = || MigrateError::while_doing("reading the database's roles");
    let version = introspect::read_server_version(connection).await.map_err(doing())?;
    let existing = privileges::read_roles(connection).await.map_err(doing())?;
    let names = existing.iter().filter_map(|role| role.name.strip_prefix(privileges::ROLE_PREFIX));
    Ok(Origins { version: u32::try_from(version).unwrap_or_default(), roles: names.map(RoleName::new).collect() })
}

/// Makes the roles that a dump's owners and privileges name. The dump itself makes the schemas.
///
/// # Errors
/// [`MigrateError::NotEmpty`], and what keeps roles from being made.
pub async fn prepare_restore(connection: &mut AsyncPgConnection, roles: &[RoleName]) -> Result<(), MigrateError> {
    let stored = introspect::read_schema(connection).await;
    let stored = stored.map_err(MigrateError::while_doing("reading the tables that are there"))?;
    if !stored.tables.is_empty() {
        let tables = stored.tables.keys().take(NAMED).map(ToString::to_string).collect();
        return Err(MigrateError::NotEmpty { tables });
    }
    roles::ensure(connection, roles).await?;
    let text = "drop schema if exists toolcrib restrict";
    connection.batch_execute(text).await.map_err(MigrateError::while_doing("making room for the dump"))
}
