//! How often one address may ask, and who is served where nobody can sign in.

use crate::support::app::TestApp;
use crate::support::issuer::Issuer;
use crate::support::process::Crib;
use serde_json::json;

#[tokio::test]
async fn an_address_that_asks_too_often_waits() {
    let issuer = Issuer::start().await;
    let admit = issuer.admit(|_| {});
    let few = move |settings: &mut toolcrib::config::Settings| {
        admit(settings);
        settings.auth.attempts_per_minute = 3;
    };
    let app = TestApp::support_desk().with_settings(few).start().await;
    for path in ["/auth/login/test", "/auth/callback/test", "/auth/providers"] {
        assert_ne!(app.anonymous().get(path).await.status, 429);
    }
    let refused = app.anonymous().get("/auth/login/test").await;
    assert_eq!((refused.status, refused.codes()), (429, vec!["RATE_LIMITED".to_owned()]));
    assert!((1..=60).contains(&refused.header("retry-after").parse::<u32>().unwrap()));
    assert_eq!(app.anonymous().post("/auth/exchange", &json!({ "idToken": "x" })).await.status, 429);
    let request = axum::http::Request::builder().uri("/auth/providers");
    assert_eq!(app.user("ana").send(request, "").await.status, 429, "with a credential, too");
    assert_eq!(app.user("ana").graphql("{ __typename }", json!({})).await.status, 200, "other routes are not counted");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nobody_can_sign_in_only_health_is_told() {
    let crib = Crib::support_desk().with("TOOLCRIB_AUTH_WITHOUT_PROVIDER", "nothing");
    let server = crib.serve(&[]).await;
    for (path, expected) in
        [("/healthz", 200), ("/readyz", 200), ("/graphql", 503), ("/", 503), ("/auth/login", 503), ("/nowhere", 503)]
    {
        let text = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        let reply = crate::support::http::send(server.address(), text.as_bytes()).await.unwrap();
        assert_eq!(reply.status, expected, "{path}");
    }
}

#[test]
fn the_first_administrator_is_made_once() {
    let crib = Crib::support_desk();
    assert_eq!(crib.run(&["migrate", "apply"]).code, Some(0));
    let bootstrap = |email: &str| crib.run(&["admin", "bootstrap", "--email", email]);
    let first = bootstrap("Root@Desk.test");
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    assert!(first.stdout.ends_with("is the first administrator, as soon as they sign in\n"), "{}", first.stdout);
    let second = bootstrap("other@desk.test");
    assert_eq!(second.code, Some(1));
    assert!(second.stderr.contains("there is an administrator already"), "{}", second.stderr);
    let unknown = crib.run(&["admin", "bootstrap", "--email", "a@b.test", "--issuer", "https://sso.test", "--subject", "1"]);
    assert!(unknown.stderr.contains("no provider of the settings has the issuer `https://sso.test`"), "{}", unknown.stderr);
    assert_eq!(crib.run(&["admin", "bootstrap", "--email", "a@b.test", "--issuer", "https://sso.test"]).code, Some(2));
}
