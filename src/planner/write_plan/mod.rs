//! Changes of rows, decided: values, rules, checks. What a statement cannot decide alone (cascades, the order of steps, the
//! transaction) is `write`'s.
//!
//! A plan is of one row or of many: every row has its own id and audit event, a column has either one value for all of them
//! ([`WriteValue::Same`]) or one for each ([`WriteValue::Each`]).

mod choice;
mod create;
mod delete;
mod key;
mod limits;
mod nested;
mod reference;
mod share;
mod update;
mod upsert;
mod values;

pub use choice::{MAX_WRITE_ROWS, RowChoice};
pub use create::CreatePlan;
pub use delete::DeletePlan;
pub use key::{KeyColumn, KeySearch, UniqueKey, is_upsertable, is_upsertable_together};
pub use reference::Reference;
pub use share::ShareRequest;
pub use update::{RowUpdate, UpdatePlan};
pub use upsert::{UpsertBranches, UpsertPlan, UpsertRequest, UpsertValues};
pub use values::{EachRow, WriteColumn, WriteValue};

use crate::base::{ColumnName, FieldName};
use crate::catalog::{Collection, CollectionId, Field, MutationKind};
use crate::planner::{PlanError, Planner, Readable};
use crate::policy::{FieldOperation, Operation, Predicate};
use uuid::Uuid;

/// A row that a plan changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangedRow {
    /// Its id.
    pub id: Uuid,
    /// The id of its audit event.
    pub event_id: Uuid,
}

/// Where the rows of a plan stand in the caller's arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowPlaces {
    /// There is one, or a filter found them: nothing has to be said.
    Only,
    /// They are the elements of a list argument.
    List(&'static str),
    /// Each at a place of its own: inside of another row, or somewhere in a list.
    Each(Vec<String>),
}

impl RowPlaces {
    /// The place of a row.
    pub fn of(&self, index: usize) -> Option<String> {
        match self {
            Self::Only => None,
            Self::List(list) => Some(format!("{list}[{index}]")),
            Self::Each(places) => places.get(index).cloned(),
        }
    }

    /// The path of an argument of a row.
    fn path(&self, index: usize, argument: &str) -> String {
        match self.of(index) {
            Some(place) => format!("{place}.{argument}"),
            None => argument.to_owned(),
        }
    }

    /// The places of some of the rows.
    fn among(&self, rows: impl Iterator<Item = usize>) -> Self {
        match self {
            Self::Only => Self::Only,
            Self::List(_) | Self::Each(_) => Self::Each(rows.filter_map(|index| self.of(index)).collect()),
        }
    }
}

impl ChangedRow {
    /// A row with an audit event of its own.
    pub fn new(id: Uuid) -> Self {
        Self { id, event_id: Uuid::now_v7() }
    }
}

/// A foreign key that is set: the caller has to be able to read the row that it points to, or that row is not found.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetCheck {
    /// The field that is set.
    pub field: FieldName,
    /// Its column, one of the plan's.
    pub column: ColumnName,
    /// The target as the caller may read it.
    pub target: Readable,
    /// The rows that are created along with these: whoever makes a row may point to it, whether or not it can be read then.
    pub created: Vec<Uuid>,
}

/// The write rule of a field that is set, as far as the actor has not decided it.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldGuard {
    /// The field.
    pub field: FieldName,
    /// Its column, one of the plan's.
    pub column: ColumnName,
    /// Its rule, over the row before and after.
    pub rule: Predicate,
}

impl Planner<'_> {
    /// What a rule of a field that is set asks of its row.
    fn plan_field_guard(
        &self,
        collection: &Collection,
        field: &Field,
        operation: FieldOperation,
    ) -> Result<Option<FieldGuard>, PlanError> {
        let Some(column) = field.column().cloned() else { return Ok(None) };
        match self.rules.solve_field(field.id, operation, self.actor, self.request) {
            Predicate::Always => Ok(None),
            Predicate::Never => {
                Err(PlanError::FieldForbidden { field: field.name.to_string(), collection: collection.name.to_string() })
            }
            rule => Ok(Some(FieldGuard { field: field.name.clone(), column, rule })),
        }
    }

    fn write_rule(&self, collection: &Collection, operation: Operation, word: &'static str) -> Result<Predicate, PlanError> {
        match self.rules.solve(collection.id, operation, self.actor, self.request) {
            Predicate::Never => Err(self.refusal(collection, operation, word)),
            rule => self.require_presence(collection).map(|()| rule),
        }
    }

    /// Why nobody like the caller may do this to any row: a token that is not for it is told what it lacks.
    fn refusal(&self, collection: &Collection, operation: Operation, word: &'static str) -> PlanError {
        let (name, scope) = (collection.name.to_string(), operation.scoped());
        match self.rules.is_in_scope(collection.id, scope, self.actor) {
            true => PlanError::Forbidden { operation: word, collection: name },
            false => PlanError::OutsideScope { operation: word, collection: name, scope: scope.as_str() },
        }
    }

    /// A person has to have proved who they are within the time that the collection says. A token proves nobody's presence;
    /// the platform's own services have none to prove.
    fn require_presence(&self, collection: &Collection) -> Result<(), PlanError> {
        let Some(max_age) = collection.access.step_up.filter(|_| self.actor.service.is_none()) else { return Ok(()) };
        let age = self.actor.authenticated_at.map(|at| (self.request.time - at).to_std().unwrap_or_default());
        if age.is_some_and(|age| age <= max_age) {
            return Ok(());
        }
        Err(PlanError::StepUp { collection: collection.name.to_string(), max_age })
    }

    fn is_self_reading(&self, collection: &Collection, operation: Operation, rule: &Predicate) -> bool {
        rule.has_sub_reads() && self.rules.sub_reads(collection.id, operation).contains(&collection.id)
    }

    fn require_reason(
        &self,
        collection: &Collection,
        kind: MutationKind,
        reason: Option<&str>,
    ) -> Result<Option<String>, PlanError> {
        let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
        if reason.is_none() && collection.audit.reasons.contains(&kind) {
            return Err(PlanError::ReasonRequired { collection: collection.name.to_string() });
        }
        Ok(reason.map(str::to_owned))
    }

    /// The rows of a list of ids, none of them twice.
    fn plan_ids<'i>(
        &self,
        collection: CollectionId,
        argument: &str,
        ids: impl IntoIterator<Item = &'i str>,
    ) -> Result<Vec<ChangedRow>, PlanError> {
        let collection = self.catalog.collection(collection);
        let mut seen = std::collections::BTreeSet::new();
        let rows = ids.into_iter().enumerate().map(|(index, id)| {
            let id = parse_id(collection, id)?;
            if !seen.insert(id) {
                return Err(PlanError::argument(format!("{argument}[{index}]"), "stands in the list twice"));
            }
            Ok(ChangedRow::new(id))
        });
        rows.collect()
    }
}

/// A text that is no UUID is an id that no row has, so the answer is the same as for a row that is not there.
fn parse_id(collection: &Collection, id: &str) -> Result<Uuid, PlanError> {
    id.parse().map_err(|_| PlanError::NotFound { collection: collection.name.to_string(), id: id.chars().take(64).collect() })
}
