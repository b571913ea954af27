//! What Toolcrib's database roles may really do: fixed queries on PostgreSQL's access lists.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::collections::BTreeSet;

/// The role that owns every table and that nobody logs in as.
pub const OWNER_ROLE: &str = "toolcrib_owner";

/// The login of the server.
pub const SERVER_ROLE: &str = "toolcrib_server";

/// What the database role of a Toolcrib role begins with.
pub const ROLE_PREFIX: &str = "toolcrib_role_";

/// What the group begins with that the database logins of a Toolcrib role's users belong to.
pub const READER_PREFIX: &str = "toolcrib_reader_";

/// Something that privileges are granted on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Securable {
    /// A schema.
    Schema(String),
    /// A table: its schema and name.
    Table(String, String),
    /// A column: its table's schema and name, its own name.
    Column(String, String, String),
    /// A sequence: its schema and name.
    Sequence(String, String),
    /// A function with its argument types: schema, name, arguments.
    Function(String, String, String),
}

/// One privilege of one grantee on one thing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// What it is on.
    pub on: Securable,
    /// Who has it; `None` is everybody.
    pub grantee: Option<String>,
    /// The privilege, upper case: `SELECT`.
    pub privilege: String,
}

/// A database role as it stands.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct DatabaseRole {
    /// Its name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Whether it may log in.
    #[diesel(sql_type = Bool)]
    pub can_login: bool,
    /// Whether it has more rights than a plain role: superuser, creating roles or databases, replication, bypassing policies.
    #[diesel(sql_type = Bool)]
    pub is_privileged: bool,
    /// Whether it has the rights of its groups without asking.
    #[diesel(sql_type = Bool)]
    pub is_inheriting: bool,
}

/// Everything that was granted on what [`OWNER_ROLE`] owns, to anybody but itself.
///
/// # Errors
/// What the database says.
pub async fn read_grants(connection: &mut AsyncPgConnection) -> QueryResult<BTreeSet<Grant>> {
    let rows: Vec<GrantRow> = diesel::sql_query(GRANTS).load(connection).await?;
    Ok(rows.into_iter().map(GrantRow::into_grant).collect())
}

/// Toolcrib's roles of this server. Roles belong to all databases of a server together.
///
/// # Errors
/// What the database says.
pub async fn read_roles(connection: &mut AsyncPgConnection) -> QueryResult<Vec<DatabaseRole>> {
    let query = "
        select rolname::text as name, rolcanlogin as can_login, rolinherit as is_inheriting,
            rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls as is_privileged
        from pg_catalog.pg_roles where rolname like 'toolcrib\\_%' order by 1";
    diesel::sql_query(query).load(connection).await
}

/// The roles that the server's login may become.
///
/// # Errors
/// What the database says.
pub async fn read_server_memberships(connection: &mut AsyncPgConnection) -> QueryResult<BTreeSet<String>> {
    let query = "
        select g.rolname::text as name, false as can_login, false as is_privileged, false as is_inheriting
        from pg_catalog.pg_auth_members m
        join pg_catalog.pg_roles g on g.oid = m.roleid
        join pg_catalog.pg_roles r on r.oid = m.member
        where r.rolname = 'toolcrib_server'";
    let rows: Vec<DatabaseRole> = diesel::sql_query(query).load(connection).await?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}

/// The schemas that [`OWNER_ROLE`] owns.
///
/// # Errors
/// What the database says.
pub async fn read_owned_schemas(connection: &mut AsyncPgConnection) -> QueryResult<BTreeSet<String>> {
    let query = "
        select n.nspname::text as schema, ''::text as role
        from pg_catalog.pg_namespace n join pg_catalog.pg_roles o on o.oid = n.nspowner
        where o.rolname = 'toolcrib_owner'";
    let rows: Vec<SchemaRow> = diesel::sql_query(query).load(connection).await?;
    Ok(rows.into_iter().map(|row| row.schema).collect())
}

/// Which of our roles can use which schema, by whatever way: (schema, role).
///
/// # Errors
/// What the database says.
pub async fn read_usable_schemas(connection: &mut AsyncPgConnection) -> QueryResult<BTreeSet<(String, String)>> {
    let query = "
        select n.nspname::text as schema, r.rolname::text as role
        from pg_catalog.pg_namespace n
        join pg_catalog.pg_roles r on r.rolname like 'toolcrib\\_%' and has_schema_privilege(r.oid, n.oid, 'USAGE')
        where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'";
    let rows: Vec<SchemaRow> = diesel::sql_query(query).load(connection).await?;
    Ok(rows.into_iter().map(|row| (row.schema, row.role)).collect())
}

#[derive(QueryableByName)]
struct SchemaRow {
    #[diesel(sql_type = Text)]
    schema: String,
    #[diesel(sql_type = Text)]
    role: String,
}

const GRANTS: &str = "
    with securable as (
        select 'schema' as kind, n.nspname::text as schema, ''::text as name, ''::text as part,
            acl.grantee, acl.privilege_type, n.nspowner as owner
        from pg_catalog.pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) acl
        union all
        select case c.relkind when 'S' then 'sequence' else 'table' end, n.nspname::text, c.relname::text, '',
            acl.grantee, acl.privilege_type, c.relowner
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace,
            aclexplode(coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's' else 'r' end::\"char\", c.relowner))) acl
        where c.relkind in ('r', 'p', 'v', 'm', 'S')
        union all
        select 'column', n.nspname::text, c.relname::text, a.attname::text, acl.grantee, acl.privilege_type, c.relowner
        from pg_catalog.pg_attribute a
        join pg_catalog.pg_class c on c.oid = a.attrelid
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace, aclexplode(a.attacl) acl
        where a.attacl is not null and not a.attisdropped
        union all
        select 'function', n.nspname::text, p.proname::text, pg_get_function_identity_arguments(p.oid),
            acl.grantee, acl.privilege_type, p.proowner
        from pg_catalog.pg_proc p
        join pg_catalog.pg_namespace n on n.oid = p.pronamespace,
            aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) acl
    )
    select s.kind, s.schema, s.name, s.part, g.rolname::text as grantee, s.privilege_type::text as privilege
    from securable s
    join pg_catalog.pg_roles o on o.oid = s.owner and o.rolname = 'toolcrib_owner'
    left join pg_catalog.pg_roles g on g.oid = s.grantee
    where s.grantee <> s.owner
    order by 1, 2, 3, 4, 5, 6";

#[derive(QueryableByName)]
struct GrantRow {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    schema: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    part: String,
    #[diesel(sql_type = Nullable<Text>)]
    grantee: Option<String>,
    #[diesel(sql_type = Text)]
    privilege: String,
}

impl GrantRow {
    fn into_grant(self) -> Grant {
        let Self { kind, schema, name, part, grantee, privilege } = self;
        let on = match kind.as_str() {
            "schema" => Securable::Schema(schema),
            "sequence" => Securable::Sequence(schema, name),
            "column" => Securable::Column(schema, name, part),
            "function" => Securable::Function(schema, name, part),
            _ => Securable::Table(schema, name),
        };
        Grant { on, grantee, privilege }
    }
}
