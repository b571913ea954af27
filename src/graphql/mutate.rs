//! Running a mutation: all root fields in one transaction, one after the other, all or nothing.

use crate::base::FaultCode;
use crate::db::{ActorSettings, DbError, Transaction};
use crate::graphql::GraphqlError;
use crate::graphql::api::RootField;
use crate::graphql::change::{Answered, Manner};
use crate::graphql::engine::{Engine, Prepared};
use crate::graphql::response::{self, GraphqlResponse, OperationSummary};
use crate::graphql::retry::request_key;
use crate::planner::{Planner, SelectedField};
use crate::write::idempotency::{self, Claimed, RequestKey};
use crate::write::{self, WriteError};
use serde_json::Value as Json;

impl Engine {
    pub(crate) async fn run_mutation(
        &self,
        planner: &Planner<'_>,
        prepared: &Prepared,
        mut summary: OperationSummary,
    ) -> GraphqlResponse {
        let fields = &prepared.selection.0;
        // The log tells them, and whoever changes people has callers asked for anew.
        summary.fields = fields.iter().map(|field| field.name.clone()).collect();
        self.keep_change(prepared, planner, summary.cost);
        let request_id = planner.request.request_id;
        let is_export = |field: &SelectedField| matches!(self.api.root_fields.get(&field.name), Some(RootField::Export(_)));
        let answered = match fields.iter().find(|field| is_export(field)) {
            Some(export) if fields.len() == 1 => self.run_export(planner, export).await,
            Some(export) => Err(GraphqlError {
                path: Some(export.key.clone()),
                ..GraphqlError::request(FaultCode::BadUserInput, "an export has to be alone in its document")
            }),
            None => self.run_document(planner, prepared).await,
        };
        let _answering = tracing::trace_span!(target: "toolcrib::stage", "answer").entered();
        match answered {
            Ok(Answered { data, masked, rows, .. }) => {
                summary.rows = rows;
                response::executed(Some(data), &[], &masked, summary, request_id)
            }
            Err(error) => response::executed(None, &[error], &[], summary, request_id),
        }
    }

    async fn run_document(&self, planner: &Planner<'_>, prepared: &Prepared) -> Result<Answered, GraphqlError> {
        let fields = &prepared.selection.0;
        let manner = manner_of(fields)?;
        // A dry run leaves nothing that a retry could do twice.
        let key = request_key(planner, fields, prepared.request_hash)?.filter(|_| manner == Manner::Real);
        let Some(key) = key else { return self.run_changes(planner, fields, manner).await };
        let answered = self.run_changes_once(planner, fields, &key).await;
        self.sweeper.sweep(&self.parts.database, planner.request.time).await;
        answered
    }

    async fn run_changes(
        &self,
        planner: &Planner<'_>,
        fields: &[SelectedField],
        manner: Manner,
    ) -> Result<Answered, GraphqlError> {
        let database = &self.parts.database;
        let fault = |error: DbError| GraphqlError::of_field(&error, first_key(fields));
        let actor = ActorSettings::of(planner.caller());
        let transaction = database.begin(&actor).await.map_err(fault)?;
        let (transaction, mut answered) = self.change_all(transaction, planner, fields, manner).await?;
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

    /// Does the changes unless the key says that they were done; then answers with what they did.
    async fn run_changes_once(
        &self,
        planner: &Planner<'_>,
        fields: &[SelectedField],
        key: &RequestKey,
    ) -> Result<Answered, GraphqlError> {
        let fault = |error: DbError| GraphqlError::of_field(&error, first_key(fields));
        let transaction = self.parts.database.begin_system().await.map_err(fault)?;
        let claimed = match idempotency::claim(&transaction, key, planner.request.time).await {
            Ok(claimed) => claimed,
            Err(error) => return Err(self.undo(transaction, planner, &fields[0], &error).await),
        };
        transaction.act_as(&ActorSettings::of(planner.caller())).await.map_err(fault)?;
        let (transaction, answered) = match claimed {
            Claimed::First => {
                let (transaction, answered) = self.change_all(transaction, planner, fields, Manner::Real).await?;
                transaction.act_as_server().await.map_err(fault)?;
                idempotency::keep(&transaction, key, &answered.kept()).await.map_err(fault)?;
                (transaction, answered)
            }
            Claimed::Answered(kept) => self.show_all(transaction, planner, fields, &kept).await?,
        };
        transaction.commit().await.map_err(fault)?;
        Ok(answered)
    }

    async fn change_all(
        &self,
        transaction: Transaction,
        planner: &Planner<'_>,
        fields: &[SelectedField],
        manner: Manner,
    ) -> Result<(Transaction, Answered), GraphqlError> {
        let mut answered = Answered::default();
        for field in fields {
            match self.run_change(&transaction, planner, field, manner).await {
                Ok(shown) => answered.add(field, shown),
                Err(error) => return Err(self.undo(transaction, planner, field, &error).await),
            }
        }
        Ok((transaction, answered))
    }

    async fn show_all(
        &self,
        transaction: Transaction,
        planner: &Planner<'_>,
        fields: &[SelectedField],
        kept: &Json,
    ) -> Result<(Transaction, Answered), GraphqlError> {
        let mut answered = Answered::default();
        for (index, field) in fields.iter().enumerate() {
            match self.show_change(&transaction, planner, field, kept.get(index)).await {
                Ok(shown) => answered.add(field, shown),
                Err(error) => return Err(self.undo(transaction, planner, field, &error).await),
            }
        }
        Ok((transaction, answered))
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
}

/// Where an error of the transaction itself is told.
fn first_key(fields: &[SelectedField]) -> &str {
    fields.first().map_or("", |field| field.key.as_str())
}

/// Whether the changes of a document are kept. Its fields share one transaction, so they are all kept or none.
pub(crate) fn manner_of(fields: &[SelectedField]) -> Result<Manner, GraphqlError> {
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
