//! Whoever sends requests to a [`TestApp`], and what is answered.

use crate::support::app::{CALLER_ADDRESS, TestApp};
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::request::Builder;
use axum::http::{HeaderMap, Method, Request, header};
use http_body_util::BodyExt;
use serde_json::{Value as Json, json};
use tower::ServiceExt;

/// How a caller proves who it is.
#[derive(Clone, Debug)]
pub(super) enum Credential {
    None,
    User(String),
    Browser(String),
    Token(String),
}

/// Somebody who sends requests.
#[derive(Clone)]
pub struct Caller<'a> {
    app: &'a TestApp,
    credential: Credential,
    headers: HeaderMap,
}

impl<'a> Caller<'a> {
    pub(super) fn new(app: &'a TestApp, credential: Credential) -> Self {
        Self { app, credential, headers: HeaderMap::new() }
    }

    /// The same caller with a header on every request.
    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    /// Runs an operation, as GraphQL clients do.
    pub async fn graphql(&self, query: &str, variables: Json) -> Response {
        self.post("/graphql", &json!({ "query": query, "variables": variables })).await
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, body: &Json) -> Response {
        let request = Request::builder().method(Method::POST).uri(path).header(header::CONTENT_TYPE, "application/json");
        self.send(request, body.to_string()).await
    }

    /// Gets a path.
    pub async fn get(&self, path: &str) -> Response {
        self.send(Request::builder().uri(path), Body::empty()).await
    }

    /// Sends any request, with the caller's credential and headers where the request has none of its own.
    pub async fn send(&self, request: Builder, body: impl Into<Body>) -> Response {
        let mut request = request.body(body.into()).unwrap();
        request.extensions_mut().insert(ConnectInfo(CALLER_ADDRESS));
        let mut headers = self.credential_headers().await;
        headers.extend(self.headers.clone());
        headers.extend(std::mem::take(request.headers_mut()));
        *request.headers_mut() = headers;
        let response = self.app.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a body can be read to its end").to_bytes();
        Response { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    async fn credential_headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        match &self.credential {
            Credential::None => {}
            Credential::User(name) => {
                let token = self.app.token_of(name).await;
                headers.insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
            }
            Credential::Token(token) => {
                headers.insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
            }
            Credential::Browser(name) => {
                let cookie = self.app.cookie_of(name).await;
                headers.insert(header::COOKIE, cookie.parse().unwrap());
                headers.insert("x-toolcrib-csrf", "1".parse().unwrap());
            }
        }
        headers
    }
}

/// What is answered.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Response {
    /// A header's value; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The body as JSON.
    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text()))
    }

    /// `data` of an answer without errors.
    pub fn data(&self) -> Json {
        let mut json = self.json();
        assert!(json.get("errors").is_none(), "{json:#}");
        json["data"].take()
    }

    /// The codes of the errors.
    pub fn codes(&self) -> Vec<String> {
        self.errors("code", |error| &error["extensions"]["code"])
    }

    /// The messages of the errors.
    pub fn messages(&self) -> Vec<String> {
        self.errors("message", |error| &error["message"])
    }

    fn errors(&self, what: &str, part: impl Fn(&Json) -> &Json) -> Vec<String> {
        let json = self.json();
        let errors = json["errors"].as_array().map_or(&[][..], Vec::as_slice);
        errors.iter().map(|error| part(error).as_str().unwrap_or_else(|| panic!("no {what}: {error}")).to_owned()).collect()
    }

    /// The request's id, as the answer's header says it.
    pub fn request_id(&self) -> &str {
        self.header("x-request-id")
    }

    /// The answer without what differs from run to run.
    pub fn redacted(&self) -> Json {
        let mut json = self.json();
        redact(&mut json);
        json
    }
}

/// Names whose values differ from run to run; cursors are found by their form, whatever they are called.
const RANDOM: [&str; 2] = ["requestId", "auditEventId"];

fn redact(json: &mut Json) {
    match json {
        Json::Object(object) => {
            for (name, value) in object {
                match value {
                    Json::String(text) if RANDOM.contains(&name.as_str()) => *text = format!("[{name}]"),
                    other => redact(other),
                }
            }
        }
        Json::Array(elements) => elements.iter_mut().for_each(redact),
        Json::String(text) if is_cursor(text) => *text = "[cursor]".to_owned(),
        _ => {}
    }
}

/// A sealed position; the key is the database's own.
fn is_cursor(text: &str) -> bool {
    text.len() > 90 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
