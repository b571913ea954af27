//! New rows.

use crate::base::{ColumnName, ScalarType, TableName, TypeName, Value};
use crate::catalog::{Collection, CollectionId, DefaultValue, Field, MutationKind};
use crate::planner::write_plan::nested::Nesting;
use crate::planner::write_plan::values::{RowInput, write_column};
use crate::planner::write_plan::{
    ChangedRow, FieldGuard, MAX_WRITE_ROWS, RowPlaces, TargetCheck, UniqueKey, WriteColumn, WriteValue,
};
use crate::planner::{PlanError, Planner};
use crate::policy::{Operation, Predicate};
use serde_json::{Map, Value as Json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// New rows of one collection.
#[derive(Clone, Debug, PartialEq)]
pub struct CreatePlan {
    /// The collection.
    pub collection: CollectionId,
    /// Its name, for the audit events.
    pub entity_type: TypeName,
    /// Its table.
    pub table: TableName,
    /// The new rows.
    pub rows: Vec<ChangedRow>,
    /// How a refusal names the rows.
    pub places: RowPlaces,
    /// The given values; other columns take their defaults.
    pub columns: Vec<WriteColumn>,
    /// The foreign keys that are set.
    pub targets: Vec<TargetCheck>,
    /// Field rules over the new row.
    pub guards: Vec<FieldGuard>,
    /// The create rule over the new row.
    pub rule: Predicate,
    /// What the rules ask of columns that the plan does not set. `None` if only the stored row can say it: a number of a
    /// sequence, a time of creation.
    pub foreseen: Option<Vec<(ColumnName, Value)>>,
    /// Whether the rule looks into the collection itself, which only a later statement sees changed.
    pub is_self_reading: bool,
    /// Why, as the caller said.
    pub reason: Option<String>,
    /// What is unique about the rows, so that others may be in the way: then those are not created, instead of an error.
    pub unique: Option<UniqueKey>,
    /// New rows that these point to, which have to be there before.
    pub before: Vec<CreatePlan>,
    /// New rows that point to these.
    pub after: Vec<CreatePlan>,
}

impl CreatePlan {
    /// How many rows it makes, nested ones included.
    fn size(&self) -> usize {
        self.rows.len() + self.before.iter().chain(&self.after).map(Self::size).sum::<usize>()
    }
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
        self.plan_root_rows(collection, &[RowInput::new("input".to_owned(), input)], reason)
    }

    /// Plans new rows from a list of input objects.
    ///
    /// # Errors
    /// As [`Planner::plan_create`]; [`PlanError::Limit`] for too many.
    pub fn plan_creates(
        &self,
        collection: CollectionId,
        inputs: &[&Map<String, Json>],
        reason: Option<&str>,
    ) -> Result<CreatePlan, PlanError> {
        refuse_too_many("inputs", inputs.len())?;
        let rows = inputs.iter().enumerate();
        let rows: Vec<RowInput<'_>> = rows.map(|(index, values)| RowInput::new(format!("inputs[{index}]"), values)).collect();
        Ok(CreatePlan { places: RowPlaces::List("inputs"), ..self.plan_root_rows(collection, &rows, reason)? })
    }

    fn plan_root_rows(
        &self,
        collection: CollectionId,
        rows: &[RowInput<'_>],
        reason: Option<&str>,
    ) -> Result<CreatePlan, PlanError> {
        let plan = self.plan_new_rows(collection, rows, reason, 0)?;
        refuse_too_many(rows.first().map_or("inputs", |row| &row.path), plan.size())?;
        Ok(plan)
    }

    /// Plans new rows that stand `depth` levels inside of others.
    pub(super) fn plan_new_rows(
        &self,
        collection: CollectionId,
        rows: &[RowInput<'_>],
        reason: Option<&str>,
        depth: u32,
    ) -> Result<CreatePlan, PlanError> {
        let collection = self.catalog.collection(collection);
        let rule = self.write_rule(collection, Operation::Create, "create")?;
        let reason = self.require_reason(collection, MutationKind::Create, reason)?;
        let changed: Vec<ChangedRow> = rows.iter().map(|_| ChangedRow::new(Uuid::now_v7())).collect();
        let mut nesting = Nesting::new(&changed, reason.as_deref(), depth);
        let mut planned = self.plan_inputs(collection, rows, Some(&mut nesting))?;
        let Nesting { before, after, .. } = nesting;
        let mut columns = Vec::new();
        for field in collection.stored_fields() {
            columns.extend(match planned.cells.remove(&field.id.index) {
                Some(cells) => write_column(field, cells, &self.absent_value(field)),
                None => self.default_column(field),
            });
        }
        Ok(CreatePlan {
            collection: collection.id,
            entity_type: collection.name.clone(),
            table: collection.table.clone(),
            rows: changed,
            places: RowPlaces::Only,
            foreseen: foresee(collection, &columns, &rule, &planned.guards),
            columns,
            targets: planned.targets,
            guards: planned.guards,
            is_self_reading: self.is_self_reading(collection, Operation::Create, &rule),
            rule,
            reason,
            unique: None,
            before,
            after,
        })
    }

    /// What a new row holds that does not give the field, among others that do.
    fn absent_value(&self, field: &Field) -> Value {
        let null = || Value::Null(field.stored_scalar().unwrap_or(ScalarType::Id));
        let computed = || self.rules.default_value(field.id, self.actor, self.request);
        literal_default(field).or_else(computed).unwrap_or_else(null)
    }

    /// The column of a field that no row gives, if the table's own default is not enough.
    fn default_column(&self, field: &Field) -> Option<WriteColumn> {
        let literal = || literal_default(field).filter(|_| field.is_list());
        let value = self.rules.default_value(field.id, self.actor, self.request).or_else(literal)?;
        Some(WriteColumn { column: field.column()?.clone(), value: WriteValue::Same(value) })
    }
}

/// The value of `@default(value:)`.
fn literal_default(field: &Field) -> Option<Value> {
    let (Some(DefaultValue::Literal(text)), Some(scalar)) = (&field.default, field.stored_scalar()) else {
        return None;
    };
    if !field.is_list() {
        return Value::parse(scalar, text).ok();
    }
    let elements: Vec<String> = serde_json::from_str(text).ok()?;
    let elements = elements.iter().map(|element| Value::parse(scalar, element));
    Some(Value::List(scalar, elements.collect::<Result<_, _>>().ok()?))
}

/// What the rules ask of columns that the plan leaves to the table.
fn foresee(
    collection: &Collection,
    columns: &[WriteColumn],
    rule: &Predicate,
    guards: &[FieldGuard],
) -> Option<Vec<(ColumnName, Value)>> {
    let asked: BTreeSet<ColumnName> =
        std::iter::once(rule).chain(guards.iter().map(|guard| &guard.rule)).flat_map(Predicate::columns).collect();
    let is_left = |column: &&ColumnName| *column != "id" && !columns.iter().any(|write| write.column == **column);
    let foreseen = asked.iter().filter(is_left).map(|column| {
        let field = collection.stored_fields().find(|field| field.column() == Some(column))?;
        let value = match field.name.as_str() {
            "version" if field.is_implicit => Value::Int(1),
            _ if field.is_implicit || field.sequence.is_some() => return None,
            _ => literal_default(field).unwrap_or(Value::Null(field.stored_scalar()?)),
        };
        Some((column.clone(), value))
    });
    foreseen.collect()
}

/// Refuses a list of more rows than one write may have.
pub(super) fn refuse_too_many(argument: &str, rows: usize) -> Result<(), PlanError> {
    let given = i64::try_from(rows).unwrap_or(i64::MAX);
    if given <= i64::from(MAX_WRITE_ROWS) {
        return Ok(());
    }
    Err(PlanError::Limit { argument: argument.to_owned(), given, limit: MAX_WRITE_ROWS })
}
