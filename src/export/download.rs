//! Handing out a file.

use crate::audit::{self, EventType};
use crate::base::{Actor, CallerContext, RequestContext, ScopeOperation};
use crate::db::ActorSettings;
use crate::export::{ExportError, ExportFormat, Exporter, record};
use crate::planner::{SelectedField, Selection};
use crate::read;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Map, json};
use std::io;
use tokio::fs::File;
use uuid::Uuid;

/// A file that may be handed out now: the download is on record.
#[derive(Debug)]
pub struct Download {
    /// The file, open at its beginning.
    pub file: File,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256, in hexadecimal.
    pub checksum: String,
    /// Its form.
    pub format: ExportFormat,
    /// A name that says what it is, whose, and when; plain letters, digits and `.@_-`.
    pub file_name: String,
}

/// What the caller may see of the export's row. What a tool's own rules hide is not there.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExportRow {
    exported_by: Option<Exporting>,
    entity_type: Option<String>,
    format: Option<String>,
    status: Option<String>,
    checksum: Option<String>,
    byte_size: Option<String>,
    failure: Option<String>,
    created_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize)]
struct Exporting {
    id: Uuid,
    email: Option<String>,
}

impl ExportRow {
    fn selection() -> SelectedField {
        let names = ["entityType", "format", "status", "checksum", "byteSize", "failure", "createdAt"];
        let exported_by = select("exportedBy", ["id", "email"].map(|name| select(name, Vec::new())).into());
        select("export", names.map(|name| select(name, Vec::new())).into_iter().chain([exported_by]).collect())
    }

    fn file_name(&self, id: Uuid, format: ExportFormat) -> String {
        let exporter = self.exported_by.as_ref().and_then(|exporter| exporter.email.as_deref()).unwrap_or("unknown");
        let time = self.created_at.map(|time| time.format("%Y%m%dT%H%M%SZ").to_string()).unwrap_or_default();
        let entity_type = self.entity_type.as_deref().unwrap_or("export");
        let name = format!("{entity_type}_{exporter}_{time}_{id}.{}", format.extension());
        // No character that a header, a shell or a file system takes for something else.
        name.chars().map(|c| if c.is_ascii_alphanumeric() || ".@_-".contains(c) { c } else { '-' }).collect()
    }
}

impl Exporter {
    /// Opens the file of an export for its exporter alone (it holds what the rules showed to that person), and records that it was handed out.
    ///
    /// # Errors
    /// [`ExportError::NotFound`] for an export that is not there and for one that the caller may not have: the same answer,
    /// after the same work and the same EXPORT_DENIED. [`ExportError::Running`] and [`ExportError::Failed`] while or because
    /// there is no file, [`ExportError::FileMissing`] if it is not on this server.
    pub async fn download(&self, actor: &Actor, context: &RequestContext, id: Uuid) -> Result<Download, ExportError> {
        let row = self.find(actor, context, id).await?;
        let Some(row) = row.filter(|row| self.may_fetch(actor, context, row)) else {
            let event = record::event(EventType::ExportDenied, id, json!({ "operation": "download" }), None);
            self.shared.record_denial(actor, context, event).await?;
            return Err(ExportError::NotFound { id });
        };
        match row.status.as_deref() {
            Some("COMPLETED") => {}
            Some("RUNNING") => return Err(ExportError::Running { id }),
            _ => return Err(ExportError::Failed { id, failure: row.failure.unwrap_or_else(|| "no file was made".to_owned()) }),
        }
        let download = self.open(id, &row).await?;
        let details = json!({ "checksum": download.checksum, "byteSize": download.size });
        let transaction = self.shared.database().begin(&ActorSettings::of(CallerContext::plain(actor, context))).await?;
        audit::append(&transaction, actor, context, record::event(EventType::ExportDownloaded, id, details, None)).await?;
        transaction.commit().await?;
        Ok(download)
    }

    /// The export's row, through the read path and the rules of `Export`.
    async fn find(&self, actor: &Actor, context: &RequestContext, id: Uuid) -> Result<Option<ExportRow>, ExportError> {
        let planner = self.shared.planner(actor, context);
        let plan = planner.plan_read_row(self.shared.exports, Some(id), &ExportRow::selection())?;
        let answer = read::run(self.shared.database(), &planner, &plan).await?;
        Ok(serde_json::from_str(&answer.json)?)
    }

    /// Being able to see the row is not enough. The export right is asked again: who lost it since does not get the data. Nor does a
    /// token that is not for reading them, whatever its user had the export made with.
    fn may_fetch(&self, actor: &Actor, context: &RequestContext, row: &ExportRow) -> bool {
        let is_own = row.exported_by.as_ref().is_some_and(|exporter| Some(exporter.id) == actor.id);
        let collection = row.entity_type.as_deref().and_then(|name| self.shared.parts.catalog.find_collection(name));
        let rules = &self.shared.parts.rules;
        let may_read = |collection| rules.is_in_scope(collection, ScopeOperation::Read, actor);
        let may_export = |collection| rules.solve_export(collection, actor, context).is_always();
        is_own && collection.is_some_and(|collection| may_read(collection.id) && may_export(collection.id))
    }

    async fn open(&self, id: Uuid, row: &ExportRow) -> Result<Download, ExportError> {
        let format = row.format.as_deref().and_then(ExportFormat::parse).ok_or(ExportError::FileMissing { id })?;
        let opened = File::open(self.shared.spool.path(id, format)).await.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => ExportError::FileMissing { id },
            _ => ExportError::file("open")(error),
        });
        let file = opened?;
        let found = file.metadata().await.map_err(ExportError::file("open"))?.len();
        match row.byte_size.as_deref().and_then(|size| size.parse().ok()) {
            Some(expected) if expected != found => return Err(ExportError::FileDamaged { id, found, expected }),
            _ => {}
        }
        let checksum = row.checksum.clone().unwrap_or_default();
        Ok(Download { file, size: found, checksum, format, file_name: row.file_name(id, format) })
    }
}

fn select(name: &str, selection: Vec<SelectedField>) -> SelectedField {
    SelectedField { key: name.to_owned(), name: name.to_owned(), arguments: Map::new(), selection: Selection(selection) }
}
