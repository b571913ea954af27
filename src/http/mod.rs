//! The web: routes, extractors and the one mapping of faults to status.
//!
//! Purpose: the only place that knows HTTP. `/scim/v2`, `/graphql`, `/graphiql`, `/exports/{id}`, `/healthz`, `/readyz`, `/metrics`
//! where it is configured, `/auth/...` to sign in and out, and in a demo `/demo/sign-in`.
//! Flow: [`router()`] → extractor proves the caller → handler → `graphql` or `export` → response.
//! Invariants: every route but `/healthz`, `/readyz`, `/auth/...` and the demo's sign-in answers 401 without a credential (`/metrics` has a
//! token of its own, and none on a listener of its own that asks for none); a caller by
//! cookie has to send a header that no foreign page can send; the Host header has to be ours in a demo; an address that a header
//! claims counts only from a proxy that the settings name; no connection becomes anything else than HTTP.
//! Deliberately unknown: rules, SQL, how a session was made.

mod auth;
pub mod console;
mod demo;
mod error;
pub mod exports;
mod extract;
mod graphql;
mod graphql_request;
mod health;
mod html;
mod metrics;
mod negotiate;
mod router;
mod scim;
mod serve;
mod state;

pub use auth::{SessionCookie, SignInLimit};
pub use demo::DemoUser;
pub use extract::Proxies;
pub use metrics::{MetricsEndpoint, serve_metrics};
pub use router::router;
pub use serve::{StopSignal, serve};
pub use state::{Access, DemoState, WebParts, WebState};
