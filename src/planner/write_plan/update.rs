//! Changes of rows.

use crate::base::{ScalarType, TableName, TypeName, Value};
use crate::catalog::{Collection, CollectionId, Field, MutationKind};
use crate::planner::write_plan::create::refuse_too_many;
use crate::planner::write_plan::values::{PlannedInput, RowInput, write_column};
use crate::planner::write_plan::{
    ChangedRow, EachRow, FieldGuard, Reference, RowChoice, RowPlaces, TargetCheck, WriteColumn, WriteValue,
};
use crate::planner::{PlanError, Planner, Readable};
use crate::policy::{FieldOperation, Operation, Predicate, UpdateForm};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

/// Changes of rows of one collection.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdatePlan {
    /// The collection.
    pub collection: CollectionId,
    /// Its name, for the audit events.
    pub entity_type: TypeName,
    /// Its table.
    pub table: TableName,
    /// The rows.
    pub rows: Vec<ChangedRow>,
    /// How a refusal names the rows.
    pub places: RowPlaces,
    /// By what the rows are still to be chosen.
    pub choice: Option<RowChoice>,
    /// The version that the caller last saw.
    pub if_version: Option<WriteValue>,
    /// The new values.
    pub columns: Vec<WriteColumn>,
    /// The foreign keys that are set.
    pub targets: Vec<TargetCheck>,
    /// Field rules over the row before and after.
    pub guards: Vec<FieldGuard>,
    /// The rows that the caller may read.
    pub readable: Readable,
    /// Whether a row that the caller may not read counts as not found. Not so for a cascade, which the rule alone decides.
    pub is_read_needed: bool,
    /// The update rule.
    pub rule: Predicate,
    /// Which images the rule names.
    pub form: UpdateForm,
    /// Whether the rule looks into the collection itself, which only a later statement sees changed.
    pub is_self_reading: bool,
    /// Why, as the caller said.
    pub reason: Option<String>,
}

/// A change of one row, as a caller asks for it.
#[derive(Clone, Copy, Debug)]
pub struct RowUpdate<'r> {
    /// Which row. A text that is no UUID is an id that no row has.
    pub id: &'r str,
    /// The fields that change.
    pub set: &'r Map<String, Json>,
    /// The version that the caller last saw.
    pub if_version: Option<i32>,
}

