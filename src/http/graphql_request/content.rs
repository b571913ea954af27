//! Which bodies are read: JSON in UTF-8, as it is.
//!
//! Security: `text/plain`, forms and multipart are what a page of any origin may send with a browser's cookies and without
//! asking (CORS calls them simple). JSON it may not, so nothing else is read, whatever is in it.

use super::Unreadable;
use axum::http::{HeaderMap, header};

/// The one media type of requests.
const JSON: &str = "application/json";

/// What a refused client is told in a header, for media types and for content codings.
const ACCEPTED_TYPE: (header::HeaderName, &str) = (header::HeaderName::from_static("accept-post"), JSON);
const ACCEPTED_CODING: (header::HeaderName, &str) = (header::ACCEPT_ENCODING, "identity");

/// Checks the headers that say what a body is.
pub(super) fn check(headers: &HeaderMap) -> Result<(), Unreadable> {
    let value = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().trim();
    let content_type = value(header::CONTENT_TYPE);
    let mut parts = content_type.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    if !media_type.eq_ignore_ascii_case(JSON) {
        return Err(Unreadable::Unsupported(refused_type(media_type), ACCEPTED_TYPE));
    }
    let charsets = parts.filter_map(|part| part.split_once('=')).filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    for (_, charset) in charsets {
        let charset = charset.trim().trim_matches('"');
        if !is_utf8(charset) {
            let message = format!("the body is read as UTF-8 alone; its `Content-Type` says `charset={charset}`");
            return Err(Unreadable::Unsupported(message, ACCEPTED_TYPE));
        }
    }
    let coding = value(header::CONTENT_ENCODING);
    if !coding.is_empty() && !coding.eq_ignore_ascii_case("identity") {
        let message = format!("the body is read as it is; its `Content-Encoding` says `{coding}`");
        return Err(Unreadable::Unsupported(message, ACCEPTED_CODING));
    }
    Ok(())
}

/// Whether a charset's name is one of UTF-8's.
pub(crate) fn is_utf8(charset: &str) -> bool {
    charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
}

fn refused_type(media_type: &str) -> String {
    match media_type.to_ascii_lowercase().as_str() {
        "" => format!("the body has no `Content-Type`; send JSON as `Content-Type: {JSON}`"),
        "multipart/form-data" => {
            format!("files are not uploaded through GraphQL here; send JSON as `Content-Type: {JSON}`, without files")
        }
        other => format!("a body as `{other}` is not read; send JSON as `Content-Type: {JSON}`"),
    }
}
