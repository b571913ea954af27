//! Sharing rows as root fields: `shareTicket` and `revokeRecordShare`.

use crate::catalog::CollectionId;
use crate::graphql::api::RootField;
use crate::planner::{PlanError, Planner, SelectedField, ShareRequest};
use crate::write::{Change, WriteError};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value as Json};

/// Plans `shareTicket`.
///
/// # Errors
/// [`PlanError`] when it is refused before any row is looked at, or makes no sense.
pub(crate) fn plan_share(planner: &Planner<'_>, collection: CollectionId, field: &SelectedField) -> Result<Change, PlanError> {
    let none = Map::new();
    let request = ShareRequest {
        collection,
        id: field.text_argument("id").unwrap_or_default(),
        with: field.argument("with").and_then(Json::as_object).unwrap_or(&none),
        level: field.text_argument("level").unwrap_or_default(),
        expires_at: field.text_argument("expiresAt").map(time).transpose()?,
    };
    Ok(Change::Create(planner.plan_share(&request, field.text_argument("reason"))?))
}

/// Plans `revokeRecordShare`.
///
/// # Errors
/// As [`plan_share`].
pub(crate) fn plan_revocation(planner: &Planner<'_>, field: &SelectedField) -> Result<Change, PlanError> {
    let id = field.text_argument("id").unwrap_or_default();
    Ok(Change::Update(planner.plan_revoke_share(id, field.text_argument("reason"))?))
}

/// A refusal in the words of whoever shares: about the row that was to be shared, and not about the row that says so.
pub(crate) fn in_words_of_sharing(
    planner: &Planner<'_>,
    root: Option<RootField>,
    field: &SelectedField,
    error: WriteError,
) -> WriteError {
    match (root, error) {
        (Some(RootField::Share(collection)), error) => {
            let collection = planner.catalog.collection(collection).name.to_string();
            let id = field.text_argument("id").and_then(|id| id.parse().ok()).unwrap_or_default();
            match error {
                WriteError::TargetNotFound { field, .. } if field == "recordId" => WriteError::NotFound { collection, id },
                WriteError::CreateForbidden { .. } => WriteError::Forbidden { operation: "share", collection, id },
                other => other,
            }
        }
        (Some(RootField::RevokeShare), WriteError::Forbidden { collection, id, .. }) => {
            WriteError::Forbidden { operation: "revoke", collection, id }
        }
        (_, error) => error,
    }
}

fn time(text: &str) -> Result<DateTime<Utc>, PlanError> {
    let time = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    let problem = "is no time; write RFC 3339, `2026-12-31T00:00:00Z`".to_owned();
    time.map_err(|_| PlanError::Argument { argument: "expiresAt".to_owned(), problem })
}
