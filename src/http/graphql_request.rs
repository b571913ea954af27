//! A GraphQL request out of a body or a query string, as the GraphQL-over-HTTP specification names their parts.

use crate::graphql::{GraphqlRequest, Variables};
use crate::http::WebState;
use crate::http::error::Refusal;
use axum::body::to_bytes;
use axum::extract::{Query, Request};
use axum::http::{HeaderMap, Method, StatusCode, header};
use serde::Deserialize;
use uuid::Uuid;

const NOT_A_REQUEST: &str =
    "the body is not a GraphQL request: a JSON object with `query`, and perhaps `variables` and `operationName`";

/// The body of a POST. `extensions`, and whatever else a client sends, is not looked at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<Variables>,
}

/// The query string of a GET; `variables` is JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueryString {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
}

/// Reads a request. A GET, and a HEAD, which is a GET without its answer, never changes anything.
///
/// # Errors
/// What is wrong with it, with the status that HTTP has for that.
pub(crate) async fn read_request(request: Request, state: &WebState, request_id: Uuid) -> Result<GraphqlRequest, Refusal> {
    let refuse = |status, message: &str| Refusal::with_status(status, message, request_id);
    let is_query_only = matches!(*request.method(), Method::GET | Method::HEAD);
    let Body { query, operation_name, variables } = if is_query_only {
        read_query_string(&request).map_err(|problem| refuse(StatusCode::BAD_REQUEST, problem))?
    } else {
        if !is_json(request.headers()) {
            let message = "send the request as `Content-Type: application/json`";
            return Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
        }
        let bytes = to_bytes(request.into_body(), state.max_body_bytes).await;
        let bytes = bytes.map_err(|_| refuse(StatusCode::PAYLOAD_TOO_LARGE, "the request body is too large"))?;
        if bytes.trim_ascii_start().starts_with(b"[") {
            return Err(refuse(StatusCode::BAD_REQUEST, "batches are not served; send one operation for each request"));
        }
        serde_json::from_slice(&bytes).map_err(|_| refuse(StatusCode::BAD_REQUEST, NOT_A_REQUEST))?
    };
    let Some(query) = query.filter(|query| !query.is_empty()) else {
        return Err(refuse(StatusCode::BAD_REQUEST, "`query` is missing: the GraphQL document to run"));
    };
    Ok(GraphqlRequest { query, operation_name, variables: variables.unwrap_or_default(), is_query_only })
}

fn read_query_string(request: &Request) -> Result<Body, &'static str> {
    let Query(QueryString { query, operation_name, variables }) =
        Query::try_from_uri(request.uri()).map_err(|_| "the query string cannot be read")?;
    let variables = match variables.filter(|text| !text.is_empty()) {
        Some(text) => serde_json::from_str(&text).map_err(|_| "`variables` is not a JSON object")?,
        None => None,
    };
    Ok(Body { query, operation_name, variables })
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}
