//! The differences between what roles and privileges are and what the rules ask for, without changing them: for `doctor`.

use crate::db::introspect;
use crate::db::privileges;
use crate::migrate::apply::Tool;
use crate::migrate::roles::{database_role, has_readers, reader_role, weakness};
use crate::migrate::{GrantChanges, MigrateError, WallChanges, grants, wall};
use diesel_async::AsyncPgConnection;

/// What is wrong with the database's roles: missing ones, and such that could go around the rules.
///
/// # Errors
/// [`MigrateError::Database`].
pub async fn inspect_roles(connection: &mut AsyncPgConnection, tool: Tool<'_>) -> Result<Vec<String>, MigrateError> {
    let doing = || MigrateError::while_doing("reading the database's roles");
    let existing = privileges::read_roles(connection).await.map_err(doing())?;
    let members = privileges::read_server_memberships(connection).await.map_err(doing())?;
    let mut problems: Vec<String> = existing.iter().filter_map(weakness).map(|error| error.to_string()).collect();
    let fixed = [privileges::OWNER_ROLE, privileges::SERVER_ROLE].map(str::to_owned);
    let wanted: Vec<String> = tool.demands.privileges.keys().map(database_role).collect();
    let readers: Vec<String> = tool.demands.privileges.keys().filter(|role| has_readers(role)).map(reader_role).collect();
    for role in fixed.iter().chain(&wanted).chain(&readers) {
        if existing.iter().all(|found| found.name != *role) {
            problems.push(format!("the role `{role}` is missing"));
        }
    }
    let strangers = wanted.iter().filter(|role| !members.contains(*role));
    problems.extend(strangers.map(|role| format!("`{}` is no member of `{role}`", privileges::SERVER_ROLE)));
    if members.contains(privileges::OWNER_ROLE) {
        problems.push(format!("`{}` may act as `{}`, who owns the tables", privileges::SERVER_ROLE, privileges::OWNER_ROLE));
    }
    Ok(problems)
}

/// The pieces of row-level security that [`crate::migrate::apply()`] would make and drop now.
///
/// # Errors
/// [`MigrateError::Database`].
pub async fn inspect_wall(connection: &mut AsyncPgConnection, tool: Tool<'_>) -> Result<WallChanges, MigrateError> {
    wall::compare(connection, &wall::wanted(tool.catalog, tool.demands)).await
}

/// The privileges that [`crate::migrate::apply()`] would grant and revoke now.
///
/// # Errors
/// [`MigrateError::Database`].
pub async fn inspect_grants(connection: &mut AsyncPgConnection, tool: Tool<'_>) -> Result<GrantChanges, MigrateError> {
    let stored = introspect::read_schema(connection).await;
    let stored = stored.map_err(MigrateError::while_doing("reading the tables that are there"))?;
    let wanted = grants::wanted(tool.catalog, tool.demands, &tool.tables());
    let (mut changes, as_login) = grants::compare(connection, wanted, &stored).await?;
    changes.granted.extend(as_login);
    Ok(changes)
}
