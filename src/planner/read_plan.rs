//! A root field that reads.

use crate::base::TypeName;
use crate::catalog::{Collection, CollectionId};
use crate::planner::input::row_id;
use crate::planner::place::Place;
use crate::planner::{
    AggregatePlan, ConnectionField, ConnectionPlan, Filter, FilterTest, Order, Output, PlanError, Planner, RowPlan, SelectedField,
};
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
        let view = self.note_connection(collection, &connection).into_record(collection, None);
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
    fn bounded_rows<'r>(&self, roots: u64, rows: impl IntoIterator<Item = &'r RowPlan>) -> Result<u64, PlanError> {
        let below: u64 = rows.into_iter().map(rows_below).fold(0, u64::saturating_add);
        let total = roots.saturating_mul(below.saturating_add(1));
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

    fn note_connection(&self, collection: &Collection, connection: &ConnectionPlan) -> Viewed {
        let mut viewed = Viewed::default();
        if connection.source.is_empty() {
            return viewed;
        }
        connection.rows().for_each(|row| self.note_row(row, &mut viewed));
        self.note_filter(collection, &connection.filter, &mut viewed);
        self.note_order(&connection.order, &mut viewed);
        if collection.audit.is_read_audited {
            // A count tells something of the rows too.
            viewed.fields.entry(collection.name.to_string()).or_default();
            viewed.is_unconditional |= connection.fields.iter().any(|(_, field)| *field == ConnectionField::TotalCount);
        }
        viewed
    }

    /// A relation to rows that the rule hides altogether is not even joined, so nothing is viewed through it.
    fn note_row(&self, row: &RowPlan, viewed: &mut Viewed) {
        if let Some(name) = &row.view_name {
            let names = row.fields.iter().map(|field| field.name.to_string());
            viewed.fields.entry(name.to_string()).or_default().extend(names);
        }
        for field in &row.fields {
            match &field.output {
                Output::ToOne(relation) if !relation.row.source.is_empty() => self.note_row(&relation.row, viewed),
                Output::ToMany(relation) if !relation.row.source.is_empty() => {
                    let collection = self.catalog.collection(relation.row.source.collection());
                    self.note_filter(collection, &relation.filter, viewed);
                    self.note_order(&relation.order, viewed);
                    self.note_row(&relation.row, viewed);
                }
                Output::Aggregate(relation) => self.note_aggregate(&relation.plan, viewed),
                _ => {}
            }
        }
    }

    /// Counts and sums tell something of the rows, also where no row is shown.
    fn note_aggregate(&self, plan: &AggregatePlan, viewed: &mut Viewed) {
        if plan.source.is_empty() {
            return;
        }
        let collection = self.catalog.collection(plan.source.collection());
        if collection.audit.is_read_audited {
            viewed.fields.entry(collection.name.to_string()).or_default();
            viewed.is_unconditional = true;
        }
        plan.inputs.iter().for_each(|input| viewed.note_use(collection, input.field.as_str()));
        self.note_filter(collection, &plan.filter, viewed);
        plan.key_rows().filter(|relation| !relation.row.source.is_empty()).for_each(|relation| {
            self.note_row(&relation.row, viewed);
        });
    }

    fn note_filter(&self, collection: &Collection, filter: &Filter, viewed: &mut Viewed) {
        match filter {
            Filter::All(parts) | Filter::Any(parts) => parts.iter().for_each(|part| self.note_filter(collection, part, viewed)),
            Filter::Not(inner) => self.note_filter(collection, inner, viewed),
            Filter::Column(column, _) => {
                let field = collection.stored_fields().find(|field| field.column() == Some(column.name()));
                viewed.note_use(collection, field.map_or("id", |field| field.name.as_str()));
            }
            Filter::ToOne { target, filter, .. } => {
                self.note_filter(self.catalog.collection(target.collection()), filter, viewed);
            }
            Filter::ToMany { target, .. } if target.is_empty() => {}
            Filter::ToMany { key, target, filter, .. } => {
                // That a row points here is learnt even where nothing else is asked of it.
                let target = self.catalog.collection(target.collection());
                self.note_filter(target, &Filter::Column(key.clone(), FilterTest::IsNotNull), viewed);
                self.note_filter(target, filter, viewed);
            }
        }
    }

    /// The `id` that ends every order tells nothing.
    fn note_order(&self, order: &Order, viewed: &mut Viewed) {
        for field in order.fields() {
            viewed.note_use(self.catalog.collection(field.collection), self.catalog.field(field).name.as_str());
        }
    }
}

/// What a read tells of collections whose reads are audited.
#[derive(Default)]
struct Viewed {
    fields: BTreeMap<String, BTreeSet<String>>,
    is_unconditional: bool,
}

impl Viewed {
    /// Notes that a field of a collection decides which rows are found, or in which order.
    fn note_use(&mut self, collection: &Collection, field: &str) {
        if collection.audit.is_read_audited {
            self.fields.entry(collection.name.to_string()).or_default().insert(field.to_owned());
            self.is_unconditional = true;
        }
    }

    fn into_record(self, collection: &Collection, entity_id: Option<Uuid>) -> Option<ViewRecord> {
        let Self { fields, is_unconditional } = self;
        let entity_type = collection.name.clone();
        let event_id = Uuid::now_v7();
        (!fields.is_empty()).then_some(ViewRecord {
            event_id,
            entity_type,
            entity_id,
            fields,
            is_unconditional,
            is_deferred: false,
        })
    }
}

/// How many rows one row of the plan can bring along, at most.
fn rows_below(row: &RowPlan) -> u64 {
    let rows = row.fields.iter().map(|field| match &field.output {
        Output::ToOne(relation) => rows_below(&relation.row).saturating_add(1),
        Output::ToMany(relation) => u64::from(relation.limit).saturating_mul(rows_below(&relation.row).saturating_add(1)),
        Output::Aggregate(relation) => u64::from(relation.plan.first),
        Output::Typename(_) | Output::NodeId(_) | Output::Column(_) => 0,
    });
    rows.fold(0, u64::saturating_add)
}

impl ReadPlan {
    /// Whether its answer has places in it that [`CursorKey::seal`] has to make cursors of.
    ///
    /// [`CursorKey::seal`]: crate::planner::CursorKey::seal
    pub fn has_cursors(&self) -> bool {
        match &self.root {
            ReadRoot::Row { .. } | ReadRoot::Found { .. } | ReadRoot::Listed { .. } | ReadRoot::Aggregate(_) => false,
            ReadRoot::Connection(connection) => connection.needs_cursor(),
        }
    }

    /// Whether the answer is known without asking the database: the rule refuses every row.
    pub fn is_empty(&self) -> bool {
        match &self.root {
            ReadRoot::Row { id, row } => id.is_none() || row.source.is_empty(),
            ReadRoot::Found { row, .. } => row.source.is_empty(),
            ReadRoot::Connection(connection) => connection.source.is_empty(),
            ReadRoot::Aggregate(aggregate) => aggregate.source.is_empty(),
            ReadRoot::Listed { ids, row } => ids.is_empty() || row.source.is_empty(),
        }
    }
}
