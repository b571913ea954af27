//! `exportTickets(...)`: starts an export and shows its record.

use crate::base::{Fault, FaultCode};
use crate::export::{ExportFormat, ExportRequest};
use crate::graphql::GraphqlError;
use crate::graphql::api::RootField;
use crate::graphql::change::Answered;
use crate::graphql::engine::Engine;
use crate::graphql::payload::{PayloadPlan, PayloadRows};
use crate::planner::{Planner, SelectedField};
use serde_json::Value as Json;

impl Engine {
    pub(crate) async fn run_export(&self, planner: &Planner<'_>, field: &SelectedField) -> Result<Answered, GraphqlError> {
        let fault = |fault: &dyn Fault| GraphqlError::of_field(fault, &field.key);
        let Some(RootField::Export(collection)) = self.api.root_fields.get(&field.name).copied() else {
            return Err(GraphqlError::request(FaultCode::InternalServerError, "no export"));
        };
        let export_collection = planner.catalog.find_collection("Export").map(|collection| collection.id).unwrap_or(collection);
        let request = ExportRequest {
            collection,
            filter: field.arguments.get("where").cloned().unwrap_or(Json::Null),
            search: field.text_argument("search").map(str::to_owned),
            format: field.text_argument("format").and_then(ExportFormat::parse).unwrap_or(ExportFormat::Csv),
            reason: field.text_argument("reason").map(str::to_owned),
        };
        let exported = self.parts.exporter.export(planner.actor, planner.request, request).await;
        let id = exported.map_err(|error| fault(&error))?;
        let payload = PayloadPlan::new(planner, export_collection, &PayloadRows::One(id), field, "ExportPayload".to_owned())
            .map_err(|error| fault(&error))?;
        let mut answers = Vec::with_capacity(payload.reads.len());
        for read in &payload.reads {
            answers.push(crate::read::run(&self.parts.database, planner, read).await.map_err(|error| fault(&error))?);
        }
        let mut answered = Answered { rows: 1, ..Answered::default() };
        answered.data.push(&field.key, &payload.render(&answers, |_| format!("\"/exports/{id}\"")));
        Ok(answered)
    }
}
