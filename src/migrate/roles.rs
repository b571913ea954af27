//! Toolcrib's roles in PostgreSQL: the owner, the server's login, for each role of the catalog one that the server becomes and one
//! that the database logins of its users belong to.

use crate::base::RoleName;
use crate::db::privileges::{self, DatabaseRole, OWNER_ROLE, READER_PREFIX, ROLE_PREFIX, SERVER_ROLE};
use crate::migrate::{MigrateError, ddl};
use diesel::QueryResult;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use std::time::Duration;

/// How often another database's migrations may get in the way: roles belong to the whole server, and PostgreSQL refuses, rather
/// than queues, two changes of one role at once.
const ATTEMPTS: u32 = 40;

/// The database role of a Toolcrib role.
pub fn database_role(role: &RoleName) -> String {
    format!("{ROLE_PREFIX}{role}")
}

/// The group of the database logins of a Toolcrib role's users.
pub fn reader_role(role: &RoleName) -> String {
    format!("{READER_PREFIX}{role}")
}

/// Whether users have it: nobody logs in for the platform's own work.
pub(super) fn has_readers(role: &RoleName) -> bool {
    *role != RoleName::platform()
}

/// Creates the roles that are missing, lets the login act as the owner and the server as every role, and makes sure that none
/// of them can go around the rules.
pub(super) async fn ensure(connection: &mut AsyncPgConnection, roles: &[RoleName]) -> Result<(), MigrateError> {
    let mut attempt = 0;
    loop {
        // Within a transaction (a first plan) this is a savepoint, so that another attempt is possible.
        match connection.transaction(async |connection| create_missing(connection, roles).await).await {
            Err(error) if is_race(&error) && attempt < ATTEMPTS => {
                attempt += 1;
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
            other => break other.map_err(MigrateError::while_doing("creating the database's roles"))?,
        }
    }
    let existing = privileges::read_roles(connection).await.map_err(MigrateError::while_doing("reading the database's roles"))?;
    existing.iter().find_map(weakness).map_or(Ok(()), Err)
}

async fn create_missing(connection: &mut AsyncPgConnection, roles: &[RoleName]) -> QueryResult<()> {
    let existing = privileges::read_roles(connection).await?;
    let members = privileges::read_server_memberships(connection).await?;
    let is_missing = |name: &str| existing.iter().all(|role| role.name != name);
    let mut text = String::new();
    if is_missing(OWNER_ROLE) {
        text.push_str(&format!("create role {OWNER_ROLE} nologin noinherit;\n"));
    }
    // NOINHERIT: a statement outside a transaction with a role has no rights at all.
    if is_missing(SERVER_ROLE) {
        text.push_str(&format!("create role {SERVER_ROLE} login noinherit;\n"));
    }
    for role in roles.iter().map(database_role) {
        let name = ddl::name(&role);
        if is_missing(&role) {
            text.push_str(&format!("create role {name} nologin noinherit;\n"));
        }
        if !members.contains(&role) {
            text.push_str(&format!("grant {name} to {SERVER_ROLE};\n"));
        }
    }
    for role in roles.iter().filter(|role| has_readers(role)).map(reader_role).filter(|role| is_missing(role)) {
        text.push_str(&format!("create role {} nologin noinherit;\n", ddl::name(&role)));
    }
    text.push_str(PREPARE_OWNER);
    connection.batch_execute(&text).await
}

/// The owner may create the tool's tables; whoever migrates may act as the owner. All of it only where it is not so yet, because
/// a login that may not grant has often been given the rights by hand.
const PREPARE_OWNER: &str = "
do $$
begin
    if not pg_has_role(session_user, 'toolcrib_owner', 'member') then
        execute format('grant toolcrib_owner to %I', session_user);
    end if;
    if not has_database_privilege('toolcrib_owner', current_database(), 'CREATE') then
        execute format('grant create on database %I to toolcrib_owner', current_database());
    end if;
    if not has_schema_privilege('toolcrib_owner', 'public', 'CREATE') or not has_schema_privilege('toolcrib_owner', 'public', 'USAGE') then
        grant create, usage on schema public to toolcrib_owner;
    end if;
    if to_regnamespace('toolcrib') is null then
        create schema toolcrib authorization toolcrib_owner;
    end if;
end
$$;";

/// Whether another session changed the same role at the same time.
fn is_race(error: &DieselError) -> bool {
    let DieselError::DatabaseError(kind, information) = error else { return false };
    let message = information.message();
    matches!(kind, DatabaseErrorKind::UniqueViolation | DatabaseErrorKind::SerializationFailure)
        || ["already exists", "tuple concurrently", "deadlock detected"].iter().any(|words| message.contains(words))
}

/// Why a role of ours is not as harmless as it has to be.
pub(super) fn weakness(role: &DatabaseRole) -> Option<MigrateError> {
    let DatabaseRole { name, can_login, is_privileged, is_inheriting } = role;
    let is_server = name == SERVER_ROLE;
    let problem = if *is_privileged {
        "is a superuser or has rights of one"
    } else if is_server && *is_inheriting {
        "has the rights of every role at once (it has to be NOINHERIT)"
    } else if is_server && !can_login {
        "cannot log in"
    } else if *can_login && (name == OWNER_ROLE || [ROLE_PREFIX, READER_PREFIX].iter().any(|prefix| name.starts_with(prefix))) {
        "can log in by itself"
    } else {
        return None;
    };
    Some(MigrateError::UnsafeRole { role: name.clone(), problem })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_that_could_go_around_the_rules_are_refused() {
        let role = |name: &str, can_login, is_privileged, is_inheriting| DatabaseRole {
            name: name.to_owned(),
            can_login,
            is_privileged,
            is_inheriting,
        };
        for sound in [
            role(SERVER_ROLE, true, false, false),
            role(OWNER_ROLE, false, false, false),
            role("toolcrib_role_agent", false, false, true),
        ] {
            assert!(weakness(&sound).is_none(), "{sound:?}");
        }
        for weak in [
            role(SERVER_ROLE, true, true, false),
            role(SERVER_ROLE, true, false, true),
            role(SERVER_ROLE, false, false, false),
            role(OWNER_ROLE, true, false, false),
            role("toolcrib_role_agent", true, false, false),
            role("toolcrib_reader_agent", true, false, false),
            role("toolcrib_role_agent", false, true, false),
        ] {
            assert!(matches!(weakness(&weak), Some(MigrateError::UnsafeRole { .. })), "{weak:?}");
        }
    }
}
