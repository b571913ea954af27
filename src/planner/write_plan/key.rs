//! What tells a row from all others: a unique field, or fields that are unique together.

use crate::base::{ColumnName, FieldName, Value};
use crate::catalog::{Collection, CompoundUnique, Field, FieldKind};
use crate::planner::input::field_value;
use crate::planner::write_plan::values::{Cells, write_column};
use crate::planner::write_plan::{ChangedRow, RowPlaces, WriteColumn};
use crate::planner::{GuardedColumn, PlanError, Planner, Readable};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Fields whose values no two rows share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UniqueKey {
    /// The fields.
    pub fields: Vec<FieldName>,
    /// Their columns.
    pub columns: Vec<ColumnName>,
}

/// The rows that keys stand for, among those that the caller may read.
#[derive(Clone, Debug, PartialEq)]
pub struct KeySearch {
    /// The table as the caller may read it.
    pub source: Readable,
    /// A handle for each key, by which it is told what was found.
    pub handles: Vec<ChangedRow>,
    /// The values of the keys, column by column.
    pub values: Vec<WriteColumn>,
    /// The same columns, as the caller may read them.
    pub columns: Vec<KeyColumn>,
}

/// A column of a key. As in a filter, a value that is hidden from the caller finds nothing, and a relation only leads where its
/// target may be read.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyColumn {
    /// The column.
    pub column: GuardedColumn,
    /// What it points to, if it does.
    pub target: Option<Readable>,
}

impl KeySearch {
    /// What was found, in the order of the keys, of pairs of a handle and a row.
    pub fn sort(&self, found: Vec<(Uuid, Uuid)>) -> Vec<Option<Uuid>> {
        let found: BTreeMap<Uuid, Uuid> = found.into_iter().collect();
        self.handles.iter().map(|handle| found.get(&handle.id).copied()).collect()
    }
}

/// A unique field, or fields that are unique together, with the values of each row.
pub(super) struct Keys<'c> {
    pub(super) fields: Vec<&'c Field>,
    /// Row by row, as they were given and as they are.
    pub(super) rows: Vec<Vec<(Json, Value)>>,
}

/// Whether rows can be upserted by this field: callers set it, and no two rows share its value.
pub fn is_upsertable(field: &Field) -> bool {
    field.is_unique && is_part(field)
}

/// Whether rows can be upserted by these fields together.
pub fn is_upsertable_together(collection: &Collection, unique: &CompoundUnique) -> bool {
    unique.of(collection).all(is_part)
}

fn is_part(field: &Field) -> bool {
    let is_value = match field.kind {
        FieldKind::Scalar { is_list, .. } | FieldKind::Enum { is_list, .. } => !is_list,
        FieldKind::ToOne { .. } => true,
        FieldKind::ToMany { .. } => false,
    };
    is_value && !field.is_read_only && !field.is_implicit
}

