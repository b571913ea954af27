//! A root field that reads.

use crate::base::TypeName;
use crate::catalog::CollectionId;
use crate::planner::input::row_id;
use crate::planner::place::Place;
use crate::planner::viewed::Viewed;
use crate::planner::{
    AggregatePlan, ConnectionPlan, Filter, Output, OutputField, PlanError, Planner, RowPlan, SelectedField, ViewerPlan,
};
use crate::sql::Label;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A root field that reads: one statement.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadPlan {
    /// What is read.
    pub root: ReadRoot,
    /// The VIEW event to record, if a collection in it has its reads audited.
    pub view: Option<ViewRecord>,
    /// How many rows it could show at most, nested lists multiplied.
    pub rows_at_most: u64,
    /// The paths all of whose cells are masked or null because of a field's rule, or are computed over such cells, for
    /// `extensions.masked`. Cells that are hidden row by row are marked in the answer.
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
    /// `ticketBy(by:)`
    Found {
        /// What is unique about the row.
        filter: Box<Filter>,
        /// What to show of it.
        row: Box<RowPlan>,
    },
    /// `tickets(...)`
    Connection(Box<ConnectionPlan>),
    /// `ticketsAggregate(...)`
    Aggregate(Box<AggregatePlan>),
    /// `viewer`
    Viewer(Box<ViewerPlan>),
    /// The rows of a payload, in this order; null for one that may not be read.
    Listed {
        /// Their ids.
        ids: Vec<Uuid>,
        /// What to show of each.
        row: Box<RowPlan>,
    },
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
    /// Which fields of which audited collections were read: shown, filtered by or ordered by.
    pub fields: BTreeMap<String, BTreeSet<String>>,
    /// Whether something is learnt even where no row is shown: from a count, a filter or an order.
    pub is_unconditional: bool,
    /// Whether the event is written later, by whoever undoes the transaction of the read: what was seen stays seen.
    pub is_deferred: bool,
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
        let row = self.plan_row(self.readable(collection.id), &selected.selection, &Place::root(&selected.key), &mut masked)?;
        let rows_at_most = self.bounded_rows(1, [&row])?;
        let mut viewed = Viewed::default();
        self.note_row(&row, &mut viewed);
        let view = viewed.into_record(collection, id);
        Ok(ReadPlan { root: ReadRoot::Row { id, row: Box::new(row) }, view, rows_at_most, masked })
    }

    /// Plans what to show of rows whose ids are known.
    ///
    /// # Errors
    /// [`PlanError`] naming the argument that makes no sense.
    pub fn plan_read_listed(
        &self,
        collection: CollectionId,
        ids: Vec<Uuid>,
        selected: &SelectedField,
    ) -> Result<ReadPlan, PlanError> {
        let ReadPlan { root, view, masked, .. } = self.plan_read_row(collection, None, selected)?;
        let ReadRoot::Row { row, .. } = root else { unreachable!("a single row was planned") };
        let rows_at_most = self.bounded_rows(u64::try_from(ids.len()).unwrap_or(u64::MAX), [&*row])?;
        Ok(ReadPlan { root: ReadRoot::Listed { ids, row }, view, rows_at_most, masked })
    }

    /// Plans `tickets(where:, orderBy:, first:, after:)`.
    ///
    /// # Errors
    /// [`PlanError`] naming the argument that makes no sense.
    pub fn plan_read_many(&self, collection: CollectionId, selected: &SelectedField) -> Result<ReadPlan, PlanError> {
        let collection = self.catalog.collection(collection);
        let mut masked = Vec::new();
        let connection = self.plan_connection(collection, selected, &Place::root(&selected.key), &mut masked)?;
        let rows_at_most = self.bounded_rows(u64::from(connection.window.size), connection.rows())?;
        let mut viewed = Viewed::default();
        self.note_connection(&connection, &mut viewed);
        let view = viewed.into_record(collection, None);
        Ok(ReadPlan { root: ReadRoot::Connection(Box::new(connection)), view, rows_at_most, masked })
    }

    /// Plans `ticketsAggregate(...)`.
    ///
    /// # Errors
    /// [`PlanError`] naming the argument that makes no sense.
    pub fn plan_read_aggregate(&self, collection: CollectionId, selected: &SelectedField) -> Result<ReadPlan, PlanError> {
        let collection = self.catalog.collection(collection);
        let mut masked = Vec::new();
        let plan = self.plan_aggregate(collection, selected, &Place::root(&selected.key), &mut masked)?;
        let rows_at_most = self.bounded_rows(u64::from(plan.first), plan.key_rows().map(|relation| &relation.row))?;
        let mut viewed = Viewed::default();
        self.note_aggregate(&plan, &mut viewed);
        let view = viewed.into_record(collection, None);
        Ok(ReadPlan { root: ReadRoot::Aggregate(Box::new(plan)), view, rows_at_most, masked })
    }

    /// Nested lists multiply: ten rows of ten rows of ten rows are a thousand. What a field could show at most is bounded
    /// before the database is asked.
    pub(crate) fn bounded_rows<'r>(&self, roots: u64, rows: impl IntoIterator<Item = &'r RowPlan>) -> Result<u64, PlanError> {
        let below: u64 = rows.into_iter().map(rows_below).fold(0, u64::saturating_add);
        let total = roots.saturating_mul(below.saturating_add(1));
        self.refuse_too_many(total).map(|()| total)
    }

    /// The same for fields of one object.
    pub(crate) fn bounded_fields(&self, fields: &[OutputField]) -> Result<u64, PlanError> {
        let total = rows_of_fields(fields).saturating_add(1);
        self.refuse_too_many(total).map(|()| total)
    }

    /// Refuses more rows than one operation may show.
    ///
    /// # Errors
    /// [`PlanError::TooManyRows`].
    pub fn refuse_too_many(&self, rows: u64) -> Result<(), PlanError> {
        let limit = self.settings.max_rows;
        if rows <= u64::from(limit) { Ok(()) } else { Err(PlanError::TooManyRows { rows, limit }) }
    }
}

