//! Changes of rows, decided: values, rules, checks. What a statement cannot decide alone (cascades, the order of steps, the
//! transaction) is `write`'s.

use crate::base::{ColumnName, FieldName, ScalarType, TableName, TypeName, Value};
use crate::catalog::{Collection, CollectionId, Field, FieldKind, MutationKind, OnDelete};
use crate::planner::input::field_value;
use crate::planner::{PlanError, Planner, Readable};
use crate::policy::{FieldOperation, Operation, Predicate, UpdateForm};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

/// A column and the value that it gets.
#[derive(Clone, Debug, PartialEq)]
pub struct WriteColumn {
    /// The column.
    pub column: ColumnName,
    /// The value.
    pub value: Value,
}

/// A row that a foreign key is set to: the caller has to be able to read it, or it is not found.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetCheck {
    /// The field that is set.
    pub field: FieldName,
    /// The target as the caller may read it.
    pub target: Readable,
    /// The target's id.
    pub id: Uuid,
}

/// The write rule of a field that is set, as far as the actor has not decided it.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldGuard {
    /// The field.
    pub field: FieldName,
    /// Its rule, over the row before and after.
    pub rule: Predicate,
}

/// One new row.
#[derive(Clone, Debug, PartialEq)]
pub struct CreatePlan {
    /// The collection.
    pub collection: CollectionId,
    /// Its name, for the audit event.
    pub entity_type: TypeName,
    /// Its table.
    pub table: TableName,
    /// The new row's id.
    pub id: Uuid,
    /// The audit event's id.
    pub event_id: Uuid,
    /// The given values; other columns take their defaults.
    pub values: Vec<WriteColumn>,
    /// The rows that foreign keys point to.
    pub targets: Vec<TargetCheck>,
    /// Field rules over the new row.
    pub guards: Vec<FieldGuard>,
    /// The create rule over the new row.
    pub rule: Predicate,
    /// Whether the rule looks into the collection itself, which only a later statement sees changed.
    pub is_self_reading: bool,
    /// Why, as the caller said.
    pub reason: Option<String>,
}

/// Changes of rows by id, all with the same values.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdatePlan {
    /// The collection.
    pub collection: CollectionId,
    /// Its name, for the audit events.
    pub entity_type: TypeName,
    /// Its table.
    pub table: TableName,
    /// The rows, each with the id of its audit event.
    pub rows: Vec<(Uuid, Uuid)>,
    /// The version that the caller last saw.
    pub if_version: Option<i32>,
    /// The new values.
    pub set: Vec<WriteColumn>,
    /// The rows that foreign keys are set to.
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

/// Deletions of rows by id.
#[derive(Clone, Debug, PartialEq)]
pub struct DeletePlan {
    /// The collection.
    pub collection: CollectionId,
    /// Its name, for the audit events.
    pub entity_type: TypeName,
    /// Its table.
    pub table: TableName,
    /// The rows, each with the id of its audit event.
    pub rows: Vec<(Uuid, Uuid)>,
    /// The version that the caller last saw.
    pub if_version: Option<i32>,
    /// The rows that the caller may read.
    pub readable: Readable,
    /// Whether a row that the caller may not read counts as not found. Not so for a cascade, which the rule alone decides.
    pub is_read_needed: bool,
    /// The delete rule.
    pub rule: Predicate,
    /// Why, as the caller said.
    pub reason: Option<String>,
}

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

/// A change of one row, as a caller asks for it.
#[derive(Clone, Copy, Debug)]
pub struct UpdateRequest<'r> {
    /// Which row. A text that is no UUID is an id that no row has.
    pub id: &'r str,
    /// The fields that change.
    pub set: &'r Map<String, Json>,
    /// The version that the caller last saw.
    pub if_version: Option<i32>,
    /// Why.
    pub reason: Option<&'r str>,
}

/// The values, checks and guards of an input object.
#[derive(Default)]
struct PlannedInput {
    values: Vec<WriteColumn>,
    targets: Vec<TargetCheck>,
    guards: Vec<FieldGuard>,
}

