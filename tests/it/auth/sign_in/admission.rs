//! Who is let in, and as whom.

use super::{ana, browser, denials, events};
use crate::auth::tickets;
use crate::support::app::TestApp;
use crate::support::issuer::{Issuer, session_cookie};
use crate::support::process::eventually;
use serde_json::{Value as Json, json};
use toolcrib::config::{AdmissionMode, ClaimRule, EmailTrust, ProviderSettings};

fn texts<C: FromIterator<String>>(texts: &[&str]) -> C {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Signs somebody with these claims in; the status, and the cause of a refusal.
async fn outcome(issuer: &Issuer, app: &TestApp, claims: Json) -> (u16, Option<String>) {
    let before = denials(app).await.len();
    let response = issuer.sign_in(app, claims).await;
    assert_eq!(session_cookie(&response).is_empty(), response.status != 303);
    if response.status == 403 {
        assert!(response.text().contains("the sign-in was refused; ask whoever runs this tool"), "every refusal is alike");
    }
    (response.status, denials(app).await.get(before).cloned())
}

async fn check(adjust: impl FnOnce(&mut ProviderSettings) + Send + 'static, cases: &[(Json, Option<&str>)]) {
    let issuer = Issuer::start().await;
    let app = TestApp::support_desk().with_settings(issuer.admit(adjust)).start().await;
    for (claims, cause) in cases {
        let status = if cause.is_some() { 403 } else { 303 };
        assert_eq!(outcome(&issuer, &app, claims.clone()).await, (status, cause.map(str::to_owned)), "{claims}");
    }
    app.finish().await;
}

#[tokio::test]
async fn only_mail_that_the_provider_vouches_for_counts() {
    let mail = |email: &str, verified: Json| json!({ "sub": "x", "email": email, "email_verified": verified });
    let cases = [
        (mail("ana@desk.test", json!(false)), Some("EMAIL_UNVERIFIED")),
        (mail("ana@desk.test", Json::Null), Some("EMAIL_UNVERIFIED")),
        (mail("ana@desk.test", json!("false")), Some("EMAIL_UNVERIFIED")),
        (json!({ "sub": "x", "email_verified": true }), Some("NO_EMAIL")),
        (mail("ana", json!(true)), Some("NO_EMAIL")),
        (mail("аna@desk.test", json!(true)), Some("NO_EMAIL")),
        (mail("ana@desk.test ", json!(true)), Some("NO_EMAIL")),
        (mail("Ana@Desk.test", json!(true)), None),
    ];
    check(|_| {}, &cases).await;
    let trusted = |provider: &mut ProviderSettings| provider.email_trust = EmailTrust::Directory;
    check(trusted, &[(mail("ana@desk.test", Json::Null), None)]).await;
}

#[tokio::test]
async fn domains_are_whole_domains() {
    let open = |provider: &mut ProviderSettings| {
        provider.mode = AdmissionMode::JustInTime;
        provider.allowed_domains = texts(&["acme.test"]);
    };
    let from = |domain: &str| json!({ "sub": domain, "email": format!("eva@{domain}"), "email_verified": true });
    let refused =
        ["evil-acme.test", "acme.test.evil.test", "sub.acme.test", "acme.tes", "xacme.test", "acme-test.test", "aсme.test"];
    let mut cases: Vec<(Json, Option<&str>)> = refused.iter().map(|domain| (from(domain), Some("DOMAIN"))).collect();
    cases[6].1 = Some("NO_EMAIL");
    cases.push((json!({ "sub": "y", "email": "eva@acme.test@evil.test", "email_verified": true }), Some("NO_EMAIL")));
    cases.push((from("acme.test"), None));
    check(open, &cases).await;
}

#[tokio::test]
async fn organization_and_groups_are_asked() {
    let with = |more: Json| {
        let mut claims = ana();
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        claims
    };
    let hosted = |provider: &mut ProviderSettings| provider.hosted_domains = texts(&["desk.test"]);
    let cases = [
        (ana(), Some("HOSTED_DOMAIN")),
        (with(json!({ "hd": "desk.test.evil" })), Some("HOSTED_DOMAIN")),
        (with(json!({ "hd": "desk.test" })), None),
    ];
    check(hosted, &cases).await;
    let grouped = |provider: &mut ProviderSettings| provider.required_groups = texts(&["staff", "support"]);
    let cases = [
        (ana(), Some("GROUP")),
        (with(json!({ "groups": ["staff"] })), Some("GROUP")),
        (with(json!({ "groups": "staff support" })), Some("GROUP")),
        (with(json!({ "groups": ["staff", "supporters"] })), Some("GROUP")),
        (with(json!({ "groups": ["support", "other", "staff"] })), None),
    ];
    check(grouped, &cases).await;
}

#[tokio::test]
async fn only_the_invited_come_in_and_inactive_ones_do_not() {
    let someone = |name: &str| json!({ "sub": name, "email": format!("{name}@desk.test"), "email_verified": true });
    let cases = [(someone("stranger"), Some("NOT_INVITED")), (someone("gus"), Some("INACTIVE")), (someone("ana"), None)];
    check(|_| {}, &cases).await;
}

#[tokio::test]
async fn a_service_account_is_no_person() {
    let issuer = Issuer::start().await;
    let app = TestApp::support_desk().with_settings(issuer.admit(|_| {})).start().await;
    app.execute("alter table toolcrib.users disable trigger keep_kind; update toolcrib.users set kind = 'SERVICE' where email = 'ana@desk.test'")
        .await;
    assert_eq!(outcome(&issuer, &app, ana()).await, (403, Some("NO_PERSON".to_owned())));
    app.finish().await;
}

#[tokio::test]
async fn a_user_is_bound_once_and_then_known_by_subject_alone() {
    let (issuer, second) = (Issuer::start().await, Issuer::start().await);
    let (admit, other) = (issuer.admit(|_| {}), second.settings("second"));
    let both = move |settings: &mut toolcrib::config::Settings| {
        admit(settings);
        settings.auth.providers.push(other);
    };
    let app = TestApp::support_desk().with_settings(both).start().await;
    assert_eq!(outcome(&issuer, &app, ana()).await, (303, None));
    let created = events(&app, "CREATE").await;
    assert!(created.iter().all(|event| event["actor_role"] == "platform:signin"), "{created:?}");

    // The same mail from another person, and from another provider, is somebody else.
    let renamed = json!({ "sub": "a2", "email": "ana@desk.test", "email_verified": true });
    assert_eq!(outcome(&issuer, &app, renamed).await, (403, Some("BOUND_TO_ANOTHER".to_owned())));
    let login = crate::support::issuer::Login::start(&app, "/auth/login/second").await;
    let code = second.code_for(&login, ana());
    let path = format!("/auth/callback/second?code={code}&state={}", login.parameter("state"));
    assert_eq!(app.anonymous().with_header("cookie", &login.cookie).get(&path).await.status, 403);
    assert_eq!(denials(&app).await, ["BOUND_TO_ANOTHER"; 2]);

    // The same person with another address, even somebody else's, is still the same person.
    let moved = json!({ "sub": "a1", "email": "ada@desk.test", "email_verified": true });
    let response = issuer.sign_in(&app, moved).await;
    let viewer = browser(&app, &session_cookie(&response)).graphql("{ viewer { id } }", json!({})).await;
    if viewer.json()["data"]["viewer"].is_object() {
        assert_eq!(viewer.data()["viewer"]["id"], json!(app.user_id("ana").await));
    }
    assert_eq!(tickets(&browser(&app, &session_cookie(&response))).await, Ok(4), "Ana's tickets, not the admin's");
    assert_eq!(app.rows("select count(*) from toolcrib.identities").await, [json!({ "count": 1 })]);
    app.finish().await;
}

#[tokio::test]
async fn just_in_time_makes_a_user_with_the_least_role() {
    let issuer = Issuer::start().await;
    let admit = issuer.admit(|provider| provider.mode = AdmissionMode::JustInTime);
    let app = TestApp::support_desk().with_settings(admit).start().await;
    let new = json!({ "sub": "n1", "email": "Nina@Desk.test", "email_verified": true, "name": "Nina", "role": "admin", "kind": "SERVICE" });
    assert_eq!(outcome(&issuer, &app, new.clone()).await, (303, None));
    assert_eq!(outcome(&issuer, &app, new).await, (303, None), "and comes back");
    let users =
        app.rows("select name, email, role, team_id, kind, is_active from toolcrib.users where email ilike 'nina%'").await;
    let expected = json!({
        "name": "Nina", "email": "nina@desk.test", "role": "viewer", "team_id": null, "kind": "PERSON", "is_active": true,
    });
    assert_eq!(users, [expected]);
    app.finish().await;
}

#[tokio::test]
async fn groups_give_role_and_team_anew_at_each_sign_in() {
    let issuer = Issuer::start().await;
    let rule = |value: &str, role: Option<&str>, team: Option<&str>| ClaimRule {
        claim: None,
        value: value.to_owned(),
        role: role.map(str::to_owned),
        team: team.map(str::to_owned),
    };
    let rules = vec![rule("leads", Some("manager"), None), rule("support", Some("agent"), None)];
    let app = TestApp::support_desk().with_settings(issuer.admit(move |provider| provider.rules = rules)).start().await;
    let roles = async |groups: Json| {
        let mut claims = ana();
        claims["groups"] = groups;
        assert_eq!(issuer.sign_in(&app, claims).await.status, 303);
        app.rows("select role, version from toolcrib.users where email = 'ana@desk.test'").await[0].clone()
    };
    assert_eq!(roles(json!(["support"])).await, json!({ "role": "agent", "version": 1 }), "as it was: no change");
    assert_eq!(roles(json!(["support", "leads"])).await, json!({ "role": "manager", "version": 2 }), "the first rule");
    assert_eq!(roles(json!([])).await, json!({ "role": "viewer", "version": 3 }), "who left has the least role");
    assert_eq!(roles(json!({ "leads": true })).await, json!({ "role": "viewer", "version": 3 }));
    let changes = app
        .rows("select actor_role, before->>'role' as before, after->>'role' as after from toolcrib.audit_events where event_type = 'UPDATE' and entity_type = 'User' order by id")
        .await;
    let change = |before: &str, after: &str| json!({ "actor_role": "platform:signin", "before": before, "after": after });
    assert_eq!(changes, [change("agent", "manager"), change("manager", "viewer")]);
    app.finish().await;
}

#[tokio::test]
async fn the_last_administrator_stays_one() {
    let issuer = Issuer::start().await;
    let rules = vec![ClaimRule { claim: None, value: "leads".to_owned(), role: Some("manager".to_owned()), team: None }];
    let app = TestApp::support_desk().with_settings(issuer.admit(move |provider| provider.rules = rules)).start().await;
    let ada = json!({ "sub": "ada", "email": "ada@desk.test", "email_verified": true });
    assert_eq!(issuer.sign_in(&app, ada.clone()).await.status, 303);
    let role = async || app.rows("select role from toolcrib.users where email = 'ada@desk.test'").await[0]["role"].clone();
    assert_eq!(role().await, "admin", "nobody could undo it");
    app.execute("update toolcrib.users set role = 'admin' where email = 'ben@desk.test'").await;
    assert_eq!(issuer.sign_in(&app, ada).await.status, 303);
    assert_eq!(role().await, "viewer");
    app.finish().await;
}

/// Two administrators, of whom a sign-in demotes one while somebody demotes the other.
#[tokio::test]
async fn of_two_administrators_who_go_at_once_one_stays() {
    let issuer = Issuer::start().await;
    let rules = vec![ClaimRule { claim: None, value: "leads".to_owned(), role: Some("manager".to_owned()), team: None }];
    let app = TestApp::support_desk().with_settings(issuer.admit(move |provider| provider.rules = rules)).start().await;
    let ada = json!({ "sub": "ada", "email": "ada@desk.test", "email_verified": true });
    assert_eq!(issuer.sign_in(&app, ada.clone()).await.status, 303, "bound");
    app.execute("update toolcrib.users set role = 'admin' where email = 'ben@desk.test'").await;
    let (id, browser) = (app.user_id("ben").await, app.browser("ada"));
    browser.graphql("{ __typename }", json!({})).await.data();
    let client = app.database.connect().await;
    // Those alone who are at the table's lock: somebody else may wait for something else for a moment.
    const WAITING: &str = "select count(*) from pg_locks where database = (select oid from pg_database where \
        datname = current_database()) and locktype = 'advisory' and not granted";
    let blocked = async |count: usize| {
        let rows = async || (app.rows(WAITING).await[0]["count"] == count).then_some(());
        eventually("a transaction waits for another", rows).await;
    };

    // Somebody demotes Ben and has not committed yet.
    client.batch_execute("begin; update toolcrib.users set role = 'agent' where email = 'ben@desk.test'").await.unwrap();
    let commit = async {
        blocked(1).await;
        client.batch_execute("commit").await.unwrap();
    };
    let (answer, ()) = tokio::join!(issuer.sign_in(&app, ada.clone()), commit);
    assert_eq!(answer.status, 303, "whoever stays an administrator is let in all the same");
    assert_eq!(roles(&app).await, json!(["admin", "agent"]));

    // Both wait for the same lock, which is the table's; it goes to who waits longest.
    const DEMOTE: &str = "mutation($id: ID!) { updateUser(id: $id, set: { role: agent }) { auditEventId } }";
    for is_sign_in_first in [false, true] {
        app.execute("update toolcrib.users set role = 'admin' where email = 'ben@desk.test'").await;
        client.batch_execute("begin; select pg_advisory_xact_lock(hashtextextended('toolcrib.keep_an_admin', 0))").await.unwrap();
        let release = async {
            blocked(2).await;
            client.batch_execute("commit").await.unwrap();
        };
        let wait_for_first = async |is_second: bool| {
            if is_second {
                blocked(1).await;
            }
        };
        let sign_in = async {
            wait_for_first(!is_sign_in_first).await;
            issuer.sign_in(&app, ada.clone()).await
        };
        let demote = async {
            wait_for_first(is_sign_in_first).await;
            browser.graphql(DEMOTE, json!({ "id": id })).await
        };
        let (answer, demoted, ()) = tokio::join!(sign_in, demote, release);
        assert_eq!(answer.status, 303);
        let (codes, expected) = match is_sign_in_first {
            true => (vec!["CONSTRAINT_VIOLATION"], json!(["viewer", "admin"])),
            false => (vec![], json!(["admin", "agent"])),
        };
        assert_eq!(demoted.codes(), codes, "{}", demoted.text());
        assert_eq!(roles(&app).await, expected);
    }
    app.finish().await;
}

/// The roles of Ada and Ben.
async fn roles(app: &TestApp) -> Json {
    let rows = app.rows("select role from toolcrib.users where email in ('ada@desk.test', 'ben@desk.test') order by email").await;
    rows.iter().map(|row| row["role"].clone()).collect()
}

#[tokio::test]
async fn what_changes_meanwhile_counts_with_the_next_request() {
    let issuer = Issuer::start().await;
    let app = TestApp::support_desk().with_settings(issuer.admit(|_| {})).start().await;
    let cookie = session_cookie(&issuer.sign_in(&app, ana()).await);
    let caller = browser(&app, &cookie);
    const SET: &str = "mutation Set($id: ID!, $set: UpdateUserInput!) { updateUser(id: $id, set: $set) { user { version } } }";
    let ada = app.user("ada");
    let set = async |set: Json| {
        ada.graphql(SET, json!({ "id": app.user_id("ana").await, "set": set })).await.data();
    };
    assert_eq!(tickets(&caller).await, Ok(4));
    set(json!({ "team": { "id": "00000000-0000-7000-8000-000000000102" } })).await;
    assert_eq!(tickets(&caller).await, Ok(2));
    set(json!({ "role": "manager" })).await;
    assert_eq!(tickets(&caller).await, Ok(6));
    set(json!({ "isActive": false })).await;
    assert_eq!(tickets(&caller).await, Err(401));
    app.finish().await;
}
