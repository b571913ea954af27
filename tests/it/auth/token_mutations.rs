//! Tokens over GraphQL: made, rotated, revoked, by whom and within what.

use super::tickets;
use crate::support::app::TestApp;
use crate::support::caller::Caller;
use serde_json::{Value as Json, json};

const CREATE: &str = "mutation Create($input: CreateServiceTokenInput!, $dryRun: Boolean! = false, $key: String) {
    createServiceToken(input: $input, dryRun: $dryRun, idempotencyKey: $key) {
        secret auditEventId serviceToken { id name scopes ipAllowList user { email } rotatedFrom { id } }
    }
}";
const ROTATE: &str = "mutation Rotate($id: ID!, $overlap: Int! = 3600) {
    rotateServiceToken(id: $id, expiresAt: \"2031-01-01T00:00:00Z\", overlapSeconds: $overlap) {
        secret auditEventId serviceToken { id name scopes rotatedFrom { id expiresAt } }
    }
}";
const REVOKE: &str =
    "mutation Revoke($id: ID!) { revokeServiceToken(id: $id, reason: \"lost\") { auditEventId serviceToken { revokedAt } } }";

/// A service account beside the people.
const BOT: &str = "insert into toolcrib.users (id, email, name, role, team_id, kind) values
    ('00000000-0000-7000-8000-000000000251', 'bot@desk.test', 'Bot', 'manager', null, 'SERVICE')";
const BOT_ID: &str = "00000000-0000-7000-8000-000000000251";

fn input(scopes: &[&str]) -> Json {
    json!({ "name": "sync", "scopes": scopes, "expiresAt": "2030-01-01T00:00:00Z" })
}

async fn create(caller: &Caller<'_>, input: Json) -> Json {
    caller.graphql(CREATE, json!({ "input": input })).await.data()["createServiceToken"].clone()
}

async fn refusal(caller: &Caller<'_>, input: Json) -> (Vec<String>, Vec<String>) {
    let refused = caller.graphql(CREATE, json!({ "input": input })).await;
    (refused.codes(), refused.messages())
}

#[tokio::test]
async fn a_person_makes_a_token_of_the_own_rights_cut_down() {
    let app = TestApp::support_desk().start().await;
    let made = create(&app.browser("ana"), input(&["Ticket:READ"])).await;
    let token = &made["serviceToken"];
    assert_eq!((&token["user"]["email"], &token["scopes"]), (&json!("ana@desk.test"), &json!(["Ticket:READ"])));
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("tc_"));
    assert_eq!(tickets(&app.token(secret)).await, Ok(4), "what Ana sees");
    let events = app
        .rows(
            "select event_type, after->>'name' as name from toolcrib.audit_events where entity_type = 'ServiceToken' order by id",
        )
        .await;
    let event = |kind: &str, name: Json| json!({ "event_type": kind, "name": name });
    assert_eq!(events, [event("CREATE", json!("sync")), event("TOKEN_FIRST_USED", json!(null))]);
    assert!(!app.rows("select * from toolcrib.audit_events").await.iter().any(|event| event.to_string().contains(secret)));
    app.finish().await;
}

#[tokio::test]
async fn the_first_use_is_one_event_with_where_it_came_from() {
    let app = TestApp::support_desk().start().await;
    let token = app.scoped_token("ana", &["*:READ"]).await;
    let caller = app.token(&token).with_header("user-agent", "sync/1");
    let all = futures_util::future::join_all((0..8).map(|_| tickets(&caller))).await;
    assert!(all.iter().all(|seen| *seen == Ok(4)));
    app.app.authenticator.forget_all();
    tickets(&caller).await.unwrap();
    let events = app.rows("select ip_address, user_agent, actor_role, entity_type from toolcrib.audit_events where event_type = 'TOKEN_FIRST_USED'").await;
    let expected =
        json!({ "ip_address": "192.0.2.7", "user_agent": "sync/1", "actor_role": "agent", "entity_type": "ServiceToken" });
    assert_eq!(events, [expected]);
    app.finish().await;
}

