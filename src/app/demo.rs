//! What `--demo` adds: data in an empty database, and a user of each role to be.

use crate::app::{App, AppError, Storage, Tool};
use crate::auth::{self, NewToken, TokenRequest};
use crate::base::{Actor, RequestContext};
use crate::db::schema::toolcrib::{audit_events, users};
use crate::db::{self, DbError};
use crate::http::DemoUser;
use crate::migrate;
use chrono::{TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use std::path::Path;

/// How long the demo's tokens are good for.
const TOKEN_LIFETIME: TimeDelta = TimeDelta::hours(12);

/// One server loads the data, however long that takes. The number only has to be the same for all of us.
const WAIT_FOR_OTHERS: &str = "set local lock_timeout to 0; select pg_advisory_xact_lock(8390045718415370595)";

/// What a database holds before it is seeded.
#[derive(PartialEq, Eq)]
enum Found {
    Nobody,
    DemoData,
    RealData,
}

/// A demo user with a token that is ready to use.
pub struct DemoCredential {
    /// The user.
    pub user: DemoUser,
    /// A token.
    pub token: NewToken,
}

/// Whether the database holds users that no demo made; then nothing may be done to it for a demo's sake.
///
/// # Errors
/// [`AppError::Migrate`], [`AppError::Seed`].
pub async fn holds_real_data(storage: &Storage) -> Result<bool, AppError> {
    let mut connection = migrate::connect(storage.owner_url.expose()).await?;
    if !db::is_migrated(&mut connection).await.map_err(AppError::Seed)? {
        return Ok(false);
    }
    Ok(look(&mut connection).await.map_err(AppError::Seed)? == Found::RealData)
}

/// Loads the demo data as the owner, in one transaction, if there are no users yet. Returns whether it did.
///
/// # Errors
/// [`AppError::File`], [`AppError::Seed`], [`AppError::DemoOverRealData`]; the database is as it was then.
pub async fn seed(storage: &Storage, path: &Path) -> Result<bool, AppError> {
    let sql = std::fs::read_to_string(path).map_err(|source| AppError::File { path: path.to_owned(), source })?;
    let mut connection = migrate::connect(storage.owner_url.expose()).await?;
    let found = connection.transaction::<Found, diesel::result::Error, _>(async |connection| {
        // A server that starts at the same time waits here, and then finds the data.
        connection.batch_execute(WAIT_FOR_OTHERS).await?;
        let found = look(connection).await?;
        if found == Found::Nobody {
            connection.batch_execute("set local role toolcrib_owner").await?;
            connection.batch_execute(&sql).await?;
        }
        Ok(found)
    });
    match found.await.map_err(AppError::Seed)? {
        Found::Nobody => connection.batch_execute("analyze").await.map(|()| true).map_err(AppError::Seed),
        Found::DemoData => Ok(false),
        Found::RealData => Err(AppError::DemoOverRealData),
    }
}

async fn look(connection: &mut AsyncPgConnection) -> QueryResult<Found> {
    if !diesel::select(diesel::dsl::exists(users::table.select(users::id))).get_result::<bool>(connection).await? {
        return Ok(Found::Nobody);
    }
    let seeds = audit_events::table.filter(audit_events::event_type.eq("SEED")).select(audit_events::id);
    let is_demo = diesel::select(diesel::dsl::exists(seeds)).get_result::<bool>(connection).await?;
    Ok(if is_demo { Found::DemoData } else { Found::RealData })
}

/// The first active user of each role, with a new token for each.
///
/// # Errors
/// [`AppError::Database`], [`AppError::Auth`].
pub async fn demo_credentials(app: &App, tool: &Tool) -> Result<Vec<DemoCredential>, AppError> {
    let database = app.engine.database();
    let actor = Actor::platform("cli");
    let request = RequestContext::internal(Utc::now());
    let planner = app.engine.planner(&actor, &request);
    let mut credentials = Vec::new();
    for role in tool.catalog.roles() {
        let transaction = database.begin_system().await?;
        let query = users::table
            .filter(users::role.eq(role.as_str()))
            .filter(users::is_active.eq(true))
            .order(users::id)
            .select((users::id, users::email));
        let found = query.first::<(uuid::Uuid, String)>(&mut transaction.pg()).await.optional().map_err(DbError::from)?;
        transaction.commit().await?;
        let Some((id, email)) = found else { continue };
        // Everything that the user may, people and tokens included: a demo is there to be tried.
        let token = TokenRequest {
            name: Some("demo".to_owned()),
            scopes: ["*:*", "platform:*"].map(str::to_owned).to_vec(),
            ..TokenRequest::new(id, request.time + TOKEN_LIFETIME)
        };
        let token = auth::create_token(database, &planner, token).await?;
        credentials.push(DemoCredential { user: DemoUser { email, role: role.to_string() }, token });
    }
    Ok(credentials)
}
