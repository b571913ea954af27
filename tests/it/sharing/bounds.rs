//! Who may share what: nobody gives away what they do not have.

use super::{SHARE, id, share, shared, team, tickets, user};
use crate::support::app::TestApp;
use serde_json::{Value as Json, json};

#[tokio::test]
async fn only_who_may_share_a_row_shares_it() {
    let app = TestApp::support_desk().start().await;
    // Ticket 4 is cleo's; 2 is ben's, and ana reads it; 1 is ana's.
    for (who, ticket, code) in [
        ("ana", 2, Some("FORBIDDEN")),
        ("ana", 4, Some("NOT_FOUND")),
        ("ana", 99, Some("NOT_FOUND")),
        ("vic", 5, Some("FORBIDDEN")),
        ("vic", 1, Some("NOT_FOUND")),
        ("noa", 1, Some("NOT_FOUND")),
        ("ana", 1, None),
        ("max", 4, None),
        ("ada", 3, None),
    ] {
        let answer = share(&app, who, ticket, user(6), "READ").await;
        assert_eq!(answer.codes().first().map(String::as_str), code, "{who} {ticket} {:?}", answer.messages());
    }
    assert_eq!(tickets(&app, "noa").await, [1, 3, 4]);
    let anonymous = app.anonymous().graphql(SHARE, json!({ "id": id(4, 1), "with": user(6), "level": "READ" })).await;
    assert_eq!(anonymous.status, 401);
}

#[tokio::test]
async fn a_refusal_is_about_the_row_that_was_to_be_shared() {
    let app = TestApp::support_desk().start().await;
    let forbidden = share(&app, "ana", 2, user(6), "READ").await;
    assert_eq!(forbidden.messages(), [format!("you may not share `Ticket` `{}`", id(4, 2))]);
    let hidden = share(&app, "ana", 4, user(6), "READ").await;
    assert_eq!(hidden.messages(), [format!("`Ticket` `{}` not found", id(4, 4))]);
    let absent = app.user("ana").graphql(SHARE, json!({ "id": "x", "with": user(6), "level": "READ" })).await;
    assert_eq!(absent.messages(), ["`Ticket` `x` not found"]);
    let denied =
        app.rows("select entity_type, entity_id from toolcrib.audit_events where event_type = 'DENIED' order by id").await;
    assert_eq!(
        denied,
        [
            json!({ "entity_type": "Ticket", "entity_id": id(4, 2) }),
            json!({ "entity_type": "Ticket", "entity_id": id(4, 4) }),
            json!({ "entity_type": "Ticket", "entity_id": null }),
        ]
    );
}

#[tokio::test]
async fn write_is_shared_only_by_who_may_change_the_row() {
    let app = TestApp::support_desk().start().await;
    // Vic reads ticket 5 and works it, so may share it, and may not change it: no viewer may.
    app.execute(&format!("update public.tickets set assigned_to_id = '{}' where id = '{}'", id(2, 7), id(4, 5))).await;
    assert_eq!(share(&app, "vic", 5, user(6), "WRITE").await.codes(), ["FORBIDDEN"]);
    assert_eq!(tickets(&app, "noa").await, [0_u64; 0]);
    shared(&app, "vic", 5, user(6), "READ").await;
    assert_eq!(tickets(&app, "noa").await, [5]);
    // Who was given WRITE may change it, and so may pass that on where the rule says that they may share at all.
    shared(&app, "max", 5, user(7), "WRITE").await;
    shared(&app, "vic", 5, user(6), "WRITE").await;
}

