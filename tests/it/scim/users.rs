//! `/Users`

use super::{PATCH, USER, create_user, desk, directory, done, get, okta_user, refusal, row, send};
use axum::http::Method;
use serde_json::{Value as Json, json};

#[tokio::test]
async fn okta_creates_finds_changes_and_deactivates_a_user() {
    let app = desk().start().await;
    let okta = directory(&app).await;
    let found = get(&okta, "/Users?filter=userName%20eq%20%22nia%40desk.test%22&startIndex=1&count=100").await;
    assert_eq!((&found["totalResults"], &found["Resources"]), (&json!(0), &json!([])));

    let created = send(&okta, Method::POST, "/Users", okta_user("nia@desk.test")).await;
    assert_eq!(created.status, 201);
    let user = created.json();
    let id = user["id"].as_str().unwrap().to_owned();
    assert_eq!(created.header("location"), format!("/scim/v2/Users/{id}"));
    assert_eq!(created.header("etag"), "W/\"1\"");
    assert_eq!(user["meta"]["version"], "W/\"1\"");
    assert_eq!((&user["userName"], &user["active"], &user["schemas"]), (&json!("nia@desk.test"), &json!(true), &json!([USER])));
    let stored = row(&app, &id).await;
    assert_eq!((&stored["name"], &stored["role"], &stored["team"]), (&json!("Nia Okafor"), &json!("viewer"), &Json::Null));

    let again = send(&okta, Method::POST, "/Users", okta_user("NIA@desk.test")).await;
    assert_eq!(refusal(&again), (409, "uniqueness".to_owned()));
    for filter in ["userName eq \"NIA@DESK.TEST\"", "externalId eq \"00u-nia@desk.test\" and active eq true"] {
        let query = filter.replace(' ', "%20").replace('"', "%22").replace('@', "%40");
        assert_eq!(get(&okta, &format!("/Users?filter={query}")).await["Resources"][0]["id"], id.as_str(), "{filter}");
    }

    let mut renamed = okta_user("nia@desk.test");
    renamed["displayName"] = json!("Nia Obi");
    renamed["id"] = json!(id);
    let renamed = done(&okta, Method::PUT, &format!("/Users/{id}"), renamed).await;
    assert_eq!((&renamed["displayName"], &renamed["meta"]["version"]), (&json!("Nia Obi"), &json!("W/\"2\"")));

    let off = json!({ "schemas": [PATCH], "Operations": [{ "op": "replace", "value": { "active": false } }] });
    assert_eq!(done(&okta, Method::PATCH, &format!("/Users/{id}"), off).await["active"], false);
    assert_eq!(row(&app, &id).await["is_active"], false);
    let events = app
        .rows(&format!(
            "select event_type, (select email from toolcrib.users where id = actor_user_id) as actor, actor_role
        from toolcrib.audit_events where entity_id = '{id}' order by id"
        ))
        .await;
    let event = |kind: &str| json!({ "event_type": kind, "actor": "directory@desk.test", "actor_role": "platform" });
    assert_eq!(events, [event("CREATE"), event("UPDATE"), event("UPDATE")]);
    app.finish().await;
}

