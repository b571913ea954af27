//! The one mapping of faults to HTTP status.

use crate::base::{Fault, FaultCode};
use crate::graphql::GraphqlError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use uuid::Uuid;

/// The status for a code where the whole request is refused.
pub(crate) fn status_of(code: FaultCode) -> StatusCode {
    match code {
        FaultCode::Unauthenticated => StatusCode::UNAUTHORIZED,
        FaultCode::Forbidden | FaultCode::MfaRequired => StatusCode::FORBIDDEN,
        FaultCode::NotFound => StatusCode::NOT_FOUND,
        FaultCode::Conflict => StatusCode::CONFLICT,
        FaultCode::LimitExceeded => StatusCode::PAYLOAD_TOO_LARGE,
        FaultCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        FaultCode::InternalServerError => StatusCode::INTERNAL_SERVER_ERROR,
        FaultCode::BadUserInput
        | FaultCode::ConstraintViolation
        | FaultCode::ReasonRequired
        | FaultCode::GraphqlParseFailed
        | FaultCode::GraphqlValidationFailed => StatusCode::BAD_REQUEST,
    }
}

/// A refusal outside GraphQL's own responses, in GraphQL's form of an error, so that clients read one form only.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) error: GraphqlError,
    pub(crate) request_id: Uuid,
}

impl Refusal {
    /// A refusal with the status of its code.
    pub(crate) fn new(code: FaultCode, message: impl Into<String>, request_id: Uuid) -> Self {
        Self { status: status_of(code), error: GraphqlError::request(code, message), request_id }
    }

    /// A refusal with a status that HTTP asks for.
    pub(crate) fn with_status(status: StatusCode, message: impl Into<String>, request_id: Uuid) -> Self {
        Self { status, error: GraphqlError::request(FaultCode::BadUserInput, message), request_id }
    }

    /// A fault of a module below. Faults of ours are logged here, once.
    pub(crate) fn of(fault: &dyn Fault, request_id: Uuid) -> Self {
        if fault.code() == FaultCode::InternalServerError {
            tracing::error!(error = %fault, request.id = %request_id, "a request failed");
        }
        Self::new(fault.code(), fault.public_message(), request_id)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self { status, error, request_id } = self;
        let extensions = json!({ "code": error.code.as_str(), "requestId": request_id });
        let body = json!({ "errors": [{ "message": error.message, "extensions": extensions }] });
        let mut response = (status, axum::Json(body)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Ok(id) = HeaderValue::from_str(&request_id.to_string()) {
            response.headers_mut().insert("x-request-id", id);
        }
        response
    }
}
