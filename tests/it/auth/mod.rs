//! Who is asking: tokens, sessions, users, and how soon a change of them counts.

mod acting;
mod command_line;
mod people;
mod replicas;
mod scopes;
mod sessions;
mod sign_in;
mod simulate;
mod sweep;
mod teams;
mod token_mutations;
mod tokens;
mod users;

use crate::support::caller::Caller;
use serde_json::json;

/// How many tickets the caller sees, or the status that says why none.
async fn tickets(caller: &Caller<'_>) -> Result<i64, u16> {
    let response = caller.graphql("{ tickets { totalCount } }", json!({})).await;
    match response.status {
        200 => Ok(response.data()["tickets"]["totalCount"].as_i64().unwrap()),
        status => Err(status),
    }
}
