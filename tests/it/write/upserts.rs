//! `upsertCustomer`: changes the row that has a unique value, or creates it. The rule of what really happens decides; a row that
//! the caller may not read is in the way and tells no more than it would a creation.

use super::{event_list, events, id};
use crate::support::app::TestApp;
use serde_json::{Value as Json, json};

const UPSERT: &str = "mutation Upsert($mail: Email!, $name: String!, $key: String) {
  upsertCustomer(by: {email: $mail}, create: {name: $name}, update: {name: $name}, idempotencyKey: $key) {
    created auditEventId customer { id name email version }
  }
}";

fn variables(mail: &str, name: &str) -> Json {
    json!({ "mail": mail, "name": name })
}

#[tokio::test]
async fn a_row_that_is_there_is_changed_and_one_that_is_not_is_created() {
    let app = TestApp::support_desk().start().await;
    let max = app.user("max");
    let changed = max.graphql(UPSERT, variables("jo@acme.test", "ACME")).await.data()["upsertCustomer"].take();
    let acme = json!({ "id": id(3, 1), "name": "ACME", "email": "jo@acme.test", "version": 2 });
    assert_eq!((&changed["created"], &changed["customer"]), (&json!(false), &acme));
    let created = max.graphql(UPSERT, variables("new@hooli.test", "Hooli")).await.data()["upsertCustomer"].take();
    assert_eq!(
        (&created["created"], &created["customer"]["email"]),
        (&json!(true), &json!("new@hooli.test")),
        "it gets the value"
    );
    let again = max.graphql(UPSERT, variables("new@hooli.test", "Hooli XYZ")).await.data()["upsertCustomer"].take();
    assert_eq!((&again["created"], &again["customer"]["id"]), (&json!(false), &created["customer"]["id"]));
    let events = events(&app).await;
    let types: Vec<&Json> = events.iter().map(|event| &event["event_type"]).collect();
    assert_eq!(types, ["UPDATE", "CREATE", "UPDATE"]);
    assert_eq!(events[2]["before"]["name"], "Hooli");
    app.finish().await;
}

#[tokio::test]
async fn the_rule_of_what_really_happens_decides() {
    let app = TestApp::support_desk().start().await;
    let codes = async |user: &str, mail: &str| app.user(user).graphql(UPSERT, variables(mail, "X")).await.codes();
    // Agents create customers and change none; viewers do neither.
    assert_eq!(codes("ana", "new@hooli.test").await, Vec::<String>::new());
    assert_eq!(codes("ana", "jo@acme.test").await, ["FORBIDDEN"]);
    assert_eq!(codes("vic", "newer@hooli.test").await, ["FORBIDDEN"]);
    assert_eq!(codes("max", "jo@acme.test").await, Vec::<String>::new());
    let list = event_list(&app).await;
    assert_eq!(list[1..], ["DENIED Customer -", "DENIED Customer -", "UPDATE Customer 301"]);
    app.finish().await;
}

