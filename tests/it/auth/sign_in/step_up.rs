//! Whoever writes has to have proved who they are a short time ago.

use super::{ana, browser};
use crate::support::app::TestApp;
use crate::support::issuer::{Issuer, Login, session_cookie};
use chrono::Utc;
use serde_json::{Value as Json, json};

const SCHEMA: &str = r#"
    type Payout @collection @access(read: "true", write: "user.role == 'agent'", stepUp: "5m") { amount: Int! }
    type Secret @collection @access(read: "request.auth.age < 300", write: "false") { text: String! }
    type Vault @collection @access(read: "request.auth.mfa", write: "false") { text: String! }
"#;

const ROWS: &str = "
    insert into toolcrib.users (email, name, role) values ('ana@desk.test', 'Ana', 'agent'), ('vic@desk.test', 'Vic', 'viewer');
    insert into public.secrets (id, text, created_at, updated_at) values (gen_random_uuid(), 'young', now(), now());
    insert into public.vaults (id, text, created_at, updated_at) values (gen_random_uuid(), 'twice proved', now(), now());";

const PAY: &str = "mutation { createPayout(input: { amount: 5 }) { payout { amount } } }";

async fn start() -> (Issuer, TestApp) {
    let issuer = Issuer::start().await;
    let app = TestApp::with_schema(SCHEMA).with_rows(ROWS).with_settings(issuer.admit(|_| {})).start().await;
    (issuer, app)
}

async fn cookie(issuer: &Issuer, app: &TestApp, more: Json) -> String {
    let mut claims = ana();
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    session_cookie(&issuer.sign_in(app, claims).await)
}

#[tokio::test]
async fn a_write_asks_for_a_young_sign_in_and_says_where() {
    let (issuer, app) = start().await;
    let old = cookie(&issuer, &app, json!({ "auth_time": Utc::now().timestamp() - 301 })).await;
    let refused = browser(&app, &old).graphql(PAY, json!({})).await;
    assert_eq!(refused.codes(), ["MFA_REQUIRED"]);
    let url = refused.json()["errors"][0]["extensions"]["signInUrl"].as_str().unwrap().to_owned();
    assert_eq!(url, "/auth/login?max_age=300");
    assert_eq!(app.rows("select count(*) from public.payouts").await, [json!({ "count": 0 })]);
    let denied =
        app.rows("select details->>'code' as code, entity_type from toolcrib.audit_events where event_type = 'DENIED'").await;
    assert_eq!(denied, [json!({ "code": "MFA_REQUIRED", "entity_type": "Payout" })]);

    // The person goes there, comes back and repeats.
    let login = Login::start(&app, &url).await;
    assert_eq!(login.parameter("max_age"), "300");
    let young = session_cookie(&login.finish(&app, &issuer.code_for(&login, ana())).await);
    assert_eq!(browser(&app, &young).graphql(PAY, json!({})).await.data()["createPayout"]["payout"]["amount"], 5);
    assert_eq!(app.user("ana").graphql(PAY, json!({})).await.codes(), ["MFA_REQUIRED"], "a token proves nobody's presence");
    assert_eq!(app.user("vic").graphql(PAY, json!({})).await.codes(), ["FORBIDDEN"], "who may not anyway is told that alone");
    app.finish().await;
}

#[tokio::test]
async fn rules_ask_for_age_and_second_factor() {
    let (issuer, app) = start().await;
    const READ: &str = "{ secrets { totalCount } vaults { totalCount } }";
    let counts = async |cookie: &str| {
        let data = browser(&app, cookie).graphql(READ, json!({})).await.data();
        (data["secrets"]["totalCount"].as_i64(), data["vaults"]["totalCount"].as_i64())
    };
    let old = Utc::now().timestamp() - 301;
    assert_eq!(counts(&cookie(&issuer, &app, json!({})).await).await, (Some(1), Some(0)));
    assert_eq!(counts(&cookie(&issuer, &app, json!({ "auth_time": old })).await).await, (Some(0), Some(0)));
    assert_eq!(
        counts(&cookie(&issuer, &app, json!({ "auth_time": old, "amr": ["pwd", "mfa"] })).await).await,
        (Some(0), Some(1))
    );
    // A provider that knew the person from before makes a new token, which says nothing of when.
    let silent = cookie(&issuer, &app, json!({ "auth_time": null })).await;
    assert_eq!(counts(&silent).await, (Some(0), Some(0)));
    assert_eq!(browser(&app, &silent).graphql(PAY, json!({})).await.codes(), ["MFA_REQUIRED"]);
    const UNKNOWN: &str = "{ sessions(where: { authenticatedAt: { isNull: true } }) { totalCount } }";
    let told = browser(&app, &silent).graphql(UNKNOWN, json!({})).await.data();
    assert_eq!(told["sessions"]["totalCount"], 1);
    let token = app.user("ana").graphql(READ, json!({})).await.data();
    assert_eq!((&token["secrets"]["totalCount"], &token["vaults"]["totalCount"]), (&json!(0), &json!(0)));
    app.finish().await;
}