/// How many rows one row of the plan can bring along, at most.
fn rows_below(row: &RowPlan) -> u64 {
    rows_of_fields(&row.fields)
}

fn rows_of_fields(fields: &[OutputField]) -> u64 {
    let rows = fields.iter().map(|field| match &field.output {
        Output::ToOne(relation) => rows_below(&relation.row).saturating_add(1),
        Output::ToMany(relation) => u64::from(relation.limit).saturating_mul(rows_below(&relation.row).saturating_add(1)),
        Output::Aggregate(relation) => u64::from(relation.plan.first),
        Output::Connection(connection) => {
            let below = connection.rows().map(rows_below).fold(0, u64::saturating_add);
            u64::from(connection.window.size).saturating_mul(below.saturating_add(1))
        }
        Output::Typename(_) | Output::NodeId(_) | Output::ViewerCan(_) | Output::Column(_) | Output::AuditImage(_) => 0,
    });
    rows.fold(0, u64::saturating_add)
}

/// Whether a connection below shows cursors.
pub(crate) fn has_cursors(fields: &[OutputField]) -> bool {
    fields.iter().any(|field| match &field.output {
        Output::ToOne(relation) => has_cursors(&relation.row.fields),
        Output::ToMany(relation) => has_cursors(&relation.row.fields),
        Output::Connection(connection) => connection.has_cursors(),
        Output::Aggregate(relation) => relation.plan.key_rows().any(|relation| has_cursors(&relation.row.fields)),
        Output::Typename(_) | Output::NodeId(_) | Output::ViewerCan(_) | Output::Column(_) | Output::AuditImage(_) => false,
    })
}

impl ReadPlan {
    /// Whether its answer has places in it that [`CursorKey::seal`] has to make cursors of.
    ///
    /// [`CursorKey::seal`]: crate::planner::CursorKey::seal
    pub fn has_cursors(&self) -> bool {
        match &self.root {
            ReadRoot::Row { row, .. } | ReadRoot::Found { row, .. } | ReadRoot::Listed { row, .. } => has_cursors(&row.fields),
            ReadRoot::Aggregate(aggregate) => aggregate.key_rows().any(|relation| has_cursors(&relation.row.fields)),
            ReadRoot::Connection(connection) => connection.has_cursors(),
            ReadRoot::Viewer(viewer) => has_cursors(&viewer.fields),
        }
    }

    /// The key of the one field of the object that the statement's JSON is the value of; `None` where the JSON is the answer itself.
    ///
    /// A list of which only the nodes are asked is long, and PostgreSQL would copy it once more to put it into an object.
    pub fn wrapped_in(&self) -> Option<&Label> {
        match &self.root {
            ReadRoot::Connection(connection) => connection.nodes_alone(),
            _ => None,
        }
    }

    /// Whether the answer is known without asking the database: the rule refuses every row.
    pub fn is_empty(&self) -> bool {
        match &self.root {
            ReadRoot::Row { id, row } => id.is_none() || row.source.is_empty(),
            ReadRoot::Found { row, .. } => row.source.is_empty(),
            ReadRoot::Connection(connection) => connection.source.is_empty(),
            ReadRoot::Aggregate(aggregate) => aggregate.source.is_empty(),
            ReadRoot::Viewer(_) => false,
            ReadRoot::Listed { ids, row } => ids.is_empty() || row.source.is_empty(),
        }
    }
}
