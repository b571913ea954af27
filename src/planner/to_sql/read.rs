//! A whole read as one statement, with its VIEW event where reads are audited.

use crate::base::{ColumnName, ScalarType, Value};
use crate::planner::to_sql::Aliases;
use crate::planner::to_sql::aggregate::aggregate_select;
use crate::planner::to_sql::audit::view_cte;
use crate::planner::to_sql::connection::Connection;
use crate::planner::to_sql::filter::filter_condition;
use crate::planner::to_sql::listed::listed_select;
use crate::planner::to_sql::row::{field_parts, json_rows, row_parts};
use crate::planner::{Planner, ReadPlan, ReadRoot, RowPlan, ViewerPlan};
use crate::sql::{Alias, Column, CompareOp, Cte, CteBody, Expr, From, Query, Select};
use uuid::Uuid;

/// The alias of the answer, when a VIEW event is built from it.
pub(crate) const ANSWER: Alias = Alias::Named("answer");

/// Renders a read: at most one row with `j` (the field's JSON) and `rows` (how many rows it shows), and `seen` (which ones) where
/// the VIEW event is written later.
pub fn read_statement(planner: &Planner<'_>, plan: &ReadPlan) -> Query {
    let mut aliases = Aliases::marking(&planner.settings.mask_key);
    let mut answer = match &plan.root {
        ReadRoot::Row { id, row } => row_select(row, |alias| is_row(*id, alias), &mut aliases),
        ReadRoot::Found { filter, row } => row_select(row, |alias| filter_condition(filter, alias, 0), &mut aliases),
        ReadRoot::Aggregate(aggregate) => aggregate_select(aggregate, |_| None, &mut aliases),
        ReadRoot::Viewer(viewer) => viewer_select(viewer, &mut aliases),
        ReadRoot::Listed { ids, row } => listed_select(ids, row, &mut aliases),
        ReadRoot::Connection(connection) => Connection::root(connection).select(&mut aliases),
    };
    let Some(view) = &plan.view else {
        return Query::select(answer);
    };
    let is_seen = |column: &Column| column.label.as_ref().is_some_and(|label| label.as_str() == "seen");
    if !answer.columns.iter().any(is_seen) {
        answer.columns.push(Column::fixed(Expr::Fixed("null::text"), "seen"));
    }
    if view.is_deferred {
        return Query::select(answer);
    }
    let column = |label| Column::bare(Expr::labelled(ANSWER, label));
    Query {
        ctes: vec![Cte { name: ANSWER, body: CteBody::Select(answer) }, view_cte(planner, view)],
        body: Select::new(vec![column("j"), column("rows")], From::Cte(ANSWER, ANSWER)),
    }
}

/// The caller as a row of constants, with what is joined to it.
fn viewer_select(viewer: &ViewerPlan, aliases: &mut Aliases) -> Select {
    let alias = aliases.next();
    let id = |id: Option<Uuid>| Expr::Value(id.map_or(Value::Null(ScalarType::Id), Value::Id));
    let text = |text: Option<String>| Expr::Value(text.map_or(Value::Null(ScalarType::String), Value::Text));
    let columns = vec![
        Column::fixed(id(viewer.id), "id"),
        Column::fixed(text(viewer.email.clone()), "email"),
        Column::fixed(text(Some(viewer.role.clone())), "role"),
        Column::fixed(id(viewer.team), "team_id"),
    ];
    let parts = field_parts(&viewer.fields, Vec::new(), alias, aliases);
    let constants = Select { columns, ..Select::default() };
    let mut select = Select::new(Vec::new(), From::Subselect(Box::new(constants), alias));
    select.joins = parts.joins;
    let mut rows = json_rows(select, parts.columns, parts.seen, aliases);
    rows.columns.insert(1, Column::fixed(Expr::Fixed("1::bigint"), "rows"));
    rows
}

fn is_row(id: Option<Uuid>, alias: Alias) -> Expr {
    let id = Expr::Value(id.map_or(Value::Null(ScalarType::Id), Value::Id));
    Expr::compare(CompareOp::Equal, Expr::column(alias, &ColumnName::new("id")), id)
}

/// The one row for which a condition holds.
fn row_select(row: &RowPlan, condition: impl Fn(Alias) -> Expr, aliases: &mut Aliases) -> Select {
    let alias = aliases.next();
    let (from, rule) = row.source.source(alias);
    let parts = row_parts(row, alias, aliases);
    let mut select = Select::new(Vec::new(), from).filtered(Expr::all([condition(alias), rule]));
    select.joins = parts.joins;
    let mut rows = json_rows(select, parts.columns, parts.seen, aliases);
    rows.columns.insert(1, Column::fixed(Expr::Fixed("1::bigint"), "rows"));
    rows
}
