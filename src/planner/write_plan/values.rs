//! The values of input objects, column by column.

use crate::base::{ColumnName, ScalarType, Value};
use crate::catalog::{Collection, Field, FieldKind};
use crate::planner::input::field_value;
use crate::planner::write_plan::{FieldGuard, TargetCheck};
use crate::planner::{PlanError, Planner};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// A column and what it gets.
#[derive(Clone, Debug, PartialEq)]
pub struct WriteColumn {
    /// The column.
    pub column: ColumnName,
    /// Its value.
    pub value: WriteValue,
}

/// What a column gets.
#[derive(Clone, Debug, PartialEq)]
pub enum WriteValue {
    /// The same in every row of the plan.
    Same(Value),
    /// A value for each row.
    Each(EachRow),
}

/// A value for each row of a plan, in the order of its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct EachRow {
    /// The column's scalar; for lists, the element's.
    pub scalar: ScalarType,
    /// Whether the values are lists.
    pub is_list: bool,
    /// The values; null where a row gives none.
    pub values: Vec<Value>,
    /// Which rows give a value; `None` if all do, or if it makes no difference.
    pub given: Option<Vec<bool>>,
}

/// One input object, and by which path a mistake in it is named.
pub(super) struct RowInput<'i> {
    pub(super) path: String,
    pub(super) values: &'i Map<String, Json>,
}

/// What the input objects say of one field: a value for each row that gives it.
pub(super) type Cells = Vec<Option<Value>>;

/// The values of input objects, with what has to be checked before they are written.
#[derive(Default)]
pub(super) struct PlannedInput {
    /// The given fields, by their place in the collection: the same fields give the same SQL, in whatever order they come.
    pub(super) cells: BTreeMap<u16, Cells>,
    pub(super) targets: Vec<TargetCheck>,
    pub(super) guards: Vec<FieldGuard>,
}

impl Planner<'_> {
    /// Reads input objects.
    ///
    /// # Errors
    /// [`PlanError`] naming the first value that makes no sense, or the first field that the caller may never set.
    pub(super) fn plan_inputs(&self, collection: &Collection, rows: &[RowInput<'_>]) -> Result<PlannedInput, PlanError> {
        let mut planned = PlannedInput::default();
        for (row, RowInput { path, values }) in rows.iter().enumerate() {
            for (name, json) in *values {
                let path = format!("{path}.{name}");
                let field = settable_field(collection, name, &path)?;
                if json.is_null() && field.is_required {
                    return Err(PlanError::argument(path, "cannot be null"));
                }
                if !planned.cells.contains_key(&field.id.index) {
                    planned.guards.extend(self.plan_field_guard(collection, field)?);
                }
                let value = self.plan_input_value(field, &path, json)?;
                let cells = planned.cells.entry(field.id.index).or_insert_with(|| vec![None; rows.len()]);
                cells[row] = Some(value);
            }
        }
        planned.targets = self.plan_targets(collection, &planned.cells);
        Ok(planned)
    }

    fn plan_input_value(&self, field: &Field, path: &str, json: &Json) -> Result<Value, PlanError> {
        match &field.kind {
            FieldKind::ToOne { .. } => field_value(self.catalog, field, path, json.get("id").unwrap_or(&Json::Null)),
            _ => field_value(self.catalog, field, path, json),
        }
    }

    /// The foreign keys that any row sets to a row.
    fn plan_targets(&self, collection: &Collection, cells: &BTreeMap<u16, Cells>) -> Vec<TargetCheck> {
        let targets = cells.iter().filter_map(|(index, cells)| {
            let field = &collection.fields[usize::from(*index)];
            let FieldKind::ToOne { target, column, .. } = &field.kind else { return None };
            let is_set = cells.iter().flatten().any(|value| !value.is_null());
            let check = || TargetCheck { field: field.name.clone(), column: column.clone(), target: self.readable(*target) };
            is_set.then(check)
        });
        targets.collect()
    }
}

/// The field of an input object's member.
fn settable_field<'c>(collection: &'c Collection, name: &str, path: &str) -> Result<&'c Field, PlanError> {
    let field = collection.find_field(name).filter(|field| !field.is_read_only);
    let field = field.ok_or_else(|| PlanError::argument(path, format!("`{}` has no field `{name}` to set", collection.name)))?;
    if field.column().is_none() {
        return Err(PlanError::argument(path, "is the other end of a relation; set it from there"));
    }
    Ok(field)
}

/// The column of a field that every row gives, or that gets `absent` where a row does not.
pub(super) fn write_column(field: &Field, cells: Cells, absent: &Value) -> Option<WriteColumn> {
    let column = field.column()?.clone();
    let scalar = field.stored_scalar()?;
    let is_given: Vec<bool> = cells.iter().map(Option::is_some).collect();
    let mut values: Vec<Value> = cells.into_iter().map(|cell| cell.unwrap_or_else(|| absent.clone())).collect();
    let value = match values.len() {
        1 => WriteValue::Same(values.remove(0)),
        _ => {
            let given = (!is_given.iter().all(|given| *given)).then_some(is_given);
            WriteValue::Each(EachRow { scalar, is_list: field.is_list(), values, given })
        }
    };
    Some(WriteColumn { column, value })
}
