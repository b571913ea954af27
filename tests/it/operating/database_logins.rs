//! Logins of PostgreSQL that read for users: what they see is what the API shows, whatever they try.

use super::Desk;
use crate::support::app::TestApp;
use crate::support::caller::Caller;
use crate::support::database::connect;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use toolcrib::config::DatabaseUrl;
use toolcrib::migrate::{self, MigrateError, Tool};
use uuid::Uuid;

/// The roots of the API and the tables of the same rows, none of which has reads on record.
const COLLECTIONS: [(&str, &str); 5] = [
    ("customers", "public.customers"),
    ("macros", "public.macros"),
    ("ticketEvents", "public.ticket_events"),
    ("users", "toolcrib.users"),
    ("teams", "toolcrib.teams"),
];

/// A login of one test's own. Logins belong to the whole server, which tests share.
struct Login<'a> {
    app: &'a TestApp,
    name: String,
    client: Client,
}

impl<'a> Login<'a> {
    async fn of(app: &'a TestApp, user: &str) -> Self {
        let name = format!("bi_{}", Uuid::new_v4().simple());
        let bound = migrate::bind_login(&owner(app), &name, &format!("{user}@desk.test")).await.unwrap();
        let client = connect(bound.url.unwrap().expose()).await;
        Self { app, name, client }
    }

    async fn drop(self) {
        drop(self.client);
        migrate::drop_login(&owner(self.app), &self.name).await.unwrap();
        let left = self.app.rows(&format!("select from pg_roles where rolname = '{}'", self.name)).await;
        assert!(left.is_empty());
    }

    /// The ids that it sees; none where it has no privilege either.
    async fn ids(&self, table: &str) -> BTreeSet<String> {
        match self.client.query(&format!("select id::text from {table}"), &[]).await {
            Ok(rows) => rows.iter().map(|row| row.get(0)).collect(),
            Err(error) => {
                assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{table}: {error:?}");
                BTreeSet::new()
            }
        }
    }

    async fn assert_refused(&self, sql: &str) {
        let error = self.client.batch_execute(sql).await.expect_err(sql);
        assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{sql}: {error:?}");
        self.client.batch_execute("rollback").await.unwrap();
    }
}

fn owner(app: &TestApp) -> DatabaseUrl {
    DatabaseUrl::new(&app.database.owner_url()).unwrap()
}

