//! Signing out: here, at the provider, everywhere.

use super::{ana, browser, denials, events};
use crate::auth::tickets;
use crate::support::app::TestApp;
use crate::support::caller::{Caller, Response};
use crate::support::issuer::{CLIENT, Issuer, Key, PUBLIC_URL, session_cookie, unsigned};
use axum::http::{Method, Request};
use chrono::Utc;
use serde_json::{Value as Json, json};
use url::Url;

async fn post(caller: &Caller<'_>, path: &str, body: String) -> Response {
    let request = Request::builder().method(Method::POST).uri(path).header("content-type", "application/x-www-form-urlencoded");
    caller.send(request, body).await
}

#[tokio::test]
async fn signing_out_ends_the_session_here_and_goes_on_to_the_provider() {
    let issuer = Issuer::start().await;
    let app = TestApp::support_desk().with_settings(issuer.admit(|_| {})).start().await;
    let cookie = session_cookie(&issuer.sign_in(&app, ana()).await);
    let own_page = app.anonymous().with_header("cookie", &cookie).with_header("origin", PUBLIC_URL);
    let page = own_page.get("/auth/logout").await;
    assert!(page.text().contains("<form method=\"post\""));
    assert_eq!(tickets(&browser(&app, &cookie)).await, Ok(4), "a link signs nobody out");

    let answer = post(&own_page, "/auth/logout", String::new()).await;
    assert_eq!(answer.status, 303);
    assert!(answer.header("set-cookie").starts_with("toolcrib_session=; Max-Age=0;"), "{}", answer.header("set-cookie"));
    let url = Url::parse(answer.header("location")).unwrap();
    assert!(url.as_str().starts_with(&format!("{}/end?", issuer.url())));
    let parameter = |name: &str| url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    assert_eq!(
        (parameter("client_id"), parameter("post_logout_redirect_uri")),
        (CLIENT.to_owned(), format!("{PUBLIC_URL}/auth/signed-out"))
    );
    assert_eq!(parameter("id_token_hint").split('.').count(), 3);
    assert_eq!(tickets(&browser(&app, &cookie)).await, Err(401));
    let logouts = events(&app, "LOGOUT").await;
    assert_eq!((logouts.len(), &logouts[0]["actor_user_id"]), (1, &json!(app.user_id("ana").await)));
    assert_eq!(post(&own_page, "/auth/logout", String::new()).await.status, 303, "whoever is out stays out");
    assert_eq!(app.anonymous().get("/auth/signed-out").await.status, 200);
    app.finish().await;
}

#[tokio::test]
async fn a_script_is_told_where_to_go_and_not_the_id_token() {
    let issuer = Issuer::start().await;
    let app = TestApp::support_desk().with_settings(issuer.admit(|_| {})).start().await;
    let cookie = session_cookie(&issuer.sign_in(&app, ana()).await);
    let own_page = app.anonymous().with_header("cookie", &cookie).with_header("origin", PUBLIC_URL);
    let own_page = own_page.with_header("accept", "application/json");
    let foreign = own_page.clone().with_header("origin", "https://evil.test");
    assert_eq!(post(&foreign, "/auth/logout", String::new()).await.status, 403);
    assert_eq!(tickets(&browser(&app, &cookie)).await, Ok(4));

    let answer = post(&own_page, "/auth/logout", String::new()).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"));
    assert!(answer.header("set-cookie").starts_with("toolcrib_session=; Max-Age=0;"), "{}", answer.header("set-cookie"));
    let url = answer.json()["signOutUrl"].as_str().unwrap().to_owned();
    assert!(url.starts_with(&format!("{}/end?client_id=", issuer.url())) && !url.contains("id_token_hint"), "{url}");
    assert_eq!(tickets(&browser(&app, &cookie)).await, Err(401));
    let again = post(&own_page, "/auth/logout", String::new()).await;
    assert_eq!(again.json(), json!({ "signOutUrl": "/auth/signed-out" }), "whoever is out stays out");
    app.finish().await;
}