impl Planner<'_> {
    /// Plans a change of one row.
    ///
    /// # Errors
    /// As [`Planner::plan_create`]; [`PlanError::NotFound`] for an id that no row can have.
    pub fn plan_update(
        &self,
        collection: CollectionId,
        update: RowUpdate<'_>,
        reason: Option<&str>,
    ) -> Result<UpdatePlan, PlanError> {
        let RowUpdate { id, set, if_version } = update;
        let rows = vec![ChangedRow::new(super::parse_id(self.catalog.collection(collection), id)?)];
        let plan = self.plan_same_change(collection, rows, set, reason)?;
        Ok(UpdatePlan { if_version: if_version.map(|version| WriteValue::Same(Value::Int(version))), ..plan })
    }

    /// Plans changes of rows, each with values of its own.
    ///
    /// # Errors
    /// As [`Planner::plan_update`]; [`PlanError::Limit`] for too many, [`PlanError::Argument`] for a row that is named twice.
    pub fn plan_updates(
        &self,
        collection: CollectionId,
        updates: &[RowUpdate<'_>],
        reason: Option<&str>,
    ) -> Result<UpdatePlan, PlanError> {
        refuse_too_many("updates", updates.len())?;
        let rows = self.plan_ids(collection, "updates", updates.iter().map(|update| update.id))?;
        let sets: Vec<RowInput<'_>> = updates
            .iter()
            .enumerate()
            .map(|(index, update)| RowInput::new(format!("updates[{index}].set"), update.set))
            .collect();
        let plan = self.plan_changes(collection, rows, &sets, reason)?;
        Ok(UpdatePlan { places: RowPlaces::List("updates"), if_version: versions(updates), ..plan })
    }

    /// Plans the same change of every row that a filter chooses.
    ///
    /// # Errors
    /// As [`Planner::plan_create`].
    pub fn plan_update_chosen(
        &self,
        collection: CollectionId,
        choice: RowChoice,
        set: &Map<String, Json>,
        reason: Option<&str>,
    ) -> Result<UpdatePlan, PlanError> {
        let plan = self.plan_same_change(collection, Vec::new(), set, reason)?;
        Ok(UpdatePlan { choice: Some(choice), ..plan })
    }

    /// One `set` for all rows.
    fn plan_same_change(
        &self,
        collection: CollectionId,
        rows: Vec<ChangedRow>,
        set: &Map<String, Json>,
        reason: Option<&str>,
    ) -> Result<UpdatePlan, PlanError> {
        self.plan_changes(collection, rows, &[RowInput::new("set".to_owned(), set)], reason)
    }

    pub(super) fn plan_changes(
        &self,
        collection: CollectionId,
        rows: Vec<ChangedRow>,
        sets: &[RowInput<'_>],
        reason: Option<&str>,
    ) -> Result<UpdatePlan, PlanError> {
        let collection = self.catalog.collection(collection);
        let rule = self.write_rule(collection, Operation::Update, "update")?;
        if let Some(empty) = sets.iter().find(|set| set.values.is_empty()) {
            return Err(PlanError::argument(&empty.path, "names no field; give at least one to change"));
        }
        let reason = self.require_reason(collection, MutationKind::Update, reason)?;
        let PlannedInput { cells, targets, mut guards } = self.plan_inputs(collection, sets, None)?;
        for index in cells.keys() {
            guards.extend(self.plan_unseen_guard(collection, &collection.fields[usize::from(*index)])?);
        }
        let columns = cells.into_iter().filter_map(|(index, cells)| {
            let field = &collection.fields[usize::from(index)];
            write_column(field, cells, &Value::Null(field.stored_scalar()?))
        });
        Ok(UpdatePlan { columns: columns.collect(), targets, guards, reason, ..self.update_plan(collection, rows, rule) })
    }

    /// Whoever may not see a value does not change it, unless the field says with `write:` who does: a client that sends a form
    /// back as it got it would store the mask in the value's place.
    fn plan_unseen_guard(&self, collection: &Collection, field: &Field) -> Result<Option<FieldGuard>, PlanError> {
        match field.access.write {
            Some(_) => Ok(None),
            None => self.plan_field_guard(collection, field, FieldOperation::Read),
        }
    }

    /// Plans the part of a deletion that makes a foreign key null. The row's own update rule decides.
    ///
    /// # Errors
    /// [`PlanError::Forbidden`] when the rule refuses every row.
    pub fn plan_set_null(&self, reference: &Reference, ids: Vec<Uuid>, reason: Option<&str>) -> Result<UpdatePlan, PlanError> {
        let collection = self.catalog.collection(reference.collection);
        let rule = self.write_rule(collection, Operation::Update, "update")?;
        let field = collection.find_field(reference.field.as_str());
        let guard = field.map(|field| self.plan_field_guard(collection, field, FieldOperation::Write)).transpose()?.flatten();
        let reason = self.require_reason(collection, MutationKind::Update, reason)?;
        let null = WriteValue::Same(Value::Null(ScalarType::Id));
        Ok(UpdatePlan {
            columns: vec![WriteColumn { column: reference.column.clone(), value: null }],
            is_read_needed: false,
            guards: guard.into_iter().collect(),
            reason,
            ..self.update_plan(collection, ids.into_iter().map(ChangedRow::new).collect(), rule)
        })
    }

    fn update_plan(&self, collection: &Collection, rows: Vec<ChangedRow>, rule: Predicate) -> UpdatePlan {
        UpdatePlan {
            collection: collection.id,
            entity_type: collection.name.clone(),
            table: collection.table.clone(),
            rows,
            places: RowPlaces::Only,
            choice: None,
            if_version: None,
            columns: Vec::new(),
            targets: Vec::new(),
            guards: Vec::new(),
            readable: self.readable(collection.id),
            is_read_needed: true,
            form: self.rules.update_form(collection.id),
            is_self_reading: self.is_self_reading(collection, Operation::Update, &rule),
            rule,
            reason: None,
        }
    }
}

/// The versions of a list; `None` if no row names one.
fn versions(updates: &[RowUpdate<'_>]) -> Option<WriteValue> {
    let versions = || updates.iter().map(|update| update.if_version);
    versions().any(|version| version.is_some()).then(|| {
        let values = versions().map(|version| version.map_or(Value::Null(ScalarType::Int), Value::Int)).collect::<Vec<_>>();
        match values.as_slice() {
            [single] => WriteValue::Same(single.clone()),
            _ => WriteValue::Each(EachRow { scalar: ScalarType::Int, is_list: false, values, given: None }),
        }
    })
}
