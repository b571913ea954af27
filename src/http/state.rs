//! What handlers share.

use crate::auth::Authenticator;
use crate::config::ScimSettings;
use crate::graphql::Engine;
use crate::http::console::Example;
use crate::http::{DemoUser, MetricsEndpoint};
use std::sync::Arc;

/// What handlers share. Cheap to clone.
#[derive(Clone)]
pub struct WebState {
    /// Answers GraphQL.
    pub engine: Arc<Engine>,
    /// Makes actors.
    pub authenticator: Arc<Authenticator>,
    /// The demo's sign-in; `None` outside a demo.
    pub demo: Option<Arc<DemoState>>,
    /// What groups of the company's directory mean.
    pub scim: Arc<ScimSettings>,
    /// The largest request body, in bytes.
    pub max_body_bytes: usize,
    /// Operations that one request may bundle; 1 means that batches are refused.
    pub max_batch: usize,
    /// The tool's name, for page titles.
    pub tool_name: Arc<str>,
    /// `/metrics`; `None` if it is off.
    pub metrics: Option<Arc<MetricsEndpoint>>,
    /// GraphiQL's example tabs.
    pub examples: Arc<[Example]>,
}

/// What a demo adds.
#[derive(Clone, Debug)]
pub struct DemoState {
    /// The users whom anybody on this machine may sign in as.
    pub users: Vec<DemoUser>,
}
