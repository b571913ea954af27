//! Browser sessions.

use super::tickets;
use crate::support::app::TestApp;
use chrono::{TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use toolcrib::auth::{self, Credential};

#[tokio::test]
async fn a_session_is_its_user_until_it_is_ended() {
    let app = TestApp::support_desk().start().await;
    let database = app.app.engine.database();
    let session = auth::create_session(database, app.user_id("cleo").await, Utc::now()).await.unwrap();
    let raw = session.raw.expose_secret().to_owned();
    let cookie = format!("toolcrib_session={raw}");
    let browser = app.anonymous().with_header("cookie", &cookie).with_header("x-toolcrib-csrf", "1");
    assert_eq!(tickets(&browser).await, Ok(2));
    auth::delete_session(database, &Credential::Session(SecretString::from(raw))).await.unwrap();
    app.app.authenticator.forget_all();
    assert_eq!(tickets(&browser).await, Err(401));
    app.finish().await;
}

#[tokio::test]
async fn a_session_ends_by_itself() {
    let app = TestApp::support_desk().start().await;
    let database = app.app.engine.database();
    let id = app.user_id("cleo").await;
    let yesterday = Utc::now() - TimeDelta::hours(24);
    let session = auth::create_session(database, id, yesterday).await.unwrap();
    assert_eq!(session.expires_at - yesterday, TimeDelta::hours(12));
    let cookie = format!("toolcrib_session={}", session.raw.expose_secret());
    let browser = app.anonymous().with_header("cookie", &cookie).with_header("x-toolcrib-csrf", "1");
    assert_eq!(tickets(&browser).await, Err(401));
    auth::create_session(database, id, Utc::now()).await.unwrap();
    assert_eq!(app.rows("select count(*) from toolcrib.sessions").await, [json!({ "count": 1 })], "those that ended are gone");
    app.finish().await;
}

#[tokio::test]
async fn a_session_s_id_is_no_token_and_the_other_way_round() {
    let app = TestApp::support_desk().start().await;
    let cookie = app.cookie_of("ana").await;
    let session = cookie.split_once('=').unwrap().1;
    assert_eq!(tickets(&app.token(session)).await, Err(401));
    let cookie = format!("toolcrib_session={}", app.token_of("ana").await);
    assert_eq!(tickets(&app.anonymous().with_header("cookie", &cookie).with_header("x-toolcrib-csrf", "1")).await, Err(401));
    app.finish().await;
}
