//! The verdict that a change's statement gives on each row.

use crate::write::WriteError;
use diesel::sql_types::{Bool, Nullable, Text, Uuid as SqlUuid};
use uuid::Uuid;

/// The SQL type of a verdict row; see `planner::to_sql::ChangeStatement`.
pub(crate) type VerdictSql = (SqlUuid, Bool, Bool, Bool, Nullable<Text>, Nullable<Text>, Nullable<Bool>);

/// A verdict row: id, readable, allowed, fresh, missing target, forbidden field, kept.
pub(crate) type VerdictRow = (Uuid, bool, bool, bool, Option<String>, Option<String>, Option<bool>);

/// What is changed, for the words of a refusal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    /// `create`, `update` or `delete`.
    pub(crate) operation: &'static str,
    /// The collection's name.
    pub(crate) collection: &'a str,
    /// The rows.
    pub(crate) ids: &'a [Uuid],
}

impl Subject<'_> {
    /// Checks that every row has a good verdict.
    ///
    /// The order of the questions decides what a caller learns: a row that may not be read is not found, whatever else is
    /// wrong with the change.
    ///
    /// # Errors
    /// The first refusal.
    pub(crate) fn check(&self, verdicts: &[VerdictRow]) -> Result<(), WriteError> {
        for id in self.ids {
            let verdict = verdicts.iter().find(|verdict| verdict.0 == *id);
            let Some((_, true, is_allowed, is_fresh, missing_target, forbidden_field, is_kept)) = verdict else {
                return Err(WriteError::NotFound { collection: self.collection.to_owned(), id: *id });
            };
            if !is_allowed {
                return Err(self.forbidden(*id));
            }
            if let Some(field) = missing_target {
                let (field, collection) = (field.clone(), self.collection.to_owned());
                return Err(WriteError::TargetNotFound { field, collection, id: self.known(*id) });
            }
            if let Some(field) = forbidden_field {
                let (field, collection) = (field.clone(), self.collection.to_owned());
                return Err(WriteError::FieldForbidden { field, collection, id: self.known(*id) });
            }
            if !is_fresh {
                return Err(WriteError::Stale { collection: self.collection.to_owned(), id: *id });
            }
            match (self.operation, is_kept) {
                (_, Some(true)) => {}
                // A deletion that its own conditions missed: somebody changed the row in between.
                ("delete", _) => return Err(WriteError::Stale { collection: self.collection.to_owned(), id: *id }),
                _ => return Err(self.forbidden(*id)),
            }
        }
        Ok(())
    }

    /// The id, if it is one that the caller can know.
    fn known(&self, id: Uuid) -> Option<Uuid> {
        (self.operation != "create").then_some(id)
    }

    fn forbidden(&self, id: Uuid) -> WriteError {
        let collection = self.collection.to_owned();
        match self.operation {
            "create" => WriteError::CreateForbidden { collection },
            operation => WriteError::Forbidden { operation, collection, id },
        }
    }
}
