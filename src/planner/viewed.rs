//! What a read tells of collections whose reads are audited: what the VIEW event has to say.

use crate::catalog::Collection;
use crate::planner::{
    AggregatePlan, ConnectionField, ConnectionPlan, Filter, FilterTest, Order, Output, OutputField, Planner, RowPlan, ViewRecord,
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

impl Planner<'_> {
    pub(crate) fn note_connection(&self, connection: &ConnectionPlan, viewed: &mut Viewed) {
        if connection.source.is_empty() {
            return;
        }
        let collection = self.catalog.collection(connection.source.collection());
        connection.rows().for_each(|row| self.note_row(row, viewed));
        self.note_filter(collection, &connection.filter, viewed);
        self.note_order(&connection.order, viewed);
        if collection.audit.is_read_audited {
            // A count tells something of the rows too.
            viewed.fields.entry(collection.name.to_string()).or_default();
            viewed.is_unconditional |= connection.fields.iter().any(|(_, field)| matches!(field, ConnectionField::TotalCount(_)));
        }
    }

    /// A relation to rows that the rule hides altogether is not even joined, so nothing is viewed through it.
    pub(crate) fn note_row(&self, row: &RowPlan, viewed: &mut Viewed) {
        if let Some(name) = &row.view_name {
            let names = row.fields.iter().map(|field| field.name.to_string());
            viewed.fields.entry(name.to_string()).or_default().extend(names);
        }
        self.note_fields(&row.fields, viewed);
    }

    pub(crate) fn note_fields(&self, fields: &[OutputField], viewed: &mut Viewed) {
        for field in fields {
            match &field.output {
                Output::ToOne(relation) if !relation.row.source.is_empty() => self.note_row(&relation.row, viewed),
                Output::ToMany(relation) if !relation.row.source.is_empty() => {
                    let collection = self.catalog.collection(relation.row.source.collection());
                    self.note_filter(collection, &relation.filter, viewed);
                    self.note_order(&relation.order, viewed);
                    self.note_row(&relation.row, viewed);
                }
                Output::Connection(connection) => self.note_connection(connection, viewed),
                Output::Aggregate(relation) => self.note_aggregate(&relation.plan, viewed),
                _ => {}
            }
        }
    }

    /// Counts and sums tell something of the rows, also where no row is shown.
    pub(crate) fn note_aggregate(&self, plan: &AggregatePlan, viewed: &mut Viewed) {
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
            Filter::Search(search) => {
                for field in search.texts.iter().flat_map(|text| &text.fields) {
                    viewed.note_use(collection, self.catalog.field(*field).name.as_str());
                }
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

/// The collections and fields noted so far.
#[derive(Default)]
pub(crate) struct Viewed {
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

    pub(crate) fn into_record(self, collection: &Collection, entity_id: Option<Uuid>) -> Option<ViewRecord> {
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
