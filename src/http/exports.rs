//! `GET /exports/{id}`: the file of an export.

use crate::base::{Actor, FaultCode, RequestContext};
use crate::export::{Download, ExportError, ExportFormat, Exporter};
use crate::http::error::Refusal;
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::Stream;
use std::io;
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use uuid::Uuid;

/// Bytes of a file that are read at once.
const CHUNK: usize = 64 * 1024;

/// Seconds after which to ask again for an export that is running.
const RETRY_AFTER: &str = "2";

/// RFC 9530.
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

/// Hands out the file of an export to a caller who is signed in.
pub async fn serve(exporter: &Exporter, actor: &Actor, context: &RequestContext, id: Uuid) -> Response {
    match exporter.download(actor, context, id).await {
        Ok(download) => file_response(download, context.request_id),
        Err(error) => refuse(&error, context.request_id),
    }
}

fn file_response(download: Download, request_id: Uuid) -> Response {
    let Download { file, size, checksum, format, file_name } = download;
    let content_type = match format {
        ExportFormat::Csv => "text/csv; charset=utf-8; header=present",
        ExportFormat::Json => "application/json",
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    // What people of other companies typed must never be taken for a page of ours.
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    // Each download is on record; a copy in a cache would be handed out without.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let mut insert = |name, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    };
    insert(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{file_name}\""));
    insert(HeaderName::from_static("x-request-id"), request_id.to_string());
    if let Ok(digest) = hex::decode(&checksum) {
        insert(header::ETAG, format!("\"sha256-{checksum}\""));
        insert(REPR_DIGEST, format!("sha-256=:{}:", STANDARD.encode(digest)));
    }
    (headers, Body::from_stream(chunks(file))).into_response()
}

/// The file piece by piece: its size is no matter of memory.
fn chunks(file: File) -> impl Stream<Item = io::Result<Bytes>> + Send {
    futures_util::stream::try_unfold(file, |mut file| async move {
        let mut chunk = Vec::with_capacity(CHUNK);
        let read = (&mut file).take(CHUNK as u64).read_to_end(&mut chunk).await?;
        Ok((read > 0).then(|| (Bytes::from(chunk), file)))
    })
}

fn refuse(error: &ExportError, request_id: Uuid) -> Response {
    let mut refusal = Refusal::of(error, request_id);
    if let ExportError::Failed { .. } = error {
        // There never will be a file, so nobody needs to ask again.
        refusal.status = StatusCode::GONE;
    }
    let code = refusal.error.code;
    let mut response = refusal.into_response();
    if matches!(error, ExportError::Running { .. }) && code == FaultCode::Conflict {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
    }
    response
}
