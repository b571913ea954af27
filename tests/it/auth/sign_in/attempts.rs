//! The way to the provider and back: state, nonce, PKCE, cookies, where it ends.

use super::{ana, browser, denials, events};
use crate::auth::tickets;
use crate::support::app::TestApp;
use crate::support::issuer::{Issuer, Login, PUBLIC_URL, session_cookie};
use axum::http::{Method, Request};
use serde_json::json;

#[tokio::test]
async fn an_invited_person_signs_in_and_is_on_record() {
    let issuer = Issuer::start().await;
    let app = TestApp::support_desk().with_settings(issuer.admit(|_| {})).start().await;
    let login = Login::start(&app, "/auth/login?return_to=%2Fgraphiql%3Fa%3Db").await;
    assert!(login.url.as_str().starts_with(&format!("{}/authorize?", issuer.url())));
    assert_eq!(login.parameter("redirect_uri"), format!("{PUBLIC_URL}/auth/callback/test"));
    assert_eq!(login.parameter("code_challenge_method"), "S256");
    assert_eq!((login.parameter("response_type"), login.parameter("scope")), ("code".to_owned(), "openid email".to_owned()));
    let response = login.finish(&app, &issuer.code_for(&login, ana())).await;
    assert_eq!((response.status, response.header("location")), (303, "/graphiql?a=b"), "{}", response.text());
    let cookie = session_cookie(&response);
    assert!(cookie.starts_with("toolcrib_session=ts_"), "{cookie}");
    let set = response.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect::<Vec<_>>().join("\n");
    assert!(set.contains("HttpOnly; SameSite=Lax") && set.contains("toolcrib_login_"), "{set}");
    assert_eq!(tickets(&browser(&app, &cookie)).await, Ok(4));

    let logins = events(&app, "LOGIN").await;
    assert_eq!(logins.len(), 1);
    assert_eq!(logins[0]["actor_user_id"], json!(app.user_id("ana").await));
    assert_eq!((&logins[0]["details"]["provider"], &logins[0]["ip_address"]), (&json!("test"), &json!("192.0.2.7")));
    assert!(denials(&app).await.is_empty());
    app.finish().await;
}

#[tokio::test]
async fn over_tls_the_cookies_are_this_hosts_alone() {
    let issuer = Issuer::start().await;
    let admit = issuer.admit(|_| {});
    let secure = move |settings: &mut toolcrib::config::Settings| {
        admit(settings);
        settings.auth.public_url = Some("https://desk.example.com".parse().unwrap());
    };
    let app = TestApp::support_desk().with_settings(secure).start().await;
    let login = Login::start(&app, "/auth/login/test").await;
    assert_eq!(login.parameter("redirect_uri"), "https://desk.example.com/auth/callback/test");
    assert!(login.cookie.starts_with("__Host-toolcrib_login_"), "{}", login.cookie);
    let response = login.finish(&app, &issuer.code_for(&login, ana())).await;
    let cookie = session_cookie(&response);
    assert!(cookie.starts_with("__Host-toolcrib_session=ts_"), "{cookie}");
    let all = response.headers.get_all("set-cookie").iter().all(|value| value.to_str().unwrap().ends_with("; Secure"));
    assert!(all);
    assert_eq!(tickets(&browser(&app, &cookie)).await, Ok(4));
    assert_eq!(tickets(&browser(&app, &cookie.replace("__Host-", ""))).await, Err(401), "the other name is no session");
    app.finish().await;
}

