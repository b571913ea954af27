//! `toolcrib doctor`: quiet where all is well, and each trouble found with what to do.

use super::Desk;
use crate::support::database::{SUPPORT_DESK, TestDatabase};
use crate::support::process::Crib;
use serde_json::Value as Json;

/// The exit code and the findings.
fn examine(crib: &Crib) -> (Option<i32>, Vec<Json>) {
    let outcome = crib.run(&["doctor", "--json"]);
    let findings = serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{outcome:?}"));
    (outcome.code, findings)
}

/// Whether there is a finding of this check and state that says all of this.
fn has(findings: &[Json], check: &str, state: &str, words: &[&str]) -> bool {
    findings.iter().any(|finding| {
        let text = format!("{} {}", finding["message"], finding["advice"]);
        finding["check"] == check && finding["state"] == state && words.iter().all(|word| text.contains(word))
    })
}

#[track_caller]
fn assert_has(findings: &[Json], check: &str, state: &str, words: &[&str]) {
    assert!(has(findings, check, state, words), "no {state} {check} with {words:?} in {findings:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sound_installation_has_nothing_that_fails() {
    let desk = Desk::with(&[]).await;
    let (code, findings) = examine(&desk.crib);
    assert_eq!(code, Some(0), "{findings:#?}");
    let checks = [
        "settings",
        "schema",
        "clock",
        "migrations",
        "tables",
        "indexes",
        "roles",
        "server login",
        "privileges",
        "audit log",
        "exports",
    ];
    for check in checks {
        assert_has(&findings, check, "ok", &[]);
    }
    assert_has(&findings, "database", "ok", &["PostgreSQL 1"]);
    let advised = findings.iter().all(|finding| finding["state"] == "ok" || finding["advice"].is_string());
    assert!(advised, "{findings:#?}");
    let table = desk.crib.run_well(&["doctor"]);
    assert!(table.contains("server login") && table.trim_end().ends_with("0 failures"), "{table}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_trouble_is_found_and_what_can_be_mended_is() {
    let desk = Desk::with(&[("TOOLCRIB_LOG_SLOW_QUERY_PLAN", "true")]).await;
    let troubles = "
        grant delete on public.tickets to toolcrib_role_viewer;
        revoke select on public.customers from toolcrib_role_agent;
        grant update on public.customers to public;
        drop index public.tickets_team_id_id_idx;
        update pg_index set indisvalid = false where indexrelid = 'public.customers_name_id_idx'::regclass;
        insert into toolcrib.exports (id, entity_type, format, status)
        values ('00000000-0000-7000-8000-000000000901', 'Ticket', 'CSV', 'COMPLETED');
        alter table toolcrib.sessions owner to current_user;
        do $$ declare name text; begin
            for name in select relname from pg_class where relname ~ '^audit_events_[0-9]' and relkind = 'r'
                and relname > 'audit_events_' || to_char(now() at time zone 'UTC', 'YYYY_MM')
            loop execute format('drop table toolcrib.%I', name); end loop;
        end $$;";
    desk.database.execute(troubles).await;
    let (code, findings) = examine(&desk.crib);
    assert_eq!(code, Some(1), "{findings:#?}");
    assert_has(&findings, "settings", "warn", &["log.slow_query_plan", "set `log.slow_query`"]);
    assert_has(&findings, "privileges", "fail", &["more than any rule gives", "delete", "toolcrib_role_viewer", "migrate apply"]);
    assert_has(&findings, "privileges", "fail", &["missing", "select", "toolcrib_role_agent"]);
    assert_has(&findings, "privileges", "warn", &["past rules and audit log", "everybody: public.customers (UPDATE)"]);
    assert_has(&findings, "privileges", "fail", &["another owner", "toolcrib.sessions"]);
    assert_has(&findings, "tables", "fail", &["tickets_team_id_id_idx", "migrate plan"]);
    assert_has(&findings, "indexes", "fail", &["public.customers_name_id_idx", "reindex"]);
    assert_has(&findings, "exports", "warn", &["00000000-0000-7000-8000-000000000901", "backup"]);
    assert_has(&findings, "audit log", "warn", &["next month", "migrate apply"]);

    let mend = "
        alter table toolcrib.sessions owner to toolcrib_owner;
        update pg_index set indisvalid = true where indexrelid = 'public.customers_name_id_idx'::regclass;
        create index tickets_team_id_id_idx on public.tickets (team_id, id);";
    desk.database.execute(mend).await;
    desk.crib.run_well(&["migrate", "apply"]);
    let (code, findings) = examine(&desk.crib);
    assert_eq!(code, Some(0), "{findings:#?}");
    for check in ["privileges", "tables", "indexes", "audit log"] {
        assert_has(&findings, check, "ok", &[]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_was_not_migrated_says_what_to_run() {
    let database = TestDatabase::empty(SUPPORT_DESK).await;
    let crib = Crib::support_desk().on(&database.owner_url(), &database.server_url());
    let (code, findings) = examine(&crib);
    assert_eq!(code, Some(1));
    assert_has(&findings, "migrations", "fail", &["create_audit_events", "toolcrib migrate apply"]);
    assert_has(&findings, "schema", "ok", &[]);
}

#[test]
fn what_cannot_be_reached_or_read_is_a_finding() {
    let url = "postgres://boss:hunter2@127.0.0.1:1/desk";
    let crib = Crib::with_schema("type Note @collection { text: String! }").on(url, url);
    let (code, findings) = examine(&crib);
    assert_eq!(code, Some(1));
    assert_has(&findings, "schema", "fail", &["toolcrib check"]);
    assert_has(&findings, "database", "fail", &["database.url"]);
    assert!(!format!("{findings:?}").contains("hunter2"), "{findings:#?}");

    let (code, findings) = examine(&Crib::with_schema("").with("TOOLCRIB_LOG_FORMAT", "xml"));
    assert_eq!(code, Some(1));
    assert_has(&findings, "settings", "fail", &["variable TOOLCRIB_LOG_FORMAT", "config reference"]);
}