#[tokio::test]
async fn picking_up_is_no_right_to_change() {
    // An update rule over `old` and `new` may let somebody take a row that is nobody's. Before that they cannot change it.
    let schema = r#"
        type Task @collection
          @access(read: "user.role == 'agent' || shared('read')", create: "false", delete: "false",
            update: "old.owner == user.id || shared('write') || (old.owner == null && new.owner == user.id)")
          @shareable(by: "user.role == 'agent'") {
          title: String!
          owner: User
        }"#;
    let rows = format!(
        "insert into public.tasks (id, title, owner_id) values ('{}', 'free', null), ('{}', 'ana has it', '{}')",
        id(4, 1),
        id(4, 2),
        id(2, 3)
    );
    let app = TestApp::with_schema(schema).with_rows(PEOPLE).with_rows(rows).start().await;
    let share =
        "mutation S($id: ID!, $level: ShareLevel!) { shareTask(id: $id, with: {role: viewer}, level: $level) { auditEventId } }";
    for (task, level, code) in [(1, "WRITE", Some("FORBIDDEN")), (1, "READ", None), (2, "WRITE", None)] {
        let answer = app.user("ana").graphql(share, json!({ "id": id(4, task), "level": level })).await;
        assert_eq!(answer.codes().first().map(String::as_str), code, "{task} {level} {:?}", answer.messages());
    }
}

#[tokio::test]
async fn nobody_shares_by_the_share_that_is_being_made() {
    // Whoever has a row by a share for writing may share it on, so a share with oneself would vouch for itself.
    let schema = r#"
        type Task @collection
          @access(read: "user.role == 'agent' || shared('read')", write: "shared('write') || user.role == 'admin'")
          @shareable(by: "user.role == 'admin' || shared('write')") {
          title: String!
        }"#;
    let rows = format!("insert into public.tasks (id, title) values ('{}', 'one')", id(4, 1));
    let app = TestApp::with_schema(format!("{schema}{KNOWN}")).with_rows(PEOPLE).with_rows(rows).start().await;
    let share =
        "mutation S($id: ID!, $user: ID!) { shareTask(id: $id, with: {user: {id: $user}}, level: WRITE) { auditEventId } }";
    let with = |number: u8| json!({ "id": id(4, 1), "user": id(2, number) });
    assert_eq!(app.user("ana").graphql(share, with(3)).await.codes(), ["FORBIDDEN"]);
    assert_eq!(app.user("ada").graphql(share, with(3)).await.codes(), ["NOT_FOUND"], "who may not read it");
    let given = format!(
        "insert into toolcrib.record_shares (record_type, record_id, user_id, level) values ('Task', '{}', '{}', 'WRITE')",
        id(4, 1),
        id(2, 3)
    );
    app.execute(&given).await;
    app.user("ana").graphql(share, with(5)).await.data();
    app.user("cleo").graphql(share, with(3)).await.data();
}

/// An admin, two agents and a viewer, who know each other where [`KNOWN`] says so.
const PEOPLE: &str = "insert into toolcrib.users (id, email, name, role) values
    ('00000000-0000-7000-8000-000000000201', 'ada@desk.test', 'Ada', 'admin'),
    ('00000000-0000-7000-8000-000000000203', 'ana@desk.test', 'Ana', 'agent'),
    ('00000000-0000-7000-8000-000000000204', 'ben@desk.test', 'Ben', 'viewer'),
    ('00000000-0000-7000-8000-000000000205', 'cleo@desk.test', 'Cleo', 'agent');";

const KNOWN: &str = "extend type User @access(read: \"true\", write: \"user.role == 'admin'\")";

#[tokio::test]
async fn a_tool_cannot_open_sharing_to_who_may_not_share() {
    let schema = r#"
        type Task @collection @access(read: "user.role == 'agent' || shared('read')", write: "false")
          @shareable(by: "row.owner == user.id") {
          title: String!
          owner: User
        }
        extend type RecordShare @access(read: "true", create: "true", update: "true", delete: "false")"#;
    let rows = format!(
        "insert into public.tasks (id, title, owner_id) values ('{}', 'one', '{}'), ('{}', 'two', '{}')",
        id(4, 1),
        id(2, 4),
        id(4, 2),
        id(2, 5)
    );
    let app = TestApp::with_schema(schema).with_rows(PEOPLE).with_rows(rows).start().await;
    let share = |task: u8, level: &str| {
        format!("mutation {{ shareTask(id: \"{}\", with: {{role: viewer}}, level: {level}) {{ auditEventId }} }}", id(4, task))
    };
    assert_eq!(app.user("ana").graphql(&share(2, "READ"), json!({})).await.codes(), ["FORBIDDEN"], "not hers");
    assert_eq!(app.user("ben").graphql(&share(1, "READ"), json!({})).await.codes(), ["NOT_FOUND"], "his, and he may not read it");
    assert_eq!(app.user("cleo").graphql(&share(2, "WRITE"), json!({})).await.codes(), ["FORBIDDEN"], "nobody may change it");
    app.user("cleo").graphql(&share(2, "READ"), json!({})).await.data();
}

