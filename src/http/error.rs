//! The one mapping of faults to HTTP status.

use crate::base::{Fault, FaultCode};
use crate::graphql::GraphqlError;
use crate::http::negotiate::MediaType;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
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
        FaultCode::PersistedQueryNotFound => StatusCode::UNPROCESSABLE_ENTITY,
        FaultCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        FaultCode::InternalServerError => StatusCode::INTERNAL_SERVER_ERROR,
        FaultCode::BadUserInput
        | FaultCode::ConstraintViolation
        | FaultCode::ReasonRequired
        | FaultCode::GraphqlParseFailed
        | FaultCode::GraphqlValidationFailed => StatusCode::BAD_REQUEST,
    }
}

/// The status for a request error under `application/graphql-response+json`, as the edition of September 2026 has it: what cannot
/// be read is 400, what can be read and not be run is 422. Drafts up to 2025 had 400 for both.
pub(crate) fn status_of_request(code: FaultCode) -> StatusCode {
    match code {
        FaultCode::LimitExceeded | FaultCode::GraphqlValidationFailed | FaultCode::BadUserInput => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        other => status_of(other),
    }
}

/// The status for JSON that is no GraphQL request. Clients of `application/json` know 400 alone for it.
pub(crate) fn status_of_no_request(media_type: MediaType) -> StatusCode {
    match media_type {
        MediaType::GraphqlResponse => StatusCode::UNPROCESSABLE_ENTITY,
        MediaType::Json => StatusCode::BAD_REQUEST,
    }
}

/// A refusal outside GraphQL's own responses, in GraphQL's form of an error, so that clients read one form only.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) error: GraphqlError,
    pub(crate) request_id: Uuid,
    /// The form in which a GraphQL client wants it.
    media_type: MediaType,
    /// What HTTP asks to be said with some statuses.
    header: Option<(HeaderName, &'static str)>,
}

impl Refusal {
    /// A refusal with the status of its code.
    pub(crate) fn new(code: FaultCode, message: impl Into<String>, request_id: Uuid) -> Self {
        Self::build(status_of(code), GraphqlError::request(code, message), request_id)
    }

    /// A refusal with a status that HTTP asks for.
    pub(crate) fn with_status(status: StatusCode, message: impl Into<String>, request_id: Uuid) -> Self {
        Self::build(status, GraphqlError::request(FaultCode::BadUserInput, message), request_id)
    }

    fn build(status: StatusCode, error: GraphqlError, request_id: Uuid) -> Self {
        Self { status, error, request_id, media_type: MediaType::Json, header: None }
    }

    /// The same in the media type that was negotiated.
    pub(crate) fn in_media_type(self, media_type: MediaType) -> Self {
        Self { media_type, ..self }
    }

    /// The same with a header that says what would be accepted.
    pub(crate) fn with_header(self, header: (HeaderName, &'static str)) -> Self {
        Self { header: Some(header), ..self }
    }

    /// A fault of a module below. Faults of ours are logged here, once.
    pub(crate) fn of(fault: &dyn Fault, request_id: Uuid) -> Self {
        if fault.code() == FaultCode::InternalServerError {
            tracing::error!(error = %fault, error.code = fault.code().as_str(), request.id = %request_id, "a request failed");
        }
        Self::new(fault.code(), fault.public_message(), request_id)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self { status, error, request_id, media_type, header: extra } = self;
        metrics::counter!("toolcrib_refusals_total", "code" => error.code.as_str()).increment(1);
        let extensions = json!({ "code": error.code.as_str(), "requestId": request_id });
        let body = json!({ "errors": [{ "message": error.message, "extensions": extensions }] });
        let content_type = [(header::CONTENT_TYPE, HeaderValue::from_static(media_type.as_str()))];
        let mut response = (status, content_type, body.to_string()).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some((name, value)) = extra {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        if let Ok(id) = HeaderValue::from_str(&request_id.to_string()) {
            response.headers_mut().insert("x-request-id", id);
        }
        response
    }
}
