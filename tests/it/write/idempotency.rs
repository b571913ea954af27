//! `idempotencyKey`: a retry changes nothing twice, and is answered with what the first request did, under the rules of the day.

use super::{event_list, id};
use crate::support::app::TestApp;
use serde_json::{Value as Json, json};

const CREATE: &str = "mutation Create($name: String!, $key: String) {
  createCustomer(input: {name: $name}, idempotencyKey: $key) { auditEventId customer { id name annualValue } }
}";

async fn names(app: &TestApp) -> Vec<Json> {
    app.rows("select name from public.customers where id::text not like '00000000-0000-7000%' order by name").await
}

#[tokio::test]
async fn a_retry_is_answered_and_not_done() {
    let app = TestApp::support_desk().start().await;
    let variables = json!({ "name": "New", "key": "k1" });
    let first = app.user("ana").graphql(CREATE, variables.clone()).await.data();
    let again = app.user("ana").graphql(CREATE, variables.clone()).await.data();
    assert_eq!(first, again, "ids and events are the first one's");
    assert!(first["createCustomer"]["auditEventId"].is_string());
    assert_eq!(names(&app).await.len(), 1);
    assert_eq!(event_list(&app).await.len(), 1);
    // Without a key, or with another, it is another request.
    app.user("ana").graphql(CREATE, json!({ "name": "New" })).await.data();
    app.user("ana").graphql(CREATE, json!({ "name": "New", "key": "k2" })).await.data();
    assert_eq!(names(&app).await.len(), 3);
    app.finish().await;
}

#[tokio::test]
async fn a_key_belongs_to_its_user_and_to_its_request() {
    let app = TestApp::support_desk().start().await;
    let variables = |name: &str| json!({ "name": name, "key": "mine" });
    app.user("ana").graphql(CREATE, variables("Ana's")).await.data();
    let response = app.user("ana").graphql(CREATE, variables("Another")).await;
    assert_eq!(response.codes(), ["CONFLICT"]);
    assert_eq!(response.messages(), ["`idempotencyKey` was used for another request; give each request a key of its own"]);
    let other_document = CREATE.replace("annualValue", "phone");
    assert_eq!(app.user("ana").graphql(&other_document, variables("Ana's")).await.codes(), ["CONFLICT"]);
    let bens = app.user("ben").graphql(CREATE, variables("Ana's")).await.data();
    assert_eq!(names(&app).await.len(), 2, "Ben's key is another, and tells nothing of Ana's: {bens}");
    app.finish().await;
}

#[tokio::test]
async fn the_answer_is_read_under_the_rules_of_the_day() {
    let app = TestApp::support_desk().start().await;
    const HAND_OVER: &str = "mutation Move($id: ID!, $team: ID!) {
      updateTicket(id: $id, set: {team: {id: $team}}, idempotencyKey: \"move\") { auditEventId ticket { subject team { name } } }
    }";
    let variables = json!({ "id": id(4, 1), "team": id(1, 1) });
    let first = app.user("ana").graphql(HAND_OVER, variables.clone()).await.data();
    assert_eq!(first["updateTicket"]["ticket"]["subject"], "Printer on fire");
    app.execute(&format!("update public.tickets set subject = 'Out' where id = '{}'", id(4, 1))).await;
    let later = app.user("ana").graphql(HAND_OVER, variables.clone()).await.data();
    assert_eq!(later["updateTicket"]["ticket"]["subject"], "Out", "as it is now");
    assert_eq!(later["updateTicket"]["auditEventId"], first["updateTicket"]["auditEventId"]);
    // Another team's now: Ana did it, and may not read it any more.
    app.execute(&format!("update public.tickets set team_id = '{}' where id = '{}'", id(1, 2), id(4, 1))).await;
    let hidden = app.user("ana").graphql(HAND_OVER, variables).await.data();
    assert_eq!(hidden["updateTicket"]["ticket"], Json::Null);
    app.finish().await;
}

#[tokio::test]
async fn a_failed_request_leaves_its_key_free() {
    let app = TestApp::support_desk().start().await;
    const PICK_UP: &str = "mutation Low($id: ID!) {
      updateTicket(id: $id, set: {priority: LOW}, idempotencyKey: \"low\") { ticket { version } }
    }";
    let variables = json!({ "id": id(4, 2) });
    assert_eq!(app.user("ana").graphql(PICK_UP, variables.clone()).await.codes(), ["FORBIDDEN"]);
    app.execute(&format!("update public.tickets set assigned_to_id = '{}' where id = '{}'", id(2, 3), id(4, 2))).await;
    assert_eq!(app.user("ana").graphql(PICK_UP, variables.clone()).await.data()["updateTicket"]["ticket"]["version"], 2);
    assert_eq!(app.user("ana").graphql(PICK_UP, variables).await.data()["updateTicket"]["ticket"]["version"], 2);
    assert_eq!(event_list(&app).await, ["DENIED Ticket 402", "UPDATE Ticket 402"]);
    app.finish().await;
}

