//! `idempotencyKey`: which request a key stands for, and what is answered to its retry.

use crate::base::FaultCode;
use crate::db::{Database, DbError};
use crate::graphql::change::Done;
use crate::graphql::{GraphqlError, GraphqlRequest};
use crate::planner::{ChangedRow, Planner, SelectedField};
use crate::write::idempotency::{self, RequestKey};
use apollo_compiler::response::{JsonMap, JsonValue};
use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

/// The argument with the key.
pub(crate) const KEY_ARGUMENT: &str = "idempotencyKey";

/// The most characters of a key.
const MAX_KEY_LENGTH: usize = 255;

/// How often a server forgets keys whose time is over.
const SWEEP_INTERVAL: TimeDelta = TimeDelta::minutes(10);

/// The hash of what a request asks: document, operation and variables, whatever the order of their names.
pub(crate) fn request_hash(text: &str, request: &GraphqlRequest) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in [text, request.operation_name.as_deref().unwrap_or_default()] {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(part);
    }
    let mut variables = String::new();
    write_object(&request.variables, &mut variables);
    hasher.update(variables);
    hasher.finalize().into()
}

fn write_object(object: &JsonMap, text: &mut String) {
    let mut members: Vec<_> = object.iter().collect();
    members.sort_by_key(|(name, _)| name.as_str());
    text.push('{');
    for (name, value) in members {
        text.push_str(&Json::from(name.as_str()).to_string());
        text.push(':');
        write_value(value, text);
        text.push(',');
    }
    text.push('}');
}

fn write_value(value: &JsonValue, text: &mut String) {
    match value {
        JsonValue::Object(object) => write_object(object, text),
        JsonValue::Array(elements) => {
            text.push('[');
            for element in elements {
                write_value(element, text);
                text.push(',');
            }
            text.push(']');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

/// The key of a document, which all of its fields share.
///
/// # Errors
/// When fields name several keys, or one that is no key.
pub(crate) fn request_key(
    planner: &Planner<'_>,
    fields: &[SelectedField],
    request_hash: Option<[u8; 32]>,
) -> Result<Option<RequestKey>, GraphqlError> {
    let keyed = || fields.iter().filter_map(|field| Some((field, field.text_argument(KEY_ARGUMENT)?)));
    let (Some((_, key)), Some(request_hash)) = (keyed().next(), request_hash) else { return Ok(None) };
    let refuse = |field: &SelectedField, problem: &str| {
        let message = format!("`{KEY_ARGUMENT}`: {problem}");
        GraphqlError { path: Some(field.key.clone()), ..GraphqlError::request(FaultCode::BadUserInput, message) }
    };
    for (field, other) in keyed() {
        if other != key {
            return Err(refuse(field, "a document has one key, for all of its changes"));
        }
        if key.is_empty() || key.chars().count() > MAX_KEY_LENGTH || key.contains('\0') {
            return Err(refuse(field, "give a text of 1 to 255 characters, a random UUID for instance"));
        }
    }
    let Some(actor) = planner.actor.id else {
        return Err(refuse(&fields[0], "belongs to a user, and there is none"));
    };
    Ok(Some(RequestKey { actor, key: key.to_owned(), request_hash }))
}

/// What one field did, for a retry: ids, never contents.
pub(crate) fn to_kept(done: &Done) -> Json {
    let rows: Vec<Json> = done.rows.iter().map(|row| json!([row.id, row.event_id])).collect();
    json!({ "rows": rows, "created": done.created })
}

/// What one field did, as it was kept.
pub(crate) fn from_kept(kept: Option<&Json>) -> Done {
    let Some(kept) = kept else { return Done::default() };
    let rows = kept["rows"].as_array().map(Vec::as_slice).unwrap_or_default();
    let id = |row: &Json, index: usize| row.get(index)?.as_str()?.parse().ok();
    let rows = rows.iter().filter_map(|row| Some(ChangedRow { id: id(row, 0)?, event_id: id(row, 1)? }));
    Done { rows: rows.collect(), created: kept["created"].clone() }
}

/// Forgets old keys now and then.
#[derive(Debug, Default)]
pub(crate) struct Sweeper {
    last: Mutex<Option<DateTime<Utc>>>,
}

impl Sweeper {
    /// Sweeps if that was long ago. Failing is no harm: a key whose time is over counts as unknown anyway.
    pub(crate) async fn sweep(&self, database: &Database, now: DateTime<Utc>) {
        let is_due = {
            let mut last = self.last.lock();
            let is_due = last.is_none_or(|last| now - last >= SWEEP_INTERVAL);
            if is_due {
                *last = Some(now);
            }
            is_due
        };
        if is_due && let Err(error) = idempotency::sweep(database, now).await {
            log(&error);
        }
    }
}

fn log(error: &DbError) {
    tracing::warn!(error = %error, "old idempotency keys could not be swept");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(query: &str, name: Option<&str>, variables: Json) -> [u8; 32] {
        let variables = match JsonValue::from(variables) {
            JsonValue::Object(object) => object,
            _ => JsonMap::new(),
        };
        let operation_name = name.map(str::to_owned);
        request_hash(query, &GraphqlRequest { operation_name, variables, ..GraphqlRequest::default() })
    }

    #[test]
    fn a_request_is_its_document_its_operation_and_its_variables() {
        let base = hash("mutation", None, json!({ "a": 1, "b": { "c": [1, 2], "d": null } }));
        assert_eq!(base, hash("mutation", None, json!({ "b": { "d": null, "c": [1, 2] }, "a": 1 })), "in whatever order");
        let others = [
            hash("mutation ", None, json!({ "a": 1, "b": { "c": [1, 2], "d": null } })),
            hash("mutation", Some("A"), json!({ "a": 1, "b": { "c": [1, 2], "d": null } })),
            hash("mutation", None, json!({ "a": 1, "b": { "c": [2, 1], "d": null } })),
            hash("mutation", None, json!({ "a": "1", "b": { "c": [1, 2], "d": null } })),
            hash("mutation", None, json!({ "a": 1, "b": { "c": [1, 2] } })),
        ];
        assert!(others.iter().all(|other| *other != base));
        assert_ne!(hash("ab", Some("c"), json!({})), hash("a", Some("bc"), json!({})));
    }
}
