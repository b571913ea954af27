//! What the database's roles may do: exactly what the rules give them.

use super::{BOXES, Workshop, changed};
use crate::support::database::{SUPPORT_DESK, TestDatabase};
use std::fmt::Write;
use tokio_postgres::Client;

/// Every privilege of every role of ours on every table, as PostgreSQL itself decides: `agent public.tickets: SELECT INSERT`.
async fn privileges(client: &Client) -> String {
    let query = "
        select replace(r.rolname, 'toolcrib_', '')::text, c.oid::regclass::text, string_agg(p.privilege, ' ' order by p.number)
        from pg_roles r, pg_class c,
            unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'])
                with ordinality p (privilege, number)
        where r.rolname = any(array['toolcrib_server', 'toolcrib_role_admin', 'toolcrib_role_manager', 'toolcrib_role_agent',
                'toolcrib_role_viewer', 'toolcrib_role_platform'])
            and c.relkind in ('r', 'p') and c.relnamespace in ('public'::regnamespace, 'toolcrib'::regnamespace)
            and has_table_privilege(r.oid, c.oid, p.privilege)
        group by 1, 2 order by 1, 2";
    let mut text = String::new();
    for row in client.query(query, &[]).await.unwrap() {
        writeln!(text, "{} {}: {}", row.get::<_, &str>(0), row.get::<_, &str>(1), row.get::<_, &str>(2)).unwrap();
    }
    text
}

