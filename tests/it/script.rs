//! The script of `examples/scripts`, over a network that loses answers: every row is there once.

use crate::support::app::TestApp;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Serves the app on a free port. Of four requests one is done and its answer lost, and one does not even arrive.
async fn serve(app: &TestApp) -> SocketAddr {
    async fn lose(State(count): State<Arc<AtomicUsize>>, request: Request, next: Next) -> Response {
        match count.fetch_add(1, Ordering::Relaxed) % 4 {
            1 => {
                let _lost = next.run(request).await;
                StatusCode::BAD_GATEWAY.into_response()
            }
            3 => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            _ => next.run(request).await,
        }
    }
    let router = app.router().layer(from_fn_with_state(Arc::new(AtomicUsize::new(0)), lose));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    address
}

async fn run(app: &TestApp, address: SocketAddr, user: &str, arguments: &[&str]) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/scripts/import-customers.mjs");
    let mut node = Command::new("node");
    node.arg(script)
        .arg("--url")
        .arg(format!("http://{address}"))
        .args(arguments)
        .env("TOOLCRIB_TOKEN", app.token_of(user).await);
    let output = tokio::task::spawn_blocking(move || node.output()).await.unwrap();
    output.unwrap_or_else(|error| panic!("`node` cannot be run: {error}; `./dev test` installs it"))
}

async fn counts(app: &TestApp) -> serde_json::Value {
    app.rows(
        "select (select count(*) from public.customers where name like 'Customer %') as customers,
                (select count(distinct email) from public.customers where name like 'Customer %') as emails,
                (select count(*) from toolcrib.audit_events where event_type = 'CREATE' and reason = 'import of customers') as events",
    )
    .await
    .remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_over_a_bad_network_makes_each_row_once() {
    let app = TestApp::support_desk().start().await;
    let address = serve(&app).await;
    let first = run(&app, address, "max", &["--rows", "230", "--batch", "20", "--workers", "3"]).await;
    let (out, err) = (String::from_utf8_lossy(&first.stdout), String::from_utf8_lossy(&first.stderr));
    assert!(first.status.success(), "{out}{err}");
    assert!(out.starts_with("230 customers in 12 batches: "), "{out}");
    assert!(!out.contains(" 0 of them repeated"), "nothing went wrong, so nothing was tested: {out}");
    assert_eq!(counts(&app).await, json!({ "customers": 230, "emails": 230, "events": 230 }));
    // Once more, as after a crash: every batch is answered with what was done.
    let again = run(&app, address, "max", &["--rows", "230", "--batch", "20"]).await;
    assert!(String::from_utf8_lossy(&again.stdout).starts_with("230 customers in 12 batches: "));
    assert_eq!(counts(&app).await, json!({ "customers": 230, "emails": 230, "events": 230 }));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_ends_the_import_at_once() {
    let app = TestApp::support_desk().start().await;
    let address = serve(&app).await;
    let refused = run(&app, address, "vic", &["--rows", "20", "--batch", "10"]).await;
    let err = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{err}");
    assert!(err.contains("FORBIDDEN: you may not create `Customer`"), "{err}");
    assert_eq!(counts(&app).await["customers"], 0);
    app.finish().await;
}
