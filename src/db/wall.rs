//! What stands of the second wall in PostgreSQL: fixed queries on its catalogs.

use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

/// A view, policy, trigger or function of the second wall, or a table's row-level security, as it stands.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct WallPiece {
    /// `view`, `function`, `trigger`, `policy` or `table`.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// The schema that it is in, or that its table is in.
    #[diesel(sql_type = Text)]
    pub schema: String,
    /// The table that it is on, or its own name.
    #[diesel(sql_type = Text)]
    pub relation: String,
    /// Its own name within the table; empty for what is on no table.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// What PostgreSQL made of its definition.
    #[diesel(sql_type = Text)]
    pub definition: String,
    /// Its comment.
    #[diesel(sql_type = Nullable<Text>)]
    pub comment: Option<String>,
}

/// Everything there is of the second wall: the views that rules look through with their functions; on the owner's tables the
/// triggers of rules, every policy, and whether the policies are asked. `rule_schemas` is how the views' schemas begin.
///
/// # Errors
/// What the database says.
pub async fn read_wall(connection: &mut AsyncPgConnection, rule_schemas: &str) -> QueryResult<Vec<WallPiece>> {
    let schemas = format!("{rule_schemas}%").replace('_', "\\_");
    // Names in a definition are shown as the search path wants them. The path is the transaction's, or the savepoint's, alone.
    connection
        .transaction(async |connection| {
            connection.batch_execute("set local search_path = ''").await?;
            let pieces = diesel::sql_query(WALL).bind::<Text, _>(schemas).load(connection).await?;
            connection.batch_execute("set local search_path = public").await?;
            Ok(pieces)
        })
        .await
}

const WALL: &str = "
    with owner as (select oid from pg_catalog.pg_roles where rolname = 'toolcrib_owner')
    select 'view' as kind, n.nspname::text as schema, c.relname::text as relation, ''::text as name,
        concat_ws(' ', pg_get_viewdef(c.oid), c.reloptions::text, pg_get_userbyid(c.relowner)) as definition,
        obj_description(c.oid, 'pg_class') as comment
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname like $1 and c.relkind = 'v'
    union all
    select 'function', n.nspname::text, p.proname::text, '',
        concat_ws(
            ' ', p.prosrc, p.provolatile, p.prosecdef, p.proconfig::text, pg_get_userbyid(p.proowner),
            nullif(pg_get_function_arguments(p.oid), ''), pg_get_function_sqlbody(p.oid)
        ),
        obj_description(p.oid, 'pg_proc')
    from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    where n.nspname like $1
    union all
    select 'trigger', n.nspname::text, c.relname::text, t.tgname::text, concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled),
        obj_description(t.oid, 'pg_trigger')
    from pg_catalog.pg_trigger t
    join pg_catalog.pg_class c on c.oid = t.tgrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join owner on owner.oid = c.relowner
    where not t.tgisinternal and t.tgname like 'toolcrib\\_rule\\_%' and t.tgparentid = 0
    union all
    select 'policy', n.nspname::text, c.relname::text, p.polname::text,
        concat_ws(
            ' ', p.polpermissive, p.polcmd,
            (select string_agg(pg_get_userbyid(role), ',' order by pg_get_userbyid(role)) from unnest(p.polroles) as role),
            pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid)
        ),
        obj_description(p.oid, 'pg_policy')
    from pg_catalog.pg_policy p
    join pg_catalog.pg_class c on c.oid = p.polrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join owner on owner.oid = c.relowner
    -- What an operator allows a login of its own is the operator's.
    where p.polname like 'toolcrib\\_%' or exists (
        select from unnest(p.polroles) as role where role = 0 or pg_get_userbyid(role) like 'toolcrib\\_%'
    )
    union all
    select 'table', n.nspname::text, c.relname::text, '', 'on', null
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join owner on owner.oid = c.relowner
    where c.relkind in ('r', 'p') and c.relrowsecurity
    order by 1, 2, 3, 4";
