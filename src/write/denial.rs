//! What is recorded of a change that was undone, after the rollback and before the answer: a refusal, or what a dry run showed.

use crate::audit::{self, Event, EventType};
use crate::base::{Fault, FaultCode};
use crate::db::{ActorSettings, Database, DbError};
use crate::planner::{PlanError, Planner};
use crate::read::UnrecordedView;
use crate::write::WriteError;
use serde_json::json;
use uuid::Uuid;

/// Records a refused write as a DENIED event, in a transaction of its own. Errors that are no refusal are not recorded.
///
/// A row that is not there is recorded like one that may not be read: the caller gets the same answer after the same work.
///
/// # Errors
/// [`DbError`]: a denial that cannot be recorded must not be answered as one.
pub async fn record_denial(
    database: &Database,
    planner: &Planner<'_>,
    error: &WriteError,
    reason: Option<&str>,
) -> Result<(), DbError> {
    let Some((entity_type, entity_id)) = refused_row(error) else {
        return Ok(());
    };
    let event = Event {
        event_type: EventType::Denied,
        entity_type,
        entity_id,
        details: Some(json!({ "code": error.code().as_str(), "message": error.public_message() })),
        reason: reason.map(str::to_owned),
    };
    let transaction = database.begin(&ActorSettings::of(planner.caller())).await?;
    audit::append(&transaction, planner.actor, planner.request, event).await?;
    transaction.commit().await
}

/// Records what a change showed that was undone, in a transaction of its own.
///
/// # Errors
/// [`DbError`]: what cannot be recorded must not be shown.
pub async fn record_views(database: &Database, planner: &Planner<'_>, views: Vec<UnrecordedView>) -> Result<(), DbError> {
    if views.is_empty() {
        return Ok(());
    }
    let transaction = database.begin(&ActorSettings::of(planner.caller())).await?;
    for view in views {
        audit::append(&transaction, planner.actor, planner.request, view.0).await?;
    }
    transaction.commit().await
}

/// The collection and row that a refusal is about; `None` for errors that are no refusal.
fn refused_row(error: &WriteError) -> Option<(Option<String>, Option<Uuid>)> {
    if !matches!(error.code(), FaultCode::Forbidden | FaultCode::NotFound | FaultCode::MfaRequired) {
        return None;
    }
    Some(match error {
        WriteError::InRow { source, .. } => return refused_row(source),
        WriteError::NotFound { collection, id }
        | WriteError::Forbidden { collection, id, .. }
        | WriteError::CascadeForbidden { collection, id, .. }
        | WriteError::CascadeOutsideScope { collection, id, .. } => (Some(collection.clone()), Some(*id)),
        WriteError::FieldForbidden { collection, id, .. } | WriteError::TargetNotFound { collection, id, .. } => {
            (Some(collection.clone()), *id)
        }
        WriteError::CreateForbidden { collection }
        | WriteError::Plan(
            PlanError::Forbidden { collection, .. }
            | PlanError::OutsideScope { collection, .. }
            | PlanError::StepUp { collection, .. }
            | PlanError::FieldForbidden { collection, .. }
            | PlanError::NotFound { collection, .. },
        ) => (Some(collection.clone()), None),
        _ => (None, None),
    })
}
