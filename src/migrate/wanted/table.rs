//! Tables and columns out of the catalog.

use super::index::{column_indexes, table_indexes};
use super::{SequenceFormat, WantedColumn, WantedDefault, WantedFill, WantedTable};
use crate::base::{ScalarType, TableName, Value};
use crate::catalog::{Backfill, Catalog, Collection, DefaultValue, Field, FieldId, FieldKind};

/// The audit log names users without referencing them: an event outlives whom it names.
const UNREFERENCING: (&str, &str) = ("toolcrib", "audit_events");

/// Every table of the catalog, in its order. `indexed` are the fields that rules look rows up by.
pub fn tables(catalog: &Catalog, indexed: &[FieldId]) -> Vec<WantedTable> {
    catalog.collections.iter().map(|collection| wanted_table(catalog, collection, indexed)).collect()
}

fn wanted_table(catalog: &Catalog, collection: &Collection, indexed: &[FieldId]) -> WantedTable {
    let columns = collection.stored_fields().filter_map(|field| wanted_column(catalog, collection, field, indexed));
    WantedTable {
        name: collection.table.clone(),
        type_name: collection.name.clone(),
        former_names: collection.former_names.clone(),
        is_platform: collection.is_platform,
        columns: columns.collect(),
        indexes: table_indexes(collection),
    }
}

fn wanted_column(catalog: &Catalog, collection: &Collection, field: &Field, indexed: &[FieldId]) -> Option<WantedColumn> {
    let name = field.column()?.clone();
    let scalar = field.stored_scalar()?;
    let enum_values = match &field.kind {
        FieldKind::Enum { enum_id, .. } => Some(&catalog.enum_type(*enum_id).values),
        FieldKind::Scalar { .. } | FieldKind::ToOne { .. } | FieldKind::ToMany { .. } => None,
    };
    let values: Option<Vec<String>> = enum_values.map(|values| values.iter().map(|value| value.name.to_string()).collect());
    let former_values = enum_values
        .into_iter()
        .flatten()
        .flat_map(|value| value.former_names.iter().map(|former| (former.to_string(), value.name.to_string())));
    let indexes = column_indexes(collection, field, values.as_ref(), indexed.contains(&field.id));
    Some(WantedColumn {
        field: field.name.clone(),
        name,
        former_names: field.former_columns.clone(),
        is_platform: collection.is_platform && (field.is_implicit || field.is_platform()),
        scalar,
        is_list: field.is_list(),
        is_required: field.is_required,
        default: wanted_default(field, scalar),
        fill: wanted_fill(field, scalar),
        is_unique: field.is_unique,
        former_values: former_values.collect(),
        values,
        max_length: field.max_length,
        limits: field.limits.clone(),
        reference: reference(catalog, collection, field),
        indexes,
    })
}

fn reference(catalog: &Catalog, collection: &Collection, field: &Field) -> Option<TableName> {
    let FieldKind::ToOne { target, .. } = &field.kind else { return None };
    let is_unreferencing = (&*collection.table.schema, &*collection.table.name) == UNREFERENCING;
    (!is_unreferencing).then(|| catalog.collection(*target).table.clone())
}

fn wanted_default(field: &Field, scalar: ScalarType) -> Option<WantedDefault> {
    if let Some(format) = &field.sequence {
        return SequenceFormat::parse(format).map(WantedDefault::Sequence);
    }
    if field.is_implicit {
        return match field.name.as_str() {
            "id" => Some(WantedDefault::Fixed("gen_random_uuid()")),
            "version" => Some(WantedDefault::Fixed("1")),
            _ => Some(WantedDefault::Fixed("now()")),
        };
    }
    match &field.default {
        // An expression needs the actor: the server computes it.
        Some(DefaultValue::Literal(text)) if !field.is_list() => Value::parse(scalar, text).ok().map(WantedDefault::Literal),
        Some(DefaultValue::Literal(_) | DefaultValue::Expression(_)) | None => None,
    }
}

/// What fills the rows that are there: `@backfill`, or else a literal default.
fn wanted_fill(field: &Field, scalar: ScalarType) -> Option<WantedFill> {
    let literal = match (&field.backfill, &field.default) {
        (Some(Backfill::Sql(sql)), _) => return Some(WantedFill::Sql(sql.clone())),
        (Some(Backfill::Literal(text)), _) | (None, Some(DefaultValue::Literal(text))) => text,
        (None, Some(DefaultValue::Expression(_)) | None) => return None,
    };
    if !field.is_list() {
        return Value::parse(scalar, literal).ok().map(WantedFill::Literal);
    }
    let texts: Vec<String> = serde_json::from_str(literal).ok()?;
    let values = texts.iter().map(|text| Value::parse(scalar, text)).collect::<Result<Vec<_>, _>>().ok()?;
    Some(WantedFill::Literal(Value::List(scalar, values)))
}
