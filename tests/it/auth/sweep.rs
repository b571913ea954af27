//! Clearing away what of sign-in has ended.

use super::tickets;
use crate::support::app::TestApp;
use crate::support::process::eventually;
use chrono::{TimeDelta, Utc};
use secrecy::ExposeSecret;
use serde_json::{Value as Json, json};
use toolcrib::auth::{SIGN_IN_SERVICE, SessionHolder, Swept};
use toolcrib::base::{Actor, RequestContext};

async fn sweep(app: &TestApp) -> Swept {
    let (actor, context) = (Actor::platform(SIGN_IN_SERVICE), RequestContext::internal(Utc::now()));
    app.app.sign_in.sweep(&app.app.engine.planner(&actor, &context)).await.unwrap()
}

fn sessions(count: usize) -> Swept {
    Swept { sessions: count, ..Swept::default() }
}

async fn count(app: &TestApp, from: &str) -> Json {
    app.rows(&format!("select count(*) from toolcrib.{from}")).await[0]["count"].clone()
}

/// Sessions of somebody who never came back.
async fn forgotten(app: &TestApp, count: usize) {
    let ana = app.user_id("ana").await;
    let ended = "now() - interval '2 days'";
    app.execute(&format!(
        "insert into toolcrib.sessions (user_id, provider, authenticated_at, expires_at, last_seen_at)
         select '{ana}', 'test', {ended}, {ended}, {ended} from generate_series(1, {count})"
    ))
    .await;
}

#[tokio::test]
async fn sessions_that_ended_go_and_their_end_is_on_record() {
    let app = TestApp::support_desk().start().await;
    let (ana, now) = (app.user_id("ana").await, Utc::now());
    let expired = app.create_session(ana, now - TimeDelta::hours(13), SessionHolder::Program).await;
    let unused = app.create_session(ana, now - TimeDelta::hours(3), SessionHolder::Browser).await;
    let live = app.create_session(ana, now - TimeDelta::minutes(110), SessionHolder::Program).await;
    app.execute("update toolcrib.users set is_active = false where email = 'ben@desk.test'").await;
    let inactive = app.create_session(app.user_id("ben").await, now, SessionHolder::Program).await;
    assert_eq!(sweep(&app).await, sessions(2));
    assert_eq!(sweep(&app).await, Swept::default(), "there is no more");
    assert_eq!(tickets(&app.token(live.raw.expose_secret())).await, Ok(4));
    assert_eq!(count(&app, "session_secrets").await, 2);
    let kept = app.rows("select id from toolcrib.sessions order by id").await;
    assert_eq!(kept, [live.id, inactive.id].map(|id| json!({ "id": id })), "who may be active again is not signed out here");
    let events = app
        .rows(
            "select entity_id, actor_role, before->>'user' as whose from toolcrib.audit_events
               where event_type = 'DELETE' and entity_type = 'Session' order by entity_id",
        )
        .await;
    let event = |id| json!({ "entity_id": id, "actor_role": "platform:signin", "whose": ana });
    assert_eq!(events, [event(expired.id), event(unused.id)]);
    app.finish().await;
}

#[tokio::test]
async fn a_batch_is_bounded() {
    let app = TestApp::support_desk().start().await;
    forgotten(&app, 1100).await;
    for (taken, is_full) in [(500, true), (500, true), (100, false), (0, false)] {
        let swept = sweep(&app).await;
        assert_eq!((swept, swept.is_full()), (sessions(taken), is_full));
    }
    app.finish().await;
}

#[tokio::test]
async fn sign_ins_codes_and_secrets_that_ended_go_and_others_stay() {
    let app = TestApp::support_desk().start().await;
    let session = app.create_session(app.user_id("ana").await, Utc::now(), SessionHolder::Program).await.id;
    for (name, expires) in [("old", "- interval '1 second'"), ("new", "+ interval '1 minute'")] {
        app.execute(&format!(
            "insert into toolcrib.login_attempts (state_hash, browser_hash, provider, return_to, expires_at)
             values ('{name}', 'x', 'test', '/', now() {expires});
             insert into toolcrib.login_handoffs (code_hash, challenge, session_id, sealed_token, expires_at)
             values ('{name}', 'x', '{session}', 'x', now() {expires})"
        ))
        .await;
    }
    let (live, _) = (app.token_of("ana").await, app.token_of("ben").await);
    app.token_of("max").await;
    for (name, set) in [("ben", "revoked_at = now()"), ("max", "expires_at = now()")] {
        let id = app.user_id(name).await;
        app.execute(&format!("update toolcrib.service_tokens set {set} where user_id = '{id}'")).await;
    }
    assert_eq!(sweep(&app).await, Swept { sessions: 0, attempts: 1, handoffs: 1, token_secrets: 2 });
    for table in ["login_attempts", "login_handoffs", "service_token_hashes"] {
        assert_eq!(count(&app, table).await, 1, "{table}");
    }
    assert_eq!(count(&app, "service_tokens").await, 3, "what was is on record");
    assert_eq!(tickets(&app.token(&live)).await, Ok(4));
    // Nobody can bring back what ended.
    app.execute("update toolcrib.service_tokens set revoked_at = null, expires_at = now() + interval '1 hour'").await;
    let max = app.token_of("max").await;
    assert_eq!(tickets(&app.token(&max)).await, Err(401));
    app.finish().await;
}

#[tokio::test]
async fn servers_take_turns_and_disturb_nobody() {
    let app = TestApp::support_desk().start().await;
    forgotten(&app, 300).await;
    // Both sweep at once; each session has one event, which the end of the test looks at.
    let (one, other) = tokio::join!(sweep(&app), sweep(&app));
    assert_eq!(one.sessions + other.sessions, 300, "{one:?} {other:?}");
    forgotten(&app, 2).await;
    let client = app.database.connect().await;
    let lock = "select pg_advisory_lock(hashtextextended('toolcrib.sweep-sign-in', 8390045718415370))";
    client.batch_execute(lock).await.unwrap();
    assert_eq!(sweep(&app).await, Swept::default(), "another server is at it");
    client.batch_execute("select pg_advisory_unlock_all()").await.unwrap();
    let first = "select from toolcrib.sessions order by id limit 1 for update";
    client.batch_execute(&format!("begin; {first}")).await.unwrap();
    assert_eq!(sweep(&app).await, sessions(1), "somebody else ends the other one");
    client.batch_execute("rollback").await.unwrap();
    assert_eq!(sweep(&app).await, sessions(1));
    app.finish().await;
}

#[tokio::test]
async fn whoever_signs_out_meanwhile_is_signed_out() {
    let app = TestApp::support_desk().start().await;
    let session = app.create_session(app.user_id("ana").await, Utc::now(), SessionHolder::Program).await;
    let client = app.database.connect().await;
    client.batch_execute(&format!("begin; delete from toolcrib.sessions where id = '{}'", session.id)).await.unwrap();
    let caller = app.token(session.raw.expose_secret());
    let waits = async {
        let sql = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        eventually("the sign-out waits for the sweep", async || (app.rows(sql).await[0]["count"] == 1).then_some(())).await;
        client.batch_execute("commit").await.unwrap();
    };
    let nothing = json!({});
    let (answer, ()) = tokio::join!(caller.post("/auth/logout", &nothing), waits);
    assert_eq!(answer.status, 303);
    assert_eq!(tickets(&caller).await, Err(401));
    assert_eq!(count(&app, "audit_events where event_type = 'LOGOUT' and details->>'by' = 'self'").await, 0);
    app.finish().await;
}