#[tokio::test]
async fn every_role_has_what_the_support_desks_rules_give_it() {
    let database = TestDatabase::new(SUPPORT_DESK).await;
    insta::assert_snapshot!(privileges(&database.connect().await).await, @r#"
    role_admin customers: SELECT INSERT UPDATE DELETE
    role_admin macros: SELECT INSERT UPDATE DELETE
    role_admin ticket_events: SELECT INSERT DELETE
    role_admin tickets: SELECT INSERT UPDATE DELETE
    role_admin toolcrib.audit_events: SELECT INSERT
    role_admin toolcrib.directory_groups: SELECT
    role_admin toolcrib.directory_memberships: SELECT DELETE
    role_admin toolcrib.exports: SELECT
    role_admin toolcrib.identities: SELECT DELETE
    role_admin toolcrib.record_shares: SELECT INSERT UPDATE DELETE
    role_admin toolcrib.service_tokens: SELECT INSERT UPDATE
    role_admin toolcrib.sessions: SELECT DELETE
    role_admin toolcrib.teams: SELECT INSERT UPDATE DELETE
    role_admin toolcrib.users: SELECT INSERT UPDATE DELETE
    role_agent customers: SELECT INSERT
    role_agent macros: SELECT
    role_agent ticket_events: SELECT INSERT
    role_agent tickets: SELECT INSERT UPDATE
    role_agent toolcrib.audit_events: INSERT
    role_agent toolcrib.exports: SELECT
    role_agent toolcrib.identities: SELECT
    role_agent toolcrib.record_shares: SELECT INSERT UPDATE
    role_agent toolcrib.service_tokens: SELECT INSERT UPDATE
    role_agent toolcrib.sessions: SELECT DELETE
    role_agent toolcrib.teams: SELECT
    role_agent toolcrib.users: SELECT
    role_manager customers: SELECT INSERT UPDATE
    role_manager macros: SELECT INSERT UPDATE DELETE
    role_manager ticket_events: SELECT INSERT
    role_manager tickets: SELECT INSERT UPDATE
    role_manager toolcrib.audit_events: SELECT INSERT
    role_manager toolcrib.exports: SELECT
    role_manager toolcrib.identities: SELECT
    role_manager toolcrib.record_shares: SELECT INSERT UPDATE
    role_manager toolcrib.service_tokens: SELECT INSERT UPDATE
    role_manager toolcrib.sessions: SELECT DELETE
    role_manager toolcrib.teams: SELECT
    role_manager toolcrib.users: SELECT
    role_platform toolcrib.audit_events: INSERT
    role_platform toolcrib.directory_groups: SELECT INSERT UPDATE DELETE
    role_platform toolcrib.directory_memberships: SELECT INSERT DELETE
    role_platform toolcrib.exports: SELECT INSERT UPDATE
    role_platform toolcrib.identities: SELECT INSERT
    role_platform toolcrib.record_shares: SELECT UPDATE
    role_platform toolcrib.service_tokens: SELECT INSERT UPDATE
    role_platform toolcrib.sessions: SELECT INSERT DELETE
    role_platform toolcrib.teams: SELECT INSERT UPDATE
    role_platform toolcrib.users: SELECT INSERT UPDATE
    role_viewer customers: SELECT
    role_viewer ticket_events: SELECT INSERT
    role_viewer tickets: SELECT UPDATE
    role_viewer toolcrib.audit_events: INSERT
    role_viewer toolcrib.exports: SELECT
    role_viewer toolcrib.identities: SELECT
    role_viewer toolcrib.record_shares: SELECT INSERT UPDATE
    role_viewer toolcrib.service_tokens: SELECT INSERT UPDATE
    role_viewer toolcrib.sessions: SELECT DELETE
    role_viewer toolcrib.teams: SELECT
    role_viewer toolcrib.users: SELECT
    server toolcrib.audit_events: INSERT
    server toolcrib.idempotency_keys: SELECT INSERT UPDATE DELETE
    server toolcrib.identities: SELECT
    server toolcrib.login_attempts: SELECT INSERT DELETE
    server toolcrib.login_handoffs: SELECT INSERT DELETE
    server toolcrib.server_keys: SELECT
    server toolcrib.service_token_hashes: SELECT INSERT DELETE
    server toolcrib.service_tokens: SELECT
    server toolcrib.session_secrets: SELECT INSERT
    server toolcrib.sessions: SELECT
    server toolcrib.teams: SELECT
    server toolcrib.users: SELECT
    "#);
}

#[tokio::test]
async fn the_server_owns_nothing_and_goes_around_nothing() {
    let database = TestDatabase::new(SUPPORT_DESK).await;
    let client = database.connect().await;
    let role = client
        .query_one(
            "select rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolcanlogin,
                (select count(*) from pg_shdepend where refobjid = r.oid and deptype = 'o')
            from pg_roles r where rolname = 'toolcrib_server'",
            &[],
        )
        .await
        .unwrap();
    for column in 0..6 {
        assert!(!role.get::<_, bool>(column), "{}", role.columns()[column].name());
    }
    assert!(role.get::<_, bool>("rolcanlogin"));
    assert_eq!(role.get::<_, i64>(7), 0);
    let query = "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname in ('public', 'toolcrib') and pg_get_userbyid(c.relowner) <> 'toolcrib_owner'";
    assert_eq!(client.query_one(query, &[]).await.unwrap().get::<_, i64>(0), 0);
}

/// Each refusal beside its permission, as the server's login sees them.
#[tokio::test]
async fn the_server_can_do_only_what_the_role_can() {
    let database = TestDatabase::new(SUPPORT_DESK).await;
    let client = database.connect_as_server().await;
    let cases = [
        ("none", "select from public.customers", false),
        ("toolcrib_role_agent", "select from public.customers", true),
        ("toolcrib_role_agent", "delete from public.customers", false),
        ("toolcrib_role_admin", "delete from public.customers", true),
        ("toolcrib_role_viewer", "insert into public.customers (name) values ('x')", false),
        ("toolcrib_role_agent", "insert into public.customers (name) values ('x')", true),
        ("toolcrib_role_agent", "select from toolcrib.audit_events", false),
        ("toolcrib_role_manager", "select from toolcrib.audit_events", true),
        ("toolcrib_role_viewer", "insert into toolcrib.audit_events (actor_role, event_type) values ('viewer', 'VIEW')", true),
        ("toolcrib_role_admin", "update toolcrib.audit_events set reason = ''", false),
        ("toolcrib_role_admin", "delete from toolcrib.audit_events", false),
        ("toolcrib_role_admin", "truncate toolcrib.audit_events", false),
        ("toolcrib_role_admin", "delete from toolcrib.audit_events_default", false),
        ("toolcrib_role_admin", "select from toolcrib.service_token_hashes", false),
        ("none", "select from toolcrib.service_token_hashes", true),
        ("none", "update toolcrib.service_tokens set last_used_at = now()", true),
        ("none", "update toolcrib.service_tokens set expires_at = now()", false),
        ("none", "update toolcrib.users set role = 'admin'", false),
        ("none", "select toolcrib.ensure_audit_partitions(1)", true),
        ("toolcrib_role_agent", "select toolcrib.ensure_audit_partitions(1)", false),
        ("toolcrib_role_admin", "create table public.mine (id int)", false),
        ("none", "set role toolcrib_owner", false),
        ("none", "set role postgres", false),
    ];
    for (role, statement, is_allowed) in cases {
        // Nobody in particular: who it is, policies ask.
        let text = format!("begin; set local role {role}; set local toolcrib.actor = '  '; {statement}");
        let outcome = client.batch_execute(&text).await;
        client.batch_execute("rollback; reset role").await.unwrap();
        let refused = outcome.err().map(|error| error.code().unwrap().code().to_owned());
        assert_eq!(refused.as_deref(), if is_allowed { None } else { Some("42501") }, "{role}: {statement}");
    }
}

#[tokio::test]
async fn a_narrowed_rule_takes_the_privilege_away() {
    let workshop = Workshop::with(BOXES).await;
    let may_read = async || {
        let query = "select has_table_privilege('toolcrib_role_agent', 'public.boxes', 'SELECT')";
        workshop.database.connect().await.query_one(query, &[]).await.unwrap().get::<_, bool>(0)
    };
    assert!(may_read().await);
    let narrowed = changed(BOXES, "user.role != 'viewer'", "user.role == 'admin'");
    let applied = workshop.apply(&narrowed).await.unwrap();
    assert_eq!(applied.grants.granted, []);
    assert!(!may_read().await);
    workshop.apply(BOXES).await.unwrap();
    assert!(may_read().await);

    // Whoever grants by hand is corrected too, and the audit log tells.
    workshop
        .database
        .execute("grant truncate on public.boxes to toolcrib_role_agent; grant select on public.boxes to public")
        .await;
    let applied = workshop.apply(BOXES).await.unwrap();
    assert_eq!(applied.grants.revoked.len(), 2);
    let query =
        "select details->>'revoked' from toolcrib.audit_events where event_type = 'SCHEMA_CHANGE' order by id desc limit 1";
    let told: String = workshop.database.connect().await.query_one(query, &[]).await.unwrap().get(0);
    assert_eq!(told, r#"["select on table public.boxes to public", "truncate on table public.boxes to toolcrib_role_agent"]"#);
}

#[tokio::test]
async fn a_rule_that_looks_into_another_table_may_read_what_it_names() {
    let schema = changed(
        BOXES,
        r#"type Rack @collection @access(read: "true""#,
        r#"type Rack @collection @access(read: "user.role == 'agent' && exists(row.boxes, b, b.weight == 1)""#,
    );
    let schema = changed(&schema, "name: String!", "name: String!\n  boxes: [Box!]!");
    let schema = changed(&schema, "owner: User", "owner: User\n  rack: Rack");
    let schema = changed(&schema, "user.role != 'viewer'", "user.role == 'admin'");
    let workshop = Workshop::with(&schema).await;
    let found = privileges(&workshop.database.connect().await).await;
    assert!(found.contains("role_agent racks: SELECT\n"), "{found}");
    let client = workshop.database.connect().await;
    for (role, table, is_readable) in [
        ("toolcrib_role_agent", "toolcrib_rules_public.boxes", true),
        ("toolcrib_role_agent", "public.boxes", false),
        ("toolcrib_role_manager", "toolcrib_rules_public.boxes", false),
    ] {
        let row = client.query_one("select has_table_privilege($1, $2, 'select')", &[&role, &table]).await.unwrap();
        assert_eq!(row.get::<_, bool>(0), is_readable, "{role} {table}");
    }
    let columns = "select string_agg(attname, ' ' order by attname) from pg_attribute
        where attrelid = 'toolcrib_rules_public.boxes'::regclass";
    assert_eq!(client.query_one(columns, &[]).await.unwrap().get::<_, String>(0), "rack_id weight", "no other column");
}
