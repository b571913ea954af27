//! What is known of a request besides its caller.

use crate::base::RequestContext;
use crate::http::WebState;
use axum::http::header;
use axum::http::request::Parts;
use chrono::Utc;
use uuid::Uuid;

/// Longer user agents are cut: audit events keep them for years.
const MAX_USER_AGENT: usize = 256;

/// The context of a request. The id is always the server's own: one that a client chose could be a lie in the audit log.
pub(crate) fn request_context(parts: &Parts, state: &WebState) -> RequestContext {
    let user_agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    RequestContext {
        request_id: Uuid::now_v7(),
        ip_address: state.proxies.client_address(&parts.extensions, &parts.headers),
        // Of ASCII alone, so it can be cut anywhere.
        user_agent: user_agent.map(|text| text.get(..MAX_USER_AGENT).unwrap_or(text).to_owned()),
        time: Utc::now(),
    }
}
