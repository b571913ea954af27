//! Provisioning by SCIM 2.0, in the forms that Okta and Entra ID send.

mod groups;
mod refused;
mod users;

use crate::support::app::{TestApp, TestAppBuilder};
use crate::support::caller::{Caller, Response};
use axum::http::{Method, Request, header};
use serde_json::{Value as Json, json};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// The service account of the company's directory.
const DIRECTORY: &str = "insert into toolcrib.users (id, email, name, role, kind) values
    ('00000000-0000-7000-8000-000000000271', 'directory@desk.test', 'Directory', 'viewer', 'SERVICE')";

fn desk() -> TestAppBuilder {
    TestApp::support_desk().with_rows(DIRECTORY)
}

/// The company's directory, with the token that an admin made for it.
async fn directory(app: &TestApp) -> Caller<'_> {
    app.token(&app.scoped_token("directory", &["scim"]).await)
}

async fn send(caller: &Caller<'_>, method: Method, path: &str, body: Json) -> Response {
    let request = Request::builder().method(method).uri(format!("/scim/v2{path}"));
    caller.send(request.header(header::CONTENT_TYPE, "application/scim+json"), body.to_string()).await
}

async fn get(caller: &Caller<'_>, path: &str) -> Json {
    let response = caller.get(&format!("/scim/v2{path}")).await;
    assert_eq!((response.status, response.header("content-type")), (200, "application/scim+json"), "{}", response.text());
    response.json()
}

/// Sends a request that has to succeed.
async fn done(caller: &Caller<'_>, method: Method, path: &str, body: Json) -> Json {
    let response = send(caller, method, path, body).await;
    assert!([200, 201].contains(&response.status), "{} {}", response.status, response.text());
    response.json()
}

/// The status, and SCIM's word for what is wrong.
fn refusal(response: &Response) -> (u16, String) {
    let body = response.json();
    assert_eq!(body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
    assert_eq!(body["status"], response.status.to_string());
    (response.status, body["scimType"].as_str().unwrap_or_default().to_owned())
}

/// A user as Okta creates one.
fn okta_user(email: &str) -> Json {
    json!({
        "schemas": [USER],
        "userName": email,
        "name": { "givenName": "Nia", "familyName": "Okafor" },
        "emails": [{ "primary": true, "value": email, "type": "work" }],
        "displayName": "Nia Okafor",
        "locale": "en-US",
        "externalId": format!("00u-{email}"),
        "groups": [],
        "active": true
    })
}

async fn create_user(caller: &Caller<'_>, email: &str) -> String {
    done(caller, Method::POST, "/Users", okta_user(email)).await["id"].as_str().unwrap().to_owned()
}

/// A user's row.
async fn row(app: &TestApp, id: &str) -> Json {
    let query = format!(
        "select email, name, role, is_active, external_id, deprovisioned_at is not null as is_gone,
            (select name from toolcrib.teams where id = team_id) as team
        from toolcrib.users where id = '{id}'"
    );
    app.rows(&query).await[0].clone()
}
