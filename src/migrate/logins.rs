//! Logins of PostgreSQL that read for a user: made, bound anew, listed and dropped by the owner's login.
//!
//! A login belongs to the group of readers of its user's role, which says what it may ask at all; whose rows it sees follows from its
//! name. Both have to agree: when the user gets another role, the login sees nothing until it is bound anew.

use crate::base::RoleName;
use crate::config::DatabaseUrl;
use crate::db::database_logins::{self, DatabaseLogin, Standing};
use crate::db::migrations::{self, SchemaChange};
use crate::db::privileges::OWNER_ROLE;
use crate::migrate::connect::{become_owner, connect, take_turn};
use crate::migrate::roles::reader_role;
use crate::migrate::{MigrateError, Patience, ddl};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::QueryResult;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use serde_json::{Value as Json, json};
use uuid::Uuid;

/// What a program that reads SQL needs of connections, and no more than a database can spare.
const CONNECTIONS: u32 = 10;

/// Of the owner's URL, what says where the database is; the rest may say who the owner is.
const PLACE_PARAMETERS: [&str; 6] = ["host", "hostaddr", "port", "dbname", "sslmode", "sslrootcert"];

/// A login that reads for a user now.
#[derive(Clone, Debug)]
pub struct BoundLogin {
    /// The role whose columns it may read.
    pub role: RoleName,
    /// Where it logs in, if it was made now; nobody can be told the password of one that there was.
    pub url: Option<DatabaseUrl>,
}

/// Makes a login for an active user, or binds one that was made before to this user and the role that he has now.
///
/// # Errors
/// [`MigrateError::BadLogin`], [`MigrateError::LoginTaken`], [`MigrateError::UnknownUser`], and what the database says.
pub async fn bind_login(owner: &DatabaseUrl, name: &str, email: &str) -> Result<BoundLogin, MigrateError> {
    let doing = || MigrateError::while_doing(format!("making the database login `{name}`"));
    check_name(name)?;
    let mut connection = open(owner).await?;
    let user = database_logins::find_user(&mut connection, email).await.map_err(doing())?;
    let (user_id, role) = user.ok_or_else(|| MigrateError::UnknownUser { email: email.to_owned() })?;
    let role = RoleName::new(&role);
    let reader = reader_role(&role);
    let standing = database_logins::read_standing(&mut connection, name).await.map_err(doing())?;
    if standing.exists && !is_ours(&standing) {
        return Err(MigrateError::LoginTaken { name: name.to_owned() });
    }
    let password = (!standing.exists).then(generate_password);
    let mut text = password.as_ref().map_or_else(String::new, |password| creation(name, password));
    text.extend(standing.groups.iter().filter(|group| **group != reader).map(|group| membership("revoke", group, "from", name)));
    if !standing.groups.contains(&reader) {
        text.push_str(&membership("grant", &reader, "to", name));
    }
    let details = json!({ "databaseLogin": name, "bound": { "user": user_id, "role": role.as_str() } });
    change(&mut connection, Change { text, name, user_id: Some(user_id), details }).await.map_err(doing())?;
    let url = password.and_then(|password| DatabaseUrl::new(&url_of(owner.expose(), name, &password)));
    Ok(BoundLogin { role, url })
}

/// Takes a login away.
///
/// # Errors
/// [`MigrateError::UnknownLogin`], and what the database says.
pub async fn drop_login(owner: &DatabaseUrl, name: &str) -> Result<(), MigrateError> {
    let doing = || MigrateError::while_doing(format!("dropping the database login `{name}`"));
    let mut connection = open(owner).await?;
    let standing = database_logins::read_standing(&mut connection, name).await.map_err(doing())?;
    if !standing.is_recorded {
        return Err(MigrateError::UnknownLogin { name: name.to_owned() });
    }
    // A database that was restored may know logins which this server has not, or has for something else.
    let text = if is_ours(&standing) {
        let revoked = standing.groups.iter().map(|group| membership("revoke", group, "from", name));
        revoked.chain([format!("drop role {};\n", ddl::name(name))]).collect()
    } else {
        String::new()
    };
    let details = json!({ "databaseLogin": name, "dropped": true });
    change(&mut connection, Change { text, name, user_id: None, details }).await.map_err(doing())
}

/// Every login of the database, by name.
///
/// # Errors
/// What the database says.
pub async fn list_logins(owner: &DatabaseUrl) -> Result<Vec<DatabaseLogin>, MigrateError> {
    let mut connection = open(owner).await?;
    database_logins::list(&mut connection).await.map_err(MigrateError::while_doing("listing the database logins"))
}

