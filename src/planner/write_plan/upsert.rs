//! A row that is changed if it is there and created if it is not.

use crate::base::{ColumnName, Fault, FaultCode, FieldName};
use crate::catalog::{Collection, CollectionId, Field, FieldKind};
use crate::planner::input::field_value;
use crate::planner::write_plan::{CreatePlan, RowChoice, UpdatePlan};
use crate::planner::{PlanError, Planner};
use serde_json::{Map, Value as Json, json};

/// A row that is changed or created, whichever it needs; then the rule of that decides, and of nothing else.
#[derive(Clone, Debug, PartialEq)]
pub struct UpsertPlan {
    /// The row that may be there, among those that the caller may read.
    pub choice: RowChoice,
    /// What is done if it is; or why the caller may not.
    pub update: Result<UpdatePlan, PlanError>,
    /// What is done if it is not; or why the caller may not.
    pub create: Result<CreatePlan, PlanError>,
}

/// A field whose value no two rows share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UniqueValue {
    /// The field.
    pub field: FieldName,
    /// Its column.
    pub column: ColumnName,
}

/// An upsert, as a caller asks for it.
#[derive(Clone, Copy, Debug)]
pub struct UpsertRequest<'r> {
    /// The unique field and its value.
    pub by: &'r Map<String, Json>,
    /// The values of a new row.
    pub create: &'r Map<String, Json>,
    /// The values that change in a row that is there.
    pub update: &'r Map<String, Json>,
}

impl Planner<'_> {
    /// Plans an upsert.
    ///
    /// # Errors
    /// [`PlanError`] for arguments that make no sense. A rule's refusal is only one once its branch is taken.
    pub fn plan_upsert(
        &self,
        collection: CollectionId,
        request: UpsertRequest<'_>,
        reason: Option<&str>,
    ) -> Result<UpsertPlan, PlanError> {
        let UpsertRequest { by, create, update } = request;
        let (field, column, value) = unique_field(self.catalog.collection(collection), by)?;
        let path = format!("by.{}", field.name);
        let unique_value = field_value(self.catalog, field, &path, value)?;
        let mut create = create.clone();
        if let Some(given) = create.insert(field.name.to_string(), value.clone()) {
            let path = format!("create.{}", field.name);
            if field_value(self.catalog, field, &path, &given)? != unique_value {
                return Err(PlanError::argument(path, "is not the value that `by` looks for; leave it out, or give the same"));
            }
        }
        let choice = self.plan_choice(collection, &json!({ field.name.as_str(): { "eq": value } }), 1)?;
        let created = refusal_later(self.plan_create(collection, &create, reason))?;
        if created.as_ref().is_ok_and(|plan| !plan.before.is_empty() || !plan.after.is_empty()) {
            return Err(PlanError::argument("create", "an upsert makes one row; create others by themselves"));
        }
        let unique = Some(UniqueValue { field: field.name.clone(), column: column.clone() });
        Ok(UpsertPlan {
            choice: choice.clone(),
            update: refusal_later(self.plan_update_chosen(collection, choice, update, reason))?,
            create: created.map(|plan| CreatePlan { unique, ..plan }),
        })
    }
}

/// A refusal counts once its branch is taken; a mistake counts at once, whichever branch it is in.
fn refusal_later<Plan>(planned: Result<Plan, PlanError>) -> Result<Result<Plan, PlanError>, PlanError> {
    match planned {
        Err(error) if error.code() != FaultCode::Forbidden => Err(error),
        planned => Ok(planned),
    }
}

/// Whether rows can be upserted by this field: callers set it, and no two rows share its value.
pub fn is_upsertable(field: &Field) -> bool {
    let is_value = matches!(field.kind, FieldKind::Scalar { is_list: false, .. } | FieldKind::Enum { is_list: false, .. });
    field.is_unique && !field.is_read_only && is_value
}

fn unique_field<'c, 'j>(
    collection: &'c Collection,
    by: &'j Map<String, Json>,
) -> Result<(&'c Field, &'c ColumnName, &'j Json), PlanError> {
    let mut given = by.iter();
    let (Some((name, value)), None) = (given.next(), given.next()) else {
        return Err(PlanError::argument("by", "needs exactly one field"));
    };
    let field = collection.find_field(name).filter(|field| is_upsertable(field));
    match field.and_then(|field| Some((field, field.column()?))) {
        Some(_) if value.is_null() => Err(PlanError::argument(format!("by.{name}"), "cannot be null")),
        Some((field, column)) => Ok((field, column, value)),
        None => Err(PlanError::argument(format!("by.{name}"), "is no unique field that callers set")),
    }
}
