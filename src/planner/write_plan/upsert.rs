//! Rows that are changed if they are there and created if they are not.
//!
//! However many they are, it takes three statements: one finds the rows that are there and locks them, one changes these, one
//! creates the others. A single INSERT with ON CONFLICT DO UPDATE would have no before image to ask the update rule of, and would
//! ask the create rule of rows that are not new.

use crate::base::{Fault, FaultCode};
use crate::catalog::CollectionId;
use crate::planner::write_plan::create::refuse_too_many;
use crate::planner::write_plan::key::{KeySearch, Keys, UniqueKey};
use crate::planner::write_plan::values::RowInput;
use crate::planner::write_plan::{ChangedRow, CreatePlan, RowPlaces, UpdatePlan};
use crate::planner::{PlanError, Planner};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Rows that are changed or created, whichever each needs; then the rule of that decides, and of nothing else.
#[derive(Clone, Debug, PartialEq)]
pub struct UpsertPlan {
    /// The collection.
    pub collection: CollectionId,
    /// How the rows that are there are found.
    pub search: KeySearch,
    /// What is told from all others by a new row's values.
    pub unique: UniqueKey,
    /// What is given for each row.
    pub values: Vec<UpsertValues>,
    /// How a refusal names the rows.
    pub places: RowPlaces,
    /// Why, as the caller said.
    pub reason: Option<String>,
    /// What is done if all of them are there; or why the caller may not.
    pub update: Result<UpdatePlan, PlanError>,
    /// What is done if none of them is; or why the caller may not.
    pub create: Result<CreatePlan, PlanError>,
}

/// What is given for one row.
#[derive(Clone, Debug, PartialEq)]
pub struct UpsertValues {
    /// The values of a new row, those of its key included.
    pub create: Map<String, Json>,
    /// The values that change in a row that is there.
    pub update: Map<String, Json>,
}

/// One row of an upsert, as a caller asks for it.
#[derive(Clone, Copy, Debug)]
pub struct UpsertRequest<'r> {
    /// What is unique about it, and the value.
    pub by: &'r Map<String, Json>,
    /// The values of a new row.
    pub create: &'r Map<String, Json>,
    /// The values that change in a row that is there.
    pub update: &'r Map<String, Json>,
}

/// An upsert of which it is known what each row needs.
#[derive(Clone, Debug, PartialEq)]
pub struct UpsertBranches {
    /// The change of the rows that are there.
    pub update: Option<UpdatePlan>,
    /// The rows that are not.
    pub create: Option<CreatePlan>,
    /// All of them, in the caller's order.
    pub rows: Vec<ChangedRow>,
    /// Which of them are new.
    pub created: Vec<bool>,
}

