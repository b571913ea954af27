//! Edits at the same time: nobody overwrites what somebody else has just written without knowing of it.

use super::{event_list, events, id};
use crate::support::app::TestApp;
use serde_json::{Value as Json, json};
use tokio_postgres::Client;

const RENAME: &str = "mutation Rename($id: ID!, $subject: String!, $version: Int) {
  updateTicket(id: $id, set: {subject: $subject}, ifVersion: $version) { ticket { subject version } }
}";

fn rename(subject: &str, version: Json) -> Json {
    json!({ "id": id(4, 1), "subject": subject, "version": version })
}

/// Holds the first ticket in the owner's hands, so that whoever wants it has to wait.
async fn hold(app: &TestApp) -> Client {
    let holder = app.database.connect().await;
    holder.batch_execute(&format!("begin; select from public.tickets where id = '{}' for update", id(4, 1))).await.unwrap();
    holder
}

/// Returns once so many statements wait for a lock.
pub(super) async fn wait_for_waiters(app: &TestApp, count: i64) {
    let client = app.database.connect().await;
    const WAITING: &str = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    while client.query_one(WAITING, &[]).await.unwrap().get::<_, i64>(0) < count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_version_that_is_still_current_is_accepted() {
    let app = TestApp::support_desk().start().await;
    let max = app.user("max");
    for version in 1..=3 {
        let data = max.graphql(RENAME, rename("Again", json!(version))).await.data();
        assert_eq!(data["updateTicket"]["ticket"]["version"], version + 1);
    }
    let response = max.graphql(RENAME, rename("Late", json!(3))).await;
    assert_eq!(response.codes(), ["CONFLICT"]);
    let message = format!("`Ticket` `{}` was changed by somebody else; read it again and repeat the change", id(4, 1));
    assert_eq!(response.messages(), [message]);
    app.finish().await;
}

#[tokio::test]
async fn of_two_edits_of_one_version_one_is_a_conflict() {
    let app = TestApp::support_desk().start().await;
    let (max, ada) = (app.user("max"), app.user("ada"));
    for user in ["max", "ada"] {
        app.token_of(user).await;
    }
    let holder = hold(&app).await;
    let (first, second, ()) =
        tokio::join!(max.graphql(RENAME, rename("By Max", json!(1))), ada.graphql(RENAME, rename("By Ada", json!(1))), async {
            wait_for_waiters(&app, 2).await;
            holder.batch_execute("commit").await.unwrap();
        },);
    let mut codes = [first.codes(), second.codes()].concat();
    codes.sort();
    assert_eq!(codes, ["CONFLICT"]);
    let subject = if first.codes().is_empty() { "By Max" } else { "By Ada" };
    let stored = app.rows(&format!("select subject, version from public.tickets where id = '{}'", id(4, 1))).await;
    assert_eq!(stored, [json!({ "subject": subject, "version": 2 })]);
    assert_eq!(event_list(&app).await, ["UPDATE Ticket 401"]);
    app.finish().await;
}

#[tokio::test]
async fn edits_without_a_version_come_one_after_the_other() {
    let app = TestApp::support_desk().start().await;
    let max = app.user("max");
    app.token_of("max").await;
    let holder = hold(&app).await;
    let (first, second, ()) =
        tokio::join!(max.graphql(RENAME, rename("One", Json::Null)), max.graphql(RENAME, rename("Two", Json::Null)), async {
            wait_for_waiters(&app, 2).await;
            holder.batch_execute("commit").await.unwrap();
        },);
    let mut versions = [first, second].map(|response| response.data()["updateTicket"]["ticket"]["version"].as_i64().unwrap());
    versions.sort_unstable();
    assert_eq!(versions, [2, 3]);
    // Each event continues where the one before it ended: the images are those of the very row versions.
    let mut images: Vec<(Json, Json)> =
        events(&app).await.into_iter().map(|mut event| (event["before"].take(), event["after"].take())).collect();
    images.sort_by_key(|(before, _)| before["version"].as_i64());
    assert_eq!(images[0].1, images[1].0);
    assert_eq!(images[1].1["version"], 3);
    app.finish().await;
}

#[tokio::test]
async fn a_rule_is_asked_of_the_row_as_it_is_when_the_wait_is_over() {
    let app = TestApp::support_desk().start().await;
    let ana = app.user("ana");
    app.token_of("ana").await;
    let holder = hold(&app).await;
    let (response, ()) = tokio::join!(ana.graphql(RENAME, rename("Mine", Json::Null)), async {
        wait_for_waiters(&app, 1).await;
        // Meanwhile the ticket is given to Ben.
        let sql = format!("update public.tickets set assigned_to_id = '{}' where id = '{}'; commit", id(2, 4), id(4, 1));
        holder.batch_execute(&sql).await.unwrap();
    });
    assert_eq!(response.codes(), ["FORBIDDEN"]);
    app.finish().await;
}

#[tokio::test]
async fn a_row_that_is_gone_when_the_wait_is_over_is_not_found() {
    let app = TestApp::support_desk().start().await;
    let max = app.user("max");
    app.token_of("max").await;
    app.execute("delete from public.ticket_events").await;
    let holder = hold(&app).await;
    let (response, ()) = tokio::join!(max.graphql(RENAME, rename("Mine", Json::Null)), async {
        wait_for_waiters(&app, 1).await;
        holder.batch_execute(&format!("delete from public.tickets where id = '{}'; commit", id(4, 1))).await.unwrap();
    });
    assert_eq!(response.codes(), ["NOT_FOUND"]);
    app.finish().await;
}

#[tokio::test]
async fn a_deletion_meets_the_version_that_it_names() {
    let app = TestApp::support_desk().start().await;
    const DELETE: &str =
        "mutation Delete($id: ID!, $version: Int) { deleteMacro(id: $id, ifVersion: $version) { macro { title } } }";
    let max = app.user("max");
    assert_eq!(max.graphql(DELETE, json!({ "id": id(6, 1), "version": 2 })).await.codes(), ["CONFLICT"]);
    max.graphql(DELETE, json!({ "id": id(6, 1), "version": 1 })).await.data();
    app.finish().await;
}

#[tokio::test]
async fn a_deletion_of_a_row_that_has_just_changed_is_a_conflict() {
    let app = TestApp::support_desk().start().await;
    app.execute("delete from public.ticket_events").await;
    const DELETE: &str = "mutation Delete($id: ID!) { deleteTicket(id: $id, ifVersion: 1, reason: \"Twice\") { auditEventId } }";
    let ada = app.user("ada");
    app.token_of("ada").await;
    let holder = hold(&app).await;
    let (response, ()) = tokio::join!(ada.graphql(DELETE, json!({ "id": id(4, 1) })), async {
        wait_for_waiters(&app, 1).await;
        let sql = format!("update public.tickets set version = 2 where id = '{}'; commit", id(4, 1));
        holder.batch_execute(&sql).await.unwrap();
    });
    assert_eq!(response.codes(), ["CONFLICT"]);
    assert_eq!(app.rows(&format!("select id from public.tickets where id = '{}'", id(4, 1))).await.len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn two_requests_that_wait_for_each_other_end() {
    let app = TestApp::support_desk().start().await;
    const BOTH: &str = "mutation Both($a: ID!, $b: ID!) {
      a: updateTicket(id: $a, set: {priority: LOW}) { auditEventId }
      b: updateTicket(id: $b, set: {priority: LOW}) { auditEventId }
    }";
    let max = app.user("max");
    app.token_of("max").await;
    // Each gets its first row while the other's is held, so that both then want the other's.
    let (one, two) = (json!({ "a": id(4, 1), "b": id(4, 2) }), json!({ "a": id(4, 2), "b": id(4, 1) }));
    let mut codes = Vec::new();
    for _ in 0..5 {
        let (first, second) = tokio::join!(max.graphql(BOTH, one.clone()), max.graphql(BOTH, two.clone()));
        codes.extend([first.codes(), second.codes()].concat());
    }
    // PostgreSQL ends one of them; whoever it is may try again.
    assert!(codes.iter().all(|code| code == "CONFLICT"), "{codes:?}");
    app.finish().await;
}
