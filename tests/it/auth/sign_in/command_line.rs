//! `toolcrib login`, `whoami` and `logout`, at the real provider's pages.

use super::served::Served;
use crate::support::process::Outcome;
use crate::support::provider::Walker;
use serde_json::Value as Json;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use url::Url;

/// The binary with a configuration directory of its own.
fn command(served: &Served, home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_toolcrib"));
    command.args(arguments).args(["--server", &served.url]).env("XDG_CONFIG_HOME", home).env_remove("TOOLCRIB_DIR");
    command.stdin(Stdio::null());
    command
}

async fn run(served: &Served, home: &Path, arguments: &[&str]) -> Outcome {
    let mut command = command(served, home, arguments);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Outcome { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

/// Begins to sign in; the address that it shows.
fn begin(served: &Served, home: &Path, arguments: &[&str]) -> (Child, Url) {
    let mut child = command(served, home, arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let url = Url::parse(line.trim()).unwrap_or_else(|error| panic!("{error}: {line}"));
    (child, url)
}

async fn ends_well(mut child: Child) {
    assert!(tokio::task::spawn_blocking(move || child.wait()).await.unwrap().unwrap().success());
}

/// What the session is good for, and its end.
async fn use_and_log_out(served: &Served, home: &Path) {
    let file = home.join("toolcrib/sessions.json");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let who = run(served, home, &["whoami"]).await;
    assert_eq!(who.stdout, format!("ana@desk.test (admin) at {}\n", served.url), "{}", who.stderr);
    let json: Json = serde_json::from_str(&run(served, home, &["whoami", "--json"]).await.stdout).unwrap();
    assert_eq!((&json["email"], &json["method"]), (&Json::from("ana@desk.test"), &Json::from("session")));
    let token = run(served, home, &["whoami", "--token"]).await.stdout.trim().to_owned();
    let create = "mutation { createNote(input: { text: \"by a script\" }) { note { text } } }";
    let answer = served.server.graphql(&token, create).await.unwrap();
    assert_eq!(answer["data"]["createNote"]["note"]["text"], "by a script", "{answer}");

    assert_eq!(run(served, home, &["logout"]).await.code, Some(0));
    assert_eq!(served.server.get_as(&token, "/auth/whoami").await.unwrap().status, 401, "at the server, too");
    let nobody = run(served, home, &["whoami"]).await;
    assert_eq!(nobody.code, Some(1));
    assert!(nobody.stderr.contains("nobody is signed in here; `toolcrib login --server URL` does that"), "{}", nobody.stderr);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_signs_in_by_a_browser_and_by_another_device() {
    let served = Served::start().await;
    let home = tempfile::tempdir().unwrap();
    let (child, url) = begin(&served, home.path(), &["login", "--browser"]);
    let mut browser = Walker::default();
    let asked = browser.get(&url).await;
    assert!(asked.status == 200 && asked.text.contains("<code>toolcrib login</code>"), "{asked:?}");
    let parameter = |name: &str| url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    let (port, challenge) = (parameter("port"), parameter("challenge"));
    let mut form = url.clone();
    form.set_query(None);
    let sent = browser.post(&form, &[("port", &port), ("challenge", &challenge)]).await;
    let provider = url.join(&sent.location.unwrap()).unwrap();
    assert!(provider.as_str().starts_with(&served.provider.issuer), "{provider}");
    let callback = browser.sign_in(&provider, "ana", &served.url).await;
    let loopback = callback.join(&browser.get(&callback).await.location.unwrap()).unwrap();
    assert_eq!(loopback.host_str(), Some("127.0.0.1"));
    assert!(!loopback.as_str().contains("te_"), "the session stands in no address: {loopback}");
    assert_eq!(browser.get(&loopback).await.status, 200);
    ends_well(child).await;
    use_and_log_out(&served, home.path()).await;

    // The code was good once, and for the one who asked.
    let code = loopback.query_pairs().find(|(key, _)| key == "code").unwrap().1.into_owned();
    let body = serde_json::json!({ "code": code, "verifier": "x" }).to_string();
    let request = format!(
        "POST /auth/handoff HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    assert_eq!(crate::support::http::send(served.server.address(), request.as_bytes()).await.unwrap().status, 403);

    let (child, url) = begin(&served, home.path(), &["login"]);
    assert!(url.as_str().starts_with(&served.provider.issuer), "{url}");
    Walker::default().use_device_code(&url, "ana").await;
    ends_well(child).await;
    use_and_log_out(&served, home.path()).await;
}
