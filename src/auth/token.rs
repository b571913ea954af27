//! Bearer tokens: rows of the `ServiceToken` collection, changed through the one write path by the service `cli`; their
//! hashes are kept apart, where no rule can show them.

use crate::auth::AuthError;
use crate::auth::credential::{CredentialHash, generate};
use crate::catalog::CollectionId;
use crate::db::schema::toolcrib::{service_token_hashes, users};
use crate::db::{ActorSettings, Database, DbError};
use crate::planner::{Planner, RowUpdate};
use crate::write::{self, Change, WriteError};
use chrono::{DateTime, SecondsFormat, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use secrecy::SecretString;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

/// A token that was just made. The raw token is shown once and stored nowhere.
pub struct NewToken {
    /// The row's id.
    pub id: Uuid,
    /// The token.
    pub raw: SecretString,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// The id of the active user with this mail address.
///
/// # Errors
/// [`AuthError::UnknownUser`].
pub async fn find_user_id(database: &Database, email: &str) -> Result<Uuid, AuthError> {
    let transaction = database.begin_system().await?;
    let user = users::table.filter(users::email.eq(email)).filter(users::is_active.eq(true)).select(users::id);
    let found = user.first::<Uuid>(&mut transaction.pg()).await.optional().map_err(DbError::from)?;
    transaction.commit().await?;
    found.ok_or_else(|| AuthError::UnknownUser(email.to_owned()))
}

/// Makes a token for a user. The planner's actor has to be the service `cli`, which the collection's rules ask for.
///
/// # Errors
/// [`AuthError::Write`] if the rules refuse, [`AuthError::Database`].
pub async fn create_token(
    database: &Database,
    planner: &Planner<'_>,
    user_id: Uuid,
    name: Option<&str>,
    expires_at: DateTime<Utc>,
) -> Result<NewToken, AuthError> {
    let raw = generate("tc_");
    let input = json!({
        "user": { "id": user_id },
        "name": name,
        "expiresAt": expires_at.to_rfc3339_opts(SecondsFormat::Micros, true),
    });
    let plan = planner.plan_create(tokens(planner), object(&input), None).map_err(WriteError::from)?;
    let id = plan.rows[0].id;
    let transaction = database.begin(&ActorSettings::of(planner.actor)).await?;
    write::apply(&transaction, planner, &Change::Create(plan), &[]).await?;
    let hash = CredentialHash::of(&raw);
    let row = (service_token_hashes::token_id.eq(id), service_token_hashes::hash.eq(hash.as_bytes()));
    transaction.run(diesel::insert_into(service_token_hashes::table).values(row)).await?;
    transaction.commit().await?;
    Ok(NewToken { id, raw, expires_at })
}

/// Ends a token for good.
///
/// # Errors
/// [`AuthError::UnknownToken`], [`AuthError::Write`], [`AuthError::Database`].
pub async fn revoke_token(database: &Database, planner: &Planner<'_>, id: &str) -> Result<(), AuthError> {
    let now = planner.request.time.to_rfc3339_opts(SecondsFormat::Micros, true);
    let set = json!({ "revokedAt": now });
    let plan = planner
        .plan_update(tokens(planner), RowUpdate { id, set: object(&set), if_version: None }, None)
        .map_err(WriteError::from);
    let applied = match plan {
        Ok(plan) => {
            let transaction = database.begin(&ActorSettings::of(planner.actor)).await?;
            match write::apply(&transaction, planner, &Change::Update(plan), &[]).await {
                Ok(_) => transaction.commit().await.map_err(WriteError::from),
                Err(error) => Err(error),
            }
        }
        Err(error) => Err(error),
    };
    applied.map_err(|error| match error {
        WriteError::NotFound { .. } | WriteError::Plan(crate::planner::PlanError::NotFound { .. }) => {
            AuthError::UnknownToken(id.to_owned())
        }
        other => AuthError::Write(other),
    })
}

fn tokens(planner: &Planner<'_>) -> CollectionId {
    planner.catalog.find_collection("ServiceToken").expect("a collection of the platform's own").id
}

fn object(json: &Json) -> &Map<String, Json> {
    json.as_object().expect("written as an object above")
}
