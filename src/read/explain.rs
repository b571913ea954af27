//! Why a user may do something to a row, for somebody else who may read that row.
//!
//! Whoever asks is told no more than it may read: a condition on a field, or on rows of a collection, that the own rules do not always
//! show is left out with its truth and its values, and so is every verdict that hangs on it.

use crate::audit::{self, Event, EventType};
use crate::base::{Actor, ScalarType, Value};
use crate::catalog::{Catalog, Collection, CollectionId};
use crate::db::{ActorSettings, Database, DbError};
use crate::planner::{AccessOperation, Planner};
use crate::policy::{
    Asking, Clause, Examination, ExaminedRows, FieldOperation, Judged, Operation, ROW, SeenValue, Truth, examination, judge,
};
use crate::sql::{Column, Expr, Query, Select};
use diesel::sql_types::{Array, Nullable, Text, Uuid as SqlUuid};
use serde_json::json;
use uuid::Uuid;

/// What is asked.
#[derive(Clone, Debug)]
pub struct PolicyQuestion<'a> {
    /// Whose rights.
    pub user: &'a Actor,
    /// What the user would do.
    pub operation: AccessOperation,
    /// To a row of what.
    pub collection: &'a Collection,
    /// To which.
    pub row: Uuid,
    /// The rules that decide.
    pub examinations: Vec<Examination>,
}

/// A rule with what it is for the user and the row.
#[derive(Clone, Debug, PartialEq)]
pub struct ExplainedRule {
    /// `READ Ticket`
    pub rule: String,
    /// Whether it allows; `None` where that hangs on what whoever asks may not read.
    pub allows: Option<bool>,
    /// Its clauses, each before its parts.
    pub clauses: Vec<ExplainedClause>,
}

/// A clause with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct ExplainedClause {
    /// How deep it stands in the rule.
    pub depth: usize,
    /// What it says.
    pub text: String,
    /// Its file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What it is; `None` where that hangs on what whoever asks may not read.
    pub truth: Option<Truth>,
    /// What it looked at.
    pub values: Vec<SeenValue>,
}

/// Explains, on record; `None` if whoever asks may not read the user or the row.
///
/// # Errors
/// [`DbError`].
pub async fn explain(
    database: &Database,
    planner: &Planner<'_>,
    question: PolicyQuestion<'_>,
) -> Result<Option<Vec<ExplainedRule>>, DbError> {
    let PolicyQuestion { user, operation, collection, row, examinations } = question;
    let transaction = database.begin(&ActorSettings::of(planner.caller()).in_request(planner.request.request_id)).await?;
    transaction.open().await?;
    let people = planner.catalog.find_collection("User").zip(user.id);
    let is_seen = match people {
        Some((people, id)) => !transaction.rows::<SqlUuid, Uuid>(&visible(planner, people.id, id)).await?.is_empty(),
        None => false,
    };
    let asking = Asking { catalog: planner.catalog, rules: planner.rules, actor: user, request: planner.request };
    let filter = Expr::all([planner.readable(collection.id).condition(ROW), is_row(row)]);
    let query = examination(asking, &examinations, ExaminedRows { collection, filter, changes: &[] });
    type Answer = (Uuid, Vec<String>, Vec<Option<String>>);
    let answers = match is_seen {
        true => transaction.rows::<(SqlUuid, Array<Text>, Array<Nullable<Text>>), Answer>(&query).await?,
        false => Vec::new(),
    };
    let Some((_, truths, values)) = answers.into_iter().next() else {
        transaction.rollback().await?;
        return Ok(None);
    };
    let details = json!({ "explained": { "user": user.id, "operation": operation.as_str() } });
    let event = Event {
        event_type: EventType::View,
        entity_type: Some(collection.name.to_string()),
        entity_id: Some(row),
        details: Some(details),
        reason: None,
    };
    audit::append(&transaction, planner.actor, planner.request, event).await?;
    transaction.commit().await?;
    let judged = judge(asking, &examinations, &truths, &values);
    Ok(judged.map(|judged| judged.iter().map(|(examination, root)| tell(planner, examination, root)).collect()))
}

/// The row, if whoever asks may read it.
fn visible(planner: &Planner<'_>, collection: CollectionId, id: Uuid) -> Query {
    let (from, rule) = planner.readable(collection).source(ROW);
    let id_column = vec![Column::bare(Expr::labelled(ROW, "id"))];
    Query::select(Select::new(id_column, from).filtered(Expr::all([rule, is_row(id)])))
}

fn is_row(id: Uuid) -> Expr {
    let ids = Expr::Value(Value::List(ScalarType::Id, vec![Value::Id(id)]));
    Expr::AnyOf(Box::new(Expr::labelled(ROW, "id")), Box::new(ids))
}

fn tell(planner: &Planner<'_>, examination: &Examination, root: &Judged<'_>) -> ExplainedRule {
    let mut clauses = Vec::new();
    let is_told = tell_clause(planner, root, 0, &mut clauses);
    ExplainedRule { rule: examination.site.name(planner.catalog), allows: is_told.then_some(root.truth == Truth::True), clauses }
}

/// Adds a clause and its parts; says whether all of it could be told.
fn tell_clause(planner: &Planner<'_>, judged: &Judged<'_>, depth: usize, clauses: &mut Vec<ExplainedClause>) -> bool {
    let Clause { span, text, .. } = judged.clause;
    let catalog: &Catalog = planner.catalog;
    let file = &catalog.sources[usize::from(span.source.0)];
    let place = file.line_column(span.offset);
    let index = clauses.len();
    let name = file.path.file_name().unwrap_or(file.path.as_os_str());
    clauses.push(ExplainedClause {
        depth,
        text: text.clone(),
        path: name.to_string_lossy().into_owned(),
        line: place.line,
        column: place.column,
        truth: None,
        values: Vec::new(),
    });
    let mut is_told = is_readable(planner, judged.clause);
    for part in &judged.parts {
        is_told &= tell_clause(planner, part, depth + 1, clauses);
    }
    if is_told {
        clauses[index].truth = Some(judged.truth);
        clauses[index].values.clone_from(&judged.seen);
    }
    is_told
}

/// Whether whoever asks may read everything that a condition looks at, whatever the row.
fn is_readable(planner: &Planner<'_>, clause: &Clause) -> bool {
    let Planner { rules, actor, request, .. } = planner;
    let (fields, collections) = clause.looks_at();
    fields.into_iter().all(|field| rules.solve_field(field, FieldOperation::Read, actor, request).is_always())
        && collections.into_iter().all(|collection| rules.solve(collection, Operation::Read, actor, request).is_always())
}
