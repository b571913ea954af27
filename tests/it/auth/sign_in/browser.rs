//! A person at a real browser, through the provider's page to GraphiQL and out again; `tests/browser/sign-in.mjs` is the person.

use super::served::Served;
use serde_json::Value as Json;
use std::path::Path;
use std::process::Command;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_signs_in_and_out_at_the_providers_pages() {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    assert!(scripts.join("node_modules/playwright-core").is_dir(), "`./dev test` installs the packages of `tests/browser`");
    let served = Served::start().await;
    let screenshots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sign-in");
    let mut node = Command::new("node");
    node.arg(scripts.join("sign-in.mjs")).args([&served.url, &served.provider.issuer, "ana"]).arg(&screenshots);
    let output = tokio::task::spawn_blocking(move || node.output()).await.unwrap().unwrap();
    let report: Json =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(report["isOk"], true, "{report:#}\nscreenshots: {}\n{}", screenshots.display(), served.server.log());
    let owner = served.crib.connect().await;
    let query =
        "select event_type from toolcrib.audit_events where event_type in ('LOGIN', 'LOGOUT', 'LOGIN_DENIED') order by id";
    let events: Vec<String> = owner.query(query, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(events, ["LOGIN", "LOGOUT", "LOGIN_DENIED"]);
}
