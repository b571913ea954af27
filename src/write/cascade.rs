//! What a deletion takes along: `@onDelete(do: CASCADE)` and `@onDelete(do: SET_NULL)`.
//!
//! The database's foreign keys only refuse; the taking along is done here, row by row under each row's own rule and with its
//! own audit event.

use crate::catalog::{CollectionId, OnDelete};
use crate::db::Transaction;
use crate::planner::to_sql::{referencing_ids_statement, update_statement};
use crate::planner::{DeletePlan, PlanError, Planner, Reference};
use crate::write::WriteError;
use crate::write::apply::{change_and_read, delete};
use crate::write::verdict::Subject;
use diesel::sql_types::Uuid as SqlUuid;
use std::collections::{BTreeMap, HashSet};
use uuid::Uuid;

/// The rows that are already being deleted: a row that points to itself, or back up the chain, is not deleted twice.
pub(crate) type Visited = HashSet<(CollectionId, Uuid)>;

/// Deletes or unlinks everything that points to the rows of `plan`, deepest first.
///
/// # Errors
/// [`WriteError`] of the first row whose rule refuses.
pub(crate) async fn cascade(
    transaction: &Transaction,
    planner: &Planner<'_>,
    plan: &DeletePlan,
    visited: &mut Visited,
) -> Result<(), WriteError> {
    let targets: Vec<Uuid> = plan.rows.iter().map(|row| row.id).collect();
    visited.extend(targets.iter().map(|id| (plan.collection, *id)));
    for reference in planner.references_to(plan.collection) {
        if planner.is_out_of_reach(&reference) {
            // The role may have no privilege even to look; rows that are there make the foreign key refuse.
            continue;
        }
        transaction.open().await?;
        let found =
            transaction.rows::<(SqlUuid, SqlUuid), (Uuid, Uuid)>(&referencing_ids_statement(&reference, &targets)).await?;
        let parents: Parents = found.into_iter().filter(|(id, _)| !visited.contains(&(reference.collection, *id))).collect();
        if parents.is_empty() {
            continue;
        }
        let ids = parents.keys().copied().collect();
        let taken = match reference.on_delete {
            OnDelete::Cascade => match planner.plan_cascade(&reference, ids, plan.reason.as_deref()) {
                Ok(along) => Box::pin(delete(transaction, planner, &along, visited)).await,
                Err(error) => Err(error.into()),
            },
            OnDelete::SetNull => unlink(transaction, planner, &reference, ids, plan.reason.as_deref()).await,
            OnDelete::Restrict => Ok(()),
        };
        taken.map_err(|error| of_parent(error, plan, &parents))?;
    }
    Ok(())
}

/// Each row that goes along, with the row that it points to; in order, so that everybody takes them in the same.
type Parents = BTreeMap<Uuid, Uuid>;

/// A refusal in the words of the row that was to be deleted: the caller may not know of the one that stands in the way.
fn of_parent(error: WriteError, plan: &DeletePlan, parents: &Parents) -> WriteError {
    let collection = plan.entity_type.to_string();
    let (refused, child) = match error {
        WriteError::Forbidden { operation, collection: child, id } => (Refused::Rule(operation, child), Some(id)),
        WriteError::Plan(PlanError::Forbidden { operation, collection: child }) => (Refused::Rule(operation, child), None),
        WriteError::Plan(PlanError::OutsideScope { collection: child, scope, .. }) => (Refused::Scope(child, scope), None),
        WriteError::CascadeForbidden { operation, child, id, .. } => (Refused::Rule(operation, child), Some(id)),
        WriteError::CascadeOutsideScope { child, scope, id, .. } => (Refused::Scope(child, scope), Some(id)),
        // Somebody else deleted or changed it in between.
        WriteError::NotFound { id, .. } | WriteError::Stale { id, .. } => {
            let id = parents.get(&id).copied().unwrap_or_default();
            return at(plan, id, WriteError::Stale { collection, id });
        }
        other => return other,
    };
    let id = child.and_then(|child| parents.get(&child)).or_else(|| parents.values().next()).copied().unwrap_or_default();
    let error = match refused {
        Refused::Rule(operation, child) => WriteError::CascadeForbidden { collection, id, operation, child },
        Refused::Scope(child, scope) => WriteError::CascadeOutsideScope { collection, id, child, scope },
    };
    at(plan, id, error)
}

/// Who refuses what would have to happen along: the rule of the operation, or the scope of the token.
enum Refused {
    Rule(&'static str, String),
    Scope(String, &'static str),
}

/// The error of one row of a list says which.
fn at(plan: &DeletePlan, id: Uuid, error: WriteError) -> WriteError {
    let subject = Subject {
        operation: "delete",
        collection: plan.entity_type.as_str(),
        rows: &plan.rows,
        places: &plan.places,
        given: &[],
        unique: None,
    };
    match plan.rows.iter().position(|row| row.id == id) {
        Some(index) => subject.at(index, error),
        None => error,
    }
}

async fn unlink(
    transaction: &Transaction,
    planner: &Planner<'_>,
    reference: &Reference,
    ids: Vec<Uuid>,
    reason: Option<&str>,
) -> Result<(), WriteError> {
    let plan = planner.plan_set_null(reference, ids, reason)?;
    let subject = Subject {
        operation: "update",
        collection: plan.entity_type.as_str(),
        rows: &plan.rows,
        places: &plan.places,
        given: &plan.columns,
        unique: None,
    };
    change_and_read(transaction, planner, subject, &update_statement(planner, &plan), &[]).await?;
    Ok(())
}
