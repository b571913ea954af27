//! Browser sessions.

use super::tickets;
use crate::support::app::TestApp;
use crate::support::caller::Caller;
use chrono::{TimeDelta, Utc};
use secrecy::ExposeSecret;
use serde_json::json;
use toolcrib::auth::{NewSession, SessionHolder};

fn browser<'a>(app: &'a TestApp, session: &NewSession) -> Caller<'a> {
    let cookie = format!("toolcrib_session={}", session.raw.expose_secret());
    app.anonymous().with_header("cookie", &cookie).with_header("x-toolcrib-csrf", "1")
}

#[tokio::test]
async fn a_session_is_its_user_until_it_is_deleted() {
    let app = TestApp::support_desk().start().await;
    let session = app.create_session(app.user_id("cleo").await, Utc::now(), SessionHolder::Browser).await;
    let cleo = browser(&app, &session);
    assert_eq!(tickets(&cleo).await, Ok(2));
    const DELETE: &str = "mutation Delete($id: ID!) { deleteSession(id: $id) { auditEventId } }";
    let variables = json!({ "id": session.id });
    assert_eq!(app.user("ana").graphql(DELETE, variables.clone()).await.codes(), ["NOT_FOUND"], "somebody else's");
    assert_eq!(tickets(&cleo).await, Ok(2));
    cleo.graphql(DELETE, variables.clone()).await.data();
    assert_eq!(tickets(&cleo).await, Err(401), "with the next request");

    let session = app.create_session(app.user_id("cleo").await, Utc::now(), SessionHolder::Browser).await;
    let cleo = browser(&app, &session);
    assert_eq!(tickets(&cleo).await, Ok(2));
    app.user("ada").graphql(DELETE, json!({ "id": session.id })).await.data();
    assert_eq!(tickets(&cleo).await, Err(401), "an admin may");
    app.finish().await;
}

#[tokio::test]
async fn people_see_their_own_sessions_and_sign_out_everywhere() {
    let app = TestApp::support_desk().start().await;
    let (ana, ben) = (app.user_id("ana").await, app.user_id("ben").await);
    let mut sessions = Vec::new();
    for id in [ana, ana, ben] {
        sessions.push(app.create_session(id, Utc::now(), SessionHolder::Browser).await);
    }
    const LIST: &str = "{ sessions { nodes { user { id } provider mfa } } }";
    let listed = app.user("ana").graphql(LIST, json!({})).await.data();
    let own = json!({ "user": { "id": ana }, "provider": "test", "mfa": false });
    assert_eq!(listed["sessions"]["nodes"], json!([own, own]));
    assert_eq!(app.user("ada").graphql(LIST, json!({})).await.data()["sessions"]["nodes"].as_array().unwrap().len(), 3);
    let sdl = app.app.engine.sdl().to_lowercase();
    assert!(!sdl.contains("sealed") && !sdl.contains("sessionsecret") && !sdl.contains("idhash"));

    const EVERYWHERE: &str = "mutation { deleteSessions(where: {}, atMost: 100) { count } }";
    let ended = browser(&app, &sessions[0]).graphql(EVERYWHERE, json!({})).await.data();
    assert_eq!(ended["deleteSessions"]["count"], 2, "what may not be read is not deleted");
    for (session, expected) in sessions.iter().zip([Err(401), Err(401), Ok(4)]) {
        assert_eq!(tickets(&browser(&app, session)).await, expected);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_session_ends_by_itself() {
    let app = TestApp::support_desk().start().await;
    let id = app.user_id("cleo").await;
    let yesterday = Utc::now() - TimeDelta::hours(24);
    let session = app.create_session(id, yesterday, SessionHolder::Browser).await;
    assert_eq!(session.expires_at - yesterday, TimeDelta::hours(12));
    assert_eq!(tickets(&browser(&app, &session)).await, Err(401));
    app.finish().await;
}

#[tokio::test]
async fn a_session_that_nobody_uses_ends() {
    let app = TestApp::support_desk().start().await;
    let session = app.create_session(app.user_id("cleo").await, Utc::now(), SessionHolder::Browser).await;
    let cleo = browser(&app, &session);
    let idle_for = async |time: &str| {
        app.execute(&format!("update toolcrib.sessions set last_seen_at = now() - interval '{time}'")).await;
        app.app.authenticator.forget_all();
    };
    idle_for("119 minutes").await;
    assert_eq!(tickets(&cleo).await, Ok(2));
    app.app.authenticator.forget_all();
    let seen = app.rows("select last_seen_at > now() - interval '1 minute' as is_now from toolcrib.sessions").await;
    assert_eq!(seen, [json!({ "is_now": true })], "use is noted");
    idle_for("121 minutes").await;
    assert_eq!(tickets(&cleo).await, Err(401));
    app.finish().await;
}

#[tokio::test]
async fn a_session_is_shown_the_way_it_was_given() {
    let app = TestApp::support_desk().start().await;
    let id = app.user_id("ana").await;
    let cookie = app.create_session(id, Utc::now(), SessionHolder::Browser).await;
    let bearer = app.create_session(id, Utc::now(), SessionHolder::Program).await;
    assert_eq!(tickets(&browser(&app, &cookie)).await, Ok(4));
    assert_eq!(tickets(&app.token(bearer.raw.expose_secret())).await, Ok(4), "without a header against forged requests");
    assert_eq!(tickets(&app.token(cookie.raw.expose_secret())).await, Err(401));
    assert_eq!(tickets(&browser(&app, &bearer)).await, Err(401));
    let token = format!("toolcrib_session={}", app.token_of("ana").await);
    assert_eq!(tickets(&app.anonymous().with_header("cookie", &token).with_header("x-toolcrib-csrf", "1")).await, Err(401));
    app.finish().await;
}

#[tokio::test]
async fn only_the_hash_is_stored() {
    let app = TestApp::support_desk().start().await;
    let session = app.create_session(app.user_id("ana").await, Utc::now(), SessionHolder::Browser).await;
    let raw = session.raw.expose_secret();
    for table in ["sessions", "session_secrets", "audit_events"] {
        let found =
            app.rows(&format!("select 1 as found from toolcrib.{table} as stored where stored::text like '%{raw}%'")).await;
        assert!(found.is_empty(), "{table} holds the session");
    }
    app.finish().await;
}

#[tokio::test]
async fn only_the_sign_in_service_opens_sessions() {
    let app = TestApp::support_desk().start().await;
    for operation in ["createSession", "updateSession", "createIdentity", "updateIdentity"] {
        assert!(!app.app.engine.sdl().contains(operation), "{operation}");
    }
    app.finish().await;
}
