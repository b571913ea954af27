//! A mutation's payload: its node is a read like any other, under the caller's rules.

use crate::catalog::CollectionId;
use crate::graphql::plan_cache::KeptPayload;
use crate::graphql::response::Data;
use crate::planner::{PlanError, Planner, ReadPlan, SelectedField};
use crate::read::ReadAnswer;
use uuid::Uuid;

/// The rows that a payload shows.
pub(crate) enum PayloadRows {
    /// One, under the collection's singular.
    One(Uuid),
    /// Several, under its plural.
    Listed(Vec<Uuid>),
}

/// What a payload shows, planned.
pub(crate) struct PayloadPlan<'f> {
    fields: &'f [SelectedField],
    type_name: String,
    node_name: String,
    /// One read for each time that the node is selected.
    pub(crate) reads: Vec<ReadPlan>,
}

impl<'f> PayloadPlan<'f> {
    /// Plans the payload `type_name` that shows rows of `collection`.
    ///
    /// # Errors
    /// [`PlanError`] of an argument below the node.
    pub(crate) fn new(
        planner: &Planner<'_>,
        collection: CollectionId,
        rows: &PayloadRows,
        field: &'f SelectedField,
        type_name: String,
    ) -> Result<Self, PlanError> {
        let names = planner.catalog.collection(collection);
        let node_name = match rows {
            PayloadRows::One(_) => names.singular.to_string(),
            PayloadRows::Listed(_) => names.plural.to_string(),
        };
        let nodes = field.selection.0.iter().filter(|selected| selected.name == node_name);
        let reads = nodes.map(|node| match rows {
            PayloadRows::One(id) => planner.plan_read_row(collection, Some(*id), node),
            PayloadRows::Listed(ids) => planner.plan_read_listed(collection, ids.clone(), node),
        });
        let reads: Vec<ReadPlan> = reads.collect::<Result<_, _>>()?;
        planner.refuse_too_many(reads.iter().map(|read| read.rows_at_most).fold(0, u64::saturating_add))?;
        Ok(Self { fields: &field.selection.0, type_name, node_name, reads })
    }

    /// What is kept of it beside its reads.
    pub(crate) fn to_kept(&self, field: &SelectedField) -> KeptPayload {
        let (type_name, node_name) = (self.type_name.clone(), self.node_name.clone());
        KeptPayload { field: field.clone(), type_name, node_name }
    }

    /// One whose reads are kept elsewhere, to be rendered.
    pub(crate) fn of_kept(kept: &'f KeptPayload) -> Self {
        let KeptPayload { field, type_name, node_name } = kept;
        let (type_name, node_name) = (type_name.clone(), node_name.clone());
        Self { fields: &field.selection.0, type_name, node_name, reads: Vec::new() }
    }

    /// The fields that show rows, each with the read of the same place among [`PayloadPlan::reads`].
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &SelectedField> {
        self.fields.iter().filter(|field| field.name == self.node_name)
    }

    /// Lets the VIEW events of its reads be written later.
    pub(crate) fn defer_views(&mut self) {
        self.reads.iter_mut().filter_map(|read| read.view.as_mut()).for_each(|view| view.is_deferred = true);
    }

    /// The payload's JSON: nodes from their reads, in order, the rest from `constant`.
    pub(crate) fn render(&self, answers: &[ReadAnswer], constant: impl Fn(&SelectedField) -> String) -> String {
        let mut answers = answers.iter();
        let mut data = Data::part();
        for field in self.fields {
            if field.name == self.node_name {
                data.push(&field.key, answers.next().map_or("null", |answer| answer.json.as_str()));
            } else if field.name == "__typename" {
                data.push(&field.key, &format!("\"{}\"", self.type_name));
            } else {
                data.push(&field.key, &constant(field));
            }
        }
        data.finish()
    }
}
