//! `accessChanges` of `updateUser`: what the user gains and loses, collection by collection. With `dryRun: true` it is the preview of
//! who can see what before anything is changed.

use crate::base::Actor;
use crate::catalog::CollectionId;
use crate::db::{DbError, Transaction};
use crate::graphql::response::Data;
use crate::planner::{AccessOperation, Extent, Planner, RowCount, SelectedField, UserAccess};
use crate::policy::Operation;
use diesel::sql_types::BigInt;
use serde_json::Value as Json;

/// The field of the payload.
pub(crate) const FIELD: &str = "accessChanges";

/// One thing that the user may do otherwise than before.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AccessChange {
    collection: String,
    operation: AccessOperation,
    before: Extent,
    after: Extent,
    rows_before: Option<i64>,
    rows_after: Option<i64>,
}

/// Compares what a user may do with what it could do before.
///
/// # Errors
/// [`DbError`] of a count.
pub(crate) async fn find_access_changes(
    transaction: &Transaction,
    planner: &Planner<'_>,
    (before, after): (Option<&Actor>, Option<&Actor>),
) -> Result<Vec<AccessChange>, DbError> {
    let mut changes = Vec::new();
    for collection in &planner.catalog.collections {
        for operation in AccessOperation::ALL {
            let access = |user| planner.user_access(collection.id, operation, user);
            let (old, new) = (access(before), access(after));
            if old == new {
                continue;
            }
            let is_read = operation == AccessOperation::Row(Operation::Read);
            let (mut rows_before, mut rows_after) = (None, None);
            if is_read {
                rows_before = count(transaction, planner, collection.id, &old).await?;
                rows_after = count(transaction, planner, collection.id, &new).await?;
            }
            let (before, after) = (old.extent(), new.extent());
            let collection = collection.name.to_string();
            changes.push(AccessChange { collection, operation, before, after, rows_before, rows_after });
        }
    }
    Ok(changes)
}

async fn count(
    transaction: &Transaction,
    planner: &Planner<'_>,
    collection: CollectionId,
    access: &UserAccess,
) -> Result<Option<i64>, DbError> {
    match planner.plan_access_count(collection, access) {
        RowCount::Nothing => Ok(Some(0)),
        RowCount::Unknown => Ok(None),
        RowCount::Counted(query) => Ok(transaction.rows::<BigInt, i64>(&query).await?.into_iter().next()),
    }
}

/// The field's JSON.
pub(crate) fn render(changes: &[AccessChange], field: &SelectedField) -> String {
    let changes = changes.iter().map(|change| change.render(field));
    format!("[{}]", changes.collect::<Vec<_>>().join(","))
}

impl AccessChange {
    fn render(&self, field: &SelectedField) -> String {
        let Self { collection, operation, before, after, rows_before, rows_after } = self;
        let mut data = Data::part();
        for selected in &field.selection.0 {
            let value = match selected.name.as_str() {
                "__typename" => Json::from("AccessChange"),
                "collection" => Json::from(collection.as_str()),
                "operation" => Json::from(operation.as_str()),
                "before" => Json::from(word(*before)),
                "after" => Json::from(word(*after)),
                "rowsBefore" => Json::from(*rows_before),
                "rowsAfter" => Json::from(*rows_after),
                _ => Json::Null,
            };
            data.push(&selected.key, &value.to_string());
        }
        data.finish()
    }
}

fn word(extent: Extent) -> &'static str {
    match extent {
        Extent::None => "NONE",
        Extent::Some => "SOME",
        Extent::All => "ALL",
    }
}
