//! What is on record of shares, and who sees it.

use super::{REVOKE, SHARE, id, shared, stored, user};
use crate::support::app::TestApp;
use serde_json::{Value as Json, json};

/// The shares that somebody sees in the list and at a ticket, by the names of whom they are with.
async fn seen(app: &TestApp, who: &str, ticket: u8) -> (Vec<String>, Vec<String>) {
    let query = format!(
        "{{ recordShares {{ nodes {{ user {{ name }} role }} }} ticket(id: \"{}\") {{ recordShares {{ user {{ name }} role }} }} }}",
        id(4, ticket)
    );
    let data = app.user(who).graphql(&query, json!({})).await.data();
    let names = |list: &Json| {
        let name = |share: &Json| share["user"]["name"].as_str().or_else(|| share["role"].as_str()).unwrap().to_owned();
        list.as_array().map(|shares| shares.iter().map(name).collect()).unwrap_or_default()
    };
    (names(&data["recordShares"]["nodes"]), names(&data["ticket"]["recordShares"]))
}

#[tokio::test]
async fn shares_are_seen_by_who_may_share_the_row_and_by_whom_they_are_with() {
    let app = TestApp::support_desk().start().await;
    shared(&app, "cleo", 4, user(6), "READ").await;
    shared(&app, "max", 4, json!({ "role": "viewer" }), "READ").await;
    shared(&app, "ana", 1, user(5), "WRITE").await;
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    // Admins and managers see all, who works the row those of the row, others their own.
    assert_eq!(seen(&app, "ada", 4).await, (list(&["Noa", "viewer", "Cleo"]), list(&["Noa", "viewer"])));
    assert_eq!(seen(&app, "max", 1).await, (list(&["Noa", "viewer", "Cleo"]), list(&["Cleo"])));
    assert_eq!(seen(&app, "cleo", 4).await, (list(&["Noa", "viewer", "Cleo"]), list(&["Noa", "viewer"])));
    assert_eq!(seen(&app, "cleo", 1).await, (list(&["Noa", "viewer", "Cleo"]), list(&["Cleo"])));
    assert_eq!(seen(&app, "ana", 1).await, (list(&["Cleo"]), list(&["Cleo"])));
    assert_eq!(seen(&app, "noa", 4).await, (list(&["Noa"]), list(&["Noa"])));
    assert_eq!(seen(&app, "vic", 4).await, (list(&["viewer"]), list(&["viewer"])));
    assert_eq!(seen(&app, "ben", 1).await, (list(&[]), list(&[])), "who reads the row and may not share it");
}

#[tokio::test]
async fn what_is_shared_with_me_is_a_filter() {
    let app = TestApp::support_desk().start().await;
    shared(&app, "cleo", 4, user(3), "READ").await;
    let query = "query Mine($me: ID!) {
        tickets(where: {recordShares: {some: {user: {id: {eq: $me}}, revokedAt: {isNull: true}}}}) {
            nodes { subject recordSharesConnection(first: 5) { totalCount } recordSharesAggregate { count } }
        }
        none: tickets(where: {recordShares: {none: {level: {eq: READ}}}}) { nodes { subject } }
    }";
    let data = app.user("ana").graphql(query, json!({ "me": id(2, 3) })).await.data();
    let shared = json!({
        "subject": "Slow exports", "recordSharesConnection": { "totalCount": 1 }, "recordSharesAggregate": [{ "count": 1 }],
    });
    assert_eq!(data["tickets"]["nodes"], json!([shared]));
    assert_eq!(data["none"]["nodes"].as_array().unwrap().len(), 4);
    // Whoever may not see a share learns nothing by asking for it.
    let data = app.user("max").graphql(query, json!({ "me": id(2, 3) })).await.data();
    assert_eq!(data["tickets"]["nodes"].as_array().unwrap().len(), 1);
    app.execute(&format!("update toolcrib.users set team_id = '{}' where id = '{}'", id(1, 2), id(2, 6))).await;
    let data = app.user("noa").graphql(query, json!({ "me": id(2, 3) })).await.data();
    assert_eq!(data["tickets"]["nodes"], json!([]), "noa reads the ticket and not its share");
    assert_eq!(data["none"]["nodes"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_share_of_a_row_of_another_collection_with_the_same_id_is_not_the_rows() {
    let other = stored(1, 4, Some(6), "null, 'READ', null, null").replace("'Ticket'", "'Customer'");
    let app = TestApp::support_desk().with_rows(other).start().await;
    let query = format!(
        "{{ ticket(id: \"{}\") {{
            recordShares {{ id }} recordSharesConnection {{ totalCount }} recordSharesAggregate {{ count }} }}
          tickets(where: {{recordShares: {{some: {{level: {{eq: READ}}}}}}}}) {{ totalCount }}
          every: tickets(where: {{recordShares: {{every: {{level: {{eq: WRITE}}}}}}}}) {{ totalCount }} }}",
        id(4, 4)
    );
    let data = app.user("ada").graphql(&query, json!({})).await.data();
    let none = json!({
        "recordShares": [], "recordSharesConnection": { "totalCount": 0 }, "recordSharesAggregate": [{ "count": 0 }],
    });
    assert_eq!(data["ticket"], none);
    assert_eq!((&data["tickets"]["totalCount"], &data["every"]["totalCount"]), (&json!(0), &json!(6)));
}