#[tokio::test]
async fn nobody_makes_a_token_for_another_person_and_admins_do_for_services() {
    let app = TestApp::support_desk().with_rows(BOT).start().await;
    let for_user = |id: &str| {
        let mut input = input(&["Ticket:READ"]);
        input["user"] = json!({ "id": id });
        input
    };
    let ana = app.user_id("ana").await.to_string();
    for user in ["ada", "max", "ben"] {
        let (codes, _) = refusal(&app.browser(user), for_user(&ana)).await;
        assert!(codes == ["FORBIDDEN"] || codes == ["NOT_FOUND"], "{user}: {codes:?}");
    }
    let (codes, _) = refusal(&app.browser("max"), for_user(BOT_ID)).await;
    assert_eq!(codes, ["FORBIDDEN"]);
    let made = create(&app.browser("ada"), for_user(BOT_ID)).await;
    assert_eq!(tickets(&app.token(made["secret"].as_str().unwrap())).await, Ok(6), "what a manager sees");
    app.finish().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_said() {
    let app = TestApp::support_desk().with_rows(BOT).start().await;
    let ana = app.browser("ana");
    for (scopes, said) in [
        (&[][..], "`input.scopes`: give 1 to 100 scopes, `User:READ` for instance"),
        (&["Ticket"], "`input.scopes`: `Ticket` is no scope; write"),
        (&["Tikcet:READ"], "`input.scopes`: there is no collection `Tikcet`"),
        (&["Ticket:READ", "act-for:boss"], "`input.scopes`: there is no role `boss`"),
        (&["scim", "Ticket:READ"], "`input.scopes`: `scim` stands alone"),
        (&["act-for:agent"], "`input.scopes`: `act-for` needs something to do"),
        (&["scim"], "`input.scopes`: `act-for` and `scim` are for service accounts"),
        (&["Ticket:READ", "act-for:agent"], "`input.scopes`: `act-for` and `scim` are for service accounts"),
    ] {
        let (codes, messages) = refusal(&ana, input(scopes)).await;
        assert_eq!(codes, ["BAD_USER_INPUT"], "{scopes:?}");
        assert!(messages[0].starts_with(said), "{messages:?}");
    }
    let with = |name: &str, value: Json| {
        let mut input = input(&["Ticket:READ"]);
        input[name] = value;
        input
    };
    let (_, messages) = refusal(&ana, with("ipAllowList", json!(["10.1.0.0/33"]))).await;
    assert!(messages[0].starts_with("`input.ipAllowList`: `10.1.0.0/33` is no network"), "{messages:?}");
    let (_, messages) = refusal(&ana, with("expiresAt", json!("2200-01-01T00:00:00Z"))).await;
    assert!(messages[0].starts_with("`input.expiresAt`: is more than ten years ahead"), "{messages:?}");
    let without = json!({ "scopes": ["Ticket:READ"] });
    assert_eq!(ana.graphql(CREATE, json!({ "input": without })).await.codes(), ["BAD_USER_INPUT"], "an expiry is required");
    app.finish().await;
}

#[tokio::test]
async fn a_token_gives_out_no_more_than_it_has() {
    let app = TestApp::support_desk().start().await;
    let token = app.scoped_token("ana", &["Ticket:READ", "User:READ", "ServiceToken:READ,CREATE"]).await;
    let caller = app.token(&token);
    for scopes in [&["Ticket:READ,UPDATE"][..], &["*:READ"], &["platform:READ"], &["Ticket:READ", "Customer:READ"]] {
        let (codes, messages) = refusal(&caller, input(scopes)).await;
        assert_eq!(
            (codes, messages),
            (vec!["FORBIDDEN".to_owned()], vec!["you may not set `scopes` of `ServiceToken`".to_owned()])
        );
    }
    let made = create(&caller, input(&["Ticket:READ"])).await;
    assert_eq!(tickets(&app.token(made["secret"].as_str().unwrap())).await, Ok(4));
    app.finish().await;
}

#[tokio::test]
async fn a_rotated_token_outlives_its_successor_s_birth_for_a_while() {
    let app = TestApp::support_desk().start().await;
    let browser = app.browser("ana");
    let old = create(&browser, input(&["Ticket:READ"])).await;
    let old_secret = old["secret"].as_str().unwrap();
    assert_eq!(tickets(&app.token(old_secret)).await, Ok(4));
    let id = old["serviceToken"]["id"].as_str().unwrap();
    let rotated = browser.graphql(ROTATE, json!({ "id": id })).await.data()["rotateServiceToken"].clone();
    assert_eq!(rotated["serviceToken"]["rotatedFrom"]["id"], old["serviceToken"]["id"]);
    assert_eq!((&rotated["serviceToken"]["name"], &rotated["serviceToken"]["scopes"]), (&json!("sync"), &json!(["Ticket:READ"])));
    let new_secret = rotated["secret"].as_str().unwrap();
    for secret in [old_secret, new_secret] {
        assert_eq!(tickets(&app.token(secret)).await, Ok(4), "both are good");
    }
    let seconds = app
        .rows(&format!(
            "select extract(epoch from expires_at - now())::int as left from toolcrib.service_tokens where id = '{id}'"
        ))
        .await;
    assert!((3500..=3600).contains(&seconds[0]["left"].as_i64().unwrap()), "{seconds:?}");
    // The second time without an overlap: the old one is over with the answer.
    let id = rotated["serviceToken"]["id"].as_str().unwrap();
    let newest = browser.graphql(ROTATE, json!({ "id": id, "overlap": 0 })).await.data()["rotateServiceToken"].clone();
    assert_eq!(tickets(&app.token(new_secret)).await, Err(401));
    assert_eq!(tickets(&app.token(newest["secret"].as_str().unwrap())).await, Ok(4));
    let again = browser.graphql(ROTATE, json!({ "id": id })).await;
    assert_eq!(again.messages(), ["`id`: the token has ended; make a new one"]);
    app.finish().await;
}

#[tokio::test]
async fn a_token_is_rotated_and_revoked_by_its_user_and_by_admins() {
    let app = TestApp::support_desk().with_rows(BOT).start().await;
    let made = create(&app.browser("ana"), input(&["Ticket:READ"])).await;
    let secret = made["secret"].as_str().unwrap();
    let id = json!({ "id": made["serviceToken"]["id"] });
    for user in ["ben", "max", "vic"] {
        for mutation in [ROTATE, REVOKE] {
            assert_eq!(app.browser(user).graphql(mutation, id.clone()).await.codes(), ["NOT_FOUND"], "{user}");
        }
    }
    assert_eq!(app.browser("ada").graphql(ROTATE, id.clone()).await.codes(), ["FORBIDDEN"], "that would be a token of Ana's");
    assert_eq!(tickets(&app.token(secret)).await, Ok(4), "nothing of it stays");
    let revoked = app.browser("ada").graphql(REVOKE, id).await.data();
    assert!(revoked["revokeServiceToken"]["serviceToken"]["revokedAt"].is_string());
    assert_eq!(tickets(&app.token(secret)).await, Err(401), "with the next request");
    for unknown in ["x", "00000000-0000-7000-8000-000000000999"] {
        for mutation in [ROTATE, REVOKE] {
            assert_eq!(app.browser("ada").graphql(mutation, json!({ "id": unknown })).await.codes(), ["NOT_FOUND"]);
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn a_secret_is_shown_once() {
    let app = TestApp::support_desk().start().await;
    let browser = app.browser("ana");
    let dry = browser.graphql(CREATE, json!({ "input": input(&["Ticket:READ"]), "dryRun": true })).await.data();
    assert!(dry["createServiceToken"]["secret"].is_null() && dry["createServiceToken"]["auditEventId"].is_null());
    assert_eq!(dry["createServiceToken"]["serviceToken"]["name"], "sync");
    assert_eq!(app.rows("select from toolcrib.service_tokens where name = 'sync'").await.len(), 0);
    let keyed = json!({ "input": input(&["Ticket:READ"]), "key": "k1" });
    let first = browser.graphql(CREATE, keyed.clone()).await.data()["createServiceToken"].clone();
    let retry = browser.graphql(CREATE, keyed).await.data()["createServiceToken"].clone();
    assert!(first["secret"].is_string() && retry["secret"].is_null());
    assert_eq!(first["serviceToken"]["id"], retry["serviceToken"]["id"]);
    assert!(app.rows("select * from toolcrib.idempotency_keys").await.iter().all(|row| !row.to_string().contains("tc_")));
    app.finish().await;
}

#[tokio::test]
async fn a_token_is_good_from_the_networks_of_its_list_alone() {
    let app = TestApp::support_desk().start().await;
    for (networks, expected) in [
        (json!(["192.0.2.0/24"]), Ok(4)),
        (json!(["10.0.0.0/8", "192.0.2.7"]), Ok(4)),
        (json!(null), Ok(4)),
        (json!(["10.0.0.0/8"]), Err(401)),
        (json!([]), Err(401)),
    ] {
        let mut input = input(&["Ticket:READ"]);
        input["ipAllowList"] = networks.clone();
        let made = create(&app.browser("ana"), input).await;
        let caller = app.token(made["secret"].as_str().unwrap());
        assert_eq!(tickets(&caller).await, expected, "{networks}");
        assert_eq!(tickets(&caller).await, expected, "{networks}, from the cache");
        let id = made["serviceToken"]["id"].as_str().unwrap();
        let events = app
            .rows(&format!("select event_type from toolcrib.audit_events where entity_id = '{id}' and event_type <> 'CREATE'"))
            .await;
        let kind = if expected.is_ok() { "TOKEN_FIRST_USED" } else { "DENIED" };
        assert_eq!(events, [json!({ "event_type": kind })], "{networks}");
    }
    app.finish().await;
}

#[tokio::test]
async fn revocation_at_another_server_counts_within_a_second() {
    let app = TestApp::support_desk().start().await;
    let token = app.scoped_token("ana", &["*:READ"]).await;
    assert_eq!(tickets(&app.token(&token)).await, Ok(4));
    app.execute("update toolcrib.service_tokens set revoked_at = now()").await;
    let started = std::time::Instant::now();
    while tickets(&app.token(&token)).await.is_ok() {
        assert!(started.elapsed() < std::time::Duration::from_secs(1), "the old answer is still believed");
        tokio::task::yield_now().await;
    }
    app.finish().await;
}
