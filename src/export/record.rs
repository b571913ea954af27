//! The `Export` row and the events beside it. The row is changed by the service `export` on the exporter's behalf, through the
//! one write path, in one transaction with its event.

use crate::audit::{self, Event, EventType};
use crate::base::{Actor, Fault, RequestContext};
use crate::catalog::CollectionId;
use crate::db::ActorSettings;
use crate::export::exporter::Shared;
use crate::export::spool::SpooledFile;
use crate::export::{ExportError, ExportRequest};
use crate::planner::{CreatePlan, Planner, RowUpdate};
use crate::write::{self, Change, WriteError};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

/// The service that the rules of `Export` ask for.
pub(crate) const SERVICE: &str = "export";

/// The version of a row whose export has not ended: it is changed once.
const RUNNING_VERSION: i32 = 1;

/// How an export ended.
#[derive(Debug)]
pub(crate) enum Ending<'e> {
    /// With a file.
    Completed {
        /// The file.
        file: &'e SpooledFile,
        /// How many rows it has.
        rows: u32,
    },
    /// Without.
    Failed {
        /// What the exporter is told.
        failure: String,
    },
}

impl Ending<'_> {
    /// The end of an export that met an error.
    pub(crate) fn of(error: &ExportError) -> Self {
        Self::Failed { failure: error.public_message() }
    }
}

/// Plans the row of a new export.
///
/// # Errors
/// [`ExportError::Plan`].
pub(crate) fn plan_start(
    planner: &Planner<'_>,
    exports: CollectionId,
    request: &ExportRequest,
) -> Result<CreatePlan, ExportError> {
    let ExportRequest { collection, filter: _, search: _, format, reason } = request;
    let input = json!({
        "exportedBy": planner.actor.id.map(|id| json!({ "id": id })),
        "entityType": planner.catalog.collection(*collection).name.as_str(),
        "filters": request.filters(),
        "format": format.as_str(),
        "reason": reason,
    });
    Ok(planner.plan_create(exports, object(&input), reason.as_deref())?)
}

/// Adds the row and EXPORT_STARTED.
///
/// # Errors
/// [`ExportError`]; nothing is there then.
pub(crate) async fn start(
    shared: &Shared,
    planner: &Planner<'_>,
    plan: CreatePlan,
    request: &ExportRequest,
) -> Result<(), ExportError> {
    let ExportRequest { collection, filter: _, search: _, format, reason } = request;
    let details = json!({
        "entityType": shared.collection(*collection).name.as_str(),
        "filters": request.filters(),
        "format": format.as_str(),
    });
    let event = event(EventType::ExportStarted, plan.rows[0].id, details, reason.clone());
    commit(shared, planner, Change::Create(plan), event).await
}

/// Ends the row, once, with the event that says so. `context` is the one of the request, also long afterwards.
///
/// # Errors
/// [`ExportError`]; the row is as it was then. [`WriteError::Stale`] inside says that it had ended before.
pub(crate) async fn end(
    shared: &Shared,
    actor: &Actor,
    context: &RequestContext,
    id: Uuid,
    ending: &Ending<'_>,
) -> Result<(), ExportError> {
    let context = RequestContext { time: Utc::now(), ..context.clone() };
    let planner = shared.planner(actor, &context);
    let (event_type, set, details) = match ending {
        Ending::Completed { file: SpooledFile { checksum, size }, rows } => {
            let set = json!({
                "status": "COMPLETED",
                "rowCount": rows,
                "checksum": checksum,
                "byteSize": size.to_string(),
                "completedAt": timestamp(context.time),
            });
            let details = json!({ "rowCount": rows, "checksum": checksum, "byteSize": size });
            (EventType::ExportCompleted, set, details)
        }
        Ending::Failed { failure } => {
            let set = json!({ "status": "FAILED", "failure": failure });
            (EventType::ExportFailed, set, json!({ "failure": failure }))
        }
    };
    let plan = planner.plan_update(
        shared.exports,
        RowUpdate { id: &id.to_string(), set: object(&set), if_version: Some(RUNNING_VERSION) },
        None,
    )?;
    commit(shared, &planner, Change::Update(plan), event(event_type, id, details, None)).await?;
    count(ending);
    Ok(())
}

fn count(ending: &Ending<'_>) {
    let outcome = match ending {
        Ending::Completed { rows, .. } => {
            metrics::counter!("toolcrib_export_rows_total").increment(u64::from(*rows));
            "completed"
        }
        Ending::Failed { .. } => "failed",
    };
    metrics::counter!("toolcrib_exports_total", "outcome" => outcome).increment(1);
}

/// Whether the change came too late: somebody had ended the export before.
pub(crate) fn is_ended_before(error: &ExportError) -> bool {
    matches!(error, ExportError::Write(WriteError::Stale { .. }))
}

/// An event about an export's row.
pub(crate) fn event(event_type: EventType, id: Uuid, details: Json, reason: Option<String>) -> Event {
    Event { event_type, entity_type: Some("Export".to_owned()), entity_id: Some(id), details: Some(details), reason }
}

async fn commit(shared: &Shared, planner: &Planner<'_>, change: Change, event: Event) -> Result<(), ExportError> {
    let transaction = shared.database().begin(&ActorSettings::of(planner.caller())).await?;
    let applied = async {
        write::apply(&transaction, planner, &change, &[]).await?;
        audit::append(&transaction, planner.actor, planner.request, event).await?;
        Ok::<(), ExportError>(())
    };
    match applied.await {
        Ok(()) => Ok(transaction.commit().await?),
        Err(error) => {
            if let Err(rollback) = transaction.rollback().await {
                // The connection is closed then, which undoes the transaction as well.
                tracing::warn!(error = %rollback, "a rollback was not answered");
            }
            Err(error)
        }
    }
}

fn timestamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn object(json: &Json) -> &Map<String, Json> {
    json.as_object().expect("written as an object above")
}
