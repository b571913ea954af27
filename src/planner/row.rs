//! One row with its relations.

use crate::base::{FieldName, TypeName};
use crate::catalog::{Collection, FieldKind};
use crate::planner::place::Place;
use crate::planner::{
    AggregatePlan, AuditImagePlan, CanField, ColumnOutput, ConnectionPlan, Filter, GuardedColumn, Order, PlanError, Planner,
    Readable, SelectedField, Selection,
};
use crate::sql::Label;
use serde_json::Value as Json;

/// What to show of a row of one collection.
#[derive(Clone, Debug, PartialEq)]
pub struct RowPlan {
    /// The table as the caller may read it.
    pub source: Readable,
    /// What to show, in the order of the response.
    pub fields: Vec<OutputField>,
    /// The name by which the row is noted in a VIEW event, if the collection's reads are audited.
    pub view_name: Option<TypeName>,
}

/// One key of the response.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputField {
    /// The response key.
    pub key: Label,
    /// The field's name in the schema.
    pub name: FieldName,
    /// Its value.
    pub output: Output,
}

/// The value of a response key.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// `__typename`
    Typename(TypeName),
    /// `nodeId`
    NodeId(TypeName),
    /// `viewerCan`
    ViewerCan(Vec<(Label, CanField)>),
    /// A column.
    Column(ColumnOutput),
    /// The image of a row in the audit log, for whoever does not see every image as it is.
    AuditImage(Box<AuditImagePlan>),
    /// The row that a foreign key points to.
    ToOne(Box<ToOnePlan>),
    /// A page of the rows that point here.
    Connection(Box<ConnectionPlan>),
    /// The rows that point here.
    ToMany(Box<ToManyPlan>),
    /// What is computed over the rows that point here.
    Aggregate(Box<ToManyAggregate>),
}

/// The row that a foreign key points to.
#[derive(Clone, Debug, PartialEq)]
pub struct ToOnePlan {
    /// The foreign key with its field's guard.
    pub key: GuardedColumn,
    /// The row.
    pub row: RowPlan,
}

/// The rows that point here, as a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ToManyPlan {
    /// Their foreign key with its field's guard: a hidden link is no link from this side either.
    pub key: GuardedColumn,
    /// The caller's filter.
    pub filter: Filter,
    /// Their order.
    pub order: Order,
    /// How many at most.
    pub limit: u32,
    /// Each row.
    pub row: RowPlan,
}

/// What is computed over the rows that point here.
#[derive(Clone, Debug, PartialEq)]
pub struct ToManyAggregate {
    /// Their foreign key with its field's guard.
    pub key: GuardedColumn,
    /// What is computed.
    pub plan: AggregatePlan,
}

