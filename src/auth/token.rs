//! Bearer tokens: rows of the `ServiceToken` collection, changed through the one write path by whom its rules allow; their
//! hashes are kept apart, where no rule can show them.
//!
//! A token is made for its user by the user, for a service account by an admin, and by the service `cli`. Nobody gives out what
//! it has not: what a token makes is within its own scope, and whoever acts for somebody makes none for that user, because that
//! one would no longer say who really acts. Rotating makes a new token and lets the old one end after an overlap: each secret
//! has a row, an expiry and a last use of its own, so that one sees who still uses the old one.

use crate::auth::AuthError;
use crate::auth::credential::{CredentialHash, generate};
use crate::auth::token_scope::{check_networks, check_scopes};
use crate::catalog::CollectionId;
use crate::db::schema::toolcrib::{service_token_hashes, service_tokens, users};
use crate::db::{ActorSettings, Database, DbError, Transaction};
use crate::planner::{CreatePlan, PlanError, Planner, RowUpdate, UpdatePlan};
use crate::write::{self, Change, WriteError};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use secrecy::SecretString;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

/// The longest that a token is good for.
pub const MAX_LIFETIME: TimeDelta = TimeDelta::days(3653);

/// The longest that a token outlives its successor.
pub const MAX_OVERLAP: TimeDelta = TimeDelta::days(30);

/// What a token of the command line is good for if nobody says: everything that the user may, but for writing people and tokens.
pub const DEFAULT_SCOPES: [&str; 1] = ["*:*"];

/// A token that was just made. The raw token is shown once and stored nowhere.
pub struct NewToken {
    /// The row's id.
    pub id: Uuid,
    /// The token.
    pub raw: SecretString,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// A token that somebody asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenRequest {
    /// Whose rights it has.
    pub user: Uuid,
    /// What it is for.
    pub name: Option<String>,
    /// What it leaves of them.
    pub scopes: Vec<String>,
    /// The networks from which it may be used; `None` for any.
    pub ip_allow_list: Option<Vec<String>>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// The token whose place it takes.
    pub rotated_from: Option<Uuid>,
}

impl TokenRequest {
    /// A token that is good for what [`DEFAULT_SCOPES`] say, from anywhere.
    pub fn new(user: Uuid, expires_at: DateTime<Utc>) -> Self {
        let scopes = DEFAULT_SCOPES.map(str::to_owned).to_vec();
        Self { user, name: None, scopes, ip_allow_list: None, expires_at, rotated_from: None }
    }
}

/// How a token is to be replaced.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rotation {
    /// When the new one ends.
    pub expires_at: DateTime<Utc>,
    /// How long the old one is still good, unless it ends sooner by itself.
    pub overlap: TimeDelta,
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

/// Makes a token in a transaction of its own.
///
/// # Errors
/// [`AuthError::Write`] if the rules refuse, [`AuthError::Database`].
pub async fn create_token(database: &Database, planner: &Planner<'_>, request: TokenRequest) -> Result<NewToken, AuthError> {
    let transaction = database.begin(&ActorSettings::of(planner.caller())).await?;
    let token = make(&transaction, planner, request).await?;
    transaction.commit().await?;
    Ok(token)
}

/// Puts a new token into the place of another, in a transaction of its own.
///
/// # Errors
/// [`AuthError::UnknownToken`], [`AuthError::Write`], [`AuthError::Database`].
pub async fn rotate_token(
    database: &Database,
    planner: &Planner<'_>,
    id: &str,
    rotation: Rotation,
) -> Result<NewToken, AuthError> {
    let transaction = database.begin(&ActorSettings::of(planner.caller())).await?;
    let request = retire_token(&transaction, planner, id, rotation).await.map_err(|error| unknown(error, id))?;
    let token = make(&transaction, planner, request).await?;
    transaction.commit().await?;
    Ok(token)
}

/// Ends a token for good.
///
/// # Errors
/// [`AuthError::UnknownToken`], [`AuthError::Write`], [`AuthError::Database`].
pub async fn revoke_token(database: &Database, planner: &Planner<'_>, id: &str) -> Result<(), AuthError> {
    let revoked = async {
        let plan = plan_revocation(planner, id, None)?;
        let transaction = database.begin(&ActorSettings::of(planner.caller())).await?;
        write::apply(&transaction, planner, &Change::Update(plan), &[]).await?;
        Ok(transaction.commit().await?)
    };
    revoked.await.map_err(|error| unknown(error, id))
}