#[tokio::test]
async fn all_fields_of_a_document_are_done_once() {
    let app = TestApp::support_desk().start().await;
    const BOTH: &str = "mutation Both($key: String) {
      __typename
      a: createCustomers(inputs: [{name: \"A\"}, {name: \"B\"}], idempotencyKey: $key) { count auditEventIds customers { name } }
      b: createMacro(input: {title: \"T\", body: \"B\"}) { auditEventId macro { title } }
      c: deleteMacrosById(ids: [\"00000000-0000-7000-8000-000000000601\"]) { auditEventIds macros { title } }
    }";
    let first = app.user("max").graphql(BOTH, json!({ "key": "both" })).await.data();
    assert_eq!(first["c"]["macros"], json!([{ "title": "Hello" }]));
    let mut again = app.user("max").graphql(BOTH, json!({ "key": "both" })).await.data();
    assert_eq!(again["c"]["macros"].take(), json!([null]), "what is deleted cannot be read again");
    again["c"]["macros"] = first["c"]["macros"].clone();
    assert_eq!(first, again);
    assert_eq!(event_list(&app).await.len(), 4);
    let two = "mutation {
      a: createCustomer(input: {name: \"A\"}, idempotencyKey: \"1\") { auditEventId }
      b: createCustomer(input: {name: \"A\"}, idempotencyKey: \"2\") { auditEventId }
    }";
    assert_eq!(app.user("max").graphql(two, json!({})).await.codes(), ["BAD_USER_INPUT"]);
    let empty = app.user("max").graphql(CREATE, json!({ "name": "x", "key": "" })).await;
    assert_eq!(empty.messages(), ["`idempotencyKey`: give a text of 1 to 255 characters, a random UUID for instance"]);
    app.finish().await;
}

#[tokio::test]
async fn a_dry_run_does_not_use_up_its_key() {
    let app = TestApp::support_desk().start().await;
    let dry = CREATE.replace("idempotencyKey: $key", "idempotencyKey: $key, dryRun: true");
    let variables = json!({ "name": "New", "key": "k" });
    assert_eq!(app.user("ana").graphql(&dry, variables.clone()).await.data()["createCustomer"]["auditEventId"], Json::Null);
    assert!(app.user("ana").graphql(CREATE, variables).await.data()["createCustomer"]["auditEventId"].is_string());
    app.finish().await;
}

#[tokio::test]
async fn requests_of_one_key_at_the_same_time_are_one() {
    let app = TestApp::support_desk().start().await;
    let ana = app.user("ana");
    app.token_of("ana").await;
    let variables = json!({ "name": "New", "key": "same" });
    let requests = (0..6).map(|_| ana.graphql(CREATE, variables.clone()));
    let answers = futures_util::future::join_all(requests).await;
    let answers: Vec<Json> = answers.into_iter().map(|answer| answer.data()).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    assert_eq!(names(&app).await.len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn a_request_waits_for_the_one_that_has_its_key() {
    let app = TestApp::support_desk().start().await;
    let ana = app.user("ana");
    app.token_of("ana").await;
    let low =
        "mutation Low($id: ID!) { updateTicket(id: $id, set: {priority: LOW}, idempotencyKey: \"low\") { ticket { version } } }";
    let holder = app.database.connect().await;
    holder.batch_execute(&format!("begin; select from public.tickets where id = '{}' for update", id(4, 1))).await.unwrap();
    let request = || ana.graphql(low, json!({ "id": id(4, 1) }));
    let (first, second, ()) = tokio::join!(request(), request(), async {
        const WAITING: &str =
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        let client = app.database.connect().await;
        while client.query_one(WAITING, &[]).await.unwrap().get::<_, i64>(0) < 2 {
            tokio::task::yield_now().await;
        }
        holder.batch_execute("commit").await.unwrap();
    });
    assert_eq!(first.data(), second.data());
    assert_eq!(event_list(&app).await, ["UPDATE Ticket 401"]);
    app.finish().await;
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day() {
    let app = TestApp::support_desk().start().await;
    let variables = json!({ "name": "New", "key": "k" });
    let first = app.user("ana").graphql(CREATE, variables.clone()).await.data();
    let stored =
        app.rows("select expires_at - now() between '23 hours' and '24 hours' as is_a_day from toolcrib.idempotency_keys").await;
    assert_eq!(stored, [json!({ "is_a_day": true })]);
    app.execute("update toolcrib.idempotency_keys set expires_at = now() - interval '1 second'").await;
    let second = app.user("ana").graphql(CREATE, variables).await.data();
    assert_ne!(first, second);
    // And swept, by whoever comes next; the server looks now and then.
    app.execute("update toolcrib.idempotency_keys set expires_at = now() - interval '1 second'").await;
    let swept = toolcrib::write::idempotency::sweep(app.app.engine.database(), chrono::Utc::now()).await.unwrap();
    assert_eq!(swept, 1);
    assert_eq!(app.rows("select key from toolcrib.idempotency_keys").await, Vec::<Json>::new());
    app.finish().await;
}

#[tokio::test]
async fn no_role_reads_the_keys() {
    let app = TestApp::support_desk().start().await;
    let client = app.database.connect().await;
    const GRANTED: &str = "select count(*) from information_schema.role_table_grants
        where table_name = 'idempotency_keys' and grantee like 'toolcrib_role_%'";
    assert_eq!(client.query_one(GRANTED, &[]).await.unwrap().get::<_, i64>(0), 0);
    app.finish().await;
}
