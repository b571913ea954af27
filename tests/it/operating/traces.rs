//! Traces at a collector: one span for each stage, the caller's trace continued, nobody's values.

use super::Desk;
use crate::support::collector::Collector;
use crate::support::http;
use crate::support::process::{Server, eventually};
use crate::support::tls::Authority;
use nix::sys::signal::Signal;
use serde_json::json;
use tokio::net::TcpListener;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_one_trace_with_a_span_for_each_stage() {
    let collector = Collector::start().await;
    let desk = Desk::with(&[("TOOLCRIB_TELEMETRY_OTLP_ENDPOINT", &collector.endpoint)]).await;
    let mut server = desk.serve().await;
    let ana = desk.crib.token("ana@desk.test");
    let trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
    let query = r#"query Haystack { tickets(where: { subject: { ilike: "%needle%" } }) { nodes { id } } }"#;
    let body = json!({ "query": query }).to_string();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Authorization: Bearer {ana}\r\ntraceparent: 00-{trace_id}-00f067aa0ba902b7-01\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let reply = http::send(server.address(), request.as_bytes()).await.unwrap();
    assert_eq!(reply.status, 200, "{reply:?}");
    // What waits is sent before the process ends.
    server.signal(Signal::SIGTERM);
    assert!(server.wait().await.success(), "{}", server.log());
    eventually("the spans arrive", async || collector.has(b"graphql").then_some(())).await;
    assert!(collector.has(b"POST /v1/traces"));
    for name in ["graphql", "parse", "validate", "plan", "sql", "answer", "toolcrib", "Haystack", "db.query.text", "ilike $"] {
        assert!(collector.has(name.as_bytes()), "no `{name}` in the spans");
    }
    assert!(collector.has(&hex::decode(trace_id).unwrap()), "the caller's trace is not continued");
    assert!(collector.has(&hex::decode("00f067aa0ba902b7").unwrap()), "the caller's span is not the parent");
    for value in ["needle", "ana@desk.test", &ana] {
        assert!(!collector.has(value.as_bytes()), "`{value}` is in the spans");
    }
}

/// Operating goes on without its collector.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_away_costs_only_the_spans() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let desk = Desk::with(&[("TOOLCRIB_TELEMETRY_OTLP_ENDPOINT", &endpoint)]).await;
    let mut server = desk.serve().await;
    let ana = desk.crib.token("ana@desk.test");
    let answer = server.graphql(&ana, "{ teams { nodes { name } } }").await.unwrap();
    assert!(answer.get("errors").is_none(), "{answer}");
    server.signal(Signal::SIGTERM);
    assert!(server.wait().await.success(), "{}", server.log());
}

/// A collector behind TLS gets spans and credentials; one that cannot prove who it is gets neither.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_has_to_prove_who_it_is() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let directory = tempfile::tempdir().unwrap();
    let trusted = directory.path().join("ca.pem");
    std::fs::write(&trusted, authority.pem()).unwrap();
    let trusted = trusted.to_str().unwrap();
    let desk = Desk::with(&[]).await;
    let ana = desk.crib.token("ana@desk.test");
    for (is_known, acceptor, authorities) in [
        (true, authority.acceptor("127.0.0.1"), Some(trusted)),
        (false, stranger.acceptor("127.0.0.1"), Some(trusted)),
        (false, authority.acceptor("collector.example.com"), Some(trusted)),
        // The system does not know the authority.
        (false, authority.acceptor("127.0.0.1"), None),
    ] {
        let collector = Collector::with_tls(acceptor).await;
        let mut server = desk.crib.command(&["serve", "--listen", "127.0.0.1:0"]);
        server.env("TOOLCRIB_TELEMETRY_OTLP_ENDPOINT", &collector.endpoint);
        server.env("TOOLCRIB_TELEMETRY_OTLP_HEADERS", "authorization=Bearer%20of-the-collector");
        if let Some(path) = authorities {
            server.env("TOOLCRIB_TELEMETRY_CA_FILE", path);
        }
        let mut server = Server::start(server).await;
        server.is_ready().await;
        let answer = server.graphql(&ana, "query Haystack { teams { nodes { name } } }").await.unwrap();
        assert!(answer.get("errors").is_none(), "{answer}");
        server.signal(Signal::SIGTERM);
        assert!(server.wait().await.success(), "{}", server.log());
        if is_known {
            eventually("the spans arrive", async || collector.has(b"Haystack").then_some(())).await;
            assert!(collector.has(b"authorization: Bearer of-the-collector"));
        } else {
            assert!(collector.has_nothing(), "in spite of a wrong certificate: {}", collector.text());
        }
    }
    let refused = desk.crib.with("TOOLCRIB_TELEMETRY_OTLP_ENDPOINT", "https://127.0.0.1:1");
    let refused = refused.with("TOOLCRIB_TELEMETRY_CA_FILE", "/nowhere.pem").run(&["serve"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("`/nowhere.pem` of `telemetry.ca_file` holds no certificates"), "{}", refused.stderr);
}
