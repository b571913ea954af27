//! Text and binds of a statement, for tests and `explain`.

use crate::sql::{Fetch, Query, StatementKind};
use diesel::pg::{Pg, PgQueryBuilder};
use diesel::query_builder::{QueryBuilder, QueryFragment};
use diesel::{QueryResult, debug_query};

/// The statement's text, then ` -- binds: [...]`, as Diesel prints them. Never for logs: binds are people's data.
pub fn show(query: &Query) -> String {
    let fetch: Fetch<'_, diesel::sql_types::Text> = Fetch::new(query, StatementKind::Cold);
    debug_query::<Pg, _>(&fetch).to_string()
}

/// The statement's text alone: the same for every request of the same shape.
///
/// # Errors
/// None that a plan can cause; Diesel's signature has one.
pub fn text(query: &Query) -> QueryResult<String> {
    let fetch: Fetch<'_, diesel::sql_types::Text> = Fetch::new(query, StatementKind::Cold);
    let mut builder = PgQueryBuilder::default();
    fetch.to_sql(&mut builder, &Pg)?;
    Ok(builder.finish())
}
