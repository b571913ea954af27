//! A root field that reads.

use crate::base::TypeName;
use crate::catalog::{Collection, CollectionId};
use crate::planner::input::row_id;
use crate::planner::{ConnectionPlan, Output, PlanError, Planner, RowPlan, SelectedField};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A root field that reads: one statement.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadPlan {
    /// What is read.
    pub root: ReadRoot,
    /// The VIEW event to record, if a collection in it has its reads audited.
    pub view: Option<ViewRecord>,
    /// The paths whose cells may be masked or null because of a field's rule, for `extensions.masked`.
    pub masked: Vec<String>,
}

/// One row or a page.
#[derive(Clone, Debug, PartialEq)]
pub enum ReadRoot {
    /// `ticket(id:)`. An id that is no UUID reads nothing.
    Row {
        /// The row's id.
        id: Option<Uuid>,
        /// What to show of it.
        row: Box<RowPlan>,
    },
    /// `tickets(...)`
    Connection(Box<ConnectionPlan>),
}

/// The fixed part of a VIEW event; the ids come from the statement itself.
#[derive(Clone, Debug, PartialEq)]
pub struct ViewRecord {
    /// The event's own id.
    pub event_id: Uuid,
    /// The collection of the root field.
    pub entity_type: TypeName,
    /// The row, when one was asked for by id.
    pub entity_id: Option<Uuid>,
    /// Which fields of which audited collections were read.
    pub fields: BTreeMap<String, BTreeSet<String>>,
}

impl Planner<'_> {
    /// Plans `ticket(id:)`.
    ///
    /// # Errors
    /// [`PlanError`] naming the argument that makes no sense.
    pub fn plan_read_one(&self, collection: CollectionId, selected: &SelectedField) -> Result<ReadPlan, PlanError> {
        self.plan_read_row(collection, row_id(selected.argument("id")), selected)
    }

    /// Plans what to show of one row whose id is known.
    ///
    /// # Errors
    /// [`PlanError`] naming the argument that makes no sense.
    pub fn plan_read_row(
        &self,
        collection: CollectionId,
        id: Option<Uuid>,
        selected: &SelectedField,
    ) -> Result<ReadPlan, PlanError> {
        let collection = self.catalog.collection(collection);
        let mut masked = Vec::new();
        let row = self.plan_row(self.readable(collection.id), &selected.selection, &selected.key, &mut masked)?;
        self.refuse_too_many(1, [&row])?;
        let view = self.view_record(collection, id, [&row]);
        Ok(ReadPlan { root: ReadRoot::Row { id, row: Box::new(row) }, view, masked })
    }

    /// Plans `tickets(where:, orderBy:, first:, after:)`.
    ///
    /// # Errors
    /// [`PlanError`] naming the argument that makes no sense.
    pub fn plan_read_many(&self, collection: CollectionId, selected: &SelectedField) -> Result<ReadPlan, PlanError> {
        let collection = self.catalog.collection(collection);
        let mut masked = Vec::new();
        let connection = self.plan_connection(collection, selected, &mut masked)?;
        self.refuse_too_many(u64::from(connection.first), connection.rows())?;
        let view = self.view_record(collection, None, connection.rows());
        Ok(ReadPlan { root: ReadRoot::Connection(Box::new(connection)), view, masked })
    }

    /// Nested lists multiply: ten rows of ten rows of ten rows are a thousand. What a field could show at most is bounded
    /// before the database is asked.
    fn refuse_too_many<'r>(&self, roots: u64, rows: impl IntoIterator<Item = &'r RowPlan>) -> Result<(), PlanError> {
        let below: u64 = rows.into_iter().map(rows_below).fold(0, u64::saturating_add);
        let total = roots.saturating_mul(below.saturating_add(1));
        if total <= u64::from(self.settings.max_rows) {
            return Ok(());
        }
        Err(PlanError::TooManyRows { rows: total, limit: self.settings.max_rows })
    }

    fn view_record<'r>(
        &self,
        collection: &Collection,
        entity_id: Option<Uuid>,
        rows: impl IntoIterator<Item = &'r RowPlan>,
    ) -> Option<ViewRecord> {
        let mut fields = BTreeMap::new();
        rows.into_iter().for_each(|row| self.note_fields(row, &mut fields));
        let entity_type = collection.name.clone();
        (!fields.is_empty()).then(|| ViewRecord { event_id: Uuid::now_v7(), entity_type, entity_id, fields })
    }

    /// A relation to rows that the rule hides altogether is not even joined, so nothing is viewed through it.
    fn note_fields(&self, row: &RowPlan, noted: &mut BTreeMap<String, BTreeSet<String>>) {
        if let Some(name) = &row.view_name {
            let names = row.fields.iter().map(|field| field.name.to_string());
            noted.entry(name.to_string()).or_default().extend(names);
        }
        let related = row.fields.iter().filter_map(|field| match &field.output {
            Output::ToOne(relation) => Some(&relation.row),
            Output::ToMany(relation) => Some(&relation.row),
            Output::Typename(_) | Output::Column(_) => None,
        });
        related.filter(|row| !row.source.is_empty()).for_each(|row| self.note_fields(row, noted));
    }
}

/// How many rows one row of the plan can bring along, at most.
fn rows_below(row: &RowPlan) -> u64 {
    let rows = row.fields.iter().map(|field| match &field.output {
        Output::ToOne(relation) => rows_below(&relation.row).saturating_add(1),
        Output::ToMany(relation) => u64::from(relation.limit).saturating_mul(rows_below(&relation.row).saturating_add(1)),
        Output::Typename(_) | Output::Column(_) => 0,
    });
    rows.fold(0, u64::saturating_add)
}

impl ReadPlan {
    /// Whether the answer is known without asking the database: the rule refuses every row.
    pub fn is_empty(&self) -> bool {
        match &self.root {
            ReadRoot::Row { id, row } => id.is_none() || row.source.is_empty(),
            ReadRoot::Connection(connection) => connection.source.is_empty(),
        }
    }
}
