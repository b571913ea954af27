//! Traces at a collector: one span for each stage, the caller's trace continued, nobody's values.

use super::Desk;
use crate::support::http;
use crate::support::process::eventually;
use nix::sys::signal::Signal;
use parking_lot::Mutex;
use serde_json::json;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A collector that keeps what it is sent.
struct Collector {
    endpoint: String,
    received: Arc<Mutex<Vec<u8>>>,
}

impl Collector {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&received);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(receive(stream, Arc::clone(&kept)));
            }
        });
        Self { endpoint, received }
    }

    fn has(&self, bytes: &[u8]) -> bool {
        self.received.lock().windows(bytes.len()).any(|window| window == bytes)
    }
}

/// Reads requests with a length, answers each with nothing, and keeps their bytes.
async fn receive(mut stream: TcpStream, kept: Arc<Mutex<Vec<u8>>>) {
    let mut bytes = Vec::new();
    while let Ok(read) = stream.read_buf(&mut bytes).await {
        if read == 0 {
            return;
        }
        let Some(head_end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..head_end]).to_ascii_lowercase();
        let length: usize = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok()).unwrap_or(0);
        if bytes.len() >= head_end + 4 + length {
            kept.lock().append(&mut bytes);
            let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer).await.unwrap();
        }
    }
}

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
