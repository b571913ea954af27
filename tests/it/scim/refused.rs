//! What provisioning refuses, and to whom.

use super::{DIRECTORY, create_user, desk, directory, done, get, refusal, send};
use crate::support::app::TestApp;
use axum::http::Method;
use serde_json::{Value as Json, json};

const PATHS: [&str; 6] = ["/Users", "/Groups", "/ServiceProviderConfig", "/ResourceTypes", "/Schemas", "/Nothing"];

#[tokio::test]
async fn only_a_token_for_it_provisions() {
    let app = desk().start().await;
    for path in PATHS {
        let nobody = app.anonymous().get(&format!("/scim/v2{path}")).await;
        assert_eq!((refusal(&nobody).0, nobody.header("www-authenticate")), (401, "Bearer"), "{path}");
        assert_eq!(refusal(&app.browser("ada").get(&format!("/scim/v2{path}")).await).0, 401, "a cookie opens nothing here");
        let denied = "select count(*)::int as count from toolcrib.audit_events where event_type = 'DENIED'";
        let before = app.rows(denied).await[0]["count"].as_i64().unwrap();
        assert_eq!(refusal(&app.user("ada").get(&format!("/scim/v2{path}")).await).0, 403, "{path}, whatever else it may");
        assert_eq!(app.rows(denied).await[0]["count"], before + 1);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_token_for_it_does_nothing_else() {
    let app = desk().start().await;
    let okta = directory(&app).await;
    get(&okta, "/Users").await;
    for path in ["/graphql?query=%7B__typename%7D", "/graphiql", "/", "/exports/00000000-0000-7000-8000-000000000001", "/nothing"]
    {
        assert_eq!(okta.get(path).await.status, 403, "{path}");
    }
    assert_eq!(okta.graphql("{ users { totalCount } }", json!({})).await.codes(), ["FORBIDDEN"]);
    app.finish().await;
}

#[tokio::test]
async fn service_accounts_are_out_of_reach() {
    let app = desk().start().await;
    let okta = directory(&app).await;
    let id = app.user_id("directory").await;
    let off = json!({ "Operations": [{ "op": "replace", "path": "active", "value": false }] });
    for (method, body) in [(Method::GET, json!({})), (Method::PATCH, off), (Method::DELETE, json!({}))] {
        assert_eq!(refusal(&send(&okta, method, &format!("/Users/{id}"), body).await).0, 404);
    }
    assert_eq!(get(&okta, "/Users?filter=userName%20eq%20%22directory%40desk.test%22").await["totalResults"], 0);
    let taken = send(&okta, Method::POST, "/Users", json!({ "userName": "directory@desk.test" })).await;
    assert_eq!(refusal(&taken), (409, "uniqueness".to_owned()));
    let member = send(&okta, Method::POST, "/Groups", json!({ "displayName": "G", "members": [{ "value": id }] })).await;
    assert_eq!(refusal(&member), (400, "invalidValue".to_owned()));
    app.finish().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_said_in_scim_s_words() {
    let app = desk().start().await;
    let okta = directory(&app).await;
    let id = create_user(&okta, "nia@desk.test").await;
    let user = format!("/Users/{id}");
    let patch = |operation: Json| json!({ "Operations": [operation] });
    let cases = [
        (Method::POST, "/Users", json!({}), 400, "invalidValue"),
        (Method::POST, "/Users", json!({ "userName": "nobody" }), 400, "invalidValue"),
        (Method::POST, "/Groups", json!({ "members": [] }), 400, "invalidValue"),
        (Method::POST, "/Groups", json!({ "displayName": "G", "members": [{ "value": "x" }] }), 400, "invalidValue"),
        (Method::PATCH, user.as_str(), json!({}), 400, "invalidSyntax"),
        (Method::PATCH, user.as_str(), patch(json!({ "op": "jump", "path": "active" })), 400, "invalidSyntax"),
        (Method::PATCH, user.as_str(), patch(json!({ "op": "replace", "path": "a b", "value": 1 })), 400, "invalidPath"),
        (
            Method::PATCH,
            user.as_str(),
            patch(json!({ "op": "replace", "path": "active", "value": "maybe" })),
            400,
            "invalidValue",
        ),
        (
            Method::PATCH,
            user.as_str(),
            patch(json!({ "op": "replace", "path": "userName", "value": "ana@desk.test" })),
            409,
            "uniqueness",
        ),
        (Method::PUT, "/Users/00000000-0000-7000-8000-000000000999", json!({ "userName": "a@desk.test" }), 404, ""),
        (Method::DELETE, "/Groups/x", json!({}), 404, ""),
    ];
    for (method, path, body, status, word) in cases {
        let response = send(&okta, method.clone(), path, body.clone()).await;
        assert_eq!(refusal(&response), (status, word.to_owned()), "{method} {path} {body}: {}", response.text());
    }
    for filter in ["userName%20sw%20%22a%22", "title%20eq%20%22a%22", "x"] {
        let response = okta.get(&format!("/scim/v2/Users?filter={filter}")).await;
        assert_eq!(refusal(&response), (400, "invalidFilter".to_owned()), "{filter}");
    }
    let no_id = get(&okta, "/Users?filter=id%20eq%20%22x%22").await;
    assert_eq!(no_id["totalResults"], 0);
    app.finish().await;
}

#[tokio::test]
async fn what_the_server_can_do_is_told() {
    let app = desk().start().await;
    let okta = directory(&app).await;
    let config = get(&okta, "/ServiceProviderConfig").await;
    assert_eq!((&config["patch"]["supported"], &config["bulk"]["supported"]), (&json!(true), &json!(false)));
    assert_eq!(config["filter"]["maxResults"], 500);
    let types = get(&okta, "/ResourceTypes").await;
    assert_eq!(
        types["Resources"].as_array().unwrap().iter().map(|ty| ty["endpoint"].as_str().unwrap()).collect::<Vec<_>>(),
        ["/Users", "/Groups"]
    );
    assert_eq!(get(&okta, "/ResourceTypes/User").await["name"], "User");
    for schema in get(&okta, "/Schemas").await["Resources"].as_array().unwrap() {
        assert_eq!(&get(&okta, &format!("/Schemas/{}", schema["id"].as_str().unwrap())).await, schema);
    }
    app.finish().await;
}

#[tokio::test]
async fn two_requests_at_once_make_one_user() {
    let app = desk().start().await;
    let okta = directory(&app).await;
    get(&okta, "/Users").await;
    let body = json!({ "userName": "nia@desk.test", "displayName": "Nia" });
    let (left, right) =
        tokio::join!(send(&okta, Method::POST, "/Users", body.clone()), send(&okta, Method::POST, "/Users", body.clone()));
    let mut statuses = [left.status, right.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409], "{} {}", left.text(), right.text());
    let created = done(&okta, Method::POST, "/Users", json!({ "userName": "tom@desk.test" })).await;
    assert_eq!(created["displayName"], "tom@desk.test");
    app.finish().await;
}

#[tokio::test]
async fn the_service_s_own_account_is_nobody_to_provision() {
    let schema = "type Note @collection @access(read: \"true\", write: \"false\") { text: String }";
    let app = TestApp::with_schema(schema).with_rows(DIRECTORY).start().await;
    let okta = directory(&app).await;
    assert_eq!(get(&okta, "/Users").await["totalResults"], 0);
    let path = format!("/scim/v2/Users/{}", app.user_id("directory").await);
    assert_eq!(refusal(&okta.get(&path).await).0, 404);
    app.finish().await;
}