impl Planner<'_> {
    /// Plans the fields of one row. `place` names fields that are hidden in every row.
    ///
    /// # Errors
    /// [`PlanError`] of an argument below.
    pub(crate) fn plan_row(
        &self,
        source: Readable,
        selection: &Selection,
        place: &Place<'_>,
        masked: &mut Vec<String>,
    ) -> Result<RowPlan, PlanError> {
        let collection = self.catalog.collection(source.collection());
        let mut fields = Vec::with_capacity(selection.0.len());
        for field in &selection.0 {
            let output = self.plan_output(collection, field, &place.below(&field.key), masked)?;
            fields.push(OutputField { key: label(&field.key)?, name: FieldName::new(&field.name), output });
        }
        let view_name = collection.audit.is_read_audited.then(|| collection.name.clone());
        Ok(RowPlan { source, fields, view_name })
    }

    fn plan_output(
        &self,
        collection: &Collection,
        selected: &SelectedField,
        place: &Place<'_>,
        masked: &mut Vec<String>,
    ) -> Result<Output, PlanError> {
        if selected.name == "__typename" {
            return Ok(Output::Typename(collection.name.clone()));
        }
        let unknown =
            || PlanError::argument(place.to_string(), format!("`{}` has no field `{}`", collection.name, selected.name));
        match selected.name.as_str() {
            "nodeId" => return Ok(Output::NodeId(collection.name.clone())),
            "viewerCan" => return Ok(Output::ViewerCan(self.plan_viewer_can(collection, &selected.selection)?)),
            _ => {}
        }
        let Some(field) = collection.find_field(&selected.name) else {
            if let Some(connection) = self.plan_relation_connection(collection, selected, place, masked)? {
                return Ok(connection);
            }
            return self.plan_relation_aggregate(collection, selected, place, masked)?.ok_or_else(unknown);
        };
        match field.kind {
            FieldKind::Scalar { .. } | FieldKind::Enum { .. } => {
                let output = self.column_output(field).ok_or_else(unknown)?;
                let image = self.plan_audit_image(collection, field);
                // Cells that are hidden row by row are marked; of an image it is not said how much of it is hidden.
                if output.column.is_hidden() || image.is_some() {
                    masked.push(place.to_string());
                }
                Ok(match image {
                    Some(image) => Output::AuditImage(Box::new(image)),
                    None => Output::Column(output),
                })
            }
            FieldKind::ToOne { target, .. } => {
                let key = self.guarded_column(field).ok_or_else(unknown)?;
                if key.is_hidden() {
                    masked.push(place.to_string());
                }
                let source = self.readable(target);
                if source.is_empty() && key.is_open() && field.is_required && self.rules.is_read_always_allowed(target) {
                    // Everybody may read the target, so the API says that it is there: null would break the promise.
                    let collection = self.catalog.collection(target).name.to_string();
                    return Err(PlanError::OutOfScope { field: place.to_string(), collection });
                }
                let row = self.plan_row(source, &selected.selection, place, masked)?;
                Ok(Output::ToOne(Box::new(ToOnePlan { key, row })))
            }
            FieldKind::ToMany { target, inverse } => {
                let target_collection = self.catalog.collection(target);
                let key = self.guarded_column(self.catalog.field(inverse)).ok_or_else(unknown)?;
                Ok(Output::ToMany(Box::new(ToManyPlan {
                    key,
                    filter: self.plan_rows(target_collection, selected)?,
                    order: self.plan_list_order(target_collection, selected)?,
                    limit: self.plan_first(selected)?,
                    row: self.plan_row(self.readable_along(field).ok_or_else(unknown)?, &selected.selection, place, masked)?,
                })))
            }
        }
    }

    /// The relation to many beside which a field stands, `events` of `eventsConnection`: its target, the rows of it, and the key that
    /// points here.
    fn relation_beside(
        &self,
        collection: &Collection,
        selected: &SelectedField,
        suffix: &str,
    ) -> Option<(&Collection, Readable, GuardedColumn)> {
        let relation = selected.name.strip_suffix(suffix).and_then(|name| collection.find_field(name))?;
        let FieldKind::ToMany { target, inverse } = &relation.kind else { return None };
        let key = self.guarded_column(self.catalog.field(*inverse))?;
        Some((self.catalog.collection(*target), self.readable_along(relation)?, key))
    }

    /// `eventsConnection(...)` beside the relation `events`.
    fn plan_relation_connection(
        &self,
        collection: &Collection,
        selected: &SelectedField,
        place: &Place<'_>,
        masked: &mut Vec<String>,
    ) -> Result<Option<Output>, PlanError> {
        let Some((target, source, key)) = self.relation_beside(collection, selected, "Connection") else { return Ok(None) };
        let plan = self.plan_connection(target, selected, place, masked)?;
        Ok(Some(Output::Connection(Box::new(ConnectionPlan { source, parent_key: Some(key), ..plan }))))
    }

    /// `eventsAggregate(...)` beside the relation `events`.
    fn plan_relation_aggregate(
        &self,
        collection: &Collection,
        selected: &SelectedField,
        place: &Place<'_>,
        masked: &mut Vec<String>,
    ) -> Result<Option<Output>, PlanError> {
        let Some((target, source, key)) = self.relation_beside(collection, selected, "Aggregate") else { return Ok(None) };
        let plan = AggregatePlan { source, ..self.plan_aggregate(target, selected, place, masked)? };
        Ok(Some(Output::Aggregate(Box::new(ToManyAggregate { key, plan }))))
    }

    /// The `where` argument of a field.
    pub(crate) fn plan_where(&self, collection: &Collection, selected: &SelectedField) -> Result<Filter, PlanError> {
        self.plan_conditions(collection, selected.argument("where").unwrap_or(&Json::Null))
    }
}

/// A response key as a column label.
///
/// # Errors
/// [`PlanError::KeyTooLong`] if PostgreSQL would cut it.
pub(crate) fn label(key: &str) -> Result<Label, PlanError> {
    Label::new(key).ok_or_else(|| PlanError::KeyTooLong { key: key.to_owned() })
}
