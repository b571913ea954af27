//! Using a token: whose it is, what it leaves, from where, and for whom it may act.

use crate::audit::{self, Event, EventType};
use crate::auth::AuthError;
use crate::auth::actor::{USER, UserRow, to_actor};
use crate::auth::cache::KnownCaller;
use crate::auth::credential::CredentialHash;
use crate::auth::token_scope::AllowList;
use crate::base::{Actor, AuthMethod, CallerContext, FaultCode, RequestContext, Scope, TokenScope};
use crate::db::schema::toolcrib::{service_token_hashes, service_tokens, users};
use crate::db::{ActorSettings, Database, DbError, Transaction};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

/// A token as it is stored, with its user.
type TokenRow = (Uuid, Option<DateTime<Utc>>, Vec<Option<String>>, Option<Vec<Option<String>>>, String, UserRow);

/// The caller with this token, and since when that is noted as its last use; the first use is an audit event.
///
/// # Errors
/// [`DbError`].
pub(crate) async fn find_token_caller(
    database: &Database,
    hash: &CredentialHash,
    request: &RequestContext,
    last_use_every: TimeDelta,
) -> Result<Option<KnownCaller>, DbError> {
    let now = Utc::now();
    let transaction = database.begin_system().await?;
    let query = service_token_hashes::table
        .inner_join(service_tokens::table.inner_join(users::table))
        .filter(service_token_hashes::hash.eq(hash.as_bytes()))
        .filter(service_tokens::revoked_at.is_null())
        .filter(service_tokens::expires_at.gt(now))
        .select((
            service_tokens::id,
            service_tokens::last_used_at,
            service_tokens::scopes,
            service_tokens::ip_allow_list,
            users::kind,
            USER,
        ));
    let Some(row) = query.first::<TokenRow>(&mut transaction.pg()).await.optional()? else {
        transaction.commit().await?;
        return Ok(None);
    };
    let (token_id, last_used_at, scopes, networks, kind, user) = row;
    let allow_list = AllowList::of(networks);
    let known = to_actor(user, AuthMethod::Token)
        .map(|actor| KnownCaller { actor: Arc::new(Actor { scope: scope_of(&scopes, &kind), ..actor }), allow_list });
    if let Some(known) = &known {
        let used = Used { token_id, last_used_at, now };
        match known.allow_list.admits(request.ip_address) {
            true if last_used_at.is_none_or(|last| now - last > last_use_every) => {
                note_use(&transaction, &known.actor, request, &used).await?;
            }
            true => {}
            false => refuse_address(&transaction, &known.actor, request, token_id).await?,
        }
    }
    transaction.commit().await?;
    Ok(known)
}

/// What a stored scope says. One that nobody understands leaves nothing; a person's token neither acts for others nor
/// provisions, whoever wrote that into it.
fn scope_of(scopes: &[Option<String>], kind: &str) -> Scope {
    let texts = scopes.iter().flatten().map(String::as_str);
    let is_for_services = |text: &&str| *text == "scim" || text.starts_with("act-for:");
    let texts = texts.filter(|text| kind == "SERVICE" || !is_for_services(text));
    Scope::Only(Arc::new(TokenScope::parse(texts).unwrap_or_default()))
}

/// A use of a token.
struct Used {
    token_id: Uuid,
    last_used_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
}

async fn note_use(transaction: &Transaction, actor: &Actor, request: &RequestContext, used: &Used) -> Result<(), DbError> {
    let Used { token_id, last_used_at, now } = used;
    let token = service_tokens::table.find(token_id);
    if last_used_at.is_some() {
        transaction.run(diesel::update(token).set(service_tokens::last_used_at.eq(now))).await?;
        return Ok(());
    }
    // Of two requests that come together one is the first.
    let unused = token.filter(service_tokens::last_used_at.is_null());
    if transaction.run(diesel::update(unused).set(service_tokens::last_used_at.eq(now))).await? == 1 {
        let event = token_event(EventType::TokenFirstUsed, *token_id, None);
        audit::append(transaction, actor, request, event).await?;
    }
    Ok(())
}

/// A token that is used from elsewhere is known to somebody whom nobody gave it.
async fn refuse_address(
    transaction: &Transaction,
    actor: &Actor,
    request: &RequestContext,
    token_id: Uuid,
) -> Result<(), DbError> {
    let details =
        json!({ "code": FaultCode::Unauthenticated.as_str(), "message": "the address is not on the token's allow-list" });
    audit::append(transaction, actor, request, token_event(EventType::Denied, token_id, Some(details))).await
}

fn token_event(event_type: EventType, token_id: Uuid, details: Option<serde_json::Value>) -> Event {
    Event { event_type, entity_type: Some("ServiceToken".to_owned()), entity_id: Some(token_id), details, reason: None }
}

/// The actor that a service account is while it acts for a person, named by mail address or id: the person's rights, cut down by
/// the token's scope. Asked of the database each time, because it has to be true now.
///
/// # Errors
/// [`AuthError::ActingForbidden`], on record, whatever is wrong with it; [`AuthError::Database`].
pub(crate) async fn act_for(
    database: &Database,
    service: Actor,
    person: &str,
    request: &RequestContext,
) -> Result<Actor, AuthError> {
    let transaction = database.begin_system().await?;
    let people = users::table.filter(users::kind.eq("PERSON")).select(USER);
    let found = match person.parse::<Uuid>() {
        Ok(id) => people.filter(users::id.eq(id)).first::<UserRow>(&mut transaction.pg()).await.optional(),
        Err(_) => people.filter(users::email.eq(person)).first::<UserRow>(&mut transaction.pg()).await.optional(),
    };
    let user = found.map_err(DbError::from)?.and_then(|user| to_actor(user, AuthMethod::Token));
    let may_act = |user: &Actor| service.scope.of_token().is_some_and(|scope| scope.may_act_for(&user.role));
    if let (Some(user), Some(_)) = (user.filter(may_act), service.id) {
        transaction.commit().await?;
        return Ok(Actor { scope: service.scope, acted_by: service.id, ..user });
    }
    let error = AuthError::ActingForbidden(person.chars().take(254).collect());
    let details = json!({ "code": FaultCode::Forbidden.as_str(), "message": error.to_string() });
    let event = Event { event_type: EventType::Denied, entity_type: None, entity_id: None, details: Some(details), reason: None };
    transaction.act_as(&ActorSettings::of(CallerContext::plain(&service, request))).await?;
    audit::append(&transaction, &service, request, event).await?;
    transaction.commit().await?;
    Err(error)
}