impl Planner<'_> {
    /// Reads what tells the rows of an upsert from all others. The rows of a list are told by the same fields, each by values of
    /// its own.
    pub(super) fn plan_keys<'c>(
        &self,
        collection: &'c Collection,
        by: &[&Map<String, Json>],
        places: &RowPlaces,
    ) -> Result<Keys<'c>, PlanError> {
        let mut keys = Keys { fields: Vec::new(), rows: Vec::with_capacity(by.len()) };
        let mut name_of_all: Option<&str> = None;
        let mut seen = BTreeMap::new();
        for (index, by) in by.iter().enumerate() {
            let path = places.path(index, "by");
            let mut given = by.iter();
            let (Some((name, json)), None) = (given.next(), given.next()) else {
                return Err(PlanError::argument(path, "needs exactly one field"));
            };
            let path = format!("{path}.{name}");
            if *name_of_all.get_or_insert(name) != name {
                return Err(PlanError::argument(
                    path,
                    "is another way to find a row than that of the row before; one list has one",
                ));
            }
            let unknown = || PlanError::argument(&path, "is nothing unique that callers set");
            keys.fields = find_fields(collection, name).ok_or_else(unknown)?;
            let values = self.plan_key(&keys.fields, &path, json)?;
            let text = Json::from_iter(values.iter().map(|(_, value)| value.to_json())).to_string();
            if let Some(first) = seen.insert(text, index) {
                let first = places.of(first).unwrap_or_default();
                return Err(PlanError::argument(path, format!("stands in the list twice, first in `{first}`")));
            }
            keys.rows.push(values);
        }
        Ok(keys)
    }

    fn plan_key(&self, fields: &[&Field], path: &str, json: &Json) -> Result<Vec<(Json, Value)>, PlanError> {
        let parts = fields.iter().map(|field| match fields.len() {
            1 => Ok((json.clone(), self.plan_key_value(field, path, json)?)),
            _ => {
                let part = json.get(field.name.as_str()).unwrap_or(&Json::Null);
                Ok((part.clone(), self.plan_key_value(field, &format!("{path}.{}", field.name), part)?))
            }
        });
        parts.collect()
    }

    fn plan_key_value(&self, field: &Field, path: &str, json: &Json) -> Result<Value, PlanError> {
        let json = match field.kind {
            FieldKind::ToOne { .. } => json.get("id").unwrap_or(&Json::Null),
            _ => json,
        };
        if json.is_null() {
            return Err(PlanError::argument(path, "cannot be null"));
        }
        field_value(self.catalog, field, path, json)
    }

    /// The values of a new row with those of its key, which need not be said twice.
    pub(super) fn with_key(
        &self,
        fields: &[&Field],
        key: &[(Json, Value)],
        path: &str,
        create: &Map<String, Json>,
    ) -> Result<Map<String, Json>, PlanError> {
        let mut create = create.clone();
        for (field, (given, value)) in fields.iter().zip(key) {
            let Some(other) = create.insert(field.name.to_string(), given.clone()) else { continue };
            let path = format!("{path}.{}", field.name);
            if self.plan_key_value(field, &path, &other).as_ref() != Ok(value) {
                return Err(PlanError::argument(path, "is not the value that `by` looks for; leave it out, or give the same"));
            }
        }
        Ok(create)
    }

    /// Plans the search for the rows that keys stand for.
    pub(super) fn plan_key_search(&self, collection: &Collection, keys: &Keys<'_>) -> Option<KeySearch> {
        let columns = keys.fields.iter().map(|field| {
            let target = match field.kind {
                FieldKind::ToOne { target, .. } => Some(self.readable(target)),
                _ => None,
            };
            Some(KeyColumn { column: self.guarded_column(field)?, target })
        });
        let values = keys.fields.iter().enumerate().map(|(part, field)| {
            let cells: Cells = keys.rows.iter().map(|row| Some(row[part].1.clone())).collect();
            write_column(field, cells, &Value::Null(field.stored_scalar()?))
        });
        Some(KeySearch {
            source: self.readable(collection.id),
            handles: keys.rows.iter().map(|_| ChangedRow::new(Uuid::now_v7())).collect(),
            values: values.collect::<Option<_>>()?,
            columns: columns.collect::<Option<_>>()?,
        })
    }
}

impl Keys<'_> {
    /// The fields and their columns.
    pub(super) fn unique(&self) -> UniqueKey {
        UniqueKey {
            fields: self.fields.iter().map(|field| field.name.clone()).collect(),
            columns: self.fields.iter().filter_map(|field| field.column().cloned()).collect(),
        }
    }
}

/// The fields by which `by` finds a row under this name.
fn find_fields<'c>(collection: &'c Collection, name: &str) -> Option<Vec<&'c Field>> {
    if let Some(field) = collection.find_field(name).filter(|field| is_upsertable(field)) {
        return Some(vec![field]);
    }
    let is_meant =
        |unique: &&CompoundUnique| unique.graphql_name(collection) == name && is_upsertable_together(collection, unique);
    Some(collection.uniques.iter().find(is_meant)?.of(collection).collect())
}
