//! The response: `data` is put together from texts that PostgreSQL built, never parsed again.

use crate::graphql::GraphqlError;
use serde_json::Value as Json;
use uuid::Uuid;

/// Whether an operation was executed, which HTTP needs for its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseKind {
    /// The request was faulty as a whole: no `data`.
    RequestError,
    /// Executed, perhaps with errors in fields.
    Executed,
}

/// A response.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphqlResponse {
    /// The JSON text.
    pub body: String,
    /// Whether an operation was executed.
    pub kind: ResponseKind,
    /// What the log says of it.
    pub summary: OperationSummary,
}

/// What the log says of an operation: never values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OperationSummary {
    /// The operation's name, if it has one.
    pub operation_name: Option<String>,
    /// `query` or `mutation`.
    pub operation_type: Option<&'static str>,
    /// The root fields.
    pub fields: Vec<String>,
    /// Rows of the root collections in the answer.
    pub rows: i64,
    /// The codes of the errors.
    pub error_codes: Vec<&'static str>,
}

/// The `data` of a response as it grows.
#[derive(Debug, Default)]
pub(crate) struct Data {
    text: String,
}

impl Data {
    /// Adds a key. Injection safety: GraphQL names need no escapes in JSON.
    pub(crate) fn push(&mut self, key: &str, json: &str) {
        self.text.reserve(key.len() + json.len() + 4);
        self.text.push_str(if self.text.is_empty() { "{\"" } else { ",\"" });
        self.text.push_str(key);
        self.text.push_str("\":");
        self.text.push_str(json);
    }

    /// The whole object.
    pub(crate) fn finish(mut self) -> String {
        if self.text.is_empty() {
            self.text.push('{');
        }
        self.text.push('}');
        self.text
    }
}

/// A request that was faulty as a whole.
pub(crate) fn request_error(errors: &[GraphqlError], mut summary: OperationSummary, request_id: Uuid) -> GraphqlResponse {
    summary.error_codes = errors.iter().map(|error| error.code.as_str()).collect();
    let body = format!("{{\"errors\":{}}}", errors_json(errors, request_id));
    GraphqlResponse { body, kind: ResponseKind::RequestError, summary }
}

/// An executed operation; `data` is `None` when an error reached the top.
pub(crate) fn executed(
    data: Option<String>,
    errors: &[GraphqlError],
    masked: &[String],
    mut summary: OperationSummary,
    request_id: Uuid,
) -> GraphqlResponse {
    summary.error_codes = errors.iter().map(|error| error.code.as_str()).collect();
    let data = data.unwrap_or_else(|| "null".to_owned());
    let mut body = String::with_capacity(data.len() + 64);
    body.push_str("{\"data\":");
    body.push_str(&data);
    if !errors.is_empty() {
        body.push_str(",\"errors\":");
        body.push_str(&errors_json(errors, request_id));
    }
    if !masked.is_empty() {
        body.push_str(",\"extensions\":");
        body.push_str(&serde_json::json!({ "masked": masked }).to_string());
    }
    body.push('}');
    GraphqlResponse { body, kind: ResponseKind::Executed, summary }
}

fn errors_json(errors: &[GraphqlError], request_id: Uuid) -> String {
    let errors: Vec<Json> = errors.iter().map(|error| error.to_json(request_id)).collect();
    Json::Array(errors).to_string()
}
