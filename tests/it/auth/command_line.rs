//! `toolcrib token`, against the database of a running app.

use super::tickets;
use crate::support::app::TestApp;
use serde_json::{Value as Json, json};
use std::process::Command;

/// Runs the binary with the app's database; what it prints, or what it says of its failure.
async fn toolcrib(app: &TestApp, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_toolcrib"));
    command
        .args(["--dir", env!("CARGO_MANIFEST_DIR"), "--database-url", &app.database.owner_url()])
        .args(arguments)
        .env("TOOLCRIB_DATABASE_SERVER_URL", app.database.server_url())
        .env("TOOLCRIB_LOG_FILTER", "off");
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

async fn list(app: &TestApp) -> Json {
    serde_json::from_str(&toolcrib(app, &["token", "list", "--json"]).await.unwrap()).unwrap()
}

#[tokio::test]
async fn a_token_is_made_listed_used_and_revoked() {
    let app = TestApp::support_desk().start().await;
    let arguments = ["token", "create", "--user", "ana@desk.test", "--expires-in", "1h", "--name", "import", "--json"];
    let made: Json = serde_json::from_str(&toolcrib(&app, &arguments).await.unwrap()).unwrap();
    let keys: Vec<&String> = made.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["id", "token", "expiresAt"]);
    let caller = app.token(made["token"].as_str().unwrap());
    assert_eq!(tickets(&caller).await, Ok(4));

    let listed = list(&app).await;
    assert_eq!((listed[0]["id"].clone(), listed[0]["name"].clone()), (made["id"].clone(), json!("import")));
    assert_eq!(listed[0]["user"], json!({ "email": "ana@desk.test" }));
    assert!(listed[0]["lastUsedAt"].is_string() && listed[0]["revokedAt"].is_null(), "{listed}");
    assert!(!listed.to_string().contains(made["token"].as_str().unwrap()));

    let revoked = toolcrib(&app, &["token", "revoke", made["id"].as_str().unwrap()]).await.unwrap();
    assert!(revoked.starts_with(&format!("revoked {}", made["id"].as_str().unwrap())), "{revoked}");
    app.app.authenticator.forget_all();
    assert_eq!(tickets(&caller).await, Err(401));
    assert!(list(&app).await[0]["revokedAt"].is_string());
    app.finish().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_said() {
    let app = TestApp::support_desk().start().await;
    let create = |user, time| ["token", "create", "--user", user, "--expires-in", time];
    for (arguments, message) in [
        (&create("nobody@desk.test", "1h")[..], "error: there is no active user `nobody@desk.test`\n"),
        (&create("gus@desk.test", "1h"), "error: there is no active user `gus@desk.test`\n"),
        (&create("ana@desk.test", "soon"), "error: `soon` is no time; write `30m`, `1h` or `7d`\n"),
        (&["token", "revoke", "x"], "error: there is no token `x`\n"),
    ] {
        assert_eq!(toolcrib(&app, arguments).await.unwrap_err(), message);
    }
    assert_eq!(list(&app).await, json!([]));
    app.finish().await;
}

#[tokio::test]
async fn scopes_networks_and_rotation_are_said_on_the_command_line() {
    let app = TestApp::support_desk().start().await;
    let arguments =
        ["token", "create", "--user", "max@desk.test", "--expires-in", "1h", "--scope", "Ticket:READ", "--scope", "User:READ"];
    let arguments = [&arguments[..], &["--allow-ip", "192.0.2.0/24", "--json"]].concat();
    let made: Json = serde_json::from_str(&toolcrib(&app, &arguments).await.unwrap()).unwrap();
    let caller = app.token(made["token"].as_str().unwrap());
    assert_eq!(tickets(&caller).await, Ok(6));
    let customers = caller.graphql("{ customers { totalCount } }", json!({})).await.data();
    assert_eq!(customers["customers"]["totalCount"], 0);
    let rotate = ["token", "rotate", made["id"].as_str().unwrap(), "--expires-in", "2h", "--json"];
    let rotated: Json = serde_json::from_str(&toolcrib(&app, &rotate).await.unwrap()).unwrap();
    assert_eq!(tickets(&app.token(rotated["token"].as_str().unwrap())).await, Ok(6));
    let listed = list(&app).await;
    for token in listed.as_array().unwrap() {
        assert_eq!(token["scopes"], json!(["Ticket:READ", "User:READ"]));
        assert_eq!(token["ipAllowList"], json!(["192.0.2.0/24"]));
    }
    let unknown = toolcrib(&app, &["token", "rotate", "x", "--expires-in", "1h"]).await.unwrap_err();
    assert_eq!(unknown, "error: there is no token `x`\n");
    let wrong = ["token", "create", "--user", "max@desk.test", "--expires-in", "1h", "--scope", "Tikcet:READ"];
    assert_eq!(toolcrib(&app, &wrong).await.unwrap_err(), "error: `input.scopes`: there is no collection `Tikcet`\n");
    app.finish().await;
}
