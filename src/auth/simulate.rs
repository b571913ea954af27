//! Looking at data as another user would see them.
//!
//! It is for admins who find out why somebody sees something, or does not. What comes out is what both may see: the rules of the
//! admin bound it as before, so nobody reaches by it what is kept from them. It reads alone, and every request is an event of its
//! own with the admin as actor.

use crate::audit::{self, Event, EventType};
use crate::auth::AuthError;
use crate::auth::actor::{USER, UserRow, to_actor};
use crate::base::{Actor, AuthMethod, CallerContext, FaultCode, RequestContext, Scope};
use crate::db::schema::toolcrib::users;
use crate::db::{ActorSettings, Database, DbError, Transaction};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

/// The role that may; every tool has it.
const ROLE: &str = "admin";

/// The actor that an admin is while it looks at data as another user.
///
/// # Errors
/// [`AuthError::SimulationForbidden`], on record, whatever is wrong with it; [`AuthError::Database`].
pub(super) async fn simulate(
    database: &Database,
    admin: Actor,
    user: &str,
    request: &RequestContext,
) -> Result<Actor, AuthError> {
    let transaction = database.begin_system().await?;
    // Whoever may not do this finds out nothing about who there is.
    let may = admin.role.as_str() == ROLE && admin.acted_by.is_none() && admin.service.is_none();
    let found = if may { find_user(&transaction, user).await? } else { None };
    let Some((found, id)) = found.filter(|found| found.id != admin.id).zip(admin.id) else {
        let error = AuthError::SimulationForbidden(user.chars().take(254).collect());
        let details = json!({ "code": FaultCode::Forbidden.as_str(), "message": error.to_string() });
        transaction.act_as(&ActorSettings::of(CallerContext::plain(&admin, request))).await?;
        audit::append(&transaction, &admin, request, event(EventType::Denied, None, Some(details))).await?;
        transaction.commit().await?;
        return Err(error);
    };
    // As if the user had signed in the same way.
    let Actor { auth_method, is_mfa, authenticated_at, .. } = admin;
    let acted_by = Some(id);
    let entity = found.id;
    let scope = Scope::Within(Arc::new(admin));
    let actor = Actor { scope, acted_by, auth_method, is_mfa, authenticated_at, ..found };
    // PostgreSQL lets nobody write events but those of the user at work, whoever acts as it.
    transaction.act_as(&ActorSettings::of(CallerContext::plain(&actor, request))).await?;
    audit::append(&transaction, &actor, request, event(EventType::Simulate, entity, None)).await?;
    transaction.commit().await?;
    Ok(actor)
}

async fn find_user(transaction: &Transaction, user: &str) -> Result<Option<Actor>, DbError> {
    let all = users::table.select(USER);
    let found = match user.parse::<Uuid>() {
        Ok(id) => all.filter(users::id.eq(id)).first::<UserRow>(&mut transaction.pg()).await.optional()?,
        Err(_) => all.filter(users::email.eq(user)).first::<UserRow>(&mut transaction.pg()).await.optional()?,
    };
    Ok(found.and_then(|user| to_actor(user, AuthMethod::Token)))
}

fn event(event_type: EventType, user: Option<Uuid>, details: Option<serde_json::Value>) -> Event {
    let entity_type = user.map(|_| "User".to_owned());
    Event { event_type, entity_type, entity_id: user, details, reason: None }
}
