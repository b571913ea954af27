//! An export: every row of a collection that the caller may read and that passes a filter, flat.

use crate::base::FieldName;
use crate::catalog::{CollectionId, FieldKind};
use crate::planner::{AuditImagePlan, ColumnOutput, Filter, Order, PlanError, Planner, Readable};
use serde_json::Value as Json;

/// What to export.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportPlan {
    /// The table as the caller may read it.
    pub source: Readable,
    /// The caller's filter.
    pub filter: Filter,
    /// By id, so that the same data gives the same file.
    pub order: Order,
    /// The columns.
    pub columns: Vec<ExportColumn>,
    /// The most rows; one more is asked for, to know whether there are more.
    pub max_rows: u32,
}

/// A column of an export.
#[derive(Clone, Debug, PartialEq)]
pub enum ExportColumn {
    /// A scalar or enum, with its guard and mask.
    Value(FieldName, ColumnOutput),
    /// The image of a row in the audit log, for whoever does not see every image as it is.
    AuditImage(FieldName, Box<AuditImagePlan>),
    /// The id of a to-one target, shown only if the caller may read the target.
    Reference(FieldName, ColumnOutput, Readable),
}

impl ExportColumn {
    /// The field's name.
    pub fn name(&self) -> &FieldName {
        match self {
            Self::Value(name, _) | Self::AuditImage(name, _) | Self::Reference(name, ..) => name,
        }
    }
}

impl Planner<'_> {
    /// Plans an export of every stored field of a collection.
    ///
    /// # Errors
    /// [`PlanError`] naming the argument of the filter that makes no sense.
    pub fn plan_export(
        &self,
        collection: CollectionId,
        filter: &Json,
        search: Option<&str>,
        max_rows: u32,
    ) -> Result<ExportPlan, PlanError> {
        let collection = self.catalog.collection(collection);
        let columns = collection.stored_fields().filter_map(|field| {
            let output = self.column_output(field)?;
            Some(match field.kind {
                FieldKind::ToOne { target, .. } => ExportColumn::Reference(field.name.clone(), output, self.readable(target)),
                _ => match self.plan_audit_image(collection, field) {
                    Some(image) => ExportColumn::AuditImage(field.name.clone(), Box::new(image)),
                    None => ExportColumn::Value(field.name.clone(), output),
                },
            })
        });
        Ok(ExportPlan {
            source: self.readable(collection.id),
            filter: self.plan_conditions(collection, filter)?.searched(self.plan_search(collection, search)?),
            order: self.plan_order(collection, "orderBy", None)?,
            columns: columns.collect(),
            max_rows,
        })
    }
}
