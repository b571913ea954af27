//! What a user is at this moment of a transaction.

use crate::auth::actor::{USER, UserRow, to_actor};
use crate::base::{Actor, AuthMethod};
use crate::db::schema::toolcrib::users;
use crate::db::{ActorSettings, DbError, Transaction};
use crate::planner::Planner;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

/// The actor that a user would be who signed in now, the transaction's own changes included; `None` for an inactive one. It is for
/// comparing rights, never for using them.
///
/// # Errors
/// [`DbError`].
pub async fn find_person(transaction: &Transaction, planner: &Planner<'_>, id: Uuid) -> Result<Option<Actor>, DbError> {
    transaction.open().await?;
    transaction.act_as_server().await?;
    let found = users::table.find(id).select(USER).first::<UserRow>(&mut transaction.pg()).await.optional()?;
    transaction.act_as(&ActorSettings::of(planner.caller())).await?;
    Ok(found.and_then(|user| to_actor(user, AuthMethod::Session)))
}
