//! Behind a proxy: whose address counts, for whom, and what of it.

use super::TYPENAME;
use super::plans::with_rule;
use crate::support::app::{SUPPORT_DESK_ROWS, TestApp};
use crate::support::caller::Caller;
use secrecy::ExposeSecret;
use serde_json::json;
use toolcrib::auth::{self, TokenRequest};
use toolcrib::base::{Actor, RequestContext};
use toolcrib::config::{ProxyHeader, ProxySettings, Settings};

/// Callers of a test call from 192.0.2.7: it is the proxy, or it is not.
fn behind(proxy: &'static str, header: ProxyHeader) -> impl FnOnce(&mut Settings) + Send + 'static {
    move |settings| settings.server.proxies = ProxySettings { trusted: vec![proxy.parse().unwrap()], header }
}

const PROXY: &str = "192.0.2.0/28";
const NO_PROXY: &str = "192.0.2.128/28";

/// A token that is good from one network alone.
async fn token_from(app: &TestApp, network: &str) -> String {
    let (actor, request) = (Actor::platform("cli"), RequestContext::internal(chrono::Utc::now()));
    let planner = app.app.engine.planner(&actor, &request);
    let asked = TokenRequest {
        ip_allow_list: Some(vec![network.to_owned()]),
        ..TokenRequest::new(app.user_id("ana").await, request.time + chrono::TimeDelta::hours(1))
    };
    let token = auth::create_token(app.app.engine.database(), &planner, asked).await.unwrap();
    token.raw.expose_secret().to_owned()
}

async fn status(caller: Caller<'_>, name: &'static str, value: &str) -> u16 {
    caller.with_header(name, value).graphql(TYPENAME, json!({})).await.status
}

#[tokio::test]
async fn a_token_is_good_from_where_the_proxy_says_the_caller_is() {
    const NAME: &str = "x-forwarded-for";
    let app = TestApp::support_desk().with_settings(behind(PROXY, ProxyHeader::XForwardedFor)).start().await;
    let (inner, proxy) = (token_from(&app, "10.0.0.0/8").await, token_from(&app, "192.0.2.0/24").await);
    let version_6 = token_from(&app, "2001:db8::/32").await;
    for (token, value, expected) in [
        (&inner, "10.1.2.3", 200),
        (&inner, "::ffff:10.1.2.3", 200),
        (&inner, "203.0.113.9, 10.1.2.3, 192.0.2.8", 200),
        (&inner, "10.1.2.3, 203.0.113.9", 401),
        (&inner, "203.0.113.9", 401),
        (&version_6, "[2001:db8::7]:443", 200),
        (&version_6, "2001:db9::7", 401),
        // Nobody has the proxy's own address but the proxy, also whose address cannot be read.
        (&proxy, "203.0.113.9", 401),
        (&proxy, "nonsense", 401),
        (&proxy, "", 401),
    ] {
        assert_eq!(status(app.token(token), NAME, value).await, expected, "{value:?}");
    }
    assert_eq!(status(app.token(&inner), "forwarded", "for=10.1.2.3").await, 401, "the other header");
    assert_eq!(app.token(&proxy).graphql(TYPENAME, json!({})).await.status, 401, "a proxy that says nothing speaks for somebody");
    app.finish().await;
}

#[tokio::test]
async fn nobody_else_is_believed() {
    for settings in [behind(NO_PROXY, ProxyHeader::XForwardedFor), behind(NO_PROXY, ProxyHeader::Forwarded)] {
        let app = TestApp::support_desk().with_settings(settings).start().await;
        let (inner, own) = (token_from(&app, "10.0.0.0/8").await, token_from(&app, "192.0.2.7").await);
        for (name, value) in [
            ("x-forwarded-for", "10.1.2.3"),
            ("forwarded", "for=10.1.2.3"),
            ("x-real-ip", "10.1.2.3"),
            ("x-client-ip", "10.1.2.3"),
            ("true-client-ip", "10.1.2.3"),
            ("cf-connecting-ip", "10.1.2.3"),
        ] {
            assert_eq!(status(app.token(&inner), name, value).await, 401, "{name}");
            assert_eq!(status(app.token(&own), name, value).await, 200, "{name}");
        }
        app.finish().await;
    }
}

#[tokio::test]
async fn the_record_and_the_rules_have_the_caller_s_address() {
    let schema = with_rule("request.ip.startsWith('10.')");
    let settings = behind(PROXY, ProxyHeader::Forwarded);
    let app = TestApp::with_schema(schema).with_rows(SUPPORT_DESK_ROWS).with_settings(settings).start().await;
    let macros = async |value: &str| {
        let caller = app.user("ada").with_header("forwarded", value).with_header("x-forwarded-for", "10.9.9.9");
        caller.graphql("{ macros { totalCount } }", json!({})).await.data()["macros"]["totalCount"].clone()
    };
    assert_eq!(macros("for=10.1.2.3").await, 3);
    for elsewhere in ["for=10.1.2.3, for=203.0.113.9", "for=unknown", "for=\"10.1.2.3", "for=10.1.2.3;for=10.1.2.3"] {
        assert_eq!(macros(elsewhere).await, 0, "{elsewhere}");
    }
    const RENAME: &str = "mutation($id: ID!) { updateUser(id: $id, set: { name: \"Ada L.\" }) { auditEventId } }";
    let id = app.user_id("ada").await;
    for (value, recorded) in [("for=192.0.2.1, for=\"[2001:db8::9]\"", json!("2001:db8::9")), ("for=_hidden", json!(null))] {
        let renamed = app.user("ada").with_header("forwarded", value).graphql(RENAME, json!({ "id": id })).await.data();
        let event = renamed["updateUser"]["auditEventId"].as_str().unwrap().to_owned();
        let rows = app.rows(&format!("select ip_address from toolcrib.audit_events where id = '{event}'")).await;
        assert_eq!(rows, [json!({ "ip_address": recorded })], "{value}");
    }
    app.finish().await;
}

#[tokio::test]
async fn each_caller_behind_a_proxy_has_a_count_of_its_own() {
    for (proxy, second) in [(PROXY, 200), (NO_PROXY, 429)] {
        let settings = move |settings: &mut Settings| {
            behind(proxy, ProxyHeader::XForwardedFor)(settings);
            settings.auth.attempts_per_minute = 1;
        };
        let app = TestApp::support_desk().with_settings(settings).start().await;
        let ask = async |from: &str| app.anonymous().with_header("x-forwarded-for", from).get("/auth/providers").await.status;
        assert_eq!(ask("203.0.113.9").await, 200);
        assert_eq!(ask("198.51.100.1").await, second, "another");
        assert_eq!(ask("198.51.100.2, 203.0.113.9").await, 429, "the same, with an invention on the left");
        app.finish().await;
    }
}
