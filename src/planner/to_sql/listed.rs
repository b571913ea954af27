//! Rows whose ids are known, in their order, as SQL.

use crate::base::{ColumnName, ScalarType, Value};
use crate::planner::RowPlan;
use crate::planner::to_sql::Aliases;
use crate::planner::to_sql::change::{INPUT, id_of};
use crate::planner::to_sql::row::{json_rows, row_parts};
use crate::sql::{Column, CompareOp, Expr, From, Join, JoinKind, OrderTerm, Select};
use uuid::Uuid;

/// Renders one row with `j` (the JSON array), `rows` (how many of them there are) and, where reads are audited, `seen`.
pub(crate) fn listed_select(ids: &[Uuid], row: &RowPlan, aliases: &mut Aliases) -> Select {
    let alias = aliases.next();
    let (from, rule) = row.source.source(alias);
    let is_row = Expr::compare(CompareOp::Equal, id_of(alias), id_of(INPUT));
    let parts = row_parts(row, alias, aliases);
    let has_seen = parts.seen.is_some();
    let mut select = Select::new(Vec::new(), from).filtered(Expr::all([is_row, rule]));
    select.joins = parts.joins;
    select.limit = Some(1);
    let found = aliases.next();
    let rows = json_rows(select, parts.columns, parts.seen, aliases);
    let found_column = |label| Expr::labelled(found, label);

    let mut columns = vec![Column::fixed(found_column("j"), "j")];
    columns.extend(has_seen.then(|| Column::fixed(found_column("seen"), "seen")));
    let mut listed = Select::new(columns, places(ids));
    listed.joins = vec![Join { kind: JoinKind::LeftLateral, from: From::Subselect(Box::new(rows), found) }];
    listed.order = vec![OrderTerm { expr: Expr::labelled(INPUT, "place"), is_descending: false, is_nulls_first: None }];

    let all = aliases.next();
    let column = |label| Expr::labelled(all, label);
    let list = Expr::Aggregate { function: "json_agg", argument: Box::new(column("j")), filter: None };
    let mut answer = vec![
        Column::fixed(Expr::Call("coalesce", vec![list, Expr::Fixed("'[]'::json")]), "j"),
        Column::fixed(Expr::Call("count", vec![column("j")]), "rows"),
    ];
    if has_seen {
        // Null, as of no row at all, if none of them could be read.
        let seen = Expr::Call("string_agg", vec![column("seen"), Expr::Fixed("','")]);
        answer.push(Column::fixed(seen, "seen"));
    }
    Select::new(answer, From::Subselect(Box::new(listed), all))
}

/// `input(id, place)`
fn places(ids: &[Uuid]) -> From {
    let numbers = (0..).take(ids.len()).map(Value::Int).collect();
    let ids = Value::List(ScalarType::Id, ids.iter().copied().map(Value::Id).collect());
    let arrays = [ids, Value::List(ScalarType::Int, numbers)].map(Expr::Value);
    From::Unnest(arrays.into(), INPUT, vec![ColumnName::new("id"), ColumnName::new("place")])
}
