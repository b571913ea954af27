//! The pages of sign-in: plain HTML without scripts.

use crate::auth::LocalPath;
use crate::base::RequestContext;
use crate::http::WebState;
use crate::http::html::escape;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The page for a browser that is nobody yet: the providers, and in a demo whom to be.
pub(crate) fn choice_page(state: &WebState, status: StatusCode, return_to: &LocalPath) -> Response {
    let mut body = String::new();
    let choices = state.sign_in.choices();
    if !choices.is_empty() {
        let return_to = utf8_percent_encode(return_to.as_str(), NON_ALPHANUMERIC);
        body.push_str("<ul>");
        for choice in &choices {
            let name = escape(&choice.name);
            body.push_str(&format!("<li><a href=\"/auth/login/{}?return_to={return_to}\">{name}</a></li>", choice.id));
        }
        body.push_str("</ul>");
    }
    match &state.demo {
        Some(demo) => {
            body.push_str("<p>This is a demo on this machine alone. Be:</p><ul>");
            for user in &demo.users {
                let (email, role) = (escape(&user.email), escape(&user.role));
                body.push_str(&format!("<li><a href=\"/demo/sign-in?user={email}\">{email}</a> ({role})</li>"));
            }
            body.push_str("</ul>");
        }
        None if choices.is_empty() => {
            body.push_str("<p>Sign-in is not configured. Scripts send a token: <code>toolcrib token create --help</code>.</p>")
        }
        None => {}
    }
    let mut response = page(status, "Sign in", &body);
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// The page that asks whether a command line is to be let in. A link to where it leads may have been sent by anybody, and what
/// waits at the port may be somebody else's: only the person knows.
pub(super) fn command_line_page(provider: &str, port: u16, challenge: &str, max_age: Option<&u32>) -> Response {
    let age = max_age.map(|seconds| format!("<input type=\"hidden\" name=\"max_age\" value=\"{seconds}\">"));
    let (provider, challenge, age) = (escape(provider), escape(challenge), age.unwrap_or_default());
    let body = format!(
        "<p>A command line on this computer, at port {port}, wants to be signed in as you.</p>\
         <p>Go on only if you have just run <code>toolcrib login</code> yourself.</p>\
         <form method=\"post\" action=\"/auth/login/{provider}\"><input type=\"hidden\" name=\"port\" value=\"{port}\">\
         <input type=\"hidden\" name=\"challenge\" value=\"{challenge}\">{age}<button type=\"submit\">Sign in</button></form>"
    );
    page(StatusCode::OK, "Sign in a command line", &body)
}

/// A page that says one thing.
pub(super) fn message_page(status: StatusCode, title: &str, message: &str, context: &RequestContext) -> Response {
    let id = context.request_id;
    let body = format!("<p>{}</p><p>Request <code>{id}</code></p><p><a href=\"/auth/login\">Sign in</a></p>", escape(message));
    let mut response = page(status, title, &body);
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}

/// A page. Its body is HTML of ours, with every word of others escaped.
pub(super) fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let text = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><main><h1>{title}</h1>{body}</main></html>"
    );
    let headers: [(HeaderName, HeaderValue); 4] = [
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
        ),
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (status, headers, text).into_response()
}
