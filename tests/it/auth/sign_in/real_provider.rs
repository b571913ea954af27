//! The whole way through a real provider's pages.

use super::{browser, denials, events};
use crate::auth::tickets;
use crate::support::app::TestApp;
use crate::support::issuer::{Issuer, Login, PUBLIC_URL, session_cookie};
use crate::support::provider::{RealProvider, Walker};
use toolcrib::config::{ClientSecret, Settings};
use url::Url;

/// A server whose people sign in at the real provider.
async fn start(provider: &RealProvider) -> TestApp {
    let issuer = provider.issuer.clone();
    let template = Issuer::start().await.settings("test");
    let settings = move |settings: &mut Settings| {
        let mut provider = template;
        provider.issuer = issuer;
        provider.client_secret = Some(ClientSecret::new("a-secret-of-the-tests"));
        provider.scopes = ["email", "profile", "groups"].map(str::to_owned).to_vec();
        settings.auth.public_url = Some(Url::parse(PUBLIC_URL).unwrap());
        settings.auth.providers = vec![provider];
    };
    TestApp::support_desk().with_settings(settings).start().await
}

async fn sign_in(app: &TestApp, login: &str) -> crate::support::caller::Response {
    let begun = Login::start(app, "/auth/login/test?return_to=%2Fgraphiql").await;
    let callback = Walker::default().sign_in(&begun.url, login, PUBLIC_URL).await;
    let path = format!("{}?{}", callback.path(), callback.query().unwrap());
    app.anonymous().with_header("cookie", &begun.cookie).get(&path).await
}

#[tokio::test]
async fn people_sign_in_on_the_providers_page() {
    for claims_in_userinfo in [false, true] {
        let provider = RealProvider::start(PUBLIC_URL, claims_in_userinfo);
        let app = start(&provider).await;
        let response = sign_in(&app, "ana").await;
        assert_eq!(
            (response.status, response.header("location")),
            (303, "/graphiql"),
            "{} {:?}",
            response.text(),
            denials(&app).await
        );
        assert_eq!(tickets(&browser(&app, &session_cookie(&response))).await, Ok(4));
        assert_eq!(events(&app, "LOGIN").await.len(), 1);

        assert_eq!(sign_in(&app, "stranger").await.status, 403);
        assert_eq!(sign_in(&app, "unverified").await.status, 403);
        assert_eq!(denials(&app).await, ["NOT_INVITED", "EMAIL_UNVERIFIED"]);
        app.finish().await;
    }
}

#[tokio::test]
async fn the_provider_refuses_who_did_not_begin() {
    let provider = RealProvider::start(PUBLIC_URL, false);
    let app = start(&provider).await;
    let begun = Login::start(&app, "/auth/login/test").await;
    // Without the challenge the real provider does not even ask who it is.
    let mut bare = begun.url.clone();
    let kept: Vec<(String, String)> = begun
        .url
        .query_pairs()
        .filter(|(key, _)| !key.starts_with("code_challenge"))
        .map(|(key, value)| (key.into(), value.into()))
        .collect();
    bare.query_pairs_mut().clear().extend_pairs(kept);
    let callback = Walker::default().sign_in(&bare, "ana", PUBLIC_URL).await;
    assert!(callback.query_pairs().any(|(key, value)| key == "error" && value == "invalid_request"), "{callback}");
    let path = format!("{}?{}", callback.path(), callback.query().unwrap());
    assert_eq!(app.anonymous().with_header("cookie", &begun.cookie).get(&path).await.status, 403);

    // A code that was taken from somebody else's address bar: PKCE and nonce are the other's.
    let (ana, ben) = (Login::start(&app, "/auth/login/test").await, Login::start(&app, "/auth/login/test").await);
    let callback = Walker::default().sign_in(&ana.url, "ana", PUBLIC_URL).await;
    let code = callback.query_pairs().find(|(key, _)| key == "code").unwrap().1.into_owned();
    assert_eq!(ben.finish(&app, &code).await.status, 403);
    assert_eq!(denials(&app).await, ["PROVIDER", "TOKEN"]);
    app.finish().await;
}
