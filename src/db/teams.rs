//! The teams of a user: the own one and those below it.

use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Array, Uuid as SqlUuid};

/// `union` rather than `union all`: a circle, which only the database's owner could make, ends.
const TEAMS: &str = "array(
    with recursive below as (
        select own.id from toolcrib.teams as own where own.id = toolcrib.users.team_id
        union
        select child.id from toolcrib.teams as child join below on child.parent_id = below.id
    )
    select below.id from below order by below.id <> toolcrib.users.team_id, below.id
)";

/// An expression over a row of `toolcrib.users`: the user's team first, then every team below it; empty without a team. A part
/// of the statement that finds the user, so that both are of the same moment.
#[derive(Clone, Copy, Debug)]
pub struct UserTeams;

impl Expression for UserTeams {
    type SqlType = Array<SqlUuid>;
}

impl<From> AppearsOnTable<From> for UserTeams {}

impl<From> SelectableExpression<From> for UserTeams {}

impl<GroupBy> ValidGrouping<GroupBy> for UserTeams {
    type IsAggregate = is_aggregate::No;
}

impl QueryId for UserTeams {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryFragment<Pg> for UserTeams {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(TEAMS);
        Ok(())
    }
}
