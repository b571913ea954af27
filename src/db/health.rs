//! What a server, a login and a database are like, for `toolcrib doctor`: fixed queries on PostgreSQL's own catalogs.

use crate::db::schema::toolcrib::exports;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

/// A server and its settings.
#[derive(Clone, Debug, QueryableByName)]
pub struct ServerFacts {
    /// `15.13 (Debian ...)`
    #[diesel(sql_type = Text)]
    pub version: String,
    /// Its clock.
    #[diesel(sql_type = Timestamptz)]
    pub time: DateTime<Utc>,
    /// Whether commits reach the disk: `fsync`, `full_page_writes` and `synchronous_commit` together.
    #[diesel(sql_type = Bool)]
    pub is_durable: bool,
    /// The most connections of everybody.
    #[diesel(sql_type = Integer)]
    pub max_connections: i32,
    /// The database's encoding.
    #[diesel(sql_type = Text)]
    pub encoding: String,
    /// How passwords are stored.
    #[diesel(sql_type = Text)]
    pub password_encryption: String,
    /// Transactions that have been open and idle for more than ten minutes.
    #[diesel(sql_type = BigInt)]
    pub forgotten_transactions: i64,
}

/// Reads the server's facts.
///
/// # Errors
/// What the database says.
pub async fn read_server(connection: &mut AsyncPgConnection) -> QueryResult<ServerFacts> {
    let query = "
        select current_setting('server_version') as version, clock_timestamp() as time,
            current_setting('fsync')::boolean and current_setting('full_page_writes')::boolean
                and current_setting('synchronous_commit') <> 'off' as is_durable,
            current_setting('max_connections')::integer as max_connections,
            current_setting('server_encoding') as encoding,
            current_setting('password_encryption') as password_encryption,
            (
                select count(*) from pg_stat_activity
                where datname = current_database() and state like 'idle in transaction%'
                    and state_change < now() - interval '10 minutes'
            ) as forgotten_transactions";
    diesel::sql_query(query).get_result(connection).await
}

/// The login of a session.
#[derive(Clone, Debug, QueryableByName)]
pub struct LoginFacts {
    /// Its name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Whether it has more rights than a plain role.
    #[diesel(sql_type = Bool)]
    pub is_privileged: bool,
    /// Whether it has the rights of its groups without asking.
    #[diesel(sql_type = Bool)]
    pub is_inheriting: bool,
    /// Whether it may act as the owner of the tables.
    #[diesel(sql_type = Bool)]
    pub can_become_owner: bool,
    /// How many things it owns, in all databases.
    #[diesel(sql_type = BigInt)]
    pub owned: i64,
}

/// Reads who the session is.
///
/// # Errors
/// What the database says.
pub async fn read_login(connection: &mut AsyncPgConnection) -> QueryResult<LoginFacts> {
    let query = "
        select r.rolname::text as name, r.rolinherit as is_inheriting,
            r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls as is_privileged,
            coalesce(pg_has_role(r.oid, to_regrole('toolcrib_owner')::oid, 'member'), false) as can_become_owner,
            (
                select count(*) from pg_catalog.pg_shdepend d
                where d.refclassid = 'pg_catalog.pg_authid'::regclass and d.refobjid = r.oid and d.deptype = 'o'
            ) as owned
        from pg_catalog.pg_roles r where r.rolname = session_user";
    diesel::sql_query(query).get_result(connection).await
}

/// The room that the audit log has.
#[derive(Clone, Debug, QueryableByName)]
pub struct AuditRoom {
    /// Months after this one that have their partition already.
    #[diesel(sql_type = Integer)]
    pub months_ahead: i32,
    /// Whether events of this month or a later one lie in the partition that no month has. Older ones were brought along.
    #[diesel(sql_type = Bool)]
    pub has_strays: bool,
}

