//! The account of somebody who meets the conditions: found, bound or made, and brought to what the provider's claims give.

use crate::auth::AuthError;
use crate::auth::admission::conditions::Candidate;
use crate::auth::admission::mapping::{self, Given};
use crate::auth::admission::{Denial, judge};
use crate::auth::identity::Identity;
use crate::base::{Actor, AuthMethod, RoleName};
use crate::catalog::CollectionId;
use crate::config::AdmissionMode;
use crate::db::schema::toolcrib::{identities, teams, users};
use crate::db::{ActorSettings, DbError, Transaction};
use crate::planner::{Planner, RowUpdate};
use crate::write::{self, Change, WriteError};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

diesel::define_sql_function! {
    /// PostgreSQL's own.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

/// The role that nobody may lose last.
const ADMIN: &str = "admin";

/// A user who may come in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Account {
    pub(crate) id: Uuid,
    pub(crate) email: String,
    pub(crate) role: String,
    pub(crate) team: Option<Uuid>,
}

/// A user as stored.
type UserRow = (Uuid, String, String, Option<Uuid>, String, bool);

const USER: (users::id, users::email, users::role, users::team_id, users::kind, users::is_active) =
    (users::id, users::email, users::role, users::team_id, users::kind, users::is_active);

/// What to do once everything is known; nothing is written before.
struct Decision {
    found: Found,
    role: Option<String>,
    team: Option<Option<Uuid>>,
}

enum Found {
    Bound(Account),
    Invited(Account),
    Nobody,
}

/// Lets somebody in, or says why not. The transaction is the server's own and goes on as the planner's actor, which has to be
/// the service `signin`; until it is committed nothing has happened.
///
/// # Errors
/// [`AuthError::Denied`]; a [`WriteError`] or [`DbError`] if another sign-in of the same person was quicker.
pub(crate) async fn admit(transaction: &Transaction, planner: &Planner<'_>, identity: &Identity) -> Result<Account, AuthError> {
    let candidate = judge(identity)?;
    // Two providers that vouch for the same address at once must not both be bound to its user.
    transaction.lock_name(&format!("toolcrib.admission:{}", candidate.email)).await?;
    let decision = decide(transaction, identity, &candidate).await?;
    transaction.act_as(&ActorSettings::of(planner.caller())).await?;
    carry_out(transaction, planner, identity, &candidate, decision).await
}

async fn decide(transaction: &Transaction, identity: &Identity, candidate: &Candidate) -> Result<Decision, AuthError> {
    let found = find_account(transaction, identity, candidate).await?;
    if matches!(found, Found::Nobody) && identity.provider.mode == AdmissionMode::Invite {
        return Err(Denial::NotInvited.into());
    }
    let Given { role, team } = mapping::map(identity);
    let role = match (&found, role) {
        (Found::Bound(account) | Found::Invited(account), Some(role)) if account.role == ADMIN && role != ADMIN => {
            keep_last_admin(transaction, account, role).await?
        }
        (_, role) => role,
    };
    let team = match team {
        Some(Some(name)) => Some(find_team(transaction, &name).await?),
        Some(None) => Some(None),
        None => None,
    };
    Ok(Decision { found, role, team })
}

async fn find_account(transaction: &Transaction, identity: &Identity, candidate: &Candidate) -> Result<Found, AuthError> {
    let bound = identities::table
        .inner_join(users::table)
        .filter(identities::issuer.eq(&identity.provider.issuer))
        .filter(identities::subject.eq(&identity.subject))
        .select(USER);
    if let Some(user) = bound.first::<UserRow>(&mut transaction.pg()).await.optional().map_err(DbError::from)? {
        return Ok(Found::Bound(to_account(user)?));
    }
    let invited = users::table.filter(lower(users::email).eq(&candidate.email)).order(users::id).select(USER);
    let Some(user) = invited.first::<UserRow>(&mut transaction.pg()).await.optional().map_err(DbError::from)? else {
        return Ok(Found::Nobody);
    };
    let others = identities::table.filter(identities::user_id.eq(user.0)).select(identities::id);
    if others.first::<Uuid>(&mut transaction.pg()).await.optional().map_err(DbError::from)?.is_some() {
        return Err(Denial::BoundToAnother.into());
    }
    Ok(Found::Invited(to_account(user)?))
}

fn to_account((id, email, role, team, kind, is_active): UserRow) -> Result<Account, Denial> {
    match (kind.as_str(), is_active) {
        ("PERSON", true) => Ok(Account { id, email, role, team }),
        ("PERSON", false) => Err(Denial::Inactive),
        _ => Err(Denial::NoPerson),
    }
}