impl Planner<'_> {
    /// Plans an upsert of one row.
    ///
    /// # Errors
    /// [`PlanError`] for arguments that make no sense. A rule's refusal is only one once its branch is taken.
    pub fn plan_upsert(
        &self,
        collection: CollectionId,
        request: UpsertRequest<'_>,
        reason: Option<&str>,
    ) -> Result<UpsertPlan, PlanError> {
        self.plan_upserted(collection, &[request], RowPlaces::Only, reason)
    }

    /// Plans an upsert of a list of rows.
    ///
    /// # Errors
    /// As [`Planner::plan_upsert`]; [`PlanError::Limit`] for too many.
    pub fn plan_upserts(
        &self,
        collection: CollectionId,
        requests: &[UpsertRequest<'_>],
        reason: Option<&str>,
    ) -> Result<UpsertPlan, PlanError> {
        refuse_too_many("upserts", requests.len())?;
        self.plan_upserted(collection, requests, RowPlaces::List("upserts"), reason)
    }

    fn plan_upserted(
        &self,
        collection: CollectionId,
        requests: &[UpsertRequest<'_>],
        places: RowPlaces,
        reason: Option<&str>,
    ) -> Result<UpsertPlan, PlanError> {
        let names = self.catalog.collection(collection);
        let by: Vec<&Map<String, Json>> = requests.iter().map(|request| request.by).collect();
        let keys = self.plan_keys(names, &by, &places)?;
        let no_column = || PlanError::argument("by", "has no column");
        let search = self.plan_key_search(names, &keys).ok_or_else(no_column)?;
        let values = requests.iter().zip(&keys.rows).enumerate().map(|(index, (request, key))| {
            let create = self.with_key(&keys.fields, key, &places.path(index, "create"), request.create)?;
            Ok(UpsertValues { create, update: request.update.clone() })
        });
        let values: Vec<UpsertValues> = values.collect::<Result<_, _>>()?;
        let all: Vec<(usize, &UpsertValues)> = values.iter().enumerate().collect();
        let unique = Keys::unique(&keys);
        let update = refusal_later(self.plan_update_branch(collection, &all, &places, reason))?;
        let create = refusal_later(self.plan_create_branch(collection, &all, (&places, &unique), reason))?;
        Ok(UpsertPlan { collection, search, unique, update, create, values, places, reason: reason.map(str::to_owned) })
    }

    /// Plans what each row of an upsert needs, knowing which of them are there.
    ///
    /// # Errors
    /// The refusal of a branch that is taken.
    pub fn plan_branches(&self, plan: UpsertPlan, found: &[Option<Uuid>]) -> Result<UpsertBranches, PlanError> {
        let UpsertPlan { collection, unique, values, places, reason, update, create, .. } = plan;
        let reason = reason.as_deref();
        refuse_twins(found, &places)?;
        let of = |is_there: bool| values.iter().enumerate().filter(move |(index, _)| found[*index].is_some() == is_there);
        let (there, new): (Vec<_>, Vec<_>) = (of(true).collect(), of(false).collect());
        let update = match there.len() {
            0 => None,
            all if all == values.len() => Some(update?),
            _ => Some(self.plan_update_branch(collection, &there, &places, reason)?),
        };
        let create = match new.len() {
            0 => None,
            all if all == values.len() => Some(create?),
            _ => Some(self.plan_create_branch(collection, &new, (&places, &unique), reason)?),
        };
        let changed = found.iter().flatten().map(|id| ChangedRow::new(*id));
        let update = update.map(|plan| UpdatePlan { rows: changed.collect(), ..plan });
        let mut changed = update.iter().flat_map(|plan| &plan.rows);
        let mut made = create.iter().flat_map(|plan| &plan.rows);
        let rows = found.iter().filter_map(|found| if found.is_some() { changed.next() } else { made.next() });
        let rows = rows.copied().collect();
        Ok(UpsertBranches { update, create, rows, created: found.iter().map(Option::is_none).collect() })
    }

    fn plan_update_branch(
        &self,
        collection: CollectionId,
        values: &[(usize, &UpsertValues)],
        places: &RowPlaces,
        reason: Option<&str>,
    ) -> Result<UpdatePlan, PlanError> {
        let sets = values.iter().map(|(index, values)| RowInput::new(places.path(*index, "update"), &values.update));
        let sets: Vec<RowInput<'_>> = sets.collect();
        let plan = self.plan_changes(collection, Vec::new(), &sets, reason)?;
        Ok(UpdatePlan { places: places.among(values.iter().map(|(index, _)| *index)), ..plan })
    }

    fn plan_create_branch(
        &self,
        collection: CollectionId,
        values: &[(usize, &UpsertValues)],
        (places, unique): (&RowPlaces, &UniqueKey),
        reason: Option<&str>,
    ) -> Result<CreatePlan, PlanError> {
        let inputs = values.iter().map(|(index, values)| RowInput::new(places.path(*index, "create"), &values.create));
        let plan = self.plan_new_rows(collection, &inputs.collect::<Vec<_>>(), reason, 0)?;
        if !plan.before.is_empty() || !plan.after.is_empty() {
            return Err(PlanError::argument("create", "an upsert makes one row; create others by themselves"));
        }
        let places = places.among(values.iter().map(|(index, _)| *index));
        Ok(CreatePlan { unique: Some(unique.clone()), places, ..plan })
    }
}

/// A refusal counts once its branch is taken; a mistake counts at once, whichever branch it is in.
fn refusal_later<Plan>(planned: Result<Plan, PlanError>) -> Result<Result<Plan, PlanError>, PlanError> {
    match planned {
        Err(error) if error.code() != FaultCode::Forbidden => Err(error),
        planned => Ok(planned),
    }
}

/// Values that are written in different ways may be the same to PostgreSQL.
fn refuse_twins(found: &[Option<Uuid>], places: &RowPlaces) -> Result<(), PlanError> {
    let mut seen = BTreeMap::new();
    for (index, id) in found.iter().enumerate().filter_map(|(index, id)| Some((index, (*id)?))) {
        if let Some(first) = seen.insert(id, index) {
            let first = places.of(first).unwrap_or_default();
            return Err(PlanError::argument(places.path(index, "by"), format!("finds the same row as `{first}`")));
        }
    }
    Ok(())
}
