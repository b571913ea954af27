//! Text and binds of a statement, for tests and `explain`.

use crate::sql::{Fetch, Query, StatementKind};
use diesel::debug_query;
use diesel::pg::Pg;

/// The statement's text, then ` -- binds: [...]`, as Diesel prints them. Never for logs: binds are people's data.
pub fn show(query: &Query) -> String {
    let fetch: Fetch<'_, diesel::sql_types::Text> = Fetch::new(query, StatementKind::Cold);
    debug_query::<Pg, _>(&fetch).to_string()
}
