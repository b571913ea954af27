//! Deletions.

use crate::base::{TableName, TypeName};
use crate::catalog::{Collection, CollectionId, MutationKind};
use crate::planner::write_plan::create::refuse_too_many;
use crate::planner::write_plan::{ChangedRow, Reference, RowChoice, RowPlaces};
use crate::planner::{PlanError, Planner, Readable};
use crate::policy::{Operation, Predicate};
use uuid::Uuid;

/// Deletions of rows of one collection.
#[derive(Clone, Debug, PartialEq)]
pub struct DeletePlan {
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
    /// By what the rows are still to be chosen; then what must still hold of them when they are deleted.
    pub choice: Option<RowChoice>,
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

impl Planner<'_> {
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
        let row = ChangedRow::new(super::parse_id(self.catalog.collection(collection), id)?);
        Ok(DeletePlan { if_version, ..self.plan_deletion(collection, vec![row], reason)? })
    }

    /// Plans the deletion of a list of rows.
    ///
    /// # Errors
    /// As [`Planner::plan_updates`].
    pub fn plan_deletes(&self, collection: CollectionId, ids: &[&str], reason: Option<&str>) -> Result<DeletePlan, PlanError> {
        refuse_too_many("ids", ids.len())?;
        let rows = self.plan_ids(collection, "ids", ids.iter().copied())?;
        Ok(DeletePlan { places: RowPlaces::List("ids"), ..self.plan_deletion(collection, rows, reason)? })
    }

    /// Plans the deletion of every row that a filter chooses.
    ///
    /// # Errors
    /// As [`Planner::plan_update_chosen`].
    pub fn plan_delete_chosen(
        &self,
        collection: CollectionId,
        choice: RowChoice,
        reason: Option<&str>,
    ) -> Result<DeletePlan, PlanError> {
        Ok(DeletePlan { choice: Some(choice), ..self.plan_deletion(collection, Vec::new(), reason)? })
    }

    /// Plans the part of a deletion that takes rows along. Their own delete rule decides.
    ///
    /// # Errors
    /// [`PlanError::Forbidden`] when the rule refuses every row.
    pub fn plan_cascade(&self, reference: &Reference, ids: Vec<Uuid>, reason: Option<&str>) -> Result<DeletePlan, PlanError> {
        let rows = ids.into_iter().map(ChangedRow::new).collect();
        Ok(DeletePlan { is_read_needed: false, ..self.plan_deletion(reference.collection, rows, reason)? })
    }

    fn plan_deletion(
        &self,
        collection: CollectionId,
        rows: Vec<ChangedRow>,
        reason: Option<&str>,
    ) -> Result<DeletePlan, PlanError> {
        let collection: &Collection = self.catalog.collection(collection);
        let rule = self.write_rule(collection, Operation::Delete, "delete")?;
        let reason = self.require_reason(collection, MutationKind::Delete, reason)?;
        Ok(DeletePlan {
            collection: collection.id,
            entity_type: collection.name.clone(),
            table: collection.table.clone(),
            rows,
            places: RowPlaces::Only,
            choice: None,
            if_version: None,
            readable: self.readable(collection.id),
            is_read_needed: true,
            rule,
            reason,
        })
    }
}
