//! The console's pages: for now GraphiQL at `/graphiql`, with the tool's own example operations.
//!
//! Purpose: serve what a browser needs to work with the API, from the binary alone: no CDN, no file beside the executable.
//! Flow: `npm run build` in `graphiql/` writes `dist/` → it is embedded at compile time ([`Assets`]) → [`routes`] serves the
//! page, its assets and the examples; the page itself then speaks to `/graphql` like any other client.
//! Invariants: everything comes from this origin under a strict Content-Security-Policy without `unsafe-inline` and
//! `unsafe-eval`; only names that are in the bundle are served, never a path of the file system; a binary that was compiled
//! without the bundle says so, instead of failing.
//! Deliberately unknown: who is signed in, the schema, what an example does.

mod assets;
mod error;
mod example;
mod page;

#[cfg(test)]
mod tests;

pub use assets::Assets;
pub use error::ConsoleError;
pub use example::Example;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;

/// What the pages may load and do: their own files and calls to this origin. Styles that a library makes at run time are
/// constructed style sheets, so not even a nonce is needed.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; \
     img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const SECURITY_HEADERS: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // A query in the address bar must not reach other sites.
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// The page names its assets by hash, so an old copy of it would ask for files that are gone.
const NO_STORE: &str = "no-store";
/// An asset's name changes with its content.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// What the handlers need, made once.
struct Console {
    assets: Assets,
    page: Option<String>,
    examples: Bytes,
}

/// The routes of the console, with the bundle embedded in this binary. `tool` is the tool's name as people read it.
pub fn routes(tool: &str, examples: &[Example]) -> Router {
    routes_with(Assets::embedded(), tool, examples)
}

/// The routes of the console over any bundle.
fn routes_with(assets: Assets, tool: &str, examples: &[Example]) -> Router {
    let page = assets.entry().map(|entry| page::graphiql(tool, entry));
    let examples = serde_json::to_vec(examples).expect("plain strings always serialize").into();
    Router::new()
        .route("/graphiql", get(show_graphiql))
        .route("/graphiql/examples.json", get(list_examples))
        .route("/graphiql/assets/{name}", get(serve_asset))
        .layer(map_response(add_security_headers))
        .with_state(Arc::new(Console { assets, page, examples }))
}

async fn show_graphiql(State(console): State<Arc<Console>>) -> Response {
    let no_store = [(header::CACHE_CONTROL, NO_STORE)];
    match &console.page {
        Some(page) => (no_store, Html(page.clone())).into_response(),
        None => (StatusCode::NOT_IMPLEMENTED, no_store, Html(page::NOT_BUILT)).into_response(),
    }
}

async fn list_examples(State(console): State<Arc<Console>>) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, NO_STORE)];
    (headers, console.examples.clone()).into_response()
}

async fn serve_asset(State(console): State<Arc<Console>>, Path(name): Path<String>) -> Response {
    let Some(asset) = console.assets.find(&name) else {
        return (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, NO_STORE)], "no such asset\n").into_response();
    };
    let headers = [(header::CONTENT_TYPE, asset.content_type.as_str()), (header::CACHE_CONTROL, IMMUTABLE)];
    (headers, asset.bytes.clone()).into_response()
}

async fn add_security_headers(mut response: Response) -> Response {
    for (name, value) in SECURITY_HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
