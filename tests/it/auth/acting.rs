//! Service accounts that act for people.

use crate::support::app::TestApp;
use serde_json::json;

const BOT: &str = "insert into toolcrib.users (id, email, name, role, team_id, kind) values
    ('00000000-0000-7000-8000-000000000251', 'bot@desk.test', 'Bot', 'viewer', null, 'SERVICE')";
const UPDATE: &str = "mutation { updateTicket(id: \"00000000-0000-7000-8000-000000000401\", set: {subject: \"Out\"}) { ticket { subject } auditEventId } }";
const TICKETS: &str = "{ tickets { totalCount } customers { totalCount } }";

#[tokio::test]
async fn a_service_acts_with_the_person_s_rights_cut_down_by_its_scope() {
    let app = TestApp::support_desk().with_rows(BOT).start().await;
    let token = app.scoped_token("bot", &["Ticket:READ,UPDATE", "act-for:agent"]).await;
    let ana = app.token(&token).with_header("x-toolcrib-act-for", "ana@desk.test");
    let seen = ana.graphql(TICKETS, json!({})).await.data();
    assert_eq!(seen, json!({ "tickets": { "totalCount": 4 }, "customers": { "totalCount": 0 } }));
    let by_id = app.token(&token).with_header("x-toolcrib-act-for", &app.user_id("cleo").await.to_string());
    assert_eq!(by_id.graphql(TICKETS, json!({})).await.data()["tickets"]["totalCount"], 2);
    let alone = app.token(&token).graphql(TICKETS, json!({})).await.data();
    assert_eq!(alone["tickets"]["totalCount"], 2, "what a viewer sees");
    assert_eq!(app.token(&token).graphql(UPDATE, json!({})).await.codes(), ["NOT_FOUND"]);

    let event = ana.graphql(UPDATE, json!({})).await.data()["updateTicket"]["auditEventId"].clone();
    let query = "query Event($id: ID!) { auditEvent(id: $id) { actorUser { email } actingFor { email } actorRole } }";
    let recorded = app.user("ada").graphql(query, json!({ "id": event })).await.data();
    let expected =
        json!({ "actorUser": { "email": "bot@desk.test" }, "actingFor": { "email": "ana@desk.test" }, "actorRole": "agent" });
    assert_eq!(recorded["auditEvent"], expected);
    app.finish().await;
}

#[tokio::test]
async fn nobody_acts_for_whom_the_scope_does_not_name() {
    let app = TestApp::support_desk().with_rows(BOT).start().await;
    let token = app.scoped_token("bot", &["*:*", "platform:*", "act-for:agent"]).await;
    let silent = app.scoped_token("bot", &["*:*", "platform:*"]).await;
    for (token, person) in [
        (&token, "ada@desk.test"),
        (&token, "gus@desk.test"),
        (&token, "bot@desk.test"),
        (&token, "nobody@desk.test"),
        (&token, ""),
        (&silent, "ana@desk.test"),
    ] {
        let denied = "select count(*)::int as count from toolcrib.audit_events where event_type = 'DENIED'";
        let before = app.rows(denied).await[0]["count"].as_i64();
        let refused = app.token(token).with_header("x-toolcrib-act-for", person).graphql(TICKETS, json!({})).await;
        assert_eq!((refused.status, refused.codes()), (403, vec!["FORBIDDEN".to_owned()]), "{person}");
        assert_eq!(app.rows(denied).await[0]["count"].as_i64(), before.map(|count| count + 1), "{person}");
    }
    // Neither a person's token nor a session acts for others, whatever was written into the token.
    let person = app.scoped_token("max", &["*:*"]).await;
    app.execute("update toolcrib.service_tokens set scopes = '{*:*,act-for:*}'").await;
    app.app.authenticator.forget_all();
    for caller in [app.token(&person), app.browser("ada")] {
        let refused = caller.with_header("x-toolcrib-act-for", "ana@desk.test").graphql(TICKETS, json!({})).await;
        assert_eq!(refused.status, 403);
    }
    app.finish().await;
}

#[tokio::test]
async fn whoever_acts_for_somebody_leaves_no_token_behind() {
    let app = TestApp::support_desk().with_rows(BOT).start().await;
    let token = app.scoped_token("bot", &["*:*", "platform:*", "act-for:*"]).await;
    let ana = app.token(&token).with_header("x-toolcrib-act-for", "ana@desk.test");
    let create =
        "mutation { createServiceToken(input: {scopes: [\"Ticket:READ\"], expiresAt: \"2030-01-01T00:00:00Z\"}) { secret } }";
    assert_eq!(ana.graphql(create, json!({})).await.codes(), ["FORBIDDEN"]);
    let own = app.token(&token).graphql(create, json!({})).await.data();
    assert!(own["createServiceToken"]["secret"].is_string(), "the service makes one of its own");
    app.finish().await;
}

#[tokio::test]
async fn a_person_who_is_let_go_is_nobody_to_act_for() {
    let app = TestApp::support_desk().with_rows(BOT).start().await;
    let token = app.scoped_token("bot", &["Ticket:READ", "act-for:agent"]).await;
    let ana = app.token(&token).with_header("x-toolcrib-act-for", "ana@desk.test");
    ana.graphql(TICKETS, json!({})).await.data();
    app.execute("update toolcrib.users set is_active = false where email = 'ana@desk.test'").await;
    assert_eq!(ana.graphql(TICKETS, json!({})).await.status, 403, "at once, at any server");
    app.finish().await;
}
