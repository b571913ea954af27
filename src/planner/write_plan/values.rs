//! The values of input objects, column by column.

use crate::base::{ColumnName, ScalarType, Value};
use crate::catalog::{Collection, Field, FieldId, FieldKind};
use crate::planner::input::field_value;
use crate::planner::write_plan::limits::check_limits;
use crate::planner::write_plan::nested::Nesting;
use crate::planner::write_plan::{FieldGuard, TargetCheck};
use crate::planner::{PlanError, Planner};
use crate::policy::FieldOperation;
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

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
    /// The row that it is nested in, which one of its fields points to.
    pub(super) parent: Option<(FieldId, Uuid)>,
}

impl<'i> RowInput<'i> {
    /// An input object that stands by itself.
    pub(super) fn new(path: String, values: &'i Map<String, Json>) -> Self {
        Self { path, values, parent: None }
    }
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

impl PlannedInput {
    /// The cells of a field, as many as there are rows.
    pub(super) fn cells_of(&mut self, field: &Field, rows: usize) -> &mut Cells {
        self.cells.entry(field.id.index).or_insert_with(|| vec![None; rows])
    }
}

impl Planner<'_> {
    /// Reads input objects; `nesting` collects the new rows inside of them, where there may be any.
    ///
    /// # Errors
    /// [`PlanError`] naming the first value that makes no sense, or the first field that the caller may never set.
    pub(super) fn plan_inputs<'i>(
        &self,
        collection: &Collection,
        rows: &[RowInput<'i>],
        mut nesting: Option<&mut Nesting<'i, '_>>,
    ) -> Result<PlannedInput, PlanError> {
        let mut planned = PlannedInput::default();
        for (row, RowInput { path, values, parent }) in rows.iter().enumerate() {
            if let Some((field, id)) = parent {
                let field = self.catalog.field(*field);
                self.add_guard(collection, field, &mut planned)?;
                planned.cells_of(field, rows.len())[row] = Some(Value::Id(*id));
            }
            for (name, json) in *values {
                let path = format!("{path}.{name}");
                let field = settable_field(collection, name, &path, parent)?;
                if let Some(nesting) = nesting.as_deref_mut()
                    && nesting.take(self.catalog, field, (row, &path), json)?
                {
                    continue;
                }
                self.add_guard(collection, field, &mut planned)?;
                let value = self.plan_input_value(field, &path, json)?;
                planned.cells_of(field, rows.len())[row] = Some(value);
            }
        }
        let mut created = match nesting {
            Some(nesting) => self.plan_nested(collection, rows.len(), nesting, &mut planned)?,
            None => BTreeMap::new(),
        };
        for (field, id) in rows.iter().filter_map(|row| row.parent) {
            created.entry(field.index).or_insert_with(Vec::new).push(id);
        }
        planned.targets = self.plan_targets(collection, &planned.cells, &created);
        Ok(planned)
    }

    /// Asks a field's write rule, once for all rows.
    pub(super) fn add_guard(&self, collection: &Collection, field: &Field, planned: &mut PlannedInput) -> Result<(), PlanError> {
        if !planned.cells.contains_key(&field.id.index) {
            planned.guards.extend(self.plan_field_guard(collection, field, FieldOperation::Write)?);
        }
        Ok(())
    }

    fn plan_input_value(&self, field: &Field, path: &str, json: &Json) -> Result<Value, PlanError> {
        if field.column().is_none() {
            return Err(PlanError::argument(path, "is the other end of a relation; set it from there"));
        }
        if json.is_null() && field.is_required {
            return Err(PlanError::argument(path, "cannot be null"));
        }
        if !matches!(field.kind, FieldKind::ToOne { .. }) || json.is_null() {
            let value = field_value(self.catalog, field, path, json)?;
            check_limits(field, path, &value)?;
            return Ok(value);
        }
        match json.get("id") {
            Some(id) if !id.is_null() => field_value(self.catalog, field, &format!("{path}.id"), id),
            // Where there is no row to be made, the `id` is required by its type.
            _ => Err(PlanError::argument(path, "give the `id` of a row that is there, or `create` with the values of a new one")),
        }
    }

    /// The foreign keys that any row sets to a row that is there already.
    fn plan_targets(
        &self,
        collection: &Collection,
        cells: &BTreeMap<u16, Cells>,
        created: &BTreeMap<u16, Vec<Uuid>>,
    ) -> Vec<TargetCheck> {
        let targets = cells.iter().filter_map(|(index, cells)| {
            let field = &collection.fields[usize::from(*index)];
            let FieldKind::ToOne { target, column, .. } = &field.kind else { return None };
            let created = created.get(index).cloned().unwrap_or_default();
            let new: BTreeSet<Uuid> = created.iter().copied().collect();
            let is_old = |value: &Value| matches!(value, Value::Id(id) if !new.contains(id));
            let is_set = cells.iter().flatten().any(is_old);
            let (field, column, target) = (field.name.clone(), column.clone(), self.readable(*target));
            is_set.then_some(TargetCheck { field, column, target, created })
        });
        targets.collect()
    }
}

/// The field of an input object's member.
fn settable_field<'c>(
    collection: &'c Collection,
    name: &str,
    path: &str,
    parent: &Option<(FieldId, Uuid)>,
) -> Result<&'c Field, PlanError> {
    let is_parent = |field: &Field| parent.is_some_and(|(parent, _)| parent == field.id);
    let field = collection.find_field(name).filter(|field| !field.is_read_only && !is_parent(field));
    field.ok_or_else(|| PlanError::argument(path, format!("`{}` has no field `{name}` to set", collection.name)))
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