#[tokio::test]
async fn a_row_is_shared_with_somebody_whom_the_caller_may_know() {
    let app = TestApp::support_desk().start().await;
    assert_eq!(share(&app, "ana", 1, user(99), "READ").await.codes(), ["NOT_FOUND"]);
    assert_eq!(share(&app, "ana", 1, team(99), "READ").await.codes(), ["NOT_FOUND"]);
    for with in
        [json!({}), json!({ "user": { "id": id(2, 6) }, "role": "viewer" }), json!({ "role": null }), json!({ "role": "boss" })]
    {
        assert_eq!(share(&app, "ana", 1, with.clone(), "READ").await.codes(), ["BAD_USER_INPUT"], "{with}");
    }
    let expired = json!({ "id": id(4, 1), "with": user(6), "level": "READ", "expiresAt": "2020-01-01T00:00:00Z" });
    let expired = app.user("ana").graphql(SHARE, expired).await;
    assert_eq!(expired.messages(), ["`expiresAt`: has passed already"]);
    let long = json!({ "id": id(4, 1), "with": user(6), "level": "READ", "reason": "x".repeat(2001) });
    assert_eq!(app.user("ana").graphql(SHARE, long).await.codes(), ["CONSTRAINT_VIOLATION"]);
    assert_eq!(app.rows("select from toolcrib.record_shares").await, [Json::Null; 0]);
}

#[tokio::test]
async fn no_share_passes_the_base_rule() {
    let schema = r#"
        extend schema @base(read: "user.role != 'viewer'", write: "user.role == 'admin'")
        type Task @collection @access(read: "user.role in ['admin', 'agent'] || shared('read')", write: "true")
          @shareable(by: "true") {
          title: String!
        }"#;
    let rows = format!(
        "insert into public.tasks (id, title) values ('{task}', 'one');
         insert into toolcrib.record_shares (record_type, record_id, role, level)
         values ('Task', '{task}', 'viewer', 'WRITE'), ('Task', '{task}', 'agent', 'WRITE')",
        task = id(4, 1)
    );
    let app = TestApp::with_schema(schema).with_rows(PEOPLE).with_rows(rows).start().await;
    let list = |data: Json| data["tasks"]["nodes"].as_array().unwrap().len();
    let read = "{ tasks { nodes { title } } }";
    assert_eq!(list(app.user("ben").graphql(read, json!({})).await.data()), 0, "a viewer");
    assert_eq!(list(app.user("ana").graphql(read, json!({})).await.data()), 1);
    let share = format!("mutation {{ shareTask(id: \"{}\", with: {{role: agent}}, level: READ) {{ auditEventId }} }}", id(4, 1));
    assert_eq!(app.user("ana").graphql(&share, json!({})).await.codes(), ["FORBIDDEN"], "sharing is a write");
    app.user("ada").graphql(&share, json!({})).await.data();
}

#[tokio::test]
async fn a_token_shares_only_what_its_scope_leaves() {
    let app = TestApp::support_desk().start().await;
    let asked = |level: &str| json!({ "id": id(4, 1), "with": { "role": "viewer" }, "level": level });
    for (scopes, level, code) in [
        (vec!["Ticket:READ,UPDATE"], "READ", Some("FORBIDDEN")),
        (vec!["RecordShare:CREATE,READ"], "READ", Some("NOT_FOUND")),
        (vec!["RecordShare:CREATE,READ", "Ticket:READ"], "WRITE", Some("FORBIDDEN")),
        (vec!["RecordShare:CREATE,READ", "Ticket:READ"], "READ", None),
        (vec!["RecordShare:CREATE,READ", "Ticket:READ,UPDATE"], "WRITE", None),
    ] {
        let token = app.scoped_token("ana", &scopes).await;
        let answer = app.token(&token).graphql(SHARE, asked(level)).await;
        assert_eq!(answer.codes().first().map(String::as_str), code, "{scopes:?} {level} {:?}", answer.messages());
    }
}
