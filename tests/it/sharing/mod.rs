//! Rows that are shared with somebody: whom a share reaches, who may make one, how it ends, and who sees that it is there.

mod bounds;
mod ends;
mod reach;
mod record;
mod together;

use crate::support::app::TestApp;
use crate::support::caller::Response;
use serde_json::{Value as Json, json};

/// Ids of `cases/requests/rows.sql`, `4` and `1` for the first ticket.
fn id(kind: u8, number: u8) -> String {
    format!("00000000-0000-7000-8000-000000000{kind}{number:02}")
}

/// `shareTicket`.
const SHARE: &str = "mutation Share($id: ID!, $with: ShareWith!, $level: ShareLevel!, $expiresAt: DateTime, $reason: String, $dryRun: Boolean! = false) {
    shareTicket(id: $id, with: $with, level: $level, expiresAt: $expiresAt, reason: $reason, dryRun: $dryRun) {
        auditEventId
        recordShare { id recordType recordId level expiresAt reason revokedAt role user { name } team { name } sharedBy { name } }
    }
}";

/// `revokeRecordShare`.
const REVOKE: &str = "mutation Revoke($id: ID!, $reason: String, $dryRun: Boolean! = false) {
    revokeRecordShare(id: $id, reason: $reason, dryRun: $dryRun) { auditEventId recordShare { id revokedAt revokedBy { name } } }
}";

/// Shares a ticket as somebody.
async fn share(app: &TestApp, who: &str, ticket: u8, with: Json, level: &str) -> Response {
    let variables = json!({ "id": id(4, ticket), "with": with, "level": level, "reason": "Please have a look" });
    app.user(who).graphql(SHARE, variables).await
}

/// Shares a ticket, and returns the id of the share.
async fn shared(app: &TestApp, who: &str, ticket: u8, with: Json, level: &str) -> String {
    let answer = share(app, who, ticket, with, level).await.data();
    answer["shareTicket"]["recordShare"]["id"].as_str().unwrap().to_owned()
}

/// With one user.
fn user(number: u8) -> Json {
    json!({ "user": { "id": id(2, number) } })
}

/// With one team.
fn team(number: u8) -> Json {
    json!({ "team": { "id": id(1, number) } })
}

/// A share that somebody made before; `rest` are its role, level, expiry and end.
fn stored(number: u8, ticket: u8, user: Option<u8>, rest: &str) -> String {
    let user = user.map_or_else(|| "null".to_owned(), |user| format!("'{}'", id(2, user)));
    format!(
        "insert into toolcrib.record_shares (id, record_type, record_id, user_id, role, level, expires_at, revoked_at, shared_by_id)
         values ('{}', 'Ticket', '{}', {user}, {rest}, '{}')",
        id(8, number),
        id(4, ticket),
        id(2, 2)
    )
}

/// The tickets that somebody sees in the list, by the number in their ids.
async fn tickets(app: &TestApp, who: &str) -> Vec<u64> {
    let data = app.user(who).graphql("{ tickets { nodes { id } } }", json!({})).await.data();
    let ids = data["tickets"]["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned());
    ids.map(|id| id[id.len() - 2..].parse().unwrap()).collect()
}
