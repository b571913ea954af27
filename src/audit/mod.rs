//! The append-only record of who did what.
//!
//! Purpose: one type for an event and one function that appends it, in the transaction of what it records.
//! Flow: changes and views write their events inside their own statement (`planner::to_sql`); everything else (denials,
//! exports) calls [`append`].
//! Invariants: offers append, nothing else; reading goes through the `AuditEvent` collection and its rules like any other read.
//! The server's database roles may insert and select, never update or delete.
//! Deliberately unknown: what an event means.

use crate::base::{Actor, RequestContext};
use crate::db::schema::toolcrib::audit_events;
use crate::db::{DbError, Transaction};
use diesel::prelude::*;
use serde_json::Value as Json;
use uuid::Uuid;

/// What an event records; the values of the `AuditEventType` enum that are not written by a plan's own statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventType {
    /// Rows were shown by a change that was undone, and with it the event of its own statement.
    View,
    /// A write was refused.
    Denied,
    /// An export began.
    ExportStarted,
    /// An export's file is complete.
    ExportCompleted,
    /// An export could not be finished.
    ExportFailed,
    /// An export, or the download of one, was refused.
    ExportDenied,
    /// An export's file was handed out.
    ExportDownloaded,
    /// Somebody signed in.
    Login,
    /// Somebody signed out, or was signed out by the provider.
    Logout,
    /// A token was used for the first time.
    TokenFirstUsed,
    /// A sign-in was refused.
    LoginDenied,
    /// Somebody looked at data as another user would see them.
    Simulate,
}

impl EventType {
    /// The enum value in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::View => "VIEW",
            Self::Denied => "DENIED",
            Self::ExportStarted => "EXPORT_STARTED",
            Self::ExportCompleted => "EXPORT_COMPLETED",
            Self::ExportFailed => "EXPORT_FAILED",
            Self::ExportDenied => "EXPORT_DENIED",
            Self::ExportDownloaded => "EXPORT_DOWNLOADED",
            Self::Login => "LOGIN",
            Self::Logout => "LOGOUT",
            Self::TokenFirstUsed => "TOKEN_FIRST_USED",
            Self::LoginDenied => "LOGIN_DENIED",
            Self::Simulate => "SIMULATE",
        }
    }
}

/// An event that is not part of a change's own statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What happened.
    pub event_type: EventType,
    /// The GraphQL type concerned.
    pub entity_type: Option<String>,
    /// The row concerned.
    pub entity_id: Option<Uuid>,
    /// What else is worth knowing.
    pub details: Option<Json>,
    /// Why, as the caller said.
    pub reason: Option<String>,
}

/// Appends an event in a transaction.
///
/// # Errors
/// [`DbError`]; what was to be recorded must not happen then.
pub async fn append(transaction: &Transaction, actor: &Actor, request: &RequestContext, event: Event) -> Result<(), DbError> {
    let Event { event_type, entity_type, entity_id, details, reason } = event;
    let actor_role = match &actor.service {
        Some(service) if actor.id.is_none() => format!("{}:{service}", actor.role),
        _ => actor.role.to_string(),
    };
    let insert = diesel::insert_into(audit_events::table).values((
        audit_events::id.eq(Uuid::now_v7()),
        audit_events::created_at.eq(request.time),
        audit_events::actor_user_id.eq(actor.acted_by.or(actor.id)),
        audit_events::acting_for_id.eq(actor.acted_by.and(actor.id)),
        audit_events::actor_role.eq(actor_role),
        audit_events::event_type.eq(event_type.as_str()),
        audit_events::entity_type.eq(entity_type),
        audit_events::entity_id.eq(entity_id),
        audit_events::details.eq(details),
        audit_events::ip_address.eq(request.ip_address.map(|address| address.to_string())),
        audit_events::user_agent.eq(request.user_agent.clone()),
        audit_events::reason.eq(reason),
        audit_events::request_id.eq(Some(request.request_id)),
    ));
    transaction.open().await?;
    transaction.run(insert).await?;
    transaction.note_events(event_type.as_str(), 1);
    Ok(())
}
