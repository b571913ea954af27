//! New rows inside of new rows: `customer: {create: {...}}`, `events: {create: [...]}`.
//!
//! Every field's rows are one batch, whatever row they stand in, so that a thousand tickets with an event each are two
//! statements. All ids are known before, so nothing has to be read back. A row is created after what it points to; a rule that
//! looks at the rows which point to it does not see those that are created along with it.

use crate::base::Value;
use crate::catalog::{Catalog, Collection, CollectionId, Field, FieldId, FieldKind, MutationKind};
use crate::planner::write_plan::values::{PlannedInput, RowInput};
use crate::planner::write_plan::{ChangedRow, CreatePlan, RowPlaces};
use crate::planner::{PlanError, Planner};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How deep new rows stand inside of each other.
const MAX_DEPTH: u32 = 5;

/// The new rows that a field brings along, each with the number of the row that it stands in.
struct Along<'i> {
    target: CollectionId,
    rows: Vec<RowInput<'i>>,
    inside: Vec<usize>,
}

/// The new rows inside of others, as they are found, and then their plans.
pub(super) struct Nesting<'i, 'r> {
    outer: &'r [ChangedRow],
    reason: Option<&'r str>,
    depth: u32,
    /// By field: what the outer rows point to.
    to_one: BTreeMap<u16, Along<'i>>,
    /// By field: what points to the outer rows.
    to_many: BTreeMap<u16, Along<'i>>,
    /// What has to be there before.
    pub(super) before: Vec<CreatePlan>,
    /// What comes after.
    pub(super) after: Vec<CreatePlan>,
}

impl<'i, 'r> Nesting<'i, 'r> {
    /// Nothing found yet inside of these rows.
    pub(super) fn new(outer: &'r [ChangedRow], reason: Option<&'r str>, depth: u32) -> Self {
        let (before, after) = (Vec::new(), Vec::new());
        Self { outer, reason, depth, to_one: BTreeMap::new(), to_many: BTreeMap::new(), before, after }
    }

    /// Takes a member that creates rows; says whether it did.
    ///
    /// # Errors
    /// [`PlanError`] for one that makes no sense.
    pub(super) fn take(
        &mut self,
        catalog: &Catalog,
        field: &Field,
        (row, path): (usize, &str),
        json: &'i Json,
    ) -> Result<bool, PlanError> {
        let create = json.get("create").filter(|create| !create.is_null());
        let (target, create) = match (&field.kind, create) {
            (FieldKind::ToOne { target, .. } | FieldKind::ToMany { target, .. }, Some(create)) => (*target, create),
            (FieldKind::ToMany { .. }, None) => {
                return Err(PlanError::argument(path, "needs `create` with a list of new rows"));
            }
            _ => return Ok(false),
        };
        if json.get("id").is_some_and(|id| !id.is_null()) {
            return Err(PlanError::argument(path, "either names a row by its `id` or makes one with `create`, not both"));
        }
        if self.depth >= MAX_DEPTH {
            return Err(PlanError::TooDeep { argument: path.to_owned(), limit: MAX_DEPTH });
        }
        let path = format!("{path}.create");
        refuse_uncreatable(catalog.collection(target), &path)?;
        let along = || Along { target, rows: Vec::new(), inside: Vec::new() };
        if let FieldKind::ToMany { inverse, .. } = field.kind {
            let along = self.to_many.entry(field.id.index).or_insert_with(along);
            for (index, element) in elements(create).iter().enumerate() {
                let path = format!("{path}[{index}]");
                let values = object(element, &path)?;
                along.rows.push(RowInput { path, values, parent: Some((inverse, self.outer[row].id)) });
                along.inside.push(row);
            }
        } else {
            let along = self.to_one.entry(field.id.index).or_insert_with(along);
            let values = object(create, &path)?;
            along.rows.push(RowInput::new(path, values));
            along.inside.push(row);
        }
        Ok(true)
    }
}

impl Planner<'_> {
    /// Plans the new rows that were found, and lets the outer rows point to theirs. Returns the ids of those, by field.
    pub(super) fn plan_nested(
        &self,
        collection: &Collection,
        rows: usize,
        nesting: &mut Nesting<'_, '_>,
        planned: &mut PlannedInput,
    ) -> Result<BTreeMap<u16, Vec<Uuid>>, PlanError> {
        let mut created = BTreeMap::new();
        for (index, along) in std::mem::take(&mut nesting.to_one) {
            let field = self.catalog.field(FieldId { collection: collection.id, index });
            let plan = self.plan_along(&along, nesting)?;
            self.add_guard(collection, field, planned)?;
            let cells = planned.cells_of(field, rows);
            for (made, outer) in plan.rows.iter().zip(&along.inside) {
                cells[*outer] = Some(Value::Id(made.id));
            }
            created.insert(index, plan.rows.iter().map(|row| row.id).collect());
            nesting.before.push(plan);
        }
        for along in std::mem::take(&mut nesting.to_many).into_values().filter(|along| !along.rows.is_empty()) {
            let plan = self.plan_along(&along, nesting)?;
            nesting.after.push(plan);
        }
        Ok(created)
    }

    fn plan_along(&self, along: &Along<'_>, nesting: &Nesting<'_, '_>) -> Result<CreatePlan, PlanError> {
        let plan = self.plan_new_rows(along.target, &along.rows, nesting.reason, nesting.depth + 1)?;
        let places = RowPlaces::Each(along.rows.iter().map(|row| row.path.clone()).collect());
        Ok(CreatePlan { places, ..plan })
    }
}

/// Rows that the API does not create by themselves are not created inside of others either.
fn refuse_uncreatable(collection: &Collection, path: &str) -> Result<(), PlanError> {
    if collection.mutations.contains(&MutationKind::Create) {
        return Ok(());
    }
    Err(PlanError::argument(path, format!("the API creates no `{}`", collection.name)))
}

fn object<'j>(json: &'j Json, path: &str) -> Result<&'j Map<String, Json>, PlanError> {
    json.as_object().ok_or_else(|| PlanError::argument(path, "expected the values of a new row"))
}

/// A single value stands for a list of one, as GraphQL says.
fn elements(json: &Json) -> &[Json] {
    match json {
        Json::Array(elements) => elements,
        single => std::slice::from_ref(single),
    }
}
