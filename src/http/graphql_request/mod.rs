//! GraphQL requests out of a body or a query string, as the GraphQL-over-HTTP specification names their parts.

mod content;
mod parameters;

pub(crate) use content::is_utf8;

use crate::base::FaultCode;
use crate::graphql::GraphqlRequest;
use crate::http::WebState;
use crate::http::error::{Refusal, status_of_no_request};
use crate::http::negotiate::MediaType;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Query, Request};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use parameters::{Sent, SentTexts};
use serde_json::value::RawValue;
use uuid::Uuid;

/// What one HTTP request asks for.
pub(crate) enum Asked {
    /// One operation, as the specification has it.
    One(Box<GraphqlRequest>),
    /// Several in a JSON array, answered by an array; only where `limits.max_batch` allows.
    Batch(Vec<GraphqlRequest>),
}

/// Why an HTTP request is no GraphQL request.
pub(super) enum Unreadable {
    /// It cannot be read.
    Malformed(String),
    /// It can be read, and is not of the form.
    NoRequest(String),
    /// It is larger than a limit.
    TooLarge(String),
    /// Its media type, charset or content coding is not read here; the header says what is.
    Unsupported(String, (header::HeaderName, &'static str)),
}

impl Unreadable {
    fn refusal(self, request_id: Uuid, media_type: MediaType) -> Refusal {
        match self {
            Self::NoRequest(message) => Refusal::with_status(status_of_no_request(media_type), message, request_id),
            Self::Malformed(message) => Refusal::with_status(StatusCode::BAD_REQUEST, message, request_id),
            Self::TooLarge(message) => Refusal::new(FaultCode::LimitExceeded, message, request_id),
            Self::Unsupported(message, header) => {
                Refusal::with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE, message, request_id).with_header(header)
            }
        }
    }
}

/// Whether a method promises to change nothing. A HEAD is a GET without its answer.
pub(crate) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Reads what a request asks for.
///
/// # Errors
/// What is wrong with it, with the status that HTTP has for that where answers have this media type.
pub(crate) async fn read_request(
    request: Request,
    state: &WebState,
    request_id: Uuid,
    media_type: MediaType,
) -> Result<Asked, Refusal> {
    let read = if is_safe(request.method()) {
        read_query_string(request.uri()).map(|request| Asked::One(Box::new(request)))
    } else {
        read_body(request, state).await
    };
    read.map_err(|unreadable| unreadable.refusal(request_id, media_type))
}

fn read_query_string(uri: &Uri) -> Result<GraphqlRequest, Unreadable> {
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri);
    let Query(pairs) = pairs.map_err(|_| Unreadable::Malformed("the query string is not URL-encoded UTF-8".to_owned()))?;
    SentTexts::collect(pairs)?.read()
}

async fn read_body(request: Request, state: &WebState) -> Result<Asked, Unreadable> {
    let (parts, body) = request.into_parts();
    content::check(&parts.headers)?;
    let bytes = receive(&parts.headers, body, state.max_body_bytes).await?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|error| Unreadable::Malformed(format!("the body is not UTF-8 from byte {} on", error.valid_up_to())))?;
    if text.trim_start().starts_with('[') {
        return read_batch(text, state.max_batch);
    }
    Sent::parse(text, "the body")?.read().map(|request| Asked::One(Box::new(request)))
}

/// The bytes of a body, up to the limit. One that says beforehand that it is larger is not even received.
async fn receive(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Unreadable> {
    let told = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    let size = match told {
        Some(length) if length > limit => length.to_string(),
        _ => match to_bytes(body, limit).await {
            Ok(bytes) => return Ok(bytes),
            Err(_) => format!("more than {limit}"),
        },
    };
    Err(Unreadable::TooLarge(format!("the body has {size} bytes; the limit is {limit} (`limits.max_body_bytes`)")))
}

fn read_batch(text: &str, limit: usize) -> Result<Asked, Unreadable> {
    if limit < 2 {
        let message = "batches are not served; send one operation for each request, or raise `limits.max_batch`";
        return Err(Unreadable::NoRequest(message.to_owned()));
    }
    let elements: Vec<&RawValue> = parameters::parse_json(text, "the body")?;
    if elements.is_empty() {
        return Err(Unreadable::NoRequest("the batch is empty; send at least one operation".to_owned()));
    }
    if elements.len() > limit {
        let count = elements.len();
        let message = format!("the batch has {count} operations; the limit is {limit} (`limits.max_batch`)");
        return Err(Unreadable::TooLarge(message));
    }
    let requests = elements.iter().enumerate().map(|(index, element)| {
        let name = format!("element {index} of the batch");
        Sent::parse(element.get(), &name)?.read()
    });
    Ok(Asked::Batch(requests.collect::<Result<_, _>>()?))
}
