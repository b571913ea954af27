//! ID tokens for sessions.

use super::{ana, denials};
use crate::auth::tickets;
use crate::support::app::TestApp;
use crate::support::caller::Response;
use crate::support::issuer::{CLIENT, Issuer, Key, unsigned};
use axum::http::{Method, Request};
use serde_json::{Value as Json, json};
use toolcrib::config::ClaimRule;

async fn exchange(app: &TestApp, token: &str) -> Response {
    app.anonymous().post("/auth/exchange", &json!({ "idToken": token })).await
}

fn with(claims: Json, more: Json) -> Json {
    let mut claims = claims;
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    claims
}

#[tokio::test]
async fn an_id_token_of_a_listed_audience_is_a_session() {
    let issuer = Issuer::start().await;
    let app = TestApp::support_desk().with_settings(issuer.admit(|_| {})).start().await;
    let claims = issuer.claims(with(ana(), json!({ "aud": "desk-app", "amr": ["pwd", "mfa"] })));
    let answer = exchange(&app, &issuer.key.sign(json!({}), &claims)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), "no-store");
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    assert!(token.starts_with("te_"));
    assert_eq!(tickets(&app.token(&token)).await, Ok(4));
    assert_eq!(app.rows("select mfa, provider from toolcrib.sessions").await, [json!({ "mfa": true, "provider": "test" })]);
    assert!(denials(&app).await.is_empty());
    app.finish().await;
}

#[tokio::test]
async fn what_it_gives_counts_with_the_next_request() {
    let issuer = Issuer::start().await;
    let rules = vec![ClaimRule { claim: None, value: "leads".to_owned(), role: Some("manager".to_owned()), team: None }];
    let app = TestApp::support_desk().with_settings(issuer.admit(move |provider| provider.rules = rules)).start().await;
    let ana_has = |groups: Json| issuer.claims(with(ana(), json!({ "aud": "desk-app", "groups": groups })));
    let promoted = exchange(&app, &issuer.key.sign(json!({}), &ana_has(json!(["leads"])))).await;
    let first = promoted.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(tickets(&app.token(&first)).await, Ok(6));
    assert_eq!(exchange(&app, &issuer.key.sign(json!({}), &ana_has(json!([])))).await.status, 200);
    assert_ne!(tickets(&app.token(&first)).await, Ok(6), "a cached caller is asked for anew");
    app.finish().await;
}

#[tokio::test]
async fn every_other_token_is_refused_alike() {
    let issuer = Issuer::start().await;
    let app = TestApp::support_desk().with_settings(issuer.admit(|_| {})).start().await;
    let good = issuer.claims(with(ana(), json!({ "aud": "desk-app" })));
    let sign = |more: Json| issuer.key.sign(json!({}), &with(good.clone(), more));
    let logout = json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
    let tokens = [
        ("the server's own audience", sign(json!({ "aud": CLIENT }))),
        ("another audience", sign(json!({ "aud": "other" }))),
        ("a second audience", sign(json!({ "aud": ["desk-app", "other"] }))),
        ("another party", sign(json!({ "azp": "other" }))),
        ("another issuer", sign(json!({ "iss": "https://evil.test" }))),
        ("expired", sign(json!({ "exp": 1000 }))),
        ("an access token by its scope", sign(json!({ "scope": "openid email" }))),
        ("an access token by Entra's scope", sign(json!({ "scp": "User.Read" }))),
        ("an access token by its payload", sign(json!({ "typ": "Bearer" }))),
        ("an access token by its header", issuer.key.sign(json!({ "typ": "at+jwt" }), &good)),
        ("a logout token", sign(json!({ "events": logout }))),
        ("a logout token by its header", issuer.key.sign(json!({ "typ": "logout+jwt" }), &good)),
        ("unsigned", unsigned(&good)),
        ("a shared secret", issuer.key.sign_hs256_with_public_key(&good)),
        ("somebody else's key", Key::new("first").sign(json!({}), &good)),
        ("no token", "x".to_owned()),
        ("no claims", "a.b.c".to_owned()),
        ("too long", "x".repeat(100_000)),
    ];
    let count = tokens.len();
    let mut answers = Vec::new();
    for (what, token) in tokens {
        let answer = exchange(&app, &token).await;
        assert_eq!((answer.status, answer.codes()), (403, vec!["FORBIDDEN".to_owned()]), "{what}");
        answers.push(answer.messages());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "nobody learns what was wrong: {answers:?}");
    assert_eq!(denials(&app).await, vec!["TOKEN"; count]);
    // Admission is the same as in a browser.
    let stranger = with(good.clone(), json!({ "sub": "s", "email": "stranger@desk.test" }));
    assert_eq!(exchange(&app, &issuer.key.sign(json!({}), &stranger)).await.status, 403);
    assert_eq!(denials(&app).await.last().unwrap(), "NOT_INVITED");
    app.finish().await;
}

#[tokio::test]
async fn only_json_of_the_right_form_is_read() {
    let issuer = Issuer::start().await;
    let app = TestApp::support_desk().with_settings(issuer.admit(|_| {})).start().await;
    let claims = issuer.claims(with(ana(), json!({ "aud": "desk-app" })));
    let token = issuer.key.sign(json!({}), &claims);
    // What a form of a foreign page can send.
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""] {
        let request = Request::builder().method(Method::POST).uri("/auth/exchange").header("content-type", content_type);
        let answer = app.anonymous().send(request, json!({ "idToken": token }).to_string()).await;
        assert_eq!(answer.status, 415, "{content_type}");
    }
    for body in [
        json!({}),
        json!({ "id_token": token }),
        json!({ "idToken": 1 }),
        json!({ "idToken": token, "role": "admin" }),
        json!([]),
    ] {
        assert_eq!(app.anonymous().post("/auth/exchange", &body).await.status, 400, "{body}");
    }
    assert_eq!(app.rows("select count(*) from toolcrib.sessions").await, [json!({ "count": 0 })]);
    app.finish().await;
}