impl Planner<'_> {
    /// Plans a new row from an input object.
    ///
    /// # Errors
    /// [`PlanError`] when a rule refuses before any row is looked at, a reason is missing, or a value makes no sense.
    pub fn plan_create(
        &self,
        collection: CollectionId,
        input: &Map<String, Json>,
        reason: Option<&str>,
    ) -> Result<CreatePlan, PlanError> {
        let collection = self.catalog.collection(collection);
        let rule = self.write_rule(collection, Operation::Create, "create")?;
        let reason = self.require_reason(collection, MutationKind::Create, reason)?;
        let mut planned = self.plan_input(collection, "input", input)?;
        for field in collection.fields.iter().filter(|field| !input.contains_key(field.name.as_str())) {
            if let (Some(value), Some(column)) = (self.rules.default_value(field.id, self.actor, self.request), field.column()) {
                planned.values.push(WriteColumn { column: column.clone(), value });
            }
        }
        Ok(CreatePlan {
            collection: collection.id,
            entity_type: collection.name.clone(),
            table: collection.table.clone(),
            id: Uuid::now_v7(),
            event_id: Uuid::now_v7(),
            values: planned.values,
            targets: planned.targets,
            guards: planned.guards,
            is_self_reading: self.is_self_reading(collection, Operation::Create, &rule),
            rule,
            reason,
        })
    }

    /// Plans a change of one row.
    ///
    /// # Errors
    /// As [`Planner::plan_create`]; [`PlanError::NotFound`] for an id that no row can have.
    pub fn plan_update(&self, collection: CollectionId, request: UpdateRequest<'_>) -> Result<UpdatePlan, PlanError> {
        let UpdateRequest { id, set, if_version, reason } = request;
        let collection = self.catalog.collection(collection);
        let id = parse_id(collection, id)?;
        let rule = self.write_rule(collection, Operation::Update, "update")?;
        if set.is_empty() {
            return Err(PlanError::argument("set", "names no field; give at least one to change"));
        }
        let reason = self.require_reason(collection, MutationKind::Update, reason)?;
        let planned = self.plan_input(collection, "set", set)?;
        Ok(UpdatePlan {
            if_version,
            targets: planned.targets,
            guards: planned.guards,
            reason,
            ..self.update_plan(collection, vec![id], planned.values, rule)
        })
    }

    /// Plans the part of a deletion that makes a foreign key null. The row's own update rule decides.
    ///
    /// # Errors
    /// [`PlanError::Forbidden`] when the rule refuses every row.
    pub fn plan_set_null(&self, reference: &Reference, ids: Vec<Uuid>, reason: Option<&str>) -> Result<UpdatePlan, PlanError> {
        let collection = self.catalog.collection(reference.collection);
        let rule = self.write_rule(collection, Operation::Update, "update")?;
        let field = collection.find_field(reference.field.as_str());
        let guard = field.map(|field| self.plan_field_guard(collection, field)).transpose()?.flatten();
        let reason = self.require_reason(collection, MutationKind::Update, reason)?;
        let values = vec![WriteColumn { column: reference.column.clone(), value: Value::Null(ScalarType::Id) }];
        let plan = self.update_plan(collection, ids, values, rule);
        Ok(UpdatePlan { is_read_needed: false, guards: guard.into_iter().collect(), reason, ..plan })
    }

    fn update_plan(&self, collection: &Collection, ids: Vec<Uuid>, set: Vec<WriteColumn>, rule: Predicate) -> UpdatePlan {
        UpdatePlan {
            collection: collection.id,
            entity_type: collection.name.clone(),
            table: collection.table.clone(),
            rows: with_event_ids(ids),
            if_version: None,
            set,
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

    /// Plans the deletion of one row.
    ///
    /// # Errors
    /// As [`Planner::plan_update`].
    pub fn plan_delete(
        &self,
        collection: CollectionId,
        id: &str,
        if_version: Option<i32>,
        reason: Option<&str>,
    ) -> Result<DeletePlan, PlanError> {
        let collection = self.catalog.collection(collection);
        let id = parse_id(collection, id)?;
        let rule = self.write_rule(collection, Operation::Delete, "delete")?;
        let reason = self.require_reason(collection, MutationKind::Delete, reason)?;
        Ok(DeletePlan { if_version, reason, ..self.delete_plan(collection, vec![id], rule) })
    }

    /// Plans the part of a deletion that takes rows along. Their own delete rule decides.
    ///
    /// # Errors
    /// [`PlanError::Forbidden`] when the rule refuses every row.
    pub fn plan_cascade(&self, reference: &Reference, ids: Vec<Uuid>, reason: Option<&str>) -> Result<DeletePlan, PlanError> {
        let collection = self.catalog.collection(reference.collection);
        let rule = self.write_rule(collection, Operation::Delete, "delete")?;
        let reason = self.require_reason(collection, MutationKind::Delete, reason)?;
        Ok(DeletePlan { is_read_needed: false, reason, ..self.delete_plan(collection, ids, rule) })
    }

    fn delete_plan(&self, collection: &Collection, ids: Vec<Uuid>, rule: Predicate) -> DeletePlan {
        DeletePlan {
            collection: collection.id,
            entity_type: collection.name.clone(),
            table: collection.table.clone(),
            rows: with_event_ids(ids),
            if_version: None,
            readable: self.readable(collection.id),
            is_read_needed: true,
            rule,
            reason: None,
        }
    }

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

    fn plan_input(&self, collection: &Collection, path: &str, input: &Map<String, Json>) -> Result<PlannedInput, PlanError> {
        let mut planned = PlannedInput::default();
        for (name, json) in input {
            let path = format!("{path}.{name}");
            let field = collection.find_field(name).filter(|field| !field.is_read_only);
            let field =
                field.ok_or_else(|| PlanError::argument(&path, format!("`{}` has no field `{name}` to set", collection.name)))?;
            let Some(column) = field.column().cloned() else {
                return Err(PlanError::argument(path, "is the other end of a relation; set it from there"));
            };
            if json.is_null() && field.is_required {
                return Err(PlanError::argument(path, "cannot be null"));
            }
            planned.guards.extend(self.plan_field_guard(collection, field)?);
            let (value, target) = self.plan_input_value(field, &path, json)?;
            planned.values.push(WriteColumn { column, value });
            planned.targets.extend(target);
        }
        Ok(planned)
    }

    fn plan_input_value(&self, field: &Field, path: &str, json: &Json) -> Result<(Value, Option<TargetCheck>), PlanError> {
        let FieldKind::ToOne { target, .. } = &field.kind else {
            return Ok((field_value(self.catalog, field, path, json)?, None));
        };
        let value = field_value(self.catalog, field, path, json.get("id").unwrap_or(&Json::Null))?;
        let check = match value {
            Value::Id(id) => Some(TargetCheck { field: field.name.clone(), target: self.readable(*target), id }),
            _ => None,
        };
        Ok((value, check))
    }

    fn plan_field_guard(&self, collection: &Collection, field: &Field) -> Result<Option<FieldGuard>, PlanError> {
        match self.rules.solve_field(field.id, FieldOperation::Write, self.actor, self.request) {
            Predicate::Always => Ok(None),
            Predicate::Never => {
                Err(PlanError::FieldForbidden { field: field.name.to_string(), collection: collection.name.to_string() })
            }
            rule => Ok(Some(FieldGuard { field: field.name.clone(), rule })),
        }
    }

    fn write_rule(&self, collection: &Collection, operation: Operation, word: &'static str) -> Result<Predicate, PlanError> {
        match self.rules.solve(collection.id, operation, self.actor, self.request) {
            Predicate::Never => Err(PlanError::Forbidden { operation: word, collection: collection.name.to_string() }),
            rule => Ok(rule),
        }
    }

    fn is_self_reading(&self, collection: &Collection, operation: Operation, rule: &Predicate) -> bool {
        rule.has_sub_reads() && self.rules.sub_reads(collection.id, operation).contains(&collection.id)
    }

    fn require_reason(
        &self,
        collection: &Collection,
        kind: MutationKind,
        reason: Option<&str>,
    ) -> Result<Option<String>, PlanError> {
        let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
        if reason.is_none() && collection.audit.reasons.contains(&kind) {
            return Err(PlanError::ReasonRequired { collection: collection.name.to_string() });
        }
        Ok(reason.map(str::to_owned))
    }
}

fn with_event_ids(ids: Vec<Uuid>) -> Vec<(Uuid, Uuid)> {
    ids.into_iter().map(|id| (id, Uuid::now_v7())).collect()
}

/// A text that is no UUID is an id that no row has, so the answer is the same as for a row that is not there.
fn parse_id(collection: &Collection, id: &str) -> Result<Uuid, PlanError> {
    id.parse().map_err(|_| PlanError::NotFound { collection: collection.name.to_string(), id: id.chars().take(64).collect() })
}
