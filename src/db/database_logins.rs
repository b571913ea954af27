//! The logins of PostgreSQL that are bound to users.

use crate::db::schema::toolcrib::{database_logins, users};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

/// A login and the user that it reads for.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct DatabaseLogin {
    /// Its name.
    #[diesel(sql_type = Text)]
    pub login: String,
    /// The user's mail address; `None` if the user is gone.
    #[diesel(sql_type = Nullable<Text>)]
    pub email: Option<String>,
    /// The role that the login was made for; `None` if PostgreSQL does not have the login.
    #[diesel(sql_type = Nullable<Text>)]
    pub role: Option<String>,
    /// Whether the user is active and still has that role: otherwise the login sees nothing.
    #[diesel(sql_type = Bool)]
    pub is_good: bool,
    /// When it was made.
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
}

/// What stands of a login.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Standing {
    /// Whether PostgreSQL has a role of this name.
    #[diesel(sql_type = Bool)]
    pub exists: bool,
    /// Whether this database knows a user of it.
    #[diesel(sql_type = Bool)]
    pub is_recorded: bool,
    /// The groups of readers that it belongs to.
    #[diesel(sql_type = Array<Text>)]
    pub groups: Vec<String>,
}

/// Every login of this database, by name.
///
/// # Errors
/// What the database says.
pub async fn list(connection: &mut AsyncPgConnection) -> QueryResult<Vec<DatabaseLogin>> {
    let query = "
        select l.login, u.email, b.role, coalesce(u.is_active and u.role = b.role, false) as is_good, l.created_at
        from toolcrib.database_logins l
        left join toolcrib.users u on u.id = l.user_id
        left join lateral (
            select substr(g.rolname::text, length('toolcrib_reader_') + 1) as role
            from pg_catalog.pg_auth_members m
            join pg_catalog.pg_roles g on g.oid = m.roleid and g.rolname like 'toolcrib\\_reader\\_%'
            join pg_catalog.pg_roles r on r.oid = m.member and r.rolname = l.login
            limit 1
        ) b on true
        order by l.login";
    diesel::sql_query(query).load(connection).await
}

/// What stands of a login.
///
/// # Errors
/// What the database says.
pub async fn read_standing(connection: &mut AsyncPgConnection, login: &str) -> QueryResult<Standing> {
    let query = "
        select exists (select from pg_catalog.pg_roles where rolname = $1) as exists,
            exists (select from toolcrib.database_logins where login = $1) as is_recorded,
            array(
                select distinct g.rolname::text
                from pg_catalog.pg_auth_members m
                join pg_catalog.pg_roles g on g.oid = m.roleid and g.rolname like 'toolcrib\\_reader\\_%'
                join pg_catalog.pg_roles r on r.oid = m.member and r.rolname = $1
                order by 1
            ) as groups";
    diesel::sql_query(query).bind::<Text, _>(login).get_result(connection).await
}

/// An active user's id and role.
///
/// # Errors
/// What the database says.
pub async fn find_user(connection: &mut AsyncPgConnection, email: &str) -> QueryResult<Option<(Uuid, String)>> {
    let user = users::table.filter(users::email.eq(email)).filter(users::is_active.eq(true)).select((users::id, users::role));
    user.first(connection).await.optional()
}

/// Notes whose login it is.
///
/// # Errors
/// What the database says.
pub async fn record(connection: &mut AsyncPgConnection, login: &str, user_id: Uuid) -> QueryResult<()> {
    let insert = diesel::insert_into(database_logins::table)
        .values((database_logins::login.eq(login), database_logins::user_id.eq(user_id)))
        .on_conflict(database_logins::login)
        .do_update()
        .set(database_logins::user_id.eq(user_id));
    insert.execute(connection).await.map(drop)
}

/// Forgets a login.
///
/// # Errors
/// What the database says.
pub async fn forget(connection: &mut AsyncPgConnection, login: &str) -> QueryResult<()> {
    diesel::delete(database_logins::table.find(login)).execute(connection).await.map(drop)
}
