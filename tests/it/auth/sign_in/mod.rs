//! Signing in by OpenID Connect, against a provider of the test's own that signs whatever it is asked to.

mod admission;
mod attempts;
mod browser;
mod command_line;
mod exchange;
mod forged;
mod limits;
mod logout;
mod real_provider;
mod served;
mod step_up;

use crate::support::app::TestApp;
use crate::support::caller::Caller;
use serde_json::{Value as Json, json};

/// Ana, who is invited.
fn ana() -> Json {
    json!({ "sub": "a1", "email": "ana@desk.test", "email_verified": true })
}

/// A browser with this cookie, on a page of the server.
fn browser<'a>(app: &'a TestApp, cookie: &str) -> Caller<'a> {
    app.anonymous().with_header("cookie", cookie).with_header("x-toolcrib-csrf", "1")
}

/// What the audit log says of refused sign-ins, the oldest first.
async fn denials(app: &TestApp) -> Vec<String> {
    let rows = app
        .rows("select details->>'cause' as cause, actor_role from toolcrib.audit_events where event_type = 'LOGIN_DENIED' order by id")
        .await;
    let cause = |row: &Json| {
        assert_eq!(row["actor_role"], "platform:signin");
        row["cause"].as_str().unwrap().to_owned()
    };
    rows.iter().map(cause).collect()
}

/// The events of a kind that the server wrote, each as its actor and its details.
async fn events(app: &TestApp, kind: &str) -> Vec<Json> {
    let sql = format!(
        "select actor_user_id, actor_role, details, ip_address from toolcrib.audit_events where event_type = '{kind}'
            and transaction_id > (select transaction_id from toolcrib.test_start) order by id"
    );
    app.rows(&sql).await
}
