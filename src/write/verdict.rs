//! The verdict that a change's statement gives on each row.

use crate::planner::{ChangedRow, RowPlaces, UniqueKey, WriteColumn};
use crate::write::WriteError;
use diesel::sql_types::{Bool, Nullable, Text, Uuid as SqlUuid};
use std::collections::HashMap;
use uuid::Uuid;

/// The SQL type of a verdict row; see `planner::to_sql::ChangeStatement`.
pub(crate) type VerdictSql = (SqlUuid, Bool, Bool, Bool, Nullable<Text>, Nullable<Text>, Nullable<Bool>);

/// A verdict row: id, readable, allowed, fresh, missing target, forbidden field, and whether the changed row is allowed, null
/// if the row was not changed.
pub(crate) type VerdictRow = (Uuid, bool, bool, bool, Option<String>, Option<String>, Option<bool>);

/// What is changed, for the words of a refusal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    /// `create`, `update` or `delete`.
    pub(crate) operation: &'static str,
    /// The collection's name.
    pub(crate) collection: &'a str,
    /// The rows.
    pub(crate) rows: &'a [ChangedRow],
    /// How a refusal names them.
    pub(crate) places: &'a RowPlaces,
    /// What they are given.
    pub(crate) given: &'a [WriteColumn],
    /// The key that another row may have: then a new row is not there, and that is no refusal.
    pub(crate) unique: Option<&'a UniqueKey>,
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
        let by_id: HashMap<Uuid, &VerdictRow> = verdicts.iter().map(|verdict| (verdict.0, verdict)).collect();
        let rows = || self.rows.iter().enumerate().map(|(index, row)| (index, row.id, by_id.get(&row.id).copied()));
        for (index, id, verdict) in rows() {
            self.check_row(id, verdict).map_err(|error| self.at(index, error))?;
        }
        // Nothing was changed if a single verdict is bad. If none is, a row that was not changed changed in between.
        let unchanged = rows().find(|(_, _, verdict)| verdict.is_some_and(|verdict| verdict.6.is_none()));
        match unchanged {
            Some((index, id, _)) if self.operation == "delete" => {
                Err(self.at(index, WriteError::Stale { collection: self.collection.to_owned(), id }))
            }
            Some((index, id, _)) => Err(self.at(index, self.taken().unwrap_or_else(|| self.forbidden(id)))),
            None => Ok(()),
        }
    }

    fn check_row(&self, id: Uuid, verdict: Option<&VerdictRow>) -> Result<(), WriteError> {
        let collection = || self.collection.to_owned();
        let Some((_, true, is_allowed, is_fresh, missing_target, forbidden_field, is_kept)) = verdict else {
            return Err(WriteError::NotFound { collection: collection(), id });
        };
        if !is_allowed {
            return Err(self.forbidden(id));
        }
        if let Some(field) = missing_target.clone() {
            return Err(WriteError::TargetNotFound { field, collection: collection(), id: self.known(id) });
        }
        if let Some(field) = forbidden_field.clone() {
            return Err(WriteError::FieldForbidden { field, collection: collection(), id: self.known(id) });
        }
        if !is_fresh {
            return Err(WriteError::Stale { collection: collection(), id });
        }
        match is_kept {
            Some(false) => Err(self.forbidden(id)),
            Some(true) | None => Ok(()),
        }
    }

    /// The error of one row of a list says which.
    pub(crate) fn at(&self, index: usize, error: WriteError) -> WriteError {
        match self.places.of(index) {
            Some(place) => WriteError::InRow { place, source: Box::new(error) },
            None => error,
        }
    }

    /// The refusal of PostgreSQL's own rules, which name a row at best.
    pub(crate) fn refused(&self, id: Option<Uuid>) -> WriteError {
        let index = id.and_then(|id| self.rows.iter().position(|row| row.id == id));
        match (index, self.rows) {
            (Some(index), rows) => self.at(index, self.forbidden(rows[index].id)),
            (None, [only]) => self.at(0, self.forbidden(only.id)),
            (None, rows) => self.forbidden(rows.first().map(|row| row.id).unwrap_or_default()),
        }
    }

    fn taken(&self) -> Option<WriteError> {
        let fields = self.unique?.fields.iter().map(ToString::to_string).collect();
        Some(WriteError::Taken { fields, collection: self.collection.to_owned() })
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
