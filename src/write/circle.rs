//! `@acyclic`: no row stands below itself.
//!
//! This is asked here and not in a rule, because it is no question of who asks; and after the change and not by a constraint of
//! the table, because it is about many rows: the write path is the only way to them, it names the field, and the directive works
//! from the day it is written without a migration. A new row is below others and above none, so only updates are looked at.

use crate::base::{ColumnName, Value};
use crate::db::{ActorSettings, Transaction, find_circle};
use crate::planner::{Planner, UpdatePlan, WriteValue};
use crate::write::WriteError;
use crate::write::verdict::Subject;
use uuid::Uuid;

/// Refuses a change after which one of its rows would stand below itself. Whoever changes the same relation at the same time
/// waits here until this transaction ends.
///
/// # Errors
/// [`WriteError::Circle`] of the first row that is found.
pub(crate) async fn refuse_circles(
    transaction: &Transaction,
    planner: &Planner<'_>,
    plan: &UpdatePlan,
    subject: Subject<'_>,
) -> Result<(), WriteError> {
    let collection = planner.catalog.collection(plan.collection);
    let linked =
        |column: &ColumnName| plan.columns.iter().find(|write| write.column == *column).filter(|write| !is_null(&write.value));
    let links = collection.stored_fields().filter(|field| field.is_acyclic);
    let links: Vec<_> = links.filter(|field| field.column().and_then(linked).is_some()).collect();
    if links.is_empty() {
        return Ok(());
    }
    let rows: Vec<Uuid> = plan.rows.iter().map(|row| row.id).collect();
    transaction.act_as_server().await?;
    for field in links {
        let Some(column) = field.column() else { continue };
        if let Some(id) = find_circle(transaction, &plan.table, column, &rows).await? {
            let (collection, field) = (collection.name.to_string(), field.name.to_string());
            let index = rows.iter().position(|row| *row == id).unwrap_or_default();
            return Err(subject.at(index, WriteError::Circle { collection, field, id }));
        }
    }
    let settings = ActorSettings::of(planner.caller());
    Ok(transaction.act_as(&settings).await?)
}

fn is_null(value: &WriteValue) -> bool {
    match value {
        WriteValue::Same(value) => value.is_null(),
        WriteValue::Each(each) => each.values.iter().all(Value::is_null),
    }
}
