//! The support desk's engine without HTTP.

use crate::support::app::TestApp;
use serde_json::Value as Json;
use toolcrib::base::{Actor, AuthMethod, RequestContext, RoleName};
use toolcrib::graphql::{GraphqlRequest, GraphqlResponse};

/// An app whose engine is asked directly, as an actor.
pub struct Desk {
    /// The app.
    pub app: TestApp,
}

impl Desk {
    /// Somebody of the desk, as a token makes them known.
    pub async fn actor(&self, name: &str) -> Actor {
        let rows = self.app.rows(&format!("select id, role, team_id from toolcrib.users where email = '{name}@desk.test'")).await;
        let id = |field: &str| rows[0][field].as_str().map(|id| id.parse().unwrap());
        let role = RoleName::new(rows[0]["role"].as_str().unwrap());
        let team = id("team_id");
        let actor = Actor::platform("test");
        let teams = team.into_iter().collect();
        let auth_method = AuthMethod::Token;
        Actor { id: id("id"), email: Some(format!("{name}@desk.test")), role, team, teams, auth_method, service: None, ..actor }
    }

    /// Asks from `192.0.2.7`.
    pub async fn ask(&self, actor: &Actor, query: &str, variables: &Json) -> GraphqlResponse {
        self.ask_from("192.0.2.7", actor, query, variables).await
    }

    /// Asks from an address.
    pub async fn ask_from(&self, address: &str, actor: &Actor, query: &str, variables: &Json) -> GraphqlResponse {
        let address = Some(address.parse().unwrap());
        let context = RequestContext { ip_address: address, ..RequestContext::internal(chrono::Utc::now()) };
        self.ask_in(&context, actor, query, variables).await
    }

    /// Asks in a request that is known otherwise.
    pub async fn ask_in(&self, context: &RequestContext, actor: &Actor, query: &str, variables: &Json) -> GraphqlResponse {
        let variables = serde_json_bytes::to_value(variables).unwrap().as_object().unwrap().clone();
        let request = GraphqlRequest { query: query.to_owned(), variables, ..GraphqlRequest::default() };
        self.app.app.engine.execute(&request, actor, context).await
    }
}