#[tokio::test]
async fn a_foreign_page_does_nothing_with_the_cookie() {
    let issuer = Issuer::start().await;
    let app = TestApp::support_desk().with_settings(issuer.admit(|_| {})).start().await;
    let cookie = session_cookie(&issuer.sign_in(&app, ana()).await);
    let bare = app.anonymous().with_header("cookie", &cookie);
    let foreign = |name: &'static str, value: &str| bare.clone().with_header(name, value);
    for caller in [
        foreign("origin", "https://evil.test"),
        foreign("origin", "null"),
        foreign("origin", &format!("{PUBLIC_URL}.evil.test")),
        foreign("origin", "http://127.0.0.1:4001"),
        foreign("sec-fetch-site", "cross-site"),
        foreign("sec-fetch-site", "same-site"),
    ] {
        assert_eq!(post(&caller, "/auth/logout", String::new()).await.status, 403);
        let with_header = caller.with_header("x-toolcrib-csrf", "1");
        let answer = with_header.graphql("{ __typename }", json!({})).await;
        assert_eq!((answer.status, answer.codes()), (403, vec!["FORBIDDEN".to_owned()]), "even with the header");
    }
    // Forms and simple content types cannot send the header.
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/json"] {
        let request = Request::builder().method(Method::POST).uri("/graphql").header("content-type", content_type);
        assert_eq!(bare.send(request, "{\"query\": \"{ __typename }\"}").await.status, 403, "{content_type}");
    }
    assert_eq!(bare.get("/graphql?query=%7B__typename%7D").await.status, 403);
    let own = bare
        .clone()
        .with_header("x-toolcrib-csrf", "1")
        .with_header("origin", PUBLIC_URL)
        .with_header("sec-fetch-site", "same-origin");
    assert_eq!(tickets(&own).await, Ok(4));
    app.finish().await;
}

fn logout_token(issuer: &Issuer, more: Json) -> Json {
    let now = Utc::now().timestamp();
    let mut claims = json!({
        "iss": issuer.url(), "aud": CLIENT, "iat": now, "exp": now + 120, "jti": "j", "sub": "a1", "sid": "s1",
        "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
    });
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

async fn tell(app: &TestApp, token: &str) -> u16 {
    post(&app.anonymous(), "/auth/backchannel-logout/test", format!("logout_token={token}")).await.status
}

#[tokio::test]
async fn the_provider_ends_a_session_or_all_of_a_person() {
    let issuer = Issuer::start().await;
    let app = TestApp::support_desk().with_settings(issuer.admit(|_| {})).start().await;
    let mut cookies = Vec::new();
    for session in ["s1", "s2", "s3"] {
        let mut claims = ana();
        claims["sid"] = json!(session);
        cookies.push(session_cookie(&issuer.sign_in(&app, claims).await));
    }
    let are_alive = async || {
        let mut alive = Vec::new();
        for cookie in &cookies {
            alive.push(tickets(&browser(&app, cookie)).await.is_ok());
        }
        alive
    };
    assert_eq!(are_alive().await, [true, true, true]);
    assert_eq!(tell(&app, &issuer.key.sign(json!({ "typ": "logout+jwt" }), &logout_token(&issuer, json!({})))).await, 200);
    assert_eq!(are_alive().await, [false, true, true], "with the next request");
    let all = logout_token(&issuer, json!({ "sid": null }));
    assert_eq!(tell(&app, &issuer.key.sign(json!({}), &all)).await, 200);
    assert_eq!(are_alive().await, [false, false, false]);
    let logouts = events(&app, "LOGOUT").await;
    assert_eq!(logouts.len(), 2);
    assert!(logouts.iter().all(|event| event["details"]["by"] == "provider"));
    app.finish().await;
}

#[tokio::test]
async fn only_the_providers_own_word_ends_sessions() {
    let issuer = Issuer::start().await;
    let app = TestApp::support_desk().with_settings(issuer.admit(|_| {})).start().await;
    let cookie = session_cookie(&issuer.sign_in(&app, ana()).await);
    let token = |more: Json| issuer.key.sign(json!({}), &logout_token(&issuer, more));
    let good = logout_token(&issuer, json!({ "sid": null }));
    let tokens = [
        token(json!({ "aud": "other" })),
        token(json!({ "iss": "https://evil.test" })),
        token(json!({ "events": null })),
        token(json!({ "events": {} })),
        token(json!({ "nonce": "n" })),
        token(json!({ "exp": 1000 })),
        token(json!({ "iat": Utc::now().timestamp() + 600 })),
        token(json!({ "sub": null, "sid": null })),
        unsigned(&good),
        issuer.key.sign_hs256_with_public_key(&good),
        Key::new("first").sign(json!({}), &good),
        issuer.key.sign(json!({ "typ": "at+jwt" }), &good),
        issuer.key.sign(json!({}), &issuer.claims(ana())),
        "x".to_owned(),
    ];
    let count = tokens.len();
    for token in tokens {
        assert_eq!(tell(&app, &token).await, 400, "{token}");
    }
    assert_eq!(post(&app.anonymous(), "/auth/backchannel-logout/test", "x=y".to_owned()).await.status, 400);
    assert_eq!(post(&app.anonymous(), "/auth/backchannel-logout/other", "logout_token=x".to_owned()).await.status, 404);
    assert_eq!(tickets(&browser(&app, &cookie)).await, Ok(4));
    assert_eq!(denials(&app).await, vec!["TOKEN"; count]);
    app.finish().await;
}
