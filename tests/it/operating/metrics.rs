//! `/metrics`: who may read it, what it counts, and that nothing of the data is in it.

use super::{Desk, get};
use crate::support::app::TestApp;
use crate::support::process::eventually;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const TOKEN: &str = "prometheus-reads-this";

/// The value of a series, by its text up to the value.
fn value(metrics: &str, series: &str) -> f64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no `{series}` in\n{metrics}")).parse().unwrap()
}

/// The series alone, without values and without the buckets of histograms.
fn series(metrics: &str) -> BTreeSet<String> {
    let lines = metrics.lines().filter(|line| !line.starts_with('#') && !line.contains("_bucket{"));
    lines.filter_map(|line| line.rsplit_once(' ')).map(|(series, _)| series.to_owned()).collect()
}

#[tokio::test]
async fn metrics_are_off_unless_they_are_asked_for() {
    let app = TestApp::support_desk().start().await;
    assert_eq!(app.anonymous().get("/metrics").await.status, 401);
    assert_eq!(app.user("ada").get("/metrics").await.status, 404);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_the_token_reads_numbers_and_never_data() {
    let desk = Desk::with(&[("TOOLCRIB_METRICS_TOKEN", TOKEN)]).await;
    let server = desk.serve().await;
    let ana = desk.crib.token("ana@desk.test");
    let address = server.address();
    for refused in [None, Some("prometheus-reads-that"), Some(ana.as_str())] {
        let reply = get(address, "/metrics", refused).await;
        assert_eq!(reply.status, 401, "{refused:?}");
        assert!(!reply.body.contains("toolcrib_"), "{reply:?}");
    }

    let subject = "Squeaking-chair";
    let create = format!(
        r#"mutation {{ createTicketEvent(input: {{ ticket: {{ id: "00000000-0000-7000-8000-000000000401" }}, kind: COMMENT, body: "{subject}" }}) {{ auditEventId }} }}"#
    );
    let created = server.graphql(&ana, &create).await.unwrap();
    assert!(created.get("errors").is_none(), "{created}");
    server
        .graphql(&ana, r#"mutation { deleteTicket(id: "00000000-0000-7000-8000-000000000401", reason: "why") { auditEventId } }"#)
        .await
        .unwrap();
    server.graphql(&ana, "{ nonsense }").await.unwrap();
    server.graphql(&ana, "query First { tickets { nodes { id } } }").await.unwrap();
    let first = get(address, "/metrics", Some(TOKEN)).await;
    assert_eq!(first.status, 200);
    for number in 0..20 {
        server.graphql(&ana, &format!("query Invented{number} {{ tickets {{ nodes {{ id }} }} }}")).await.unwrap();
    }
    let second = get(address, "/metrics", Some(TOKEN)).await;

    let metrics = &second.body;
    let queries = r#"toolcrib_request_duration_seconds_count{type="query",outcome="ok"}"#;
    assert_eq!(value(metrics, queries) - value(&first.body, queries), 20.0);
    assert_eq!(value(metrics, r#"toolcrib_request_duration_seconds_count{type="mutation",outcome="ok"}"#), 1.0);
    assert_eq!(value(metrics, r#"toolcrib_request_duration_seconds_count{type="mutation",outcome="refused"}"#), 1.0);
    assert_eq!(value(metrics, r#"toolcrib_request_duration_seconds_count{type="invalid",outcome="refused"}"#), 1.0);
    assert_eq!(value(metrics, r#"toolcrib_refusals_total{code="FORBIDDEN"}"#), 1.0);
    assert_eq!(value(metrics, r#"toolcrib_refusals_total{code="GRAPHQL_VALIDATION_FAILED"}"#), 1.0);
    assert_eq!(value(metrics, r#"toolcrib_refusals_total{code="UNAUTHENTICATED"}"#), 3.0);
    assert_eq!(value(metrics, r#"toolcrib_audit_events_total{type="CREATE"}"#), 1.0);
    assert_eq!(value(metrics, r#"toolcrib_audit_events_total{type="DENIED"}"#), 1.0);
    assert!(value(metrics, r#"toolcrib_rows_total{type="query"}"#) > 20.0);
    assert!(value(metrics, r#"toolcrib_statement_duration_seconds_count{kind="read"}"#) >= 21.0);
    assert!(value(metrics, "toolcrib_pool_wait_seconds_count") > 21.0);
    assert_eq!(value(metrics, r#"toolcrib_pool_waiting{pool="requests"}"#), 0.0);
    assert!(value(metrics, r#"toolcrib_pool_connections{pool="requests",state="free"}"#) >= 1.0);
    assert!(value(metrics, "process_resident_memory_bytes") > 1e6);
    assert_eq!(series(&first.body), series(metrics), "a caller can invent series");
    for secret in [subject, "Invented", "First", "tickets", "ana", "desk.test", "Printer", TOKEN, "0000-7000"] {
        assert!(!metrics.contains(secret), "`{secret}` is in\n{metrics}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_of_their_own_serves_metrics_alone() {
    let desk = Desk::with(&[("TOOLCRIB_METRICS_LISTEN", "127.0.0.1:0")]).await;
    let server = desk.serve().await;
    let metrics = eventually("metrics are served", async || {
        let log = server.log();
        let (_, rest) = log.split_once("serving metrics on http://")?;
        rest.split('/').next()?.parse().ok()
    })
    .await;
    assert_eq!(get(metrics, "/metrics", None).await.status, 200);
    assert_eq!(get(metrics, "/graphql", None).await.status, 404);
    assert_eq!(get(server.address(), "/metrics", None).await.status, 401);
    let ana = desk.crib.token("ana@desk.test");
    assert_eq!(get(server.address(), "/metrics", Some(&ana)).await.status, 404);
}

/// The table in `telemetry/metrics.rs` lists what the code counts, and nothing else.
#[test]
fn every_metric_is_described() {
    let mut counted = BTreeSet::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    add_names(&source, &mut counted);
    let table = include_str!("../../../src/telemetry/metrics.rs").split("const METRICS").nth(1).unwrap();
    let described: BTreeSet<String> = names(table.split("];").next().unwrap(), "(");
    let described: BTreeSet<String> =
        described.union(&names(table.split("];").next().unwrap(), "(\n        ")).cloned().collect();
    assert_eq!(counted, described);
}

fn add_names(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("node_modules") {
            add_names(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            for name in ["counter!(", "gauge!(", "histogram!("] {
                found.extend(names(&text, name));
            }
        }
    }
}

/// The texts that stand right after something.
fn names(text: &str, before: &str) -> BTreeSet<String> {
    let after = text.split(before).skip(1).filter_map(|rest| rest.strip_prefix('"')?.split('"').next());
    after.filter(|name| name.starts_with("toolcrib_") || name.starts_with("process_")).map(str::to_owned).collect()
}
