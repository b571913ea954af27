//! The response: `data` is put together from texts that PostgreSQL built, never parsed again.

use crate::base::FaultCode;
use crate::graphql::GraphqlError;
use serde_json::Value as Json;
use uuid::Uuid;

/// Whether an operation was executed, which HTTP needs for its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseKind {
    /// The request was faulty as a whole, with this as the first of its errors: no `data`.
    RequestError(FaultCode),
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
    /// Whether it was run by a plan that was kept.
    pub is_plan_kept: bool,
    /// What it was estimated to cost.
    pub cost: u64,
    /// That, as `extensions.cost`, if the caller asked for it.
    pub told_cost: Option<Json>,
    /// The codes of the errors.
    pub error_codes: Vec<&'static str>,
}

/// What stands before the `data` of a response.
const BEFORE_DATA: &str = "{\"data\":";

/// An object as it grows: the `data` of a response, or a part of it.
#[derive(Debug)]
pub(crate) struct Data {
    text: String,
    /// Where the object begins: after what stands before it in the response, so that large answers are not copied again.
    start: usize,
}

impl Default for Data {
    /// The `data` of a response.
    fn default() -> Self {
        Self { text: BEFORE_DATA.to_owned(), start: BEFORE_DATA.len() }
    }
}

impl Data {
    /// An object inside the `data` of a response.
    pub(crate) fn part() -> Self {
        Self { text: String::new(), start: 0 }
    }

    /// Adds a key. Injection safety: GraphQL names need no escapes in JSON.
    pub(crate) fn push(&mut self, key: &str, json: &str) {
        self.text.reserve(key.len() + json.len() + 64);
        self.text.push_str(if self.text.len() == self.start { "{\"" } else { ",\"" });
        self.text.push_str(key);
        self.text.push_str("\":");
        self.text.push_str(json);
    }

    /// The whole object, after what stands before it.
    pub(crate) fn finish(mut self) -> String {
        if self.text.len() == self.start {
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
    let code = errors.first().map_or(FaultCode::InternalServerError, |error| error.code);
    GraphqlResponse { body, kind: ResponseKind::RequestError(code), summary }
}

/// An executed operation; `data` is `None` when an error reached the top.
pub(crate) fn executed(
    data: Option<Data>,
    errors: &[GraphqlError],
    masked: &[String],
    mut summary: OperationSummary,
    request_id: Uuid,
) -> GraphqlResponse {
    summary.error_codes = errors.iter().map(|error| error.code.as_str()).collect();
    let mut body = data.map_or_else(|| format!("{BEFORE_DATA}null"), Data::finish);
    if !errors.is_empty() {
        body.push_str(",\"errors\":");
        body.push_str(&errors_json(errors, request_id));
    }
    if !masked.is_empty() || summary.told_cost.is_some() {
        let mut extensions = serde_json::Map::new();
        if !masked.is_empty() {
            extensions.insert("masked".to_owned(), masked.into());
        }
        if let Some(cost) = summary.told_cost.take() {
            extensions.insert("cost".to_owned(), cost);
        }
        body.push_str(",\"extensions\":");
        body.push_str(&Json::Object(extensions).to_string());
    }
    body.push('}');
    GraphqlResponse { body, kind: ResponseKind::Executed, summary }
}

fn errors_json(errors: &[GraphqlError], request_id: Uuid) -> String {
    let errors: Vec<Json> = errors.iter().map(|error| error.to_json(request_id)).collect();
    Json::Array(errors).to_string()
}