/// The last administrator stays one, whatever groups say: nobody could undo it.
///
/// No lock is taken. That there is one left is the affair of the table's own trigger (`toolcrib.keep_an_admin`), which has a lock
/// for all who demote: if somebody else lets the others go meanwhile, it refuses this change, the sign-in is tried anew, and finds
/// nobody else here. A lock of our own before the row's would be waited for the other way round.
async fn keep_last_admin(transaction: &Transaction, account: &Account, role: String) -> Result<Option<String>, AuthError> {
    let others = users::table
        .filter(users::role.eq(ADMIN))
        .filter(users::is_active.eq(true))
        .filter(users::kind.eq("PERSON"))
        .filter(users::id.ne(account.id))
        .select(users::id);
    if others.first::<Uuid>(&mut transaction.pg()).await.optional().map_err(DbError::from)?.is_some() {
        return Ok(Some(role));
    }
    tracing::warn!("the only administrator stays one, although the provider's claims give `{role}`");
    Ok(None)
}

async fn find_team(transaction: &Transaction, name: &str) -> Result<Option<Uuid>, AuthError> {
    let team = teams::table.filter(teams::name.eq(name)).select(teams::id);
    let found = team.first::<Uuid>(&mut transaction.pg()).await.optional().map_err(DbError::from)?;
    if found.is_none() {
        tracing::warn!("a rule of `auth.providers` gives the team `{name}`, which is not there");
    }
    Ok(found)
}

async fn carry_out(
    transaction: &Transaction,
    planner: &Planner<'_>,
    identity: &Identity,
    candidate: &Candidate,
    decision: Decision,
) -> Result<Account, AuthError> {
    let Decision { found, role, team } = decision;
    let (account, is_bound) = match found {
        Found::Bound(account) => (account, true),
        Found::Invited(account) => (account, false),
        Found::Nobody => {
            let role = role.unwrap_or_else(|| identity.provider.role.clone());
            let account = create_user(transaction, planner, candidate, role, team.flatten()).await?;
            bind(transaction, planner, identity, candidate, account.id).await?;
            return Ok(account);
        }
    };
    if !is_bound {
        bind(transaction, planner, identity, candidate, account.id).await?;
    }
    update_user(transaction, planner, account, role, team).await
}

async fn create_user(
    transaction: &Transaction,
    planner: &Planner<'_>,
    candidate: &Candidate,
    role: String,
    team: Option<Uuid>,
) -> Result<Account, AuthError> {
    let Candidate { email, name } = candidate;
    let input = json!({ "email": email, "name": name, "role": role, "team": team.map(|id| json!({ "id": id })) });
    let id = create(transaction, planner, "User", &input).await?;
    Ok(Account { id, email: email.clone(), role, team })
}

async fn bind(
    transaction: &Transaction,
    planner: &Planner<'_>,
    identity: &Identity,
    candidate: &Candidate,
    user_id: Uuid,
) -> Result<(), AuthError> {
    let input = json!({
        "user": { "id": user_id },
        "provider": identity.provider.id.as_str(),
        "issuer": identity.provider.issuer,
        "subject": identity.subject,
        "email": candidate.email,
    });
    create(transaction, planner, "Identity", &input).await.map(drop)
}

/// Changes only what differs, so that an event stands for a change.
async fn update_user(
    transaction: &Transaction,
    planner: &Planner<'_>,
    account: Account,
    role: Option<String>,
    team: Option<Option<Uuid>>,
) -> Result<Account, AuthError> {
    let role = role.filter(|role| *role != account.role);
    let team = team.filter(|team| *team != account.team);
    let mut set = Map::new();
    if let Some(role) = &role {
        set.insert("role".to_owned(), json!(role));
    }
    if let Some(team) = &team {
        set.insert("team".to_owned(), team.map_or(Json::Null, |id| json!({ "id": id })));
    }
    if set.is_empty() {
        return Ok(account);
    }
    let update = RowUpdate { id: &account.id.to_string(), set: &set, if_version: None };
    let plan = planner.plan_update(collection(planner, "User"), update, None).map_err(WriteError::from)?;
    write::apply(transaction, planner, &Change::Update(plan), &[]).await?;
    Ok(Account { role: role.unwrap_or(account.role), team: team.unwrap_or(account.team), ..account })
}

/// Creates a row of a collection of the platform's own; its id.
pub(crate) async fn create(
    transaction: &Transaction,
    planner: &Planner<'_>,
    name: &str,
    input: &Json,
) -> Result<Uuid, AuthError> {
    let input = input.as_object().expect("written as an object by the caller");
    let plan = planner.plan_create(collection(planner, name), input, None).map_err(WriteError::from)?;
    let id = plan.rows[0].id;
    write::apply(transaction, planner, &Change::Create(plan), &[]).await?;
    Ok(id)
}

pub(crate) fn collection(planner: &Planner<'_>, name: &str) -> CollectionId {
    planner.catalog.find_collection(name).expect("a collection of the platform's own").id
}

impl Account {
    /// Who is signing in, for the record.
    pub(crate) fn to_actor(&self) -> Actor {
        Actor {
            id: Some(self.id),
            email: Some(self.email.clone()),
            role: RoleName::new(self.role.clone()),
            team: self.team,
            teams: self.team.into_iter().collect(),
            auth_method: AuthMethod::Session,
            service: None,
            ..Actor::platform("signin")
        }
    }
}