/// Reads the audit log's partitions.
///
/// # Errors
/// What the database says.
pub async fn read_audit_room(connection: &mut AsyncPgConnection) -> QueryResult<AuditRoom> {
    let query = "
        select (
                select count(*)::integer from generate_series(1, 12) as ahead
                where to_regclass('toolcrib.audit_events_' || to_char(
                    date_trunc('month', now() at time zone 'UTC') + make_interval(months => ahead), 'YYYY_MM')) is not null
            ) as months_ahead,
            exists (
                select from toolcrib.audit_events_default
                where created_at >= date_trunc('month', now() at time zone 'UTC') at time zone 'UTC'
            ) as has_strays";
    diesel::sql_query(query).get_result(connection).await
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

async fn names(connection: &mut AsyncPgConnection, query: &str) -> QueryResult<Vec<String>> {
    let rows: Vec<Named> = diesel::sql_query(query).load(connection).await?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}

/// Indexes that PostgreSQL does not use because building them failed.
///
/// # Errors
/// What the database says.
pub async fn list_invalid_indexes(connection: &mut AsyncPgConnection) -> QueryResult<Vec<String>> {
    let query = "
        select format('%I.%I', n.nspname, c.relname) as name
        from pg_catalog.pg_index i
        join pg_catalog.pg_class c on c.oid = i.indexrelid
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where not i.indisvalid and n.nspname in ('public', 'toolcrib') order by 1";
    names(connection, query).await
}

/// Tables with many rows of which PostgreSQL has no statistics.
///
/// # Errors
/// What the database says.
pub async fn list_tables_without_statistics(connection: &mut AsyncPgConnection) -> QueryResult<Vec<String>> {
    let query = "
        select format('%I.%I', schemaname, relname) as name from pg_stat_user_tables
        where schemaname in ('public', 'toolcrib') and n_live_tup > 10000 and last_analyze is null and last_autoanalyze is null
        order by 1";
    names(connection, query).await
}

/// Logins and roles besides ours that may change a table of ours: `reporting: public.tickets (UPDATE)`.
///
/// # Errors
/// What the database says.
pub async fn list_foreign_writers(connection: &mut AsyncPgConnection) -> QueryResult<Vec<String>> {
    let query = "
        select format('%s: %I.%I (%s)', coalesce(g.rolname, 'everybody'), n.nspname, c.relname,
            string_agg(acl.privilege_type, ', ' order by acl.privilege_type)) as name
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        join pg_catalog.pg_roles o on o.oid = c.relowner and o.rolname = 'toolcrib_owner',
            aclexplode(c.relacl) acl
        left join pg_catalog.pg_roles g on g.oid = acl.grantee
        where c.relkind in ('r', 'p') and acl.privilege_type in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER')
            and coalesce(g.rolname, '') not like 'toolcrib\\_%'
        group by g.rolname, n.nspname, c.relname order by 1";
    names(connection, query).await
}

/// The roles that own tables of ours without being the owner.
///
/// # Errors
/// What the database says.
pub async fn list_tables_of_others(connection: &mut AsyncPgConnection) -> QueryResult<Vec<String>> {
    let query = "
        select format('%I.%I (%s)', n.nspname, c.relname, o.rolname) as name
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname = 'toolcrib'
        join pg_catalog.pg_roles o on o.oid = c.relowner
        where c.relkind in ('r', 'p') and o.rolname <> 'toolcrib_owner' order by 1";
    names(connection, query).await
}

/// The newest completed exports: id and format. Older ones than these are rarely asked for.
///
/// # Errors
/// What the database says.
pub async fn list_completed_exports(connection: &mut AsyncPgConnection) -> QueryResult<Vec<(Uuid, String)>> {
    let query = exports::table.filter(exports::status.eq("COMPLETED")).order(exports::id.desc()).limit(10_000);
    query.select((exports::id, exports::format)).load(connection).await
}

/// Whether the platform's tables are there.
///
/// # Errors
/// What the database says.
pub async fn has_platform(connection: &mut AsyncPgConnection) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Nullable<Text>)]
        found: Option<String>,
    }
    let query = diesel::sql_query("select to_regclass('toolcrib.audit_events_default')::text as found");
    query.get_result::<Found>(connection).await.map(|row| row.found.is_some())
}
