//! `/Groups`

use super::{PATCH, create_user, desk, directory, done, get, refusal, row, send};
use axum::http::Method;
use serde_json::{Value as Json, json};
use toolcrib::base::RoleName;
use toolcrib::config::{GroupRole, ScimSettings};

fn members(group: &Json) -> Vec<&str> {
    let mut members: Vec<&str> =
        group["members"].as_array().unwrap().iter().map(|member| member["value"].as_str().unwrap()).collect();
    members.sort_unstable();
    members
}

fn operations(operations: Json) -> Json {
    json!({ "schemas": [PATCH], "Operations": operations })
}

#[tokio::test]
async fn a_group_is_a_team_of_its_members() {
    let app = desk().start().await;
    let okta = directory(&app).await;
    let (nia, tom) = (create_user(&okta, "nia@desk.test").await, create_user(&okta, "tom@desk.test").await);
    let created = send(
        &okta,
        Method::POST,
        "/Groups",
        json!({ "displayName": "Leads", "externalId": "g1", "members": [{ "value": nia, "display": "nia" }] }),
    )
    .await;
    assert_eq!(created.status, 201, "{}", created.text());
    let group = created.json();
    let path = format!("/Groups/{}", group["id"].as_str().unwrap());
    assert_eq!(
        (&group["displayName"], &group["externalId"], members(&group)),
        (&json!("Leads"), &json!("g1"), vec![nia.as_str()])
    );
    assert_eq!(row(&app, &nia).await["team"], "Leads");
    assert_eq!(get(&okta, &format!("/Users/{nia}")).await["groups"][0]["display"], "Leads");

    // Okta adds members by path, removes them by a filter, and renames without a path.
    let added =
        done(&okta, Method::PATCH, &path, operations(json!([{ "op": "add", "path": "members", "value": [{ "value": tom }] }])))
            .await;
    assert_eq!(added["members"].as_array().unwrap().len(), 2);
    assert_ne!(added["meta"]["version"], group["meta"]["version"], "members are part of the version");
    let gone = format!("members[value eq \"{nia}\"]");
    let left = done(&okta, Method::PATCH, &path, operations(json!([{ "op": "remove", "path": gone }]))).await;
    assert_eq!(members(&left), [tom.as_str()]);
    assert_eq!((row(&app, &nia).await["team"].clone(), row(&app, &tom).await["team"].clone()), (Json::Null, json!("Leads")));
    let id = group["id"].clone();
    let renamed = operations(json!([{ "op": "replace", "value": { "id": id, "displayName": "Team leads" } }]));
    assert_eq!(done(&okta, Method::PATCH, &path, renamed).await["displayName"], "Team leads");
    assert_eq!(row(&app, &tom).await["team"], "Team leads", "the team is renamed, too");

    // Entra names the members that it removes, and replaces all of them.
    let removed = operations(json!([{ "op": "Remove", "path": "members", "value": [{ "value": tom }] }]));
    assert_eq!(members(&done(&okta, Method::PATCH, &path, removed).await), [""; 0]);
    let both = operations(json!([{ "op": "Replace", "path": "members", "value": [{ "value": tom }, { "value": nia }] }]));
    assert_eq!(done(&okta, Method::PATCH, &path, both).await["members"].as_array().unwrap().len(), 2);
    assert!(get(&okta, &format!("{path}?excludedAttributes=members")).await.get("members").is_none());
    let found = get(&okta, "/Groups?filter=displayName%20eq%20%22team%20LEADS%22&excludedAttributes=members").await;
    assert_eq!((&found["totalResults"], &found["Resources"][0]["id"]), (&json!(1), &group["id"]));
    let of_member = get(&okta, &format!("/Groups?filter=members%20eq%20%22{nia}%22")).await;
    assert_eq!(of_member["totalResults"], 1);

    assert_eq!(send(&okta, Method::DELETE, &path, json!({})).await.status, 204);
    assert_eq!(refusal(&send(&okta, Method::GET, &path, json!({})).await).0, 404);
    assert_eq!(row(&app, &tom).await["team"], Json::Null);
    app.finish().await;
}