/// A session of the owner; nobody else changes logins or migrates as long as it lasts.
async fn open(owner: &DatabaseUrl) -> Result<AsyncPgConnection, MigrateError> {
    let mut connection = connect(owner.expose()).await?;
    take_turn(&mut connection, &Patience::default()).await?;
    become_owner(&mut connection).await?;
    Ok(connection)
}

/// A change of one login.
struct Change<'a> {
    /// What PostgreSQL is told of the role.
    text: String,
    name: &'a str,
    /// Whose login it is from now on; `None` if there is none any more.
    user_id: Option<Uuid>,
    /// For the audit log.
    details: Json,
}

/// Changes the role as the login that may, what is known of it as the owner, and records both, all or nothing.
async fn change(connection: &mut AsyncPgConnection, change: Change<'_>) -> QueryResult<()> {
    let Change { text, name, user_id, details } = change;
    // Injection safety: names went through `ddl::name`; of a password there is its verifier alone, quoted.
    let text = format!("reset role;\n{text}set role {OWNER_ROLE};");
    connection
        .transaction::<(), DieselError, _>(async |connection| {
            connection.batch_execute(&text).await?;
            match user_id {
                Some(user_id) => database_logins::record(connection, name, user_id).await?,
                None => database_logins::forget(connection, name).await?,
            }
            migrations::record_schema_change(connection, &SchemaChange::new(details)).await
        })
        .await
}

/// Whether it was made here: nobody else's role is changed or dropped because of its name.
fn is_ours(standing: &Standing) -> bool {
    standing.exists && standing.is_recorded && !standing.groups.is_empty()
}

/// The server is told a verifier, so that its log has no password.
fn creation(name: &str, password: &str) -> String {
    let verifier = postgres_protocol::password::scram_sha_256(password.as_bytes());
    let name = ddl::name(name);
    format!(
        "create role {name} login inherit nosuperuser nocreatedb nocreaterole noreplication nobypassrls \
         connection limit {CONNECTIONS} password {};\nalter role {name} set default_transaction_read_only = on;\n",
        ddl::text(&verifier)
    )
}

fn membership(verb: &str, group: &str, direction: &str, name: &str) -> String {
    format!("{verb} {} {direction} {};\n", ddl::name(group), ddl::name(name))
}

fn generate_password() -> String {
    let mut bytes = [0_u8; 24];
    rand::RngCore::fill_bytes(&mut rand::rng(), &mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

fn check_name(name: &str) -> Result<(), MigrateError> {
    let is_plain = name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && name.chars().all(|other| other.is_ascii_lowercase() || other.is_ascii_digit() || other == '_')
        && name.len() <= 63;
    // `public` and `none` are words to PostgreSQL where a role is named.
    let is_kept = ["toolcrib_", "pg_"].iter().any(|prefix| name.starts_with(prefix)) || ["public", "none"].contains(&name);
    if is_plain && !is_kept { Ok(()) } else { Err(MigrateError::BadLogin { name: name.to_owned() }) }
}

/// The owner's URL for another login.
fn url_of(owner: &str, name: &str, password: &str) -> String {
    let rest = owner.split_once("://").map_or(owner, |(_, rest)| rest);
    let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let authority_end = place.find('/').unwrap_or(place.len());
    let (authority, path) = place.split_at(authority_end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let says_place = |parameter: &&str| PLACE_PARAMETERS.contains(&parameter.split('=').next().unwrap_or_default());
    let parameters: Vec<&str> = parameters.split('&').filter(says_place).collect();
    let parameters = if parameters.is_empty() { String::new() } else { format!("?{}", parameters.join("&")) };
    format!("postgres://{name}:{password}@{host}{path}{parameters}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_told_where_and_nothing_of_the_owner() {
        let url = |owner| url_of(owner, "bi", "s3");
        assert_eq!(
            url("postgres://boss:hunter2@db.internal:5433/desk?password=hunter2&sslmode=verify-full&user=boss"),
            "postgres://bi:s3@db.internal:5433/desk?sslmode=verify-full"
        );
        assert_eq!(url("postgresql://db/desk"), "postgres://bi:s3@db/desk");
        assert_eq!(url("postgres://boss@/desk?host=/run/pg"), "postgres://bi:s3@/desk?host=/run/pg");
    }

    #[test]
    fn a_login_has_a_plain_name_of_its_own() {
        for name in ["bi", "_bi2", "sales_report"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", "2bi", "Bi", "b-i", "b i", "b\"i", "toolcrib_bi", "pg_bi", "public", "none", &"b".repeat(64)] {
            assert!(matches!(check_name(name), Err(MigrateError::BadLogin { .. })), "{name}");
        }
    }
}