#[tokio::test]
async fn sharing_and_ending_it_leave_events() {
    let app = TestApp::support_desk().start().await;
    let expires = "2999-01-01T00:00:00.000000Z";
    let variables = json!({
        "id": id(4, 4), "with": user(6), "level": "WRITE", "expiresAt": expires, "reason": "Holiday cover",
    });
    let made = app.user("cleo").graphql(SHARE, variables).await.data()["shareTicket"].clone();
    let share = made["recordShare"]["id"].as_str().unwrap();
    assert_eq!(made["recordShare"]["reason"], "Holiday cover");
    let ended = app.user("cleo").graphql(REVOKE, json!({ "id": share, "reason": "Back again" })).await.data();
    assert_eq!(ended["revokeRecordShare"]["recordShare"]["revokedBy"]["name"], "Cleo");
    let events = app
        .rows(
            "select id, event_type, entity_type, entity_id, actor_user_id, actor_role, reason,
                before ->> 'revokedAt' is null as was_open, after ->> 'recordId' as record, after ->> 'level' as level,
                after ->> 'revokedAt' is null as is_open
             from toolcrib.audit_events where event_type in ('SHARE', 'UNSHARE') order by id",
        )
        .await;
    let event = |id: &Json, event_type: &str, reason: &str, is_open: bool| {
        json!({
            "id": id, "event_type": event_type, "entity_type": "RecordShare", "entity_id": share,
            "actor_user_id": super::id(2, 5), "actor_role": "agent", "reason": reason, "was_open": true,
            "record": super::id(4, 4), "level": "WRITE", "is_open": is_open,
        })
    };
    let ended = &ended["revokeRecordShare"]["auditEventId"];
    assert_eq!(
        events,
        [event(&made["auditEventId"], "SHARE", "Holiday cover", true), event(ended, "UNSHARE", "Back again", false)]
    );
    app.finish().await;
}

#[tokio::test]
async fn a_dry_run_shares_nothing_and_a_retry_shares_once() {
    let app = TestApp::support_desk().start().await;
    let mut variables = json!({ "id": id(4, 4), "with": user(6), "level": "READ", "dryRun": true });
    let dry = app.user("cleo").graphql(SHARE, variables.clone()).await.data();
    assert_eq!(dry["shareTicket"]["recordShare"]["user"]["name"], "Noa");
    assert_eq!(dry["shareTicket"]["auditEventId"], Json::Null);
    assert_eq!(app.rows("select from toolcrib.record_shares").await, [Json::Null; 0]);
    variables["dryRun"] = json!(false);
    let once = SHARE.replace("dryRun: $dryRun", "dryRun: $dryRun, idempotencyKey: \"k\"");
    let first = app.user("cleo").graphql(&once, variables.clone()).await.data();
    let second = app.user("cleo").graphql(&once, variables).await.data();
    assert_eq!(first, second);
    assert_eq!(app.rows("select from toolcrib.record_shares").await.len(), 1);
    app.finish().await;
}
