//! The server's own login on a database that is given by its owner's URL alone.
//!
//! The server must not answer requests as the owner. Its login's password is derived from the owner's, so that every replica
//! that is given the same URL knows it, and nobody has to carry a second secret. `database.server_url` replaces all of this.

use crate::config::DatabaseUrl;
use crate::db::DatabaseAddress;
use crate::db::privileges::SERVER_ROLE;
use crate::migrate::{MigrateError, connect};
use diesel_async::SimpleAsyncConnection;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The URL of the server's own login on the owner's database; `None` if the owner's URL has no password to derive from.
pub fn server_url_of(owner: &DatabaseUrl) -> Option<DatabaseUrl> {
    let (scheme, rest) = owner.expose().split_once("://")?;
    let authority_end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (userinfo, host) = rest[..authority_end].rsplit_once('@')?;
    let (_, password) = userinfo.split_once(':').filter(|(_, password)| !password.is_empty())?;
    DatabaseUrl::new(&format!("{scheme}://{SERVER_ROLE}:{}@{host}{}", derive(password), &rest[authority_end..]))
}

/// Lets the server's login in: sets its password if it cannot log in with it.
///
/// # Errors
/// [`MigrateError`] if the owner may not set it.
pub async fn ensure_server_login(owner: &DatabaseUrl, server: &DatabaseUrl) -> Result<(), MigrateError> {
    if server_url_of(owner).as_ref().map(DatabaseUrl::expose) != Some(server.expose()) {
        // A login of the operator's own: its password is the operator's.
        return Ok(());
    }
    if DatabaseAddress::parse(server.expose())?.connect().await.is_ok() {
        return Ok(());
    }
    let Some(password) = owner_password(owner) else {
        return Ok(());
    };
    let mut connection = connect(owner.expose()).await?;
    // Injection safety: the role's name is fixed, the password is hexadecimal. ALTER ROLE takes no bind parameter.
    let statement = format!("reset role; alter role {SERVER_ROLE} password '{}'", derive(password));
    connection.batch_execute(&statement).await.map_err(MigrateError::while_doing("giving the server's login its password"))
}

fn owner_password(owner: &DatabaseUrl) -> Option<&str> {
    let (_, rest) = owner.expose().split_once("://")?;
    let authority_end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (userinfo, _) = rest[..authority_end].rsplit_once('@')?;
    userinfo.split_once(':').map(|(_, password)| password)
}

/// HMAC-SHA-256 of the login's name under the owner's password, in hexadecimal.
fn derive(password: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(password.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(SERVER_ROLE.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_logs_in_to_the_owners_database_with_a_password_of_its_own() {
        let owner = DatabaseUrl::new("postgres://boss:s3cret@db.internal:5433/desk?sslmode=disable").unwrap();
        let server = server_url_of(&owner).unwrap();
        let expected = format!("postgres://toolcrib_server:{}@db.internal:5433/desk?sslmode=disable", derive("s3cret"));
        assert_eq!(server.expose(), expected);
        assert!(!server.expose().contains("s3cret"));
        assert!(server_url_of(&DatabaseUrl::new("postgres://boss@db/desk").unwrap()).is_none());
    }
}
