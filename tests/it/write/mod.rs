//! Writes: one file for each behavior. Every app here also checks, at its end, that changes and audit events are one to one.

mod after_image;
mod all_or_nothing;
mod audit_events;
mod cascades;
mod commits;
mod concurrent_edits;
mod constraints;
mod denied;
mod dry_runs;
mod hidden_rows;
mod idempotency;
mod limits;
mod many_rows;
mod nested;
mod reasons;
mod refused_first;
mod upserts;
mod upserts_of_several;
mod whole_changes;

use crate::support::app::TestApp;
use serde_json::Value as Json;

/// Ids of `cases/requests/rows.sql`, `4` and `1` for the first ticket.
fn id(kind: u8, number: u8) -> String {
    format!("00000000-0000-7000-8000-000000000{kind}{number:02}")
}

/// What was recorded since the app started, without what it takes to sign in and to look.
async fn events(app: &TestApp) -> Vec<Json> {
    let sql =
        "select event_type, entity_type, entity_id, actor_user_id, actor_role, before, after, details, ip_address, user_agent,
                   reason, request_id
               from toolcrib.audit_events
               where transaction_id >= (select transaction_id from toolcrib.test_start)
                   and entity_type is distinct from 'ServiceToken' and event_type <> 'VIEW'
               order by id";
    app.rows(sql).await
}

/// The events in short: `UPDATE Ticket 401`.
async fn event_list(app: &TestApp) -> Vec<String> {
    let text = |event: &Json, name: &str| event[name].as_str().unwrap_or("-").to_owned();
    let short = |event: &Json| {
        let id = text(event, "entity_id");
        format!("{} {} {}", text(event, "event_type"), text(event, "entity_type"), id.rsplit("0000").next().unwrap())
    };
    events(app).await.iter().map(short).collect()
}