#[tokio::test]
async fn arguments_have_to_fit() {
    let app = TestApp::support_desk().start().await;
    let messages = async |by: &str, create: &str| {
        let upsert =
            format!("mutation {{ upsertCustomer(by: {{{by}}}, create: {{{create}}}, update: {{name: \"X\"}}) {{ created }} }}");
        let response = app.user("max").graphql(&upsert, json!({})).await;
        assert_eq!(response.codes(), ["BAD_USER_INPUT"], "{by} {create}");
        response.messages().remove(0)
    };
    assert_eq!(messages("", "name: \"X\"").await, "`by`: needs exactly one field");
    assert_eq!(messages("email: null", "name: \"X\"").await, "`by.email`: cannot be null");
    assert_eq!(
        messages("email: \"a@b.test\"", "name: \"X\", email: \"c@d.test\"").await,
        "`create.email`: is not the value that `by` looks for; leave it out, or give the same"
    );
    let sdl = app.app.engine.sdl();
    assert!(!sdl.contains("upsertTicket("), "the number of a ticket is given to it, so nothing can be looked for by it");
    let same = "mutation {
      upsertCustomer(by: {email: \"a@b.test\"}, create: {name: \"X\", email: \"a@b.test\"}, update: {name: \"X\"}) { created }
    }";
    app.user("max").graphql(same, json!({})).await.data();
    app.finish().await;
}

#[tokio::test]
async fn dry_runs_and_retries_say_the_same() {
    let app = TestApp::support_desk().start().await;
    let max = app.user("max");
    let dry = UPSERT.replace("idempotencyKey: $key", "idempotencyKey: $key, dryRun: true");
    let tried = max.graphql(&dry, variables("new@hooli.test", "Hooli")).await.data()["upsertCustomer"].take();
    assert_eq!((&tried["created"], &tried["auditEventId"]), (&json!(true), &Json::Null));
    let keyed = json!({ "mail": "new@hooli.test", "name": "Hooli", "key": "k" });
    let first = max.graphql(UPSERT, keyed.clone()).await.data();
    assert_eq!(first["upsertCustomer"]["created"], true);
    assert_eq!(max.graphql(UPSERT, keyed).await.data(), first, "created by this request, however late one asks");
    app.finish().await;
}

#[tokio::test]
async fn upserts_at_the_same_time_make_one_row() {
    let app = TestApp::support_desk().start().await;
    let max = app.user("max");
    app.token_of("max").await;
    for round in 0..5 {
        let mail = format!("new{round}@hooli.test");
        let answers = futures_util::future::join_all((0..6).map(|_| max.graphql(UPSERT, variables(&mail, "Hooli")))).await;
        let mut created: Vec<bool> =
            answers.into_iter().map(|answer| answer.data()["upsertCustomer"]["created"].as_bool().unwrap()).collect();
        created.sort_unstable();
        assert_eq!(created, [false, false, false, false, false, true], "one creates, the others change what it made");
    }
    app.finish().await;
}

/// Lockers that only their owner sees, and a number that even the owner does not.
const SCHEMA: &str = r#"
    type Locker @collection
      @access(read: "row.owner == user.id", create: "true", update: "row.owner == user.id", delete: "false")
      @audit {
      number: String! @unique
      owner: User @default(expr: "user.id")
      secret: String @unique @access(read: "false")
      note: String
    }

    extend type User @access(read: "true", write: "user.role == 'admin'")
"#;

const ROWS: &str = "
    insert into toolcrib.users (id, email, name, role) values
        ('00000000-0000-7000-8000-000000000203', 'ana@test.test', 'Ana', 'agent'),
        ('00000000-0000-7000-8000-000000000204', 'ben@test.test', 'Ben', 'agent');
    insert into public.lockers (id, number, owner_id, secret) values
        ('00000000-0000-7000-8000-000000000401', '1', '00000000-0000-7000-8000-000000000203', 's1');";

#[tokio::test]
async fn a_hidden_row_is_in_the_way_as_it_is_of_a_new_one() {
    let app = TestApp::with_schema(SCHEMA).with_rows(ROWS).start().await;
    let upsert = |number: &str| {
        format!(
            "mutation {{ upsertLocker(by: {{number: \"{number}\"}}, create: {{note: \"c\", number: \"{number}\"}}, update: {{note: \"u\"}}) {{ created }} }}"
        )
    };
    let create = "mutation { createLocker(input: {number: \"1\"}) { auditEventId } }";
    let (upserted, created) =
        (app.user("ben").graphql(&upsert("1"), json!({})).await, app.user("ben").graphql(create, json!({})).await);
    assert_eq!(upserted.codes(), ["CONSTRAINT_VIOLATION"]);
    assert_eq!((upserted.codes(), upserted.messages()), (created.codes(), created.messages()), "the very same answer");
    let stored = app.rows("select note, version from public.lockers").await;
    assert_eq!(stored, [json!({ "note": null, "version": 1 })]);
    assert_eq!(app.user("ana").graphql(&upsert("1"), json!({})).await.data()["upsertLocker"]["created"], false);
    assert_eq!(app.user("ben").graphql(&upsert("2"), json!({})).await.data()["upsertLocker"]["created"], true);
    app.finish().await;
}

#[tokio::test]
async fn a_value_that_the_caller_may_not_see_finds_nothing() {
    let app = TestApp::with_schema(SCHEMA).with_rows(ROWS).start().await;
    let by_secret = |secret: &str| {
        format!(
            "mutation {{ upsertLocker(by: {{secret: \"{secret}\"}}, create: {{number: \"9\"}}, update: {{note: \"u\"}}) {{ created }} }}"
        )
    };
    assert_eq!(app.user("ana").graphql(&by_secret("s1"), json!({})).await.codes(), ["CONSTRAINT_VIOLATION"]);
    assert_eq!(app.user("ana").graphql(&by_secret("s2"), json!({})).await.data()["upsertLocker"]["created"], true);
    app.finish().await;
}