#[tokio::test]
async fn entra_changes_by_paths_in_its_own_words() {
    let app = desk().start().await;
    let entra = directory(&app).await;
    let id = create_user(&entra, "nia@desk.test").await;
    let patch = async |operations: Json| {
        done(&entra, Method::PATCH, &format!("/Users/{id}"), json!({ "schemas": [PATCH], "Operations": operations })).await
    };
    let changed = patch(json!([
        { "op": "Replace", "path": "displayName", "value": "Nia O." },
        { "op": "Replace", "path": "userName", "value": "nia.o@desk.test" },
        { "op": "Add", "path": "emails[type eq \"work\"].value", "value": "nia.o@desk.test" },
        { "op": "Add", "path": "name.givenName", "value": "Nia" },
        { "op": "Add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "value": "Support" },
        { "op": "Replace", "path": "externalId", "value": "7" }
    ]))
    .await;
    assert_eq!(
        (&changed["userName"], &changed["displayName"], &changed["externalId"]),
        (&json!("nia.o@desk.test"), &json!("Nia O."), &json!("7"))
    );
    assert_eq!(patch(json!([{ "op": "Replace", "path": "active", "value": "False" }])).await["active"], false);
    assert_eq!(patch(json!([{ "op": "Add", "path": "active", "value": "True" }])).await["active"], true);
    let version = patch(json!([{ "op": "Add", "path": "title", "value": "Lead" }])).await["meta"]["version"].clone();
    let same = patch(json!([{ "op": "Replace", "path": "displayName", "value": "Nia O." }])).await;
    assert_eq!(same["meta"]["version"], version, "what is so already is no change");
    assert!(patch(json!([{ "op": "Remove", "path": "externalId" }])).await.get("externalId").is_none());
    app.finish().await;
}

#[tokio::test]
async fn a_deactivated_user_is_nobody_with_the_next_request() {
    let app = desk().start().await;
    let okta = directory(&app).await;
    let ana = app.user("ana");
    ana.graphql("{ tickets { totalCount } }", json!({})).await.data();
    let off = json!({ "Operations": [{ "op": "replace", "path": "active", "value": false }] });
    let id = app.user_id("ana").await;
    done(&okta, Method::PATCH, &format!("/Users/{id}"), off).await;
    assert_eq!(ana.graphql("{ tickets { totalCount } }", json!({})).await.status, 401);
    app.finish().await;
}

#[tokio::test]
async fn a_removed_user_is_gone_to_scim_and_kept_for_the_record() {
    let app = desk().start().await;
    let okta = directory(&app).await;
    let id = create_user(&okta, "nia@desk.test").await;
    let group = json!({ "displayName": "Leads", "members": [{ "value": id }] });
    let group = done(&okta, Method::POST, "/Groups", group).await["id"].as_str().unwrap().to_owned();
    app.execute(&format!("update toolcrib.users set role = 'admin' where id = '{id}'")).await;
    let removed = send(&okta, Method::DELETE, &format!("/Users/{id}"), json!({})).await;
    assert_eq!((removed.status, removed.text()), (204, ""));
    assert_eq!(refusal(&send(&okta, Method::GET, &format!("/Users/{id}"), json!({})).await).0, 404);
    assert_eq!(get(&okta, "/Users?filter=userName%20eq%20%22nia%40desk.test%22").await["totalResults"], 0);
    assert_eq!(get(&okta, &format!("/Groups/{group}")).await["members"], json!([]));
    let stored = row(&app, &id).await;
    assert_eq!((&stored["is_active"], &stored["is_gone"], &stored["external_id"]), (&json!(false), &json!(true), &Json::Null));

    assert_eq!(create_user(&okta, "nia@desk.test").await, id, "the same account");
    let stored = row(&app, &id).await;
    assert_eq!((&stored["is_active"], &stored["is_gone"]), (&json!(true), &json!(false)));
    assert_eq!((&stored["role"], &stored["team"]), (&json!("viewer"), &Json::Null), "not what it was before");
    app.finish().await;
}

#[tokio::test]
async fn pages_and_versions_are_told() {
    let app = desk().start().await;
    let okta = directory(&app).await;
    let all = get(&okta, "/Users").await;
    assert_eq!(all["totalResults"], 8, "people, and no service account");
    let page = get(&okta, "/Users?startIndex=3&count=2").await;
    let ids = |list: &Json| list["Resources"].as_array().unwrap().iter().map(|user| user["id"].clone()).collect::<Vec<_>>();
    assert_eq!((&page["totalResults"], &page["startIndex"], &page["itemsPerPage"]), (&json!(8), &json!(3), &json!(2)));
    assert_eq!(ids(&page), ids(&all)[2..4]);
    let none = get(&okta, "/Users?count=0").await;
    assert_eq!((&none["totalResults"], &none["Resources"]), (&json!(8), &json!([])));
    assert_eq!(get(&okta, "/Users?startIndex=-4&count=1").await["startIndex"], 1);

    let path = format!("/Users/{}", app.user_id("ana").await);
    let etag = get(&okta, &path).await["meta"]["version"].as_str().unwrap().to_owned();
    let unchanged = okta.clone().with_header("if-none-match", &etag).get(&format!("/scim/v2{path}")).await;
    assert_eq!((unchanged.status, unchanged.text()), (304, ""));
    let patch = json!({ "Operations": [{ "op": "replace", "path": "displayName", "value": "Anna" }] });
    let stale = send(&okta.clone().with_header("if-match", "W/\"99\""), Method::PATCH, &path, patch.clone()).await;
    assert_eq!(refusal(&stale).0, 412);
    assert_eq!(send(&okta.clone().with_header("if-match", &etag), Method::PATCH, &path, patch).await.status, 200);
    app.finish().await;
}

#[tokio::test]
async fn the_last_admin_is_not_provisioned_away() {
    let app = desk().start().await;
    let okta = directory(&app).await;
    let path = format!("/Users/{}", app.user_id("ada").await);
    let off = json!({ "Operations": [{ "op": "replace", "path": "active", "value": false }] });
    for response in [send(&okta, Method::PATCH, &path, off).await, send(&okta, Method::DELETE, &path, json!({})).await] {
        assert_eq!(response.status, 409);
        assert!(response.json()["detail"].as_str().unwrap().starts_with("the last active admin"), "{}", response.text());
    }
    assert_eq!(get(&okta, &path).await["active"], true);
    app.finish().await;
}