#[tokio::test]
async fn a_group_takes_over_the_team_of_its_name() {
    let app = desk().start().await;
    let okta = directory(&app).await;
    let ben = app.user_id("ben").await.to_string();
    let red = done(&okta, Method::POST, "/Groups", json!({ "displayName": "Red" })).await;
    let blue = done(&okta, Method::POST, "/Groups", json!({ "displayName": "Blue", "members": [{ "value": ben }] })).await;
    assert_eq!(app.rows("select name from toolcrib.teams where name in ('Red', 'Blue')").await.len(), 2, "no team is made twice");
    assert_eq!(row(&app, &ben).await["team"], "Blue");
    let join = operations(json!([{ "op": "add", "path": "members", "value": [{ "value": ben }] }]));
    done(&okta, Method::PATCH, &format!("/Groups/{}", red["id"].as_str().unwrap()), join).await;
    assert_eq!(row(&app, &ben).await["team"], "Blue", "who is in several groups keeps the team");
    done(
        &okta,
        Method::PATCH,
        &format!("/Groups/{}", blue["id"].as_str().unwrap()),
        operations(json!([{ "op": "remove", "path": "members" }])),
    )
    .await;
    assert_eq!(row(&app, &ben).await["team"], "Red");
    assert_eq!(row(&app, &app.user_id("ana").await.to_string()).await["team"], "Red", "who was put there by hand stays");
    app.finish().await;
}

fn with_roles(settings: &mut toolcrib::config::Settings) {
    let role = |group: &str, role: &str| GroupRole { group: group.to_owned(), role: RoleName::new(role) };
    settings.scim = ScimSettings {
        roles: vec![role("Crib Admins", "admin"), role("Crib Leads", "manager")],
        default_role: RoleName::new("agent"),
    };
}

#[tokio::test]
async fn a_group_gives_a_role_where_the_settings_say_so() {
    let app = desk().with_settings(with_roles).start().await;
    let okta = directory(&app).await;
    let nia = create_user(&okta, "nia@desk.test").await;
    let role = async || row(&app, &nia).await["role"].as_str().unwrap().to_owned();
    assert_eq!(role().await, "agent", "the default role");
    let member = json!([{ "value": nia }]);
    let leads = done(&okta, Method::POST, "/Groups", json!({ "displayName": "Crib Leads", "members": member })).await;
    assert_eq!(role().await, "manager");
    let admins = done(&okta, Method::POST, "/Groups", json!({ "displayName": "crib admins", "members": member })).await;
    assert_eq!(role().await, "admin", "the first of the list counts");
    assert_eq!(row(&app, &nia).await["team"], Json::Null, "such a group is no team");
    let path = |group: &Json| format!("/Groups/{}", group["id"].as_str().unwrap());
    done(&okta, Method::PUT, &path(&admins), json!({ "displayName": "crib admins", "members": [] })).await;
    assert_eq!(role().await, "manager");
    assert_eq!(send(&okta, Method::DELETE, &path(&leads), json!({})).await.status, 204);
    assert_eq!(role().await, "agent");

    // A team changes no role: an admin whom somebody appointed stays one.
    let ada = app.user_id("ada").await.to_string();
    done(&okta, Method::POST, "/Groups", json!({ "displayName": "Green", "members": [{ "value": ada }] })).await;
    let stored = row(&app, &ada).await;
    assert_eq!((&stored["role"], &stored["team"]), (&json!("admin"), &json!("Green")));
    app.finish().await;
}

#[tokio::test]
async fn the_last_admin_stays_in_the_group_that_makes_one() {
    let app = desk().with_settings(with_roles).start().await;
    let okta = directory(&app).await;
    let ada = app.user_id("ada").await.to_string();
    let group =
        done(&okta, Method::POST, "/Groups", json!({ "displayName": "Crib Admins", "members": [{ "value": ada }] })).await;
    let path = format!("/Groups/{}", group["id"].as_str().unwrap());
    let leave = operations(json!([{ "op": "remove", "path": format!("members[value eq \"{ada}\"]") }]));
    assert_eq!(send(&okta, Method::PATCH, &path, leave).await.status, 409);
    assert_eq!(members(&get(&okta, &path).await), [ada.as_str()], "nothing of it stays");
    app.finish().await;
}

#[tokio::test]
async fn a_group_of_many_is_kept_whole() {
    let app = desk().start().await;
    let okta = directory(&app).await;
    app.execute(
        "insert into toolcrib.users (email, name) select 'p' || n || '@desk.test', 'P' || n from generate_series(1, 700) as n",
    )
    .await;
    let ids = app.rows("select id from toolcrib.users where email ~ '^p[0-9]+@'").await;
    let all: Vec<Json> = ids.iter().map(|row| json!({ "value": row["id"] })).collect();
    let group = done(&okta, Method::POST, "/Groups", json!({ "displayName": "Everybody", "members": all })).await;
    assert_eq!(group["members"].as_array().unwrap().len(), 700);
    let path = format!("/Groups/{}", group["id"].as_str().unwrap());
    let fewer = done(&okta, Method::PUT, &path, json!({ "displayName": "Everybody", "members": all[..10] })).await;
    assert_eq!(fewer["members"].as_array().unwrap().len(), 10);
    let teams = "select count(*)::int as count from toolcrib.users join toolcrib.teams on teams.id = team_id where teams.name = 'Everybody'";
    assert_eq!(app.rows(teams).await, [json!({ "count": 10 })]);
    app.finish().await;
}