async fn make(transaction: &Transaction, planner: &Planner<'_>, request: TokenRequest) -> Result<NewToken, AuthError> {
    let expires_at = request.expires_at;
    let plan = plan_token(transaction, planner, request, None).await?;
    let id = plan.rows[0].id;
    write::apply(transaction, planner, &Change::Create(plan), &[]).await?;
    let raw = issue_secret(transaction, planner, id).await?;
    Ok(NewToken { id, raw, expires_at })
}

/// Plans the row of a token, in the transaction that will have it. Nobody can use it before [`issue_secret`].
///
/// # Errors
/// [`WriteError::Plan`] naming what makes no sense, or what the caller cannot give out.
pub async fn plan_token(
    transaction: &Transaction,
    planner: &Planner<'_>,
    request: TokenRequest,
    reason: Option<&str>,
) -> Result<CreatePlan, WriteError> {
    let TokenRequest { user, name, scopes, ip_allow_list, expires_at, rotated_from } = request;
    if planner.actor.acted_by.is_some() {
        return Err(PlanError::Forbidden { operation: "create", collection: COLLECTION.to_owned() }.into());
    }
    let scope = check_scopes(planner, &scopes)?;
    check_networks(ip_allow_list.as_deref().unwrap_or_default())?;
    check_expiry(planner, expires_at)?;
    if scope.is_acting() || scope.is_provisioning() {
        require_service_account(transaction, planner, user).await?;
    }
    let mut input = json!({ "user": { "id": user }, "scopes": scopes, "expiresAt": timestamp(expires_at) });
    let optional = [
        ("name", name.map(Json::from)),
        ("ipAllowList", ip_allow_list.map(Json::from)),
        ("rotatedFrom", rotated_from.map(|id| json!({ "id": id }))),
    ];
    for (field, value) in optional {
        if let Some(value) = value {
            input[field] = value;
        }
    }
    Ok(planner.plan_create(tokens(planner), object(&input), reason)?)
}

/// Lets a token's row be used: makes its secret, which is stored as a hash alone.
///
/// # Errors
/// [`DbError`].
pub async fn issue_secret(transaction: &Transaction, planner: &Planner<'_>, id: Uuid) -> Result<SecretString, DbError> {
    let raw = generate("tc_");
    let hash = CredentialHash::of(&raw);
    let row = (service_token_hashes::token_id.eq(id), service_token_hashes::hash.eq(hash.as_bytes()));
    transaction.act_as_server().await?;
    transaction.run(diesel::insert_into(service_token_hashes::table).values(row)).await?;
    transaction.act_as(&settings(planner)).await?;
    Ok(raw)
}

/// Lets a token end after the overlap, and says what takes its place.
///
/// # Errors
/// [`WriteError`]: not found for whoever may not read it, refused for whoever may not change it, and for one that has ended.
pub async fn retire_token(
    transaction: &Transaction,
    planner: &Planner<'_>,
    id: &str,
    rotation: Rotation,
) -> Result<TokenRequest, WriteError> {
    let Rotation { expires_at, overlap } = rotation;
    let now = planner.request.time;
    if overlap < TimeDelta::zero() || overlap > MAX_OVERLAP {
        return Err(PlanError::argument("overlapSeconds", "is from 0 to 2592000, which is 30 days").into());
    }
    let stored = match id.parse() {
        Ok(id) => find_stored(transaction, planner, id).await?,
        Err(_) => None,
    };
    // The rules are asked whatever was found: only whoever may change the token learns more of it.
    let end = stored.as_ref().map_or(now, |stored| stored.expires_at.min(now + overlap));
    let plan = plan_end(planner, id, json!({ "expiresAt": timestamp(end) }), None)?;
    write::apply(transaction, planner, &Change::Update(plan), &[]).await?;
    let gone = || PlanError::argument("id", "the token has ended; make a new one");
    let stored = stored.filter(|stored| stored.revoked_at.is_none() && stored.expires_at > now).ok_or_else(gone)?;
    let StoredToken { id, user, name, scopes, ip_allow_list, .. } = stored;
    Ok(TokenRequest { user, name, scopes, ip_allow_list, expires_at, rotated_from: Some(id) })
}