#[tokio::test]
async fn an_answer_is_good_once_and_in_the_browser_that_began() {
    let issuer = Issuer::start().await;
    let app = TestApp::support_desk().with_settings(issuer.admit(|_| {})).start().await;

    let login = Login::start(&app, "/auth/login/test").await;
    let code = issuer.code_for(&login, ana());
    assert_eq!(login.finish(&app, &code).await.status, 303);
    let replayed = login.finish(&app, &code).await;
    assert_eq!((replayed.status, session_cookie(&replayed)), (403, String::new()), "a replayed code");

    // The attacker's answer in the victim's browser, with and without a sign-in of its own.
    let (attacker, victim) = (Login::start(&app, "/auth/login/test").await, Login::start(&app, "/auth/login/test").await);
    let code = issuer.code_for(&attacker, ana());
    let swapped = Login { url: attacker.url.clone(), cookie: victim.cookie.clone() };
    assert_eq!(swapped.finish(&app, &code).await.status, 403, "another browser's state");
    let name = attacker.cookie.split('=').next().unwrap();
    let forced = Login { url: attacker.url.clone(), cookie: format!("{name}={}", victim.cookie.split('=').nth(1).unwrap()) };
    assert_eq!(forced.finish(&app, &code).await.status, 403, "its name, with another value");

    // The right browser, but the code of another sign-in: PKCE and nonce do not fit.
    let (one, other) = (Login::start(&app, "/auth/login/test").await, Login::start(&app, "/auth/login/test").await);
    let response = one.finish(&app, &issuer.code_for(&other, ana())).await;
    assert_eq!(response.status, 403, "a code that was begun elsewhere");
    let wrong_nonce = issuer.claims(json!({ "sub": "a1", "email": "ana@desk.test", "email_verified": true, "nonce": "other" }));
    let code = issuer.code(issuer.key.sign(json!({}), &wrong_nonce), &other.parameter("code_challenge"));
    assert_eq!(other.finish(&app, &code).await.status, 403, "another nonce");

    for path in ["/auth/callback/test", "/auth/callback/test?state=x&code=y", "/auth/callback/test?error=access_denied"] {
        let response = app.anonymous().get(path).await;
        assert_eq!((response.status, session_cookie(&response)), (403, String::new()), "{path}");
    }
    assert_eq!(denials(&app).await, ["ATTEMPT", "ATTEMPT", "ATTEMPT", "TOKEN", "TOKEN", "ATTEMPT", "ATTEMPT", "ATTEMPT"]);
    assert_eq!(events(&app, "LOGIN").await.len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn an_attempt_ends() {
    let issuer = Issuer::start().await;
    let app = TestApp::support_desk().with_settings(issuer.admit(|_| {})).start().await;
    let login = Login::start(&app, "/auth/login/test").await;
    app.execute("update toolcrib.login_attempts set expires_at = now() - interval '1 second'").await;
    assert_eq!(login.finish(&app, &issuer.code_for(&login, ana())).await.status, 403);
    let stored = app.rows("select encode(state_hash, 'hex') as hash from toolcrib.login_attempts").await;
    assert!(stored.is_empty(), "it was taken away all the same");
    app.finish().await;
}

#[tokio::test]
async fn nothing_that_is_stored_finishes_a_sign_in() {
    let issuer = Issuer::start().await;
    let app = TestApp::support_desk().with_settings(issuer.admit(|_| {})).start().await;
    let login = Login::start(&app, "/auth/login/test").await;
    let secret = login.cookie.split('=').nth(1).unwrap().to_owned();
    for raw in [login.parameter("state"), login.parameter("nonce"), secret] {
        let found = app
            .rows(&format!("select 1 as found from toolcrib.login_attempts as stored where stored::text like '%{raw}%'"))
            .await;
        assert!(found.is_empty());
    }
    app.finish().await;
}

#[tokio::test]
async fn a_session_from_before_ends_with_the_sign_in() {
    let issuer = Issuer::start().await;
    let app = TestApp::support_desk().with_settings(issuer.admit(|_| {})).start().await;
    // Fixation: somebody put a session of their own into Ana's browser, or knows the one that she had.
    let planted = app.cookie_of("ben").await;
    assert_eq!(tickets(&browser(&app, &planted)).await, Ok(4));
    let mut login = Login::start(&app, "/auth/login/test").await;
    login.cookie = format!("{}; {planted}", login.cookie);
    let response = login.finish(&app, &issuer.code_for(&login, ana())).await;
    let cookie = session_cookie(&response);
    assert!(!cookie.is_empty() && cookie != planted);
    assert_eq!(tickets(&browser(&app, &cookie)).await, Ok(4));
    assert_eq!(tickets(&browser(&app, &planted)).await, Err(401));
    app.finish().await;
}

#[tokio::test]
async fn a_sign_in_ends_on_this_server() {
    let issuer = Issuer::start().await;
    let app = TestApp::support_desk().with_settings(issuer.admit(|_| {})).start().await;
    for (wanted, expected) in [
        ("%2Fgraphiql", "/graphiql"),
        ("https%3A%2F%2Fevil.test", "/"),
        ("%2F%2Fevil.test", "/"),
        ("%2F%5Cevil.test", "/"),
        ("%2F%09%2Fevil.test", "/"),
        ("%2F.%2F%2Fevil.test", "/"),
        ("javascript%3Aalert(1)", "/"),
        ("%2F%0d%0aSet-Cookie%3A%20a%3Db", "/"),
    ] {
        let login = Login::start(&app, &format!("/auth/login/test?return_to={wanted}")).await;
        let response = login.finish(&app, &issuer.code_for(&login, ana())).await;
        assert_eq!((response.status, response.header("location")), (303, expected), "{wanted}");
    }
    app.finish().await;
}

#[tokio::test]
async fn what_a_request_says_of_its_host_leads_nowhere() {
    let issuer = Issuer::start().await;
    let app = TestApp::support_desk().with_settings(issuer.admit(|_| {})).start().await;
    let liar = app
        .anonymous()
        .with_header("host", "evil.test")
        .with_header("x-forwarded-host", "evil.test")
        .with_header("x-forwarded-proto", "http")
        .with_header("forwarded", "host=evil.test;proto=http")
        .with_header("origin", "https://evil.test");
    let response = liar.get("/auth/login/test").await;
    assert_eq!(response.status, 303);
    assert!(!response.header("location").contains("evil"), "{}", response.header("location"));
    let redirect = liar.clone().with_header("accept", "text/html").get("/graphiql?x=1").await;
    assert_eq!(redirect.header("location"), "/auth/login?return_to=%2Fgraphiql%3Fx%3D1");
    app.finish().await;
}

/// A link to it may have been sent by anybody, and anybody else on the machine may wait at the port.
#[tokio::test]
async fn a_command_line_is_let_in_by_whoever_says_so_and_by_no_link() {
    let issuer = Issuer::start().await;
    let app = TestApp::support_desk().with_settings(issuer.admit(|_| {})).start().await;
    let challenge = "A".repeat(43);
    for path in ["/auth/login", "/auth/login/test"] {
        let asked = app.anonymous().get(&format!("{path}?port=4711&challenge={challenge}&max_age=60")).await;
        assert_eq!((asked.status, asked.header("set-cookie"), asked.header("location")), (200, "", ""), "{path}");
        assert!(asked.text().contains("<form method=\"post\" action=\"/auth/login/test\">"), "{}", asked.text());
        assert!(asked.header("content-security-policy").contains("frame-ancestors 'none'"));
    }
    let begin = async |headers: &[(&'static str, &str)], form: &str| {
        let caller = headers.iter().fold(app.anonymous(), |caller, (name, value)| caller.with_header(name, value));
        let request = Request::builder().method(Method::POST).uri("/auth/login/test");
        caller.send(request.header("content-type", "application/x-www-form-urlencoded"), form.to_owned()).await
    };
    let form = format!("port=4711&challenge={challenge}&max_age=60");
    for foreign in
        [("origin", "https://evil.test"), ("origin", "null"), ("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site")]
    {
        assert_eq!(begin(&[foreign], &form).await.status, 403, "{foreign:?}");
    }
    let own = [("origin", PUBLIC_URL), ("sec-fetch-site", "same-origin")];
    for wrong in ["", "port=4711", &format!("port=80&challenge={challenge}"), "port=4711&challenge=x", "return_to=%2F"] {
        assert_eq!(begin(&own, wrong).await.status, 400, "{wrong}");
    }
    assert_eq!(app.rows("select count(*) from toolcrib.login_attempts").await, [json!({ "count": 0 })], "nothing has begun");
    let sent = begin(&own, &form).await;
    assert_eq!(sent.status, 303);
    assert!(sent.header("location").contains("max_age=60") && sent.header("set-cookie").starts_with("toolcrib_login_"));
    let unknown = app.anonymous().get(&format!("/auth/login/other?port=4711&challenge={challenge}")).await;
    assert_eq!(unknown.status, 404);
    app.finish().await;
}

#[tokio::test]
async fn several_providers_are_offered_and_an_unknown_one_is_none() {
    let (issuer, second) = (Issuer::start().await, Issuer::start().await);
    let (admit, second) = (issuer.admit(|provider| provider.name = "<Acme> & Co".to_owned()), second.settings("second"));
    let both = move |settings: &mut toolcrib::config::Settings| {
        admit(settings);
        settings.auth.providers.push(second);
    };
    let app = TestApp::support_desk().with_settings(both).start().await;
    let page = app.anonymous().get("/auth/login?return_to=%2F%22%3E%3Cscript%3E").await;
    assert_eq!(page.status, 200);
    assert!(
        page.text().contains("/auth/login/test?return_to=") && page.text().contains("/auth/login/second?"),
        "{}",
        page.text()
    );
    assert!(page.text().contains("&lt;Acme&gt; &amp; Co") && !page.text().contains("<script"), "{}", page.text());
    assert_eq!(app.anonymous().get("/auth/login/third").await.status, 404);

    // An answer of one provider at the other's address (mix-up) is none.
    let login = Login::start(&app, "/auth/login/test").await;
    let path = format!("/auth/callback/second?code={}&state={}", issuer.code_for(&login, ana()), login.parameter("state"));
    assert_eq!(app.anonymous().with_header("cookie", &login.cookie).get(&path).await.status, 403);
    app.finish().await;
}

#[tokio::test]
async fn a_provider_that_is_away_is_our_fault_in_nobodys_words() {
    let issuer = Issuer::start().await;
    let gone = issuer.admit(|provider| provider.issuer = "http://127.0.0.1:9".to_owned());
    let app = TestApp::support_desk().with_settings(gone).start().await;
    let response = app.anonymous().get("/auth/login/test").await;
    assert_eq!(response.status, 503);
    assert!(!response.text().contains("127.0.0.1:9"), "{}", response.text());
    app.finish().await;
}

#[tokio::test]
async fn a_hundred_people_sign_in_at_once() {
    let issuer = Issuer::start().await;
    let admit = issuer.admit(|provider| provider.mode = toolcrib::config::AdmissionMode::JustInTime);
    let app = TestApp::support_desk().with_settings(admit).start().await;
    // Fifty persons, each in two browsers at the same time.
    let sign_ins = (0..100).map(|number| {
        let person = number % 50;
        let claims = json!({ "sub": format!("p{person}"), "email": format!("p{person}@desk.test"), "email_verified": true });
        issuer.sign_in(&app, claims)
    });
    let answers = futures_util::future::join_all(sign_ins).await;
    let mut cookies: Vec<String> = answers.iter().map(session_cookie).collect();
    assert!(answers.iter().all(|answer| answer.status == 303), "{:?}", answers.iter().find(|answer| answer.status != 303));
    cookies.sort();
    cookies.dedup();
    assert_eq!(cookies.len(), 100);
    let count = app
        .rows("select count(*) as users, (select count(*) from toolcrib.identities) as identities, (select count(*) from toolcrib.sessions) as sessions from toolcrib.users where email like 'p%@desk.test'")
        .await;
    assert_eq!(count, [json!({ "users": 50, "identities": 50, "sessions": 100 })]);
    app.finish().await;
}
