//! GraphQL errors: the one mapping of faults to `extensions.code`.

use crate::base::{Fault, FaultCode, FaultKind};
use crate::graphql::mistake;
use crate::graphql::names::Names;
use apollo_compiler::Schema;
use apollo_compiler::validation::DiagnosticList;
use serde_json::{Value as Json, json};
use std::time::Duration;
use uuid::Uuid;

/// Errors of one document, or of its variables, that are told.
pub(crate) const MAX_MISTAKES: usize = 20;

/// An error of a response.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphqlError {
    /// What a caller may read.
    pub message: String,
    /// The stable code.
    pub code: FaultCode,
    /// Lines and columns in the document, from 1.
    pub locations: Vec<(usize, usize)>,
    /// The response key of the root field.
    pub path: Option<String>,
    /// Within which time the caller has to have proved who it is, where it did that too long ago.
    pub step_up: Option<Duration>,
}

impl GraphqlError {
    /// An error of the request as a whole.
    pub fn request(code: FaultCode, message: impl Into<String>) -> Self {
        Self { message: message.into(), code, locations: Vec::new(), path: None, step_up: None }
    }

    /// A fault of a root field. Faults of ours are logged here, once, with their causes.
    pub fn of_field(fault: &dyn Fault, key: &str) -> Self {
        if fault.code().kind() == FaultKind::Server {
            tracing::error!(error = %chain(fault), error.code = fault.code().as_str(), field = key, "a field failed");
        }
        Self {
            message: fault.public_message(),
            code: fault.code(),
            locations: Vec::new(),
            path: Some(key.to_owned()),
            step_up: fault.step_up(),
        }
    }

    /// What the validator found, up to a number of errors: a document of nothing but mistakes must not make an answer larger
    /// than itself.
    pub(crate) fn of_mistakes(code: FaultCode, schema: &Schema, diagnostics: &DiagnosticList, names: Names) -> Vec<Self> {
        let errors = mistake::places(diagnostics).into_iter().take(MAX_MISTAKES).map(|(diagnostic, place)| {
            let message = mistake::describe(schema, diagnostic, names);
            Self { message, code, locations: place.into_iter().collect(), path: None, step_up: None }
        });
        let mut errors: Vec<Self> = errors.collect();
        errors.dedup();
        errors
    }

    /// The error as the specification writes it.
    pub(crate) fn to_json(&self, request_id: Uuid) -> Json {
        let mut error = json!({
            "message": self.message,
            "extensions": { "code": self.code.as_str(), "requestId": request_id },
        });
        if !self.locations.is_empty() {
            let locations = self.locations.iter().map(|(line, column)| json!({ "line": line, "column": column }));
            error["locations"] = locations.collect();
        }
        if let Some(max_age) = self.step_up {
            // The page lets the provider ask again, and brings the browser back to what the client adds as `return_to`.
            error["extensions"]["signInUrl"] = json!(format!("/auth/login?max_age={}", max_age.as_secs()));
        }
        if let Some(key) = &self.path {
            error["path"] = json!([key]);
        }
        error
    }
}

/// An error and its causes in one line, for the log only.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