/// Plans the end of a token.
///
/// # Errors
/// [`PlanError`] if the rules refuse.
pub fn plan_revocation(planner: &Planner<'_>, id: &str, reason: Option<&str>) -> Result<UpdatePlan, PlanError> {
    plan_end(planner, id, json!({ "revokedAt": timestamp(planner.request.time) }), reason)
}

fn plan_end(planner: &Planner<'_>, id: &str, set: Json, reason: Option<&str>) -> Result<UpdatePlan, PlanError> {
    planner.plan_update(tokens(planner), RowUpdate { id, set: object(&set), if_version: None }, reason)
}

/// What is stored of a token, for its successor.
struct StoredToken {
    id: Uuid,
    user: Uuid,
    name: Option<String>,
    scopes: Vec<String>,
    ip_allow_list: Option<Vec<String>>,
    expires_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
}

/// The columns of [`StoredToken`], as PostgreSQL's arrays come.
type StoredRow = (Uuid, Option<String>, Vec<Option<String>>, Option<Vec<Option<String>>>, DateTime<Utc>, Option<DateTime<Utc>>);

async fn find_stored(transaction: &Transaction, planner: &Planner<'_>, id: Uuid) -> Result<Option<StoredToken>, DbError> {
    let query = service_tokens::table.find(id).select((
        service_tokens::user_id,
        service_tokens::name,
        service_tokens::scopes,
        service_tokens::ip_allow_list,
        service_tokens::expires_at,
        service_tokens::revoked_at,
    ));
    transaction.open().await?;
    transaction.act_as_server().await?;
    let found = query.first::<StoredRow>(&mut transaction.pg()).await.optional()?;
    transaction.act_as(&settings(planner)).await?;
    let texts = |texts: Vec<Option<String>>| texts.into_iter().flatten().collect::<Vec<_>>();
    Ok(found.map(|(user, name, scopes, ip_allow_list, expires_at, revoked_at)| {
        let (scopes, ip_allow_list) = (texts(scopes), ip_allow_list.map(texts));
        StoredToken { id, user, name, scopes, ip_allow_list, expires_at, revoked_at }
    }))
}

/// Acting for others and provisioning are for service accounts: a person's token would do under the person's name what the
/// person may not.
async fn require_service_account(transaction: &Transaction, planner: &Planner<'_>, user: Uuid) -> Result<(), WriteError> {
    transaction.open().await?;
    transaction.act_as_server().await?;
    let kind = users::table.find(user).select(users::kind).first::<String>(&mut transaction.pg()).await;
    let kind = kind.optional().map_err(DbError::from)?;
    transaction.act_as(&settings(planner)).await?;
    if kind.as_deref() == Some("SERVICE") {
        return Ok(());
    }
    Err(PlanError::argument("input.scopes", "`act-for` and `scim` are for service accounts, a user of kind SERVICE").into())
}

fn check_expiry(planner: &Planner<'_>, expires_at: DateTime<Utc>) -> Result<(), PlanError> {
    if expires_at > planner.request.time + MAX_LIFETIME {
        return Err(PlanError::argument("input.expiresAt", "is more than ten years ahead: a token does end"));
    }
    Ok(())
}

fn unknown(error: WriteError, id: &str) -> AuthError {
    match error {
        WriteError::NotFound { .. } | WriteError::Plan(PlanError::NotFound { .. }) => AuthError::UnknownToken(id.to_owned()),
        other => AuthError::Write(other),
    }
}

/// The collection's name.
const COLLECTION: &str = "ServiceToken";

fn settings(planner: &Planner<'_>) -> ActorSettings {
    ActorSettings::of(planner.caller())
}

fn tokens(planner: &Planner<'_>) -> CollectionId {
    planner.catalog.find_collection(COLLECTION).expect("a collection of the platform's own").id
}

fn timestamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn object(json: &Json) -> &Map<String, Json> {
    json.as_object().expect("written as an object above")
}