async fn shown(caller: &Caller<'_>, root: &str) -> BTreeSet<String> {
    let answer = caller.graphql(&format!("{{ {root} {{ nodes {{ id }} }} }}"), json!({})).await.data();
    answer[root]["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_login_sees_the_rows_that_the_api_shows_its_user() {
    let app = TestApp::support_desk().start().await;
    for user in ["ada", "max", "ana", "cleo", "noa", "vic"] {
        let login = Login::of(&app, user).await;
        for (root, table) in COLLECTIONS {
            assert_eq!(login.ids(table).await, shown(&app.user(user), root).await, "{user}, {root}");
        }
        let events = login.ids("public.ticket_events").await.len();
        let expected = match user {
            "ada" | "max" => 5,
            "ana" => 4,
            "cleo" => 1,
            _ => 0,
        };
        assert_eq!(events, expected, "{user}");
        login.drop().await;
    }
    app.finish().await;
}

#[tokio::test]
async fn a_login_reads_no_more_than_its_role_always_may() {
    let app = TestApp::support_desk().start().await;
    let ana = Login::of(&app, "ana").await;
    let vic = Login::of(&app, "vic").await;
    ana.client.batch_execute("select name, email, phone from public.customers").await.unwrap();
    vic.client.batch_execute("select name, version from public.customers").await.unwrap();
    for hidden in ["email", "phone", "annual_value", "*"] {
        vic.assert_refused(&format!("select {hidden} from public.customers")).await;
    }
    for sql in [
        "select annual_value from public.customers",
        "select from public.customers order by annual_value",
        // A reference to a row that may be hidden.
        "select ticket_id from public.ticket_events",
        // Reads of it are on record.
        "select id from public.tickets",
        "select from public.tickets",
        "select from toolcrib.audit_events",
        "select from toolcrib.database_logins",
        "select from toolcrib.service_token_hashes",
        "select from toolcrib.server_keys",
        "select from toolcrib_rules_public.tickets",
        "select toolcrib_rules_public.ticket_events_reader_agent(null)",
        "select toolcrib.find_taken('public', 'tickets', '{}', '{}', '[]')",
        "select toolcrib.ensure_audit_partitions(1)",
    ] {
        ana.assert_refused(sql).await;
    }
    ana.drop().await;
    vic.drop().await;
    app.finish().await;
}

#[tokio::test]
async fn nothing_that_a_login_says_makes_it_another() {
    let app = TestApp::support_desk().start().await;
    let login = Login::of(&app, "ana").await;
    let (ana, cleo) = (app.user_id("ana").await, app.user_id("cleo").await);
    let before = login.ids("public.ticket_events").await;
    let events = before.len();
    assert_eq!(events, 4);
    for sql in [
        format!("set toolcrib.actor = '{cleo} 00000000-0000-7000-8000-000000000102 server admin'"),
        format!("set toolcrib.context = '{{\"teams\": \"{{{cleo}}}\", \"isActive\": \"true\", \"mfa\": \"true\"}}'"),
        "set toolcrib.admitted = '{00000000-0000-7000-8000-000000000504}'".to_owned(),
        "set toolcrib.taken_along = '{00000000-0000-7000-8000-000000000504}'".to_owned(),
        "set row_security = on".to_owned(),
        "set role toolcrib_reader_agent".to_owned(),
        "reset role".to_owned(),
        "reset all".to_owned(),
        "discard all".to_owned(),
    ] {
        login.client.batch_execute(&sql).await.unwrap();
        assert_eq!(login.ids("public.ticket_events").await, before, "{sql}");
        let who = login.client.query_one("select toolcrib.user_id(), toolcrib.request_service()", &[]).await.unwrap();
        assert_eq!((who.get::<_, Uuid>(0), who.get::<_, Option<&str>>(1)), (ana, None), "{sql}");
    }
    for sql in [
        "set role toolcrib_reader_admin",
        "set role toolcrib_role_admin",
        "set role toolcrib_server",
        "set role toolcrib_owner",
        "set session authorization toolcrib_server",
        "set row_security = off; select id from public.ticket_events",
    ] {
        login.assert_refused(sql).await;
    }
    // Read-only to begin with, and without a privilege besides.
    login.client.batch_execute("set row_security = on; set default_transaction_read_only = off").await.unwrap();
    for sql in [
        "insert into public.customers (name) values ('Mine')",
        "update public.customers set name = 'Mine'",
        "delete from public.customers",
        "truncate public.customers",
        "create table public.mine (id int)",
        "alter table public.customers disable row level security",
        "create policy mine on public.customers using (true)",
    ] {
        login.assert_refused(sql).await;
    }
    login.drop().await;
    app.finish().await;
}

#[tokio::test]
async fn a_login_follows_its_user() {
    let app = TestApp::support_desk().start().await;
    let login = Login::of(&app, "ana").await;
    let seen = async || (login.ids("public.ticket_events").await.len(), login.ids("public.macros").await.len());
    let update = async |set: &str| {
        app.execute(&format!("update toolcrib.users set {set} where email = 'ana@desk.test'")).await;
    };
    assert_eq!(seen().await, (4, 2));
    update("team_id = '00000000-0000-7000-8000-000000000102'").await;
    assert_eq!(seen().await, (1, 2));
    update("is_active = false").await;
    assert_eq!(seen().await, (0, 0));
    update("is_active = true, role = 'manager'").await;
    assert_eq!(seen().await, (0, 0));
    let listed = migrate::list_logins(&owner(&app)).await.unwrap();
    assert_eq!((listed[0].role.as_deref(), listed[0].is_good), (Some("agent"), false));

    // Bound anew it has another group, and the password that it had.
    let bound = migrate::bind_login(&owner(&app), &login.name, "ana@desk.test").await.unwrap();
    assert_eq!((bound.role.as_str(), bound.url.is_none()), ("manager", true));
    assert_eq!(seen().await, (5, 3));
    login.client.batch_execute("select annual_value from public.customers").await.unwrap();
    login.assert_refused("set role toolcrib_reader_agent").await;
    login.drop().await;
    app.finish().await;
}

#[tokio::test]
async fn a_login_outlives_its_user_and_sees_nothing() {
    let app = TestApp::support_desk().start().await;
    app.execute("insert into toolcrib.users (email, name, role, kind) values ('bi@desk.test', 'BI', 'manager', 'SERVICE')").await;
    let login = Login::of(&app, "bi").await;
    assert_eq!(login.ids("public.ticket_events").await.len(), 5);
    app.execute("delete from toolcrib.users where email = 'bi@desk.test'").await;
    assert_eq!(login.ids("public.ticket_events").await.len(), 0);
    let listed = migrate::list_logins(&owner(&app)).await.unwrap();
    assert_eq!((listed[0].login.clone(), listed[0].email.clone(), listed[0].is_good), (login.name.clone(), None, false));
    login.drop().await;
    assert_eq!(migrate::list_logins(&owner(&app)).await.unwrap(), []);
    app.finish().await;
}

#[tokio::test]
async fn a_login_is_plain_on_record_and_part_of_what_is_wanted() {
    let app = TestApp::support_desk().start().await;
    let login = Login::of(&app, "ana").await;
    let name = login.name.clone();
    let attributes = "select rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls as privileged,
        rolconnlimit as limit, array_to_string(rolconfig, ' ') as settings from pg_roles";
    assert_eq!(
        app.rows(&format!("{attributes} where rolname = '{name}'")).await,
        [json!({ "privileged": false, "limit": 10, "settings": "default_transaction_read_only=on" })]
    );
    let demands = app.database.demands();
    let migrations = tempfile::tempdir().unwrap();
    let tool = Tool { catalog: &app.database.catalog, demands: &demands, migrations: migrations.path() };
    let mut connection = migrate::connect(&app.database.owner_url()).await.unwrap();
    let wall = migrate::inspect_wall(&mut connection, tool).await.unwrap();
    assert!(wall.is_empty(), "{wall:?}");
    let grants = migrate::inspect_grants(&mut connection, tool).await.unwrap();
    assert!(grants.is_empty(), "{grants:?}");
    let roles = migrate::inspect_roles(&mut connection, tool).await.unwrap();
    assert!(roles.is_empty(), "{roles:?}");
    login.drop().await;
    let events = app.rows("select details from toolcrib.audit_events where details ? 'databaseLogin' order by id").await;
    let user = app.user_id("ana").await;
    assert_eq!(
        events,
        [
            json!({ "details": { "databaseLogin": name, "bound": { "user": user, "role": "agent" } } }),
            json!({ "details": { "databaseLogin": name, "dropped": true } }),
        ]
    );
    app.finish().await;
}

#[tokio::test]
async fn other_roles_of_the_server_are_left_alone() {
    let app = TestApp::support_desk().start().await;
    let name = format!("bi_{}", Uuid::new_v4().simple());
    app.execute(&format!("create role {name} login")).await;
    let taken = migrate::bind_login(&owner(&app), &name, "ana@desk.test").await;
    assert!(matches!(taken, Err(MigrateError::LoginTaken { .. })), "{taken:?}");
    let unknown = migrate::drop_login(&owner(&app), &name).await;
    assert!(matches!(unknown, Err(MigrateError::UnknownLogin { .. })), "{unknown:?}");
    // A restored database may know a login that is something else here.
    app.execute(&format!("insert into toolcrib.database_logins (login) values ('{name}')")).await;
    let taken = migrate::bind_login(&owner(&app), &name, "ana@desk.test").await;
    assert!(matches!(taken, Err(MigrateError::LoginTaken { .. })), "{taken:?}");
    migrate::drop_login(&owner(&app), &name).await.unwrap();
    assert_eq!(app.rows(&format!("select from pg_roles where rolname = '{name}'")).await.len(), 1);
    app.execute(&format!("drop role {name}")).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_makes_lists_and_drops_them() {
    let desk = Desk::with(&[]).await;
    let name = format!("bi_{}", Uuid::new_v4().simple());
    let create = |name: &str, user: &str| desk.crib.run(&["db", "role", "create", name, "--user", user]);
    let made = create(&name, "ana@desk.test");
    assert!(made.stderr.contains("as long as their role is `agent`"), "{made:?}");
    let client = connect(made.stdout.trim()).await;
    let events = client.query("select id from public.ticket_events", &[]).await.unwrap();
    assert_eq!(events.len(), 4);
    let listed: Json = serde_json::from_str(&desk.crib.run_well(&["db", "role", "list", "--json"])).unwrap();
    assert_eq!(listed[0]["login"], json!(name));
    assert_eq!((&listed[0]["user"], &listed[0]["isGood"]), (&json!("ana@desk.test"), &json!(true)));
    assert!(desk.crib.run_well(&["db", "role", "list"]).contains("good"));
    let again = create(&name, "ana@desk.test");
    assert!(
        again.code == Some(0) && again.stdout.is_empty() && again.stderr.contains("its password is the old one"),
        "{again:?}"
    );

    let applied = desk.crib.run_well(&["migrate", "apply"]);
    assert!(applied.contains("nothing to do"), "{applied}");
    let doctor = desk.crib.run(&["doctor"]);
    assert_eq!(doctor.code, Some(0), "{}", doctor.stdout);

    for (name, user, said) in [
        ("Bi", "ana@desk.test", "`Bi` cannot name a database login"),
        ("toolcrib_bi", "ana@desk.test", "`toolcrib_bi` cannot name a database login"),
        ("pg_bi", "ana@desk.test", "`pg_bi` cannot name a database login"),
        ("bi_of_nobody", "nobody@desk.test", "there is no active user `nobody@desk.test`"),
        ("bi_of_gus", "gus@desk.test", "there is no active user `gus@desk.test`"),
    ] {
        let refused = create(name, user);
        assert!(refused.code == Some(1) && refused.stderr.contains(said), "{refused:?}");
    }
    drop(client);
    assert_eq!(desk.crib.run_well(&["db", "role", "drop", &name]), format!("dropped {name}\n"));
    let gone = desk.crib.run(&["db", "role", "drop", &name]);
    assert!(gone.code == Some(1) && gone.stderr.contains("there is no database login"), "{gone:?}");
}
