//! Running one root field that writes, inside the document's transaction.

use crate::auth;
use crate::db::Transaction;
use crate::graphql::access_change::{self, AccessChange, find_access_changes};
use crate::graphql::engine::Engine;
use crate::graphql::mutation::{MutationForm, Shape};
use crate::graphql::payload::{PayloadPlan, PayloadRows};
use crate::graphql::response::Data;
use crate::graphql::retry::{from_kept, to_kept};
use crate::graphql::share::in_words_of_sharing;
use crate::graphql::token::change_token;
use crate::planner::{ChangedRow, PlanError, Planner, SelectedField};
use crate::read::{self, ReadAnswer, UnrecordedView};
use crate::write::{self, Change, WriteError};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;

/// What the fields of a mutation have answered so far.
#[derive(Default)]
pub(crate) struct Answered {
    pub(crate) data: Data,
    pub(crate) masked: Vec<String>,
    pub(crate) rows: i64,
    /// What a dry run showed of collections whose reads are recorded.
    pub(crate) unrecorded: Vec<UnrecordedView>,
    /// What each field did, for a retry.
    pub(crate) kept: Vec<Json>,
}

/// Whether a document's changes are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// They are.
    Real,
    /// They are undone once they are answered.
    DryRun,
}

impl Answered {
    /// What each field did, for a retry.
    pub(crate) fn kept(&self) -> Json {
        Json::Array(self.kept.clone())
    }

    /// Adds the answer of a field; without rows it is `__typename`.
    pub(crate) fn add(&mut self, field: &SelectedField, shown: Option<Shown<'_>>) {
        let Some(Shown { payload, answers, done, manner, secret, access_changes }) = shown else {
            self.data.push(&field.key, "\"Mutation\"");
            self.kept.push(Json::Null);
            return;
        };
        self.data.push(
            &field.key,
            &payload.render(&answers, |selected| match selected.name.as_str() {
                access_change::FIELD => access_change::render(&access_changes, selected),
                name => constant(name, &done, manner, secret.as_ref()),
            }),
        );
        let masked = payload.reads.iter().flat_map(|read| &read.masked);
        self.masked.extend(masked.map(|path| format!("{}.{path}", field.key)));
        for (node, answer) in payload.nodes().zip(&answers) {
            self.masked.extend(answer.hidden.iter().map(|cell| format!("{}.{}.{cell}", field.key, node.key)));
        }
        self.unrecorded.extend(answers.into_iter().filter_map(|answer| answer.unrecorded));
        self.rows += i64::try_from(done.rows.len()).unwrap_or(i64::MAX);
        self.kept.push(to_kept(&done));
    }
}

/// What a field shows of the rows that it changed.
pub(crate) struct Shown<'f> {
    pub(crate) payload: PayloadPlan<'f>,
    pub(crate) answers: Vec<ReadAnswer>,
    pub(crate) done: Done,
    pub(crate) manner: Manner,
    /// The secret of a token that was made; it is shown this once.
    pub(crate) secret: Option<SecretString>,
    /// What a changed user gains and loses, if that is asked for.
    pub(crate) access_changes: Vec<AccessChange>,
}

/// What a field did.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// Its rows.
    pub(crate) rows: Vec<ChangedRow>,
    /// Whether an upsert made its row, `true`; or for each of a list, `[true, false]`.
    pub(crate) created: Json,
}

