//! Bearer tokens: they end, can be ended, and are never stored.

use super::tickets;
use crate::support::app::TestApp;
use chrono::{TimeDelta, Utc};
use secrecy::ExposeSecret;
use serde_json::json;
use toolcrib::auth::{self, AuthError};
use toolcrib::base::{Actor, RequestContext};

#[tokio::test]
async fn a_token_is_its_user() {
    let app = TestApp::support_desk().start().await;
    let token = app.create_token(app.user_id("ana").await, TimeDelta::hours(1)).await;
    assert!(token.raw.expose_secret().starts_with("tc_"), "secret scanners know the prefix");
    assert_eq!(tickets(&app.token(token.raw.expose_secret())).await, Ok(4));
    app.finish().await;
}

#[tokio::test]
async fn a_token_ends() {
    let app = TestApp::support_desk().start().await;
    let id = app.user_id("ana").await;
    let ended = app.create_token(id, TimeDelta::zero()).await;
    let lasting = app.create_token(id, TimeDelta::hours(1)).await;
    assert_eq!(tickets(&app.token(ended.raw.expose_secret())).await, Err(401));
    assert_eq!(tickets(&app.token(lasting.raw.expose_secret())).await, Ok(4));
    app.execute(&format!("update toolcrib.service_tokens set expires_at = now() where id = '{}'", lasting.id)).await;
    app.app.authenticator.forget_all();
    assert_eq!(tickets(&app.token(lasting.raw.expose_secret())).await, Err(401));
    app.finish().await;
}

#[tokio::test]
async fn an_unknown_token_is_nobody() {
    let app = TestApp::support_desk().start().await;
    for token in ["tc_", "tc_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "x", "' or true --"] {
        assert_eq!(tickets(&app.token(token)).await, Err(401), "{token}");
    }
    app.finish().await;
}

#[tokio::test]
async fn only_the_hash_is_stored() {
    let app = TestApp::support_desk().start().await;
    let token = app.create_token(app.user_id("ana").await, TimeDelta::hours(1)).await;
    let raw = token.raw.expose_secret();
    tickets(&app.token(raw)).await.unwrap();
    let tables = app.rows("select table_schema || '.' || table_name as name from information_schema.tables where table_schema in ('public', 'toolcrib')").await;
    assert!(tables.len() > 10);
    for table in tables {
        let name = table["name"].as_str().unwrap();
        let found = app.rows(&format!("select 1 as found from {name} as stored where stored::text like '%{raw}%'")).await;
        assert!(found.is_empty(), "{name} holds the token");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_revoked_token_is_nobody_and_stays_so() {
    let app = TestApp::support_desk().start().await;
    let token = app.create_token(app.user_id("ana").await, TimeDelta::hours(1)).await;
    let caller = app.token(token.raw.expose_secret());
    assert_eq!(tickets(&caller).await, Ok(4));
    let (actor, request) = (Actor::platform("cli"), RequestContext::internal(Utc::now()));
    let planner = app.app.engine.planner(&actor, &request);
    let database = app.app.engine.database();
    auth::revoke_token(database, &planner, &token.id.to_string()).await.unwrap();
    app.app.authenticator.forget_all();
    assert_eq!(tickets(&caller).await, Err(401));
    let events = app
        .rows(&format!("select event_type, actor_role from toolcrib.audit_events where entity_id = '{}' order by id", token.id))
        .await;
    let event = |kind: &str, role: &str| json!({ "event_type": kind, "actor_role": role });
    let used = event("TOKEN_FIRST_USED", "agent");
    assert_eq!(events, [event("CREATE", "platform:cli"), used, event("UPDATE", "platform:cli")]);
    for unknown in ["00000000-0000-7000-8000-000000000999", "x"] {
        let error = auth::revoke_token(database, &planner, unknown).await.unwrap_err();
        assert!(matches!(error, AuthError::UnknownToken(_)), "{error:?}");
    }
    app.finish().await;
}

#[tokio::test]
async fn nobody_but_the_command_line_makes_tokens_for_other_people() {
    let app = TestApp::support_desk().start().await;
    let id = app.user_id("ana").await;
    let request = RequestContext::internal(Utc::now());
    let admin = Actor {
        id: Some(app.user_id("ada").await),
        role: toolcrib::base::RoleName::new("admin"),
        service: None,
        ..Actor::platform("x")
    };
    for actor in [admin, Actor::platform("export")] {
        let planner = app.app.engine.planner(&actor, &request);
        let token = auth::TokenRequest::new(id, request.time + TimeDelta::hours(1));
        let made = auth::create_token(app.app.engine.database(), &planner, token).await;
        assert!(matches!(made, Err(AuthError::Write(_))), "{:?}", actor.role);
    }
    app.finish().await;
}

#[tokio::test]
async fn the_last_use_is_noted_once_a_minute() {
    let app = TestApp::support_desk().start().await;
    let token = app.create_token(app.user_id("ana").await, TimeDelta::hours(1)).await;
    let last_use = async || {
        let rows =
            app.rows(&format!("select last_used_at, version from toolcrib.service_tokens where id = '{}'", token.id)).await;
        assert_eq!(rows[0]["version"], 1, "it is no change of the token");
        rows[0]["last_used_at"].clone()
    };
    assert!(last_use().await.is_null());
    let caller = app.token(token.raw.expose_secret());
    tickets(&caller).await.unwrap();
    let first = last_use().await;
    assert!(first.is_string());
    app.app.authenticator.forget_all();
    tickets(&caller).await.unwrap();
    assert_eq!(last_use().await, first);
    app.execute("update toolcrib.service_tokens set last_used_at = last_used_at - interval '2 minutes'").await;
    app.app.authenticator.forget_all();
    tickets(&caller).await.unwrap();
    assert!(last_use().await.as_str() > first.as_str());
    app.finish().await;
}

#[tokio::test]
async fn users_see_their_own_tokens_and_never_a_hash() {
    let app = TestApp::support_desk().start().await;
    for user in ["ana", "ben", "ada"] {
        app.token_of(user).await;
    }
    const LIST: &str = "{ serviceTokens { nodes { user { name } name } } }";
    let ana = app.user("ana").graphql(LIST, json!({})).await.data();
    assert_eq!(ana["serviceTokens"]["nodes"], json!([{ "user": { "name": "Ana" }, "name": "test" }]));
    let ada = app.user("ada").graphql(LIST, json!({})).await.data();
    assert_eq!(ada["serviceTokens"]["nodes"].as_array().unwrap().len(), 3);
    assert!(!app.app.engine.sdl().to_lowercase().contains("hash"));
    app.finish().await;
}
