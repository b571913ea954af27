//! Row-level security over the support desk: what a hand-written statement on the server's connection finds, and that nothing of the
//! wall can go missing or change without being noticed.

use crate::support::app::{SUPPORT_DESK_ROWS, TestApp};
use crate::support::database::{SUPPORT_DESK, TestDatabase};
use diesel::sql_types::Text;
use diesel::{QueryableByName, sql_query};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;
use tokio_postgres::{Client, SimpleQueryMessage};
use toolcrib::base::{CallerContext, RequestContext, TableName};
use toolcrib::db::ActorSettings;
use toolcrib::migrate::{self, PieceKind, Tool, WallChanges, row_security};

/// Everybody at the desk, and the plural root field and table of what they are asked about.
const PEOPLE: [&str; 7] = ["ada", "max", "ana", "cleo", "noa", "vic", "ben"];
const COLLECTIONS: [(&str, &str); 8] = [
    ("tickets", "public.tickets"),
    ("ticketEvents", "public.ticket_events"),
    ("customers", "public.customers"),
    ("macros", "public.macros"),
    ("users", "toolcrib.users"),
    ("teams", "toolcrib.teams"),
    ("exports", "toolcrib.exports"),
    ("serviceTokens", "toolcrib.service_tokens"),
];

async fn ids(client: &Client, statement: &str) -> Result<BTreeSet<String>, tokio_postgres::Error> {
    let messages = client.simple_query(statement).await?;
    let id = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    };
    Ok(messages.iter().filter_map(id).collect())
}

