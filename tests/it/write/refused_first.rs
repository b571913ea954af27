//! A rule's refusal comes before the complaint of a constraint: whoever may not write learns nothing of what is stored.

use super::{event_list, id};
use crate::support::app::TestApp;
use serde_json::{Value as Json, json};

const SCHEMA: &str = r#"
    type Badge @collection
      @access(
        read: "true"
        create: "user.role == 'admin' || row.level == 'LOW'"
        update: "user.role == 'admin' || (row.level == 'LOW' && row.number != 'B-1')"
        delete: "false"
      )
      @audit {
      number: String! @unique
      level: Level! @default(value: LOW)
      pin: String @unique @access(read: "false", write: "user.role == 'admin' || row.level != 'HIGH'")
      holder: User
    }

    enum Level { LOW HIGH }
"#;

const ROWS: &str = "
    insert into toolcrib.users (email, name, role) values ('ada@test.test', 'Ada', 'admin'), ('ana@test.test', 'Ana', 'agent');
    insert into public.badges (id, number, level, pin) values
        ('00000000-0000-7000-8000-000000000401', 'B-1', 'LOW', '1111'),
        ('00000000-0000-7000-8000-000000000402', 'B-2', 'LOW', '2222'),
        ('00000000-0000-7000-8000-000000000403', 'B-3', 'HIGH', '3333');";

async fn codes(app: &TestApp, user: &str, field: &str) -> Vec<String> {
    app.user(user).graphql(&format!("mutation {{ {field} {{ auditEventId }} }}"), json!({})).await.codes()
}

async fn codes_of_many(app: &TestApp, user: &str, field: &str) -> Vec<String> {
    app.user(user).graphql(&format!("mutation {{ {field} {{ count }} }}"), json!({})).await.codes()
}

#[tokio::test]
async fn of_a_new_row() {
    let app = TestApp::with_schema(SCHEMA).with_rows(ROWS).start().await;
    let taken = "createBadge(input: {number: \"B-1\", level: HIGH})";
    assert_eq!(codes(&app, "ana", taken).await, ["FORBIDDEN"], "not whether the number is taken");
    assert_eq!(codes(&app, "ana", "createBadge(input: {number: \"B-9\", level: HIGH})").await, ["FORBIDDEN"]);
    assert_eq!(codes(&app, "ada", taken).await, ["CONSTRAINT_VIOLATION"]);
    assert_eq!(codes(&app, "ana", "createBadge(input: {number: \"B-1\"})").await, ["CONSTRAINT_VIOLATION"], "by its default");
    assert_eq!(event_list(&app).await, ["DENIED Badge -", "DENIED Badge -"]);
    assert_eq!(codes(&app, "ana", "createBadge(input: {number: \"B-9\"})").await, Vec::<String>::new());
    app.finish().await;
}

#[tokio::test]
async fn of_a_changed_row() {
    let app = TestApp::with_schema(SCHEMA).with_rows(ROWS).start().await;
    let update = |number: u8, set: &str| format!("updateBadge(id: \"{}\", set: {{{set}}})", id(4, number));
    // As the rule finds the row, and as it would be.
    assert_eq!(codes(&app, "ana", &update(3, "pin: \"1111\"")).await, ["FORBIDDEN"]);
    assert_eq!(codes(&app, "ana", &update(2, "level: HIGH, pin: \"1111\"")).await, ["FORBIDDEN"]);
    assert_eq!(codes(&app, "ana", &update(2, "number: \"B-1\"")).await, ["FORBIDDEN"]);
    assert_eq!(codes(&app, "ada", &update(2, "number: \"B-1\"")).await, ["CONSTRAINT_VIOLATION"]);
    assert_eq!(codes(&app, "ana", &update(2, "pin: \"1111\"")).await, ["CONSTRAINT_VIOLATION"]);
    assert_eq!(event_list(&app).await, vec!["DENIED Badge 403", "DENIED Badge 402", "DENIED Badge 402"]);
    assert_eq!(codes(&app, "ana", &update(2, "pin: \"9\"")).await, Vec::<String>::new());
    app.finish().await;
}

#[tokio::test]
async fn of_one_row_among_others() {
    let app = TestApp::with_schema(SCHEMA).with_rows(ROWS).start().await;
    let inputs = |level: &str| format!("createBadges(inputs: [{{number: \"B-1\"}}, {{number: \"B-9\", level: {level}}}])");
    assert_eq!(codes_of_many(&app, "ana", &inputs("HIGH")).await, ["FORBIDDEN"]);
    assert_eq!(codes_of_many(&app, "ana", &inputs("LOW")).await, ["CONSTRAINT_VIOLATION"]);
    let set = |number: u8| {
        format!(
            "updateBadgesById(updates: [{{id: \"{}\", set: {{pin: \"1111\"}}}}, {{id: \"{}\", set: {{pin: \"9\"}}}}])",
            id(4, 2),
            id(4, number)
        )
    };
    assert_eq!(codes_of_many(&app, "ana", &set(3)).await, ["FORBIDDEN"]);
    assert_eq!(codes_of_many(&app, "ada", &set(3)).await, ["CONSTRAINT_VIOLATION"]);
    assert_eq!(event_list(&app).await, ["DENIED Badge -", "DENIED Badge 403"]);
    let stored: Vec<Json> = app.rows("select id from public.badges").await;
    assert_eq!(stored.len(), 3);
    app.finish().await;
}

#[tokio::test]
async fn of_a_field() {
    let schema = SCHEMA.replace("user.role == 'admin' || row.level == 'LOW'\"", "true\"");
    let app = TestApp::with_schema(schema).with_rows(ROWS).start().await;
    let create = |pin: &str| format!("createBadge(input: {{number: \"B-9\", level: HIGH, pin: \"{pin}\"}})");
    assert_eq!(codes(&app, "ana", &create("1111")).await, ["FORBIDDEN"]);
    assert_eq!(codes(&app, "ada", &create("1111")).await, ["CONSTRAINT_VIOLATION"]);
    // Only the row that gives the field is asked for it.
    let many = "createBadges(inputs: [{number: \"B-7\", level: HIGH}, {number: \"B-8\", pin: \"8\"}])";
    assert_eq!(codes_of_many(&app, "ana", many).await, Vec::<String>::new());
    let many = "createBadges(inputs: [{number: \"B-5\"}, {number: \"B-6\", level: HIGH, pin: \"6\"}])";
    assert_eq!(codes_of_many(&app, "ana", many).await, ["FORBIDDEN"]);
    app.finish().await;
}
