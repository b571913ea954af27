//! The audit suite of the npm package `graphql-http`, which checks servers against the GraphQL-over-HTTP specification, run on the
//! real binary; `tests/browser/graphql-over-http.mjs` runs it.

use crate::support::process::Crib;
use serde_json::Value as Json;
use std::path::Path;
use std::process::Command;

/// Audits of the drafts up to 2025, which had 400 where the edition of September 2026 has 422. The suite is no newer.
const OUTDATED: [&str; 2] = [
    "423L MAY use 400 status code on missing {query} parameter",
    "86EE SHOULD use a status code of 400 on variable coercion failure when accepting application/graphql-response+json",
];

const INSTALL: &str = "`./dev test` installs what this test needs: Node and the packages of `tests/browser`";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_passes_the_audits_of_graphql_over_http() {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    assert!(scripts.join("node_modules/graphql-http").is_dir(), "the packages are missing; {INSTALL}");
    let crib = Crib::support_desk();
    let server = crib.serve(&["--demo"]).await;
    let token = crib.token("manager@demo.test");
    let mut node = Command::new("node");
    node.arg(scripts.join("graphql-over-http.mjs")).arg(format!("http://{}/graphql", server.address())).env("TOKEN", token);
    let output = tokio::task::spawn_blocking(move || node.output()).await.unwrap();
    let output = output.unwrap_or_else(|error| panic!("`node` cannot be run: {error}; {INSTALL}"));
    let audits: Json = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}\n{INSTALL}", String::from_utf8_lossy(&output.stderr)));
    let audits = audits.as_array().unwrap();
    assert!(audits.len() > 50, "{} audits", audits.len());
    let failed = audits.iter().filter(|audit| audit["status"] != "ok");
    let failed: Vec<String> = failed.map(|audit| format!("{} {}", audit["id"], audit["name"]).replace('"', "")).collect();
    assert_eq!(failed, OUTDATED, "{audits:#?}");
}