#[tokio::test]
async fn a_statement_without_a_predicate_finds_what_the_api_shows() {
    let app = TestApp::support_desk().start().await;
    let server = app.database.connect_as_server().await;
    let mut restricted = 0;
    for name in PEOPLE {
        let token = app.token_of(name).await;
        let credential = toolcrib::auth::Credential::Token(token.into());
        let request = RequestContext::internal(chrono::Utc::now());
        let actor = app.app.authenticator.authenticate(&credential, &request).await.unwrap();
        for (field, table) in COLLECTIONS {
            let query = format!("{{ {field}(first: 200) {{ nodes {{ id }} }} }}");
            let answer = app.user(name).graphql(&query, json!({})).await.data();
            let shown: BTreeSet<String> =
                answer[field]["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect();
            let (schema, name) = table.split_once('.').unwrap();
            let asked = app.database.rules.context_use_of_tables(&actor, &[TableName::new(schema, name)]);
            let settings = ActorSettings::as_asked(CallerContext { actor: &actor, request: &request, asked });
            server.batch_execute(&settings.opening()).await.unwrap();
            // Tokens are made as the test goes on.
            let found = ids(&server, &format!("select id from {table}")).await;
            server.batch_execute("rollback").await.unwrap();
            match found {
                Ok(found) => assert_eq!(found, shown, "{name}: {table}"),
                // The role has no privilege, because no rule gives it a row.
                Err(error) => assert!(shown.is_empty() && error.to_string().contains("db error"), "{name}: {table}: {error:?}"),
            }
            let all = app.rows(&format!("select id from {table}")).await.len();
            restricted += usize::from(shown.len() < all);
        }
    }
    assert!(restricted >= 20, "the rows hide too little to tell: {restricted}");
    app.finish().await;
}

#[tokio::test]
async fn without_a_caller_nothing_is_there_and_nothing_changes() {
    let database = TestDatabase::new(SUPPORT_DESK).await;
    TestDatabase::execute(&database, SUPPORT_DESK_ROWS).await;
    let server = database.connect_as_server().await;
    let is_nothing = |found: Result<BTreeSet<String>, tokio_postgres::Error>| match found {
        Ok(found) => found.is_empty(),
        // No privilege, or a policy that asks who it is and is not told.
        Err(error) => error.code().is_some_and(|code| ["42501", "55000"].contains(&code.code())),
    };
    let mut statements = 0;
    for collection in &database.catalog.collections {
        let table = &collection.table;
        for statement in [
            format!("select * from {table}"),
            format!("update {table} set id = id returning id"),
            format!("delete from {table} returning id"),
        ] {
            assert!(is_nothing(ids(&server, &statement).await), "{statement}");
            // Nor does a setting help that outlives a transaction, without the role.
            let pretended = format!("set toolcrib.actor = '00000000-0000-7000-8000-000000000201  '; {statement}");
            assert!(is_nothing(ids(&server, &pretended).await), "{pretended}");
            server.batch_execute("reset toolcrib.actor").await.unwrap();
            // A role without a caller has what the role alone decides.
            let as_role = format!("begin; set local role toolcrib_role_agent; {statement}");
            let found = ids(&server, &as_role).await;
            server.batch_execute("rollback").await.unwrap();
            let is_open = statement.starts_with("select") && ["customers", "users", "teams"].contains(&&*table.name);
            assert!(is_nothing(found) != is_open, "{as_role}");
            statements += 1;
        }
    }
    assert!(statements > 30);
    // Somebody else's login may set what it likes.
    let owner = database.connect().await;
    let said = "set toolcrib.actor = '00000000-0000-7000-8000-000000000203 00000000-0000-7000-8000-000000000101 '";
    let found = ids(&owner, &format!("{said}; select toolcrib.user_id()::text")).await.unwrap();
    assert_eq!(found, BTreeSet::new(), "settings count for the server's login alone");
}

/// A server whose rules are older than those that were applied does not say what the new ones ask.
#[tokio::test]
async fn a_policy_that_asks_what_was_not_said_is_no_empty_answer() {
    let app = TestApp::support_desk().start().await;
    let max = app.user("max");
    let ask = async |query: &str| max.graphql(query, json!({})).await;
    const MACROS: &str = "{ macros { nodes { title } } }";
    assert_eq!(ask(MACROS).await.data()["macros"]["nodes"].as_array().unwrap().len(), 3);
    for asked in [
        "team_id = toolcrib.user_team()",
        "toolcrib.user_id() is null",
        "team_id = any (toolcrib.user_teams())",
        "not coalesce(toolcrib.user_is_active(), false)",
    ] {
        TestApp::execute(&app, &format!("alter policy toolcrib_manager_read on public.macros using ({asked})")).await;
        let answer = ask(MACROS).await;
        assert_eq!(answer.codes(), ["CONFLICT"], "{asked}: {}", answer.text());
        assert_eq!(ask("{ teams { nodes { name } } }").await.codes(), [""; 0], "{asked}: of others nothing more is asked");
    }
    TestApp::execute(&app, "alter policy toolcrib_manager_read on public.macros using (true)").await;
    assert_eq!(ask(MACROS).await.codes(), [""; 0]);
    app.finish().await;
}

#[tokio::test]
async fn the_login_owns_nothing_and_bypasses_nothing() {
    let database = TestDatabase::new(SUPPORT_DESK).await;
    let client = database.connect().await;
    let row = client
        .query_one(
            "select rolsuper or rolbypassrls or rolcreaterole or rolinherit, (select count(*) from pg_class where relowner = r.oid)
             from pg_roles r where rolname = 'toolcrib_server'",
            &[],
        )
        .await
        .unwrap();
    assert_eq!((row.get::<_, bool>(0), row.get::<_, i64>(1)), (false, 0));
    for collection in &database.catalog.collections {
        let sql = format!("select relrowsecurity from pg_class where oid = '{}'::regclass", collection.table);
        assert!(client.query_one(&sql, &[]).await.unwrap().get::<_, bool>(0), "{}", collection.table);
    }
}

#[derive(QueryableByName)]
struct Altered {
    #[diesel(sql_type = Text)]
    statement: String,
}

/// What an operator, or a mistake, could do to a piece of the wall.
const ALTERATIONS: &str = "
    select format('alter policy %I on %I.%I %s (%s)', p.polname, n.nspname, c.relname,
        case when p.polqual is null then 'with check' else 'using' end,
        case when pg_get_expr(coalesce(p.polqual, p.polwithcheck), p.polrelid) = 'true' then 'id is null' else 'true' end) as statement
    from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
    union all select 'alter table public.tickets disable trigger toolcrib_rule_before_update'
    union all select 'alter table public.tickets disable row level security'
    union all select 'create policy extra on public.tickets to public using (true)'
    union all select 'alter view toolcrib_rules_public.tickets set (security_barrier)'
    union all select 'alter view toolcrib_rules_public.tickets owner to current_user'
    union all select 'alter policy toolcrib_agent_read on public.tickets to public'";

#[tokio::test]
async fn no_piece_goes_missing_or_changes_unnoticed() {
    let database = TestDatabase::new(SUPPORT_DESK).await;
    let demands = database.demands();
    let tool = Tool { catalog: &database.catalog, demands: &demands, migrations: Path::new("migrations") };
    let mut connection = AsyncPgConnection::establish(&database.owner_url()).await.unwrap();
    connection.begin_test_transaction().await.unwrap();
    let quiet = WallChanges::default();
    assert_eq!(migrate::inspect_wall(&mut connection, tool).await.unwrap(), quiet, "the wall stands");
    let pieces = row_security(&database.catalog, &demands);
    let mut tried = 0;
    for piece in pieces.iter().filter(|piece| matches!(piece.name.kind, PieceKind::Policy | PieceKind::Trigger)) {
        connection.batch_execute(&format!("savepoint one; {}", piece.name.dropped())).await.unwrap();
        let changes = migrate::inspect_wall(&mut connection, tool).await.unwrap();
        assert_eq!(changes.made, [piece.name.to_string()], "its loss is told");
        connection.batch_execute("rollback to one").await.unwrap();
        tried += 1;
    }
    assert!(tried > 60, "{tried} pieces");
    let alterations: Vec<Altered> = sql_query(ALTERATIONS).load(&mut connection).await.unwrap();
    assert!(alterations.len() > 60);
    for Altered { statement } in alterations {
        connection
            .batch_execute(&format!("savepoint one; {statement}"))
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
        let changes = migrate::inspect_wall(&mut connection, tool).await.unwrap();
        assert_ne!(changes, quiet, "{statement}");
        connection.batch_execute("rollback to one").await.unwrap();
    }
    assert_eq!(migrate::inspect_wall(&mut connection, tool).await.unwrap(), quiet);
}
