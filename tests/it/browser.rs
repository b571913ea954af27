//! GraphiQL as a person uses it, in a real browser against the real binary; `tests/browser/graphiql.mjs` is the person.

use crate::support::process::Crib;
use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use std::process::Command;

const INSTALL: &str = "`./dev test` installs what the browser test needs: Node, Chromium, the packages of `tests/browser`, and the \
    console's bundle that is built into the server";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_and_a_mutation_work_in_graphiql() {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    assert!(scripts.join("node_modules/playwright-core").is_dir(), "the packages are missing; {INSTALL}");
    let crib = Crib::support_desk();
    let server = crib.serve(&["--demo"]).await;
    let mut node = Command::new("node");
    node.arg(scripts.join("graphiql.mjs"))
        .arg(format!("http://{}", server.address()))
        .arg("/demo/sign-in?user=manager@demo.test")
        .arg(screenshots());
    let output = tokio::task::spawn_blocking(move || node.output()).await.unwrap();
    let output = output.unwrap_or_else(|error| panic!("`node` cannot be run: {error}; {INSTALL}"));
    let report: Json = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}\n{INSTALL}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(report["isOk"], true, "{report:#}\nscreenshots: {}\n{INSTALL}", screenshots().display());
    let steps: Vec<&str> = report["steps"].as_array().unwrap().iter().map(|step| step["name"].as_str().unwrap()).collect();
    assert!(steps.contains(&"query-by-button") && steps.contains(&"mutation-by-keyboard"), "{steps:?}");
    assert_eq!(steps.last(), Some(&"signed-out"));
}

/// Kept, so that a person can look at them after a failure.
fn screenshots() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("graphiql")
}
