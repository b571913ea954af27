//! The first administrator: made once, by whoever has the database's own login.

use crate::auth::AuthError;
use crate::auth::admission;
use crate::db::schema::toolcrib::users;
use crate::db::{ActorSettings, Database, DbError};
use crate::planner::Planner;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use uuid::Uuid;

/// The first administrator to be.
#[derive(Clone, Copy, Debug)]
pub struct FirstAdmin<'a> {
    /// The mail address, by which the first sign-in finds the user.
    pub email: &'a str,
    /// What to call the user.
    pub name: &'a str,
    /// Who it is at a provider, where that is known already: then no other sign-in with the same mail address is bound.
    pub identity: Option<FirstIdentity<'a>>,
}

/// Who the first administrator is at a provider.
#[derive(Clone, Copy, Debug)]
pub struct FirstIdentity<'a> {
    /// The provider's name in the settings.
    pub provider: &'a str,
    /// Its issuer.
    pub issuer: &'a str,
    /// Its own name of the person.
    pub subject: &'a str,
}

/// Makes the first administrator. The planner's actor has to be the service `cli`.
///
/// # Errors
/// [`AuthError::AlreadyBootstrapped`] if there is an active administrator who is a person; [`AuthError::Write`],
/// [`AuthError::Database`].
pub async fn bootstrap_admin(database: &Database, planner: &Planner<'_>, first: &FirstAdmin<'_>) -> Result<Uuid, AuthError> {
    let transaction = database.begin_system().await?;
    transaction.lock_name("toolcrib.bootstrap").await?;
    let admins = users::table
        .filter(users::role.eq("admin"))
        .filter(users::kind.eq("PERSON"))
        .filter(users::is_active.eq(true))
        .select(users::id);
    if admins.first::<Uuid>(&mut transaction.pg()).await.optional().map_err(DbError::from)?.is_some() {
        transaction.rollback().await?;
        return Err(AuthError::AlreadyBootstrapped);
    }
    transaction.act_as(&ActorSettings::of(planner.caller())).await?;
    let FirstAdmin { email, name, identity } = first;
    let input = json!({ "email": email.to_ascii_lowercase(), "name": name, "role": "admin" });
    let id = admission::create(&transaction, planner, "User", &input).await?;
    if let Some(FirstIdentity { provider, issuer, subject }) = identity {
        let user = json!({ "id": id });
        let input = json!({ "user": user, "provider": provider, "issuer": issuer, "subject": subject, "email": email });
        admission::create(&transaction, planner, "Identity", &input).await?;
    }
    transaction.commit().await?;
    Ok(id)
}
