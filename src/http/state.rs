//! What handlers share.

use crate::auth::{Authenticator, SignIn};
use crate::config::ScimSettings;
use crate::graphql::Engine;
use crate::http::console::Example;
use crate::http::{DemoUser, MetricsEndpoint, Proxies, SessionCookie, SignInLimit};
use std::ops::Deref;
use std::sync::Arc;

/// What handlers share. Cheap to clone: each request does it more than once.
#[derive(Clone)]
pub struct WebState(Arc<WebParts>);

impl From<WebParts> for WebState {
    fn from(parts: WebParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for WebState {
    type Target = WebParts;

    fn deref(&self) -> &WebParts {
        &self.0
    }
}

/// The parts of what handlers share.
pub struct WebParts {
    /// Answers GraphQL.
    pub engine: Arc<Engine>,
    /// Makes actors.
    pub authenticator: Arc<Authenticator>,
    /// Signs people in.
    pub sign_in: Arc<SignIn>,
    /// How often one address may ask to.
    pub sign_in_limit: SignInLimit,
    /// The proxies that are believed about addresses.
    pub proxies: Proxies,
    /// How browsers keep their sessions.
    pub session_cookie: SessionCookie,
    /// Whether anybody is served at all.
    pub access: Access,
    /// The demo's sign-in; `None` outside a demo.
    pub demo: Option<DemoState>,
    /// What groups of the company's directory mean.
    pub scim: ScimSettings,
    /// The largest request body, in bytes.
    pub max_body_bytes: usize,
    /// Operations that one request may bundle; 1 means that batches are refused.
    pub max_batch: usize,
    /// The tool's name, for page titles.
    pub tool_name: String,
    /// `/metrics`; `None` if it is off.
    pub metrics: Option<Arc<MetricsEndpoint>>,
    /// GraphiQL's example tabs.
    pub examples: Vec<Example>,
}

/// Whether anybody is served at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Whoever has a credential.
    Open,
    /// Nobody: there is no way to sign in. Only health is told.
    Closed,
}

/// What a demo adds.
#[derive(Clone, Debug)]
pub struct DemoState {
    /// The users whom anybody on this machine may sign in as.
    pub users: Vec<DemoUser>,
}
