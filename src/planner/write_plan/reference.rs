//! Foreign keys that point to a row that is deleted.

use crate::base::{ColumnName, FieldName, TableName};
use crate::catalog::{CollectionId, FieldKind, OnDelete};
use crate::planner::Planner;
use crate::policy::Operation;

/// A foreign key that points to a collection, with what happens to its rows when their target is deleted.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// The collection that holds the foreign key.
    pub collection: CollectionId,
    /// The table of that collection.
    pub table: TableName,
    /// The field.
    pub field: FieldName,
    /// Its column.
    pub column: ColumnName,
    /// What happens.
    pub on_delete: OnDelete,
}

impl Planner<'_> {
    /// The foreign keys that point to a collection and do something when a target is deleted.
    pub fn references_to(&self, target: CollectionId) -> Vec<Reference> {
        let fields =
            self.catalog.collections.iter().flat_map(|collection| collection.fields.iter().map(move |field| (collection, field)));
        let references = fields.filter_map(|(collection, field)| match &field.kind {
            FieldKind::ToOne { target: to, column, on_delete } if *to == target && *on_delete != OnDelete::Restrict => {
                Some(Reference {
                    collection: collection.id,
                    table: collection.table.clone(),
                    field: field.name.clone(),
                    column: column.clone(),
                    on_delete: *on_delete,
                })
            }
            _ => None,
        });
        references.collect()
    }

    /// Whether the caller can neither see nor take along any row of the collection that holds the foreign key.
    pub fn is_out_of_reach(&self, reference: &Reference) -> bool {
        let operation = if reference.on_delete == OnDelete::Cascade { Operation::Delete } else { Operation::Update };
        let rule = self.rules.solve(reference.collection, operation, self.actor, self.request);
        rule.is_never() && self.readable(reference.collection).is_empty()
    }
}
