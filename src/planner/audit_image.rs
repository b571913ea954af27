//! `before` and `after` of an audit event, for whoever has no right to images as such: what of the row the rules of today show.
//!
//! Each image is judged by itself, as if it were a row: the read rule of its collection, the rules and masks of its fields, the
//! read rules of the rows that it points to. So nobody learns from the log what the collection itself would not have shown,
//! and a field that the schema does not have any more is not shown at all.

use crate::base::{ColumnName, FieldName, ScalarType, TypeName};
use crate::catalog::{Collection, Field, FieldKind};
use crate::planner::{ColumnOutput, GuardedColumn, Planner, Readable};
use std::collections::BTreeSet;

/// The platform's collection whose rows hold images.
const COLLECTION: &str = "AuditEvent";

/// Its fields that hold them.
const IMAGES: [&str; 2] = ["before", "after"];

/// Its field that says of which type the row was.
const ENTITY_TYPE: &str = "entityType";

/// An image as a caller may see it.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditImagePlan {
    /// The image, with the rule of those who see it as it is.
    pub column: GuardedColumn,
    /// The column with the name of the row's type.
    pub entity_type: ColumnName,
    /// What the others see, collection by collection; nothing of one that is not here.
    pub shown: Vec<ShownImage>,
}

/// What is seen of the images of one collection.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownImage {
    /// The collection's name in the log.
    pub entity_type: TypeName,
    /// Which rows the caller may read.
    pub source: Readable,
    /// What the rules ask of the row.
    pub asked: Vec<AskedField>,
    /// Its fields.
    pub fields: Vec<ImageField>,
}

/// A field whose value a rule or a mask asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct AskedField {
    /// Its name in the image.
    pub field: FieldName,
    /// The column by which rules call it.
    pub column: ColumnName,
    /// Its scalar, for a list the elements'.
    pub scalar: ScalarType,
    /// Whether it is a list.
    pub is_list: bool,
}

/// A field of an image.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageField {
    /// Its name.
    pub name: FieldName,
    /// Its rule and mask.
    pub output: ColumnOutput,
    /// Of a relation, the rows that it may be seen to point to.
    pub target: Option<Readable>,
}

impl Planner<'_> {
    /// The plan of a field that holds images; `None` of other fields, and where every image shows as it is.
    pub(crate) fn plan_audit_image(&self, collection: &Collection, field: &Field) -> Option<AuditImagePlan> {
        let is_image = collection.is_platform && collection.name == COLLECTION && IMAGES.contains(&field.name.as_str());
        let column = is_image.then(|| self.guarded_column(field))?.filter(|column| !column.is_open())?;
        let entity_type = collection.find_field(ENTITY_TYPE)?.column()?.clone();
        // The log holds no images of itself.
        let entities = self.catalog.collections.iter().filter(|entity| entity.id != collection.id);
        let shown = entities.filter_map(|entity| self.plan_shown_image(entity)).collect();
        Some(AuditImagePlan { column, entity_type, shown })
    }

    fn plan_shown_image(&self, collection: &Collection) -> Option<ShownImage> {
        let source = Some(self.readable(collection.id)).filter(|source| !source.is_empty())?;
        let fields: Vec<ImageField> = collection.stored_fields().filter_map(|field| self.plan_image_field(field)).collect();
        let mut columns = source.asked_columns();
        for ImageField { output, target, .. } in &fields {
            columns.extend(output.asked_columns());
            columns.extend(target.iter().filter(|target| !target.is_unrestricted()).map(|_| output.column.name().clone()));
        }
        let entity_type = collection.name.clone();
        Some(ShownImage { entity_type, source, asked: asked_fields(collection, &columns), fields })
    }

    fn plan_image_field(&self, field: &Field) -> Option<ImageField> {
        let target = match field.kind {
            FieldKind::ToOne { target, .. } => Some(self.readable(target)),
            _ => None,
        };
        Some(ImageField { name: field.name.clone(), output: self.column_output(field)?, target })
    }
}

fn asked_fields(collection: &Collection, columns: &BTreeSet<ColumnName>) -> Vec<AskedField> {
    let asked = collection.stored_fields().filter_map(|field| {
        let column = field.column().filter(|column| columns.contains(*column))?.clone();
        Some(AskedField { field: field.name.clone(), column, scalar: field.stored_scalar()?, is_list: field.is_list() })
    });
    asked.collect()
}
