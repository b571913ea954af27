//! Introspection by right: who may ask for the schema, and how much of it at once.

use super::TYPENAME;
use crate::support::app::TestApp;
use crate::support::process::Crib;
use serde_json::json;
use toolcrib::base::RoleName;
use toolcrib::config::Roles;

const SCHEMA: &str = "{ __schema { queryType { name } } }";
const TYPE: &str = "{ about: __type(name: \"Ticket\") { name } }";

fn refusal(key: &str) -> String {
    format!(
        "`{key}`: your role may not ask for the schema; `__typename` may be asked for, and `graphql.introspection_for` names the roles that may"
    )
}

#[tokio::test]
async fn staff_may_introspect_and_nobody_else() {
    let app = TestApp::support_desk().start().await;
    for name in ["ada", "max"] {
        assert_eq!(app.user(name).graphql(SCHEMA, json!({})).await.data()["__schema"]["queryType"]["name"], "Query");
        assert_eq!(app.user(name).graphql(TYPE, json!({})).await.data()["about"]["name"], "Ticket");
    }
    for name in ["ana", "vic"] {
        let caller = app.user(name).with_header("accept", "application/graphql-response+json");
        for (document, key) in [
            (SCHEMA, "__schema"),
            (TYPE, "about"),
            ("query { ...A } fragment A on Query { __schema { description } }", "__schema"),
        ] {
            let response = caller.graphql(document, json!({})).await;
            assert_eq!((response.status, response.codes()), (403, vec!["FORBIDDEN".to_owned()]), "{name} {document}");
            assert_eq!(response.messages(), [refusal(key)]);
        }
        let nested = caller.graphql("{ __typename tickets { __typename nodes { __typename } } }", json!({})).await;
        assert_eq!(nested.data()["tickets"]["__typename"], "TicketConnection");
        // What is skipped is not asked for.
        let skipped = caller.graphql("{ __typename __schema @skip(if: true) { description } }", json!({})).await;
        assert_eq!(skipped.data(), json!({ "__typename": "Query" }));
    }
    app.finish().await;
}

#[tokio::test]
async fn the_setting_says_who() {
    let agents = Roles::Only(vec![RoleName::new("agent")]);
    for (roles, answered, refused) in [
        (Roles::All, vec!["ada", "ana", "vic"], vec![]),
        (agents, vec!["ana"], vec!["ada", "vic"]),
        (Roles::Only(vec![]), vec![], vec!["ada"]),
    ] {
        let app = TestApp::support_desk().with_settings(move |settings| settings.graphql.introspection_for = roles).start().await;
        for name in answered {
            assert_eq!(app.user(name).graphql(SCHEMA, json!({})).await.data()["__schema"]["queryType"]["name"], "Query");
        }
        for name in refused {
            assert_eq!(app.user(name).graphql(SCHEMA, json!({})).await.codes(), ["FORBIDDEN"]);
            assert_eq!(app.user(name).graphql(TYPENAME, json!({})).await.data(), json!({ "__typename": "Query" }));
        }
        app.finish().await;
    }
}

#[tokio::test]
async fn in_a_demo_everybody_may() {
    let app = TestApp::support_desk().with_demo().start().await;
    let vic = app.user("vic").with_header("host", "localhost");
    assert_eq!(vic.graphql(SCHEMA, json!({})).await.data()["__schema"]["queryType"]["name"], "Query");
    app.finish().await;
}

#[tokio::test]
async fn an_answer_that_multiplies_is_refused() {
    let app = TestApp::support_desk().start().await;
    let ada = app.user("ada");
    let deep = |levels: usize| {
        format!("{{ __schema {{ types {{ {} name {} }} }} }}", "fields { type { ".repeat(levels), "} }".repeat(levels))
    };
    assert_eq!(ada.graphql(&deep(2), json!({})).await.codes(), [""; 0]);
    for bomb in [
        deep(3),
        deep(5),
        "{ __schema { types { ...T } } } fragment T on __Type { fields { type { fields { type { inputFields { name } } } } } }"
            .to_owned(),
    ] {
        let response = ada.graphql(&bomb, json!({})).await;
        assert_eq!(response.codes(), ["LIMIT_EXCEEDED"], "{bomb}");
        assert!(response.messages()[0].contains("more than twice inside each other"), "{:?}", response.messages());
    }
    app.finish().await;
}

#[test]
fn a_role_that_nobody_has_is_found_before_anything_is_done() {
    let outcome = Crib::support_desk().with("TOOLCRIB_GRAPHQL_INTROSPECTION_FOR", "admin, boss").run(&["check"]);
    assert_eq!(outcome.code, Some(1));
    let expected = "`graphql.introspection_for` names the role `boss`, which the schema does not have; there are `admin`, `manager`, `agent`, `viewer`";
    assert!(outcome.stderr.contains(expected), "{}", outcome.stderr);
}
