//! Tokens that are not what they say.

use super::{ana, denials};
use crate::support::app::TestApp;
use crate::support::issuer::{CLIENT, Issuer, Key, Login, session_cookie, unsigned};
use chrono::Utc;
use serde_json::{Value as Json, json};

/// Signs in with a token that is made of the claims with the right nonce.
async fn sign_in_with(app: &TestApp, issuer: &Issuer, token: impl FnOnce(Json) -> String) -> u16 {
    let login = Login::start(app, "/auth/login/test").await;
    let mut claims = issuer.claims(ana());
    claims["nonce"] = json!(login.parameter("nonce"));
    let code = issuer.code(token(claims), &login.parameter("code_challenge"));
    let response = login.finish(app, &code).await;
    assert_eq!(session_cookie(&response).is_empty(), response.status != 303);
    response.status
}

fn with(mut claims: Json, name: &str, value: Json) -> Json {
    claims[name] = value;
    claims
}

#[tokio::test]
async fn only_the_providers_own_signature_counts() {
    let issuer = Issuer::start().await;
    let app = TestApp::support_desk().with_settings(issuer.admit(|_| {})).start().await;
    assert_eq!(sign_in_with(&app, &issuer, |claims| issuer.key.sign(json!({}), &claims)).await, 303);

    let (stranger, same_id) = (Key::new("unknown"), Key::new("first"));
    let url = issuer.url().to_owned();
    let elsewhere = |header: &str| json!({ header: format!("{url}/evil"), "kid": "unknown" });
    assert_eq!(sign_in_with(&app, &issuer, |claims| unsigned(&claims)).await, 403, "alg none");
    assert_eq!(sign_in_with(&app, &issuer, |claims| issuer.key.sign_hs256_with_public_key(&claims)).await, 403, "HS256");
    assert_eq!(sign_in_with(&app, &issuer, |claims| stranger.sign(json!({}), &claims)).await, 403, "unknown kid");
    assert_eq!(sign_in_with(&app, &issuer, |claims| same_id.sign(json!({}), &claims)).await, 403, "a key that took the id");
    assert_eq!(sign_in_with(&app, &issuer, |claims| stranger.sign(elsewhere("jku"), &claims)).await, 403, "jku");
    assert_eq!(sign_in_with(&app, &issuer, |claims| stranger.sign(elsewhere("x5u"), &claims)).await, 403, "x5u");
    assert_eq!(issuer.strays(), 0, "nobody asked where a forged header says");
    let crit = json!({ "crit": ["exp"] });
    assert_eq!(sign_in_with(&app, &issuer, |claims| issuer.key.sign(crit, &claims)).await, 403, "crit");
    let cut = |claims: Json| issuer.key.sign(json!({}), &claims).rsplit_once('.').unwrap().0.to_owned() + ".";
    assert_eq!(sign_in_with(&app, &issuer, cut).await, 403, "no signature");
    let changed = |claims: Json| {
        let (honest, forged) = (issuer.key.sign(json!({}), &claims), stranger.sign(json!({}), &with(claims, "sub", json!("x"))));
        let (honest, forged): (Vec<&str>, Vec<&str>) = (honest.split('.').collect(), forged.split('.').collect());
        [honest[0], forged[1], honest[2]].join(".")
    };
    assert_eq!(sign_in_with(&app, &issuer, changed).await, 403, "changed claims");
    assert_eq!(denials(&app).await, ["TOKEN"; 9]);
    app.finish().await;
}

#[tokio::test]
async fn claims_have_to_fit() {
    let issuer = Issuer::start().await;
    let app = TestApp::support_desk().with_settings(issuer.admit(|_| {})).start().await;
    let now = Utc::now().timestamp();
    let cases = [
        ("aud", json!("other"), 403),
        ("aud", json!([]), 403),
        ("aud", json!([CLIENT, "other"]), 403),
        ("iss", json!("https://evil.test"), 403),
        ("azp", json!("other"), 403),
        ("azp", json!(CLIENT), 303),
        ("nonce", json!("other"), 403),
        ("exp", json!(now - 60), 403),
        ("exp", json!(now - 10), 303),
        ("iat", json!(now + 120), 403),
        ("iat", json!(now + 10), 303),
        ("nbf", json!(now + 120), 403),
        ("nbf", json!("soon"), 403),
        ("nbf", json!(now + 10), 303),
        ("sub", json!(""), 403),
        ("events", json!({ "http://schemas.openid.net/event/backchannel-logout": {} }), 403),
        ("typ", json!("Bearer"), 403),
        ("typ", json!("ID"), 303),
    ];
    for (claim, value, expected) in cases {
        let status = sign_in_with(&app, &issuer, |claims| issuer.key.sign(json!({}), &with(claims, claim, value.clone()))).await;
        assert_eq!(status, expected, "{claim}: {value}");
    }
    for kind in ["at+jwt", "logout+jwt"] {
        let status = sign_in_with(&app, &issuer, |claims| issuer.key.sign(json!({ "typ": kind }), &claims)).await;
        assert_eq!(status, 403, "{kind}");
    }
    app.finish().await;
}

#[tokio::test]
async fn who_has_to_prove_it_anew_has_to() {
    let issuer = Issuer::start().await;
    let app = TestApp::support_desk().with_settings(issuer.admit(|_| {})).start().await;
    let now = Utc::now().timestamp();
    for (auth_time, expected) in [(json!(now), 303), (json!(now - 600), 403), (json!(now + 600), 403), (Json::Null, 403)] {
        let login = Login::start(&app, "/auth/login/test?max_age=300").await;
        assert_eq!(login.parameter("max_age"), "300");
        let mut claims = ana();
        claims["auth_time"] = auth_time.clone();
        let response = login.finish(&app, &issuer.code_for(&login, claims)).await;
        assert_eq!(response.status, expected, "{auth_time}");
    }
    app.finish().await;
}

#[tokio::test]
async fn keys_change_and_are_asked_for_once() {
    let mut issuer = Issuer::start().await;
    let app = TestApp::support_desk().with_settings(issuer.admit(|_| {})).start().await;
    assert_eq!(issuer.sign_in(&app, ana()).await.status, 303);
    assert_eq!(issuer.key_requests(), 1);
    assert_eq!(issuer.sign_in(&app, ana()).await.status, 303);
    assert_eq!(issuer.key_requests(), 1, "they are kept");
    // Within seconds of the first question nobody is asked again, so that invented ids cost the provider nothing.
    let stranger = Key::new("unknown");
    for _ in 0..5 {
        sign_in_with(&app, &issuer, |claims| stranger.sign(json!({}), &claims)).await;
    }
    assert_eq!(issuer.key_requests(), 1);
    issuer.rotate("second");
    tokio::time::sleep(std::time::Duration::from_millis(5100)).await;
    assert_eq!(issuer.sign_in(&app, ana()).await.status, 303, "the new key is found");
    assert_eq!(issuer.key_requests(), 2);
    app.finish().await;
}
