//! An admin looks at data as another user: what both may see, reading alone, on record.

use crate::support::app::TestApp;
use serde_json::{Value as Json, json};

const TICKETS: &str = "{ viewer { email role } tickets { totalCount } }";
const HEADER: &str = "x-toolcrib-simulate";

async fn events(app: &TestApp) -> Vec<Json> {
    let query = "select actor.email as actor, target.email as acting_for, event_type from toolcrib.audit_events
        left join toolcrib.users actor on actor.id = actor_user_id left join toolcrib.users target on target.id = acting_for_id
        where event_type in ('SIMULATE', 'VIEW', 'DENIED') order by audit_events.id";
    app.rows(query).await
}

#[tokio::test]
async fn an_admin_sees_what_the_user_sees_and_that_is_on_record() {
    let app = TestApp::support_desk().start().await;
    let own = app.user("ana").graphql(TICKETS, json!({})).await.data();
    let by_mail = app.user("ada").with_header(HEADER, "ana@desk.test");
    assert_eq!(by_mail.graphql(TICKETS, json!({})).await.data(), own);
    let id = app.user_id("ana").await.to_string();
    assert_eq!(app.user("ada").with_header(HEADER, &id).graphql(TICKETS, json!({})).await.data(), own);
    let all = app.user("ada").graphql(TICKETS, json!({})).await.data();
    assert_ne!(all["tickets"], own["tickets"], "the admin alone sees more");
    let simulated: Vec<Json> = events(&app).await.into_iter().filter(|event| event["event_type"] == "SIMULATE").collect();
    let expected = json!({ "actor": "ada@desk.test", "acting_for": "ana@desk.test", "event_type": "SIMULATE" });
    assert_eq!(simulated, [expected.clone(), expected]);

    // What is viewed is viewed by the admin.
    by_mail.graphql("{ tickets { nodes { subject } } }", json!({})).await.data();
    let last = events(&app).await.pop().unwrap();
    assert_eq!(last, json!({ "actor": "ada@desk.test", "acting_for": "ana@desk.test", "event_type": "VIEW" }));
    app.finish().await;
}

#[tokio::test]
async fn nobody_but_an_admin_and_nobody_as_themselves() {
    let gone = "insert into toolcrib.users (id, email, name, role, is_active) values
        ('00000000-0000-7000-8000-000000000259', 'gone@desk.test', 'Gone', 'agent', false)";
    let app = TestApp::support_desk().with_rows(gone).start().await;
    for (caller, user) in [
        ("max", "ana@desk.test"),
        ("ana", "max@desk.test"),
        ("ana", "ada@desk.test"),
        ("ada", "ada@desk.test"),
        ("ada", "nobody@desk.test"),
        ("ada", "gone@desk.test"),
        ("ada", ""),
    ] {
        let before = events(&app).await.len();
        let refused = app.user(caller).with_header(HEADER, user).graphql(TICKETS, json!({})).await;
        assert_eq!((refused.status, refused.codes()), (403, vec!["FORBIDDEN".to_owned()]), "{caller} as {user}");
        let events = events(&app).await;
        assert_eq!(events.len(), before + 1, "{caller} as {user}");
        assert_eq!(events.last().unwrap()["event_type"], "DENIED");
    }
    let anonymous = app.anonymous().with_header(HEADER, "ana@desk.test").graphql(TICKETS, json!({})).await;
    assert_eq!(anonymous.status, 401);
    app.finish().await;
}

#[tokio::test]
async fn nothing_is_changed_or_taken_out_that_way() {
    let app = TestApp::support_desk().start().await;
    let max = app.user("ada").with_header(HEADER, "max@desk.test");
    let update =
        "mutation { updateTicket(id: \"00000000-0000-7000-8000-000000000401\", set: {subject: \"Out\"}) { ticket { subject } } }";
    let export = "mutation { exportTickets(format: CSV, reason: \"weekly\") { url } }";
    for document in [update, export] {
        assert_eq!(max.graphql(document, json!({})).await.codes(), ["FORBIDDEN"], "{document}");
        assert!(app.user("max").graphql(document, json!({})).await.codes().is_empty(), "{document}");
    }
    let exported = app.user("max").graphql(export, json!({})).await.data();
    let url = exported["exportTickets"]["url"].as_str().unwrap().to_owned();
    assert_eq!(max.get(&url).await.status, 403, "no file either");
    assert_eq!(app.user("max").get(&url).await.status, 200);
    app.finish().await;
}

/// Salaries are kept from admins: looking as somebody who may see them shows none.
const SECRETS: &str = r#"
type Pay @collection @access(read: "user.role in ['admin', 'manager'] || row.owner == user.id", write: "user.role == 'manager'") {
  owner: User
  amount: Int @access(read: "user.role == 'manager' || row.owner == user.id")
}
type Diary @collection @access(read: "row.owner == user.id", write: "row.owner == user.id") { owner: User text: String }
"#;

#[tokio::test]
async fn an_admin_reaches_nothing_that_is_kept_from_admins() {
    let rows = "insert into toolcrib.users (id, email, name, role) values
          ('00000000-0000-7000-8000-00000000000a', 'ada@desk.test', 'Ada', 'admin'),
          ('00000000-0000-7000-8000-00000000000b', 'max@desk.test', 'Max', 'manager');
        insert into public.pays (id, owner_id, amount) values
          ('00000000-0000-7000-8000-0000000000d1', '00000000-0000-7000-8000-00000000000b', 70000),
          ('00000000-0000-7000-8000-0000000000d2', '00000000-0000-7000-8000-00000000000a', 80000);
        insert into public.diaries (id, owner_id, text) values
          ('00000000-0000-7000-8000-0000000000e1', '00000000-0000-7000-8000-00000000000b', 'mine')";
    let app = TestApp::with_schema(SECRETS).with_rows(rows).start().await;
    let query = "{ pays(orderBy: [{ id: ASC }]) { nodes { amount } } diaries { totalCount } above: pays(where: { amount: { gt: 0 } }) { totalCount } }";
    let asked = async |header: Option<&str>, user: &str| {
        let caller = app.user(user);
        let caller = header.map_or(app.user(user), |header| caller.with_header(HEADER, header));
        caller.graphql(query, json!({})).await.data()
    };
    let amounts = |first: Json, second: Json| json!({ "nodes": [{ "amount": first }, { "amount": second }] });
    let max = asked(None, "max").await;
    assert_eq!((&max["pays"], &max["diaries"]), (&amounts(json!(70000), json!(80000)), &json!({ "totalCount": 1 })));
    let ada = asked(None, "ada").await;
    assert_eq!((&ada["pays"], &ada["diaries"]), (&amounts(json!(null), json!(80000)), &json!({ "totalCount": 0 })));
    let simulated = asked(Some("max@desk.test"), "ada").await;
    assert_eq!(simulated, json!({ "pays": ada["pays"], "diaries": { "totalCount": 0 }, "above": { "totalCount": 1 } }));
    app.finish().await;
}