impl Engine {
    /// Does what a field asks for.
    ///
    /// # Errors
    /// [`WriteError`]; the document's transaction must then be rolled back.
    pub(crate) async fn run_change<'f>(
        &self,
        transaction: &Transaction,
        planner: &Planner<'_>,
        field: &'f SelectedField,
        manner: Manner,
    ) -> Result<Option<Shown<'f>>, WriteError> {
        if field.name == "__typename" {
            return Ok(None);
        }
        let shape = self.shape_of(planner, field)?;
        if let Some(change) = self.token_change(field) {
            return change_token(transaction, planner, field, &shape, (change, manner)).await.map(Some);
        }
        let planning = tracing::trace_span!(target: "toolcrib::stage", "plan");
        let planned = planning.in_scope(|| self.plan_change(planner, field))?;
        if field.selection.0.iter().any(|selected| selected.name == access_change::FIELD) {
            return change_user(transaction, planner, field, &shape, (planned, manner)).await.map(Some);
        }
        let upserts = if let Change::Upsert(plan) = &planned { plan.values.len() } else { 0 };
        // One row is changed or not; of several, some are when another turns out to be in the way.
        let mark = if upserts > 1 { Some(transaction.mark().await?) } else { None };
        for _ in 1..if upserts > 0 { MAX_ATTEMPTS } else { 1 } {
            let shown = change_once(transaction, planner, field, &shape, (planned.clone(), manner)).await;
            // Another row came in between: the next attempt finds it, if the caller may read it.
            if !shown.as_ref().is_err_and(WriteError::is_taken) {
                return shown.map(Some);
            }
            if let Some(mark) = mark {
                transaction.return_to(mark).await?;
            }
        }
        let shown = change_once(transaction, planner, field, &shape, (planned, manner)).await;
        let root = self.api.root_fields.get(&field.name).copied();
        shown.map(Some).map_err(|error| in_words_of_sharing(planner, root, field, error))
    }

    /// Shows what a field did before, as the caller may read it now.
    ///
    /// # Errors
    /// [`WriteError`], of a payload that makes no sense.
    pub(crate) async fn show_change<'f>(
        &self,
        transaction: &Transaction,
        planner: &Planner<'_>,
        field: &'f SelectedField,
        kept: Option<&Json>,
    ) -> Result<Option<Shown<'f>>, WriteError> {
        if field.name == "__typename" {
            return Ok(None);
        }
        let done = from_kept(kept);
        let payload = plan_payload(planner, field, &self.shape_of(planner, field)?, &done.rows)?;
        let mut answers = Vec::with_capacity(payload.reads.len());
        for read in &payload.reads {
            answers.push(read::run_in(transaction, planner, read).await?);
        }
        Ok(Some(Shown { payload, answers, done, manner: Manner::Real, secret: None, access_changes: Vec::new() }))
    }
}

/// How often an upsert is tried that finds neither a row to change nor room for a new one.
const MAX_ATTEMPTS: usize = 3;

/// Changes a user, and compares what it may do with what it could do before.
async fn change_user<'f>(
    transaction: &Transaction,
    planner: &Planner<'_>,
    field: &'f SelectedField,
    shape: &Shape,
    (planned, manner): (Change, Manner),
) -> Result<Shown<'f>, WriteError> {
    let id = planned.rows().first().map(|row| row.id).unwrap_or_default();
    let before = auth::find_person(transaction, planner, id).await?;
    let shown = change_once(transaction, planner, field, shape, (planned, manner)).await?;
    let after = auth::find_person(transaction, planner, id).await?;
    let access_changes = find_access_changes(transaction, planner, (before.as_ref(), after.as_ref())).await?;
    Ok(Shown { access_changes, ..shown })
}

async fn change_once<'f>(
    transaction: &Transaction,
    planner: &Planner<'_>,
    field: &'f SelectedField,
    shape: &Shape,
    (planned, manner): (Change, Manner),
) -> Result<Shown<'f>, WriteError> {
    let change = write::choose(transaction, planner, planned).await?;
    let rows = change.rows().to_vec();
    let mut payload = plan_payload(planner, field, shape, &rows)?;
    if manner == Manner::DryRun {
        payload.defer_views();
    }
    let answers = write::apply(transaction, planner, &change, &payload.reads).await?;
    let created = match (&change, shape.form) {
        (Change::Branches(branches), MutationForm::Single) => branches.created.first().copied().into(),
        (Change::Branches(branches), MutationForm::Plural) => branches.created.clone().into(),
        (Change::Upsert(_), _) => Json::Array(Vec::new()),
        _ => Json::Null,
    };
    Ok(Shown { payload, answers, done: Done { rows, created }, manner, secret: None, access_changes: Vec::new() })
}

pub(crate) fn plan_payload<'f>(
    planner: &Planner<'_>,
    field: &'f SelectedField,
    shape: &Shape,
    rows: &[ChangedRow],
) -> Result<PayloadPlan<'f>, PlanError> {
    let mut ids = rows.iter().map(|row| row.id);
    let rows = match shape.form {
        MutationForm::Single => PayloadRows::One(ids.next().unwrap_or_default()),
        MutationForm::Plural => PayloadRows::Listed(ids.collect()),
    };
    PayloadPlan::new(planner, shape.collection, &rows, field, shape.type_name.clone())
}

/// What a payload says beside the rows.
fn constant(name: &str, done: &Done, manner: Manner, secret: Option<&SecretString>) -> String {
    let mut events = done.rows.iter().map(|row| format!("\"{}\"", row.event_id));
    match (name, manner) {
        ("auditEventId", Manner::Real) => events.next().unwrap_or_else(|| "null".to_owned()),
        ("auditEventIds", Manner::Real) => format!("[{}]", events.collect::<Vec<_>>().join(",")),
        ("count", _) => done.rows.len().to_string(),
        ("secret", _) => secret.map_or(Json::Null, |secret| Json::from(secret.expose_secret())).to_string(),
        ("created", _) => done.created.to_string(),
        _ => "null".to_owned(),
    }
}
