//! Running a mutation: all root fields in one transaction, one after the other, all or nothing.

use crate::base::{Fault, FaultCode};
use crate::db::{ActorSettings, DbError, Transaction};
use crate::export::{ExportFormat, ExportRequest};
use crate::graphql::GraphqlError;
use crate::graphql::api::RootField;
use crate::graphql::engine::{Engine, Prepared};
use crate::graphql::mutation::{Mutation, MutationForm};
use crate::graphql::payload::{PayloadPlan, PayloadRows};
use crate::graphql::response::{self, Data, GraphqlResponse, OperationSummary};
use crate::planner::{ChangedRow, Planner, SelectedField};
use crate::read::UnrecordedView;
use crate::write::{self, WriteError};
use serde_json::Value as Json;

/// What the fields of a mutation have answered so far.
#[derive(Default)]
struct Answered {
    data: Data,
    masked: Vec<String>,
    rows: i64,
    /// What a dry run showed of collections whose reads are recorded.
    unrecorded: Vec<UnrecordedView>,
}

/// Whether a document's changes are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// They are.
    Real,
    /// They are undone once they are answered.
    DryRun,
}

impl Engine {
    pub(crate) async fn run_mutation(
        &self,
        planner: &Planner<'_>,
        prepared: &Prepared,
        mut summary: OperationSummary,
    ) -> GraphqlResponse {
        let fields = &prepared.selection.0;
        let request_id = planner.request.request_id;
        let is_export = |field: &SelectedField| matches!(self.api.root_fields.get(&field.name), Some(RootField::Export(_)));
        let answered = match fields.iter().find(|field| is_export(field)) {
            Some(export) if fields.len() == 1 => self.run_export(planner, export).await,
            Some(export) => Err(GraphqlError {
                path: Some(export.key.clone()),
                ..GraphqlError::request(FaultCode::BadUserInput, "an export has to be alone in its document")
            }),
            None => self.run_changes(planner, fields).await,
        };
        match answered {
            Ok(Answered { data, masked, rows, unrecorded: _ }) => {
                summary.rows = rows;
                response::executed(Some(data), &[], &masked, summary, request_id)
            }
            Err(error) => response::executed(None, &[error], &[], summary, request_id),
        }
    }

    async fn run_changes(&self, planner: &Planner<'_>, fields: &[SelectedField]) -> Result<Answered, GraphqlError> {
        let manner = manner_of(fields)?;
        let database = &self.parts.database;
        let begun = database.begin(&ActorSettings::of(planner.actor)).await;
        let first_key = fields.first().map_or("", |field| field.key.as_str());
        let fault = |error: DbError| GraphqlError::of_field(&error, first_key);
        let transaction = begun.map_err(fault)?;
        let mut answered = Answered::default();
        for field in fields {
            if let Err(error) = self.run_change(&transaction, planner, field, manner, &mut answered).await {
                return Err(self.undo(transaction, planner, field, &error).await);
            }
        }
        match manner {
            Manner::Real => transaction.commit().await.map_err(fault)?,
            Manner::DryRun => {
                transaction.rollback().await.map_err(fault)?;
                // What was shown was seen, whatever became of the changes.
                write::record_views(database, planner, std::mem::take(&mut answered.unrecorded)).await.map_err(fault)?;
            }
        }
        Ok(answered)
    }

    async fn run_change(
        &self,
        transaction: &Transaction,
        planner: &Planner<'_>,
        field: &SelectedField,
        manner: Manner,
        answered: &mut Answered,
    ) -> Result<(), WriteError> {
        if field.name == "__typename" {
            answered.data.push(&field.key, "\"Mutation\"");
            return Ok(());
        }
        let Mutation { collection, change, type_name, form } = self.plan_mutation(planner, field)?;
        let change = write::choose(transaction, change).await?;
        let mut ids = change.rows().iter().map(|row| row.id);
        let rows = match form {
            MutationForm::Single => PayloadRows::One(ids.next().unwrap_or_default()),
            MutationForm::Plural => PayloadRows::Listed(ids.collect()),
        };
        let mut payload = PayloadPlan::new(planner, collection, &rows, field, type_name)?;
        if manner == Manner::DryRun {
            payload.defer_views();
        }
        let answers = write::apply(transaction, planner, &change, &payload.reads).await?;
        answered.data.push(&field.key, &payload.render(&answers, |name| constant(name, change.rows(), manner)));
        answered.unrecorded.extend(answers.into_iter().filter_map(|answer| answer.unrecorded));
        answered
            .masked
            .extend(payload.reads.iter().flat_map(|read| read.masked.iter().map(|path| format!("{}.{path}", field.key))));
        answered.rows += i64::try_from(change.rows().len()).unwrap_or(i64::MAX);
        Ok(())
    }

    /// Rolls back and records a refusal, before the answer says so.
    async fn undo(
        &self,
        transaction: Transaction,
        planner: &Planner<'_>,
        field: &SelectedField,
        error: &WriteError,
    ) -> GraphqlError {
        if let Err(rollback) = transaction.rollback().await {
            // The connection is closed then, which undoes the transaction as well.
            tracing::warn!(error = %rollback, "a rollback was not answered");
        }
        let reason = field.text_argument("reason");
        match write::record_denial(&self.parts.database, planner, error, reason).await {
            Ok(()) => GraphqlError::of_field(error, &field.key),
            Err(unrecorded) => GraphqlError::of_field(&unrecorded, &field.key),
        }
    }

    async fn run_export(&self, planner: &Planner<'_>, field: &SelectedField) -> Result<Answered, GraphqlError> {
        let fault = |fault: &dyn Fault| GraphqlError::of_field(fault, &field.key);
        let Some(RootField::Export(collection)) = self.api.root_fields.get(&field.name).copied() else {
            return Err(GraphqlError::request(FaultCode::InternalServerError, "no export"));
        };
        let export_collection = planner.catalog.find_collection("Export").map(|collection| collection.id).unwrap_or(collection);
        let request = ExportRequest {
            collection,
            filter: field.arguments.get("where").cloned().unwrap_or(Json::Null),
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

/// Whether the changes of a document are kept. Its fields share one transaction, so they are all kept or none.
fn manner_of(fields: &[SelectedField]) -> Result<Manner, GraphqlError> {
    let is_dry = |field: &&SelectedField| field.argument("dryRun").and_then(Json::as_bool) == Some(true);
    let changes = || fields.iter().filter(|field| field.name != "__typename");
    match (changes().find(is_dry), changes().find(|field| !is_dry(field))) {
        (None, _) => Ok(Manner::Real),
        (Some(_), None) => Ok(Manner::DryRun),
        (Some(_), Some(other)) => Err(GraphqlError {
            path: Some(other.key.clone()),
            ..GraphqlError::request(FaultCode::BadUserInput, "either every change of a document is a dry run, or none is")
        }),
    }
}

/// What a payload says beside the rows.
fn constant(name: &str, rows: &[ChangedRow], manner: Manner) -> String {
    if manner == Manner::DryRun && name != "count" {
        return "null".to_owned();
    }
    let mut events = rows.iter().map(|row| format!("\"{}\"", row.event_id));
    match name {
        "auditEventId" => events.next().unwrap_or_else(|| "null".to_owned()),
        "auditEventIds" => format!("[{}]", events.collect::<Vec<_>>().join(",")),
        "count" => rows.len().to_string(),
        _ => "null".to_owned(),
    }
}
