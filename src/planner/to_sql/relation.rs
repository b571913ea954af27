//! Relations as lateral joins.

use crate::base::ColumnName;
use crate::planner::to_sql::Aliases;
use crate::planner::to_sql::aggregate::aggregate_select;
use crate::planner::to_sql::connection::Connection;
use crate::planner::to_sql::cut::List;
use crate::planner::to_sql::row::{json_rows, row_parts};
use crate::planner::{ConnectionPlan, ToManyAggregate, ToManyPlan, ToOnePlan, Window};
use crate::sql::{Alias, Column, CompareOp, Expr, From, Join, JoinKind, Select};

/// A joined relation.
pub(crate) struct Joined {
    /// The join.
    pub join: Join,
    /// Its JSON.
    pub json: Expr,
    /// What a caller views through it.
    pub seen: Option<Expr>,
}

/// The row that a foreign key of the row `parent` points to, as JSON; null if there is none or it may not be read.
pub(crate) fn to_one_join(relation: &ToOnePlan, parent: Alias, aliases: &mut Aliases) -> Joined {
    let row = aliases.next();
    let (from, rule) = relation.row.source.source(row);
    let id = Expr::column(row, &ColumnName::new("id"));
    let joined = Expr::compare(CompareOp::Equal, id, relation.key.unguarded(parent));
    let parts = row_parts(&relation.row, row, aliases);
    let mut select = Select::new(Vec::new(), from).filtered(Expr::all([joined, rule, relation.key.guard(parent)]));
    select.joins = parts.joins;
    select.limit = Some(1);
    let has_seen = parts.seen.is_some();
    let rows = json_rows(select, parts.columns, parts.seen, aliases);
    lateral(rows, has_seen, aliases)
}

/// The rows whose foreign key points to the row `parent`, as a JSON array.
pub(crate) fn to_many_join(relation: &ToManyPlan, parent: Alias, aliases: &mut Aliases) -> Joined {
    let ToManyPlan { key, filter, order, limit, row: plan } = relation;
    let row = aliases.next();
    let list = List { source: &plan.source, parent: Some((key, parent)), filter, order };
    let mut cut = list.cut(&Window::first(*limit), *limit, row);
    let parts = row_parts(plan, row, aliases);
    if !parts.joins.is_empty() {
        cut = list.wrap(cut, row);
        cut.select.joins = parts.joins;
    }
    let has_seen = parts.seen.is_some();
    let rows = json_rows(cut.select, parts.columns, parts.seen, aliases);
    let list = json_list(rows, has_seen, aliases);
    lateral(list, has_seen, aliases)
}

/// A page of the rows whose foreign key points to the row `parent`, as the JSON of a connection.
pub(crate) fn connection_join(plan: &ConnectionPlan, parent: Alias, aliases: &mut Aliases) -> Joined {
    let select = Connection::below(plan, parent).select(aliases);
    let has_seen = has_seen(&select);
    lateral(select, has_seen, aliases)
}

fn has_seen(select: &Select) -> bool {
    select.columns.iter().any(|column| column.label.as_ref().is_some_and(|label| label.as_str() == "seen"))
}

/// What is computed over the rows whose foreign key points to the row `parent`, as a JSON array.
pub(crate) fn aggregate_join(relation: &ToManyAggregate, parent: Alias, aliases: &mut Aliases) -> Joined {
    let points_here = |row| {
        let parent_id = Expr::column(parent, &ColumnName::new("id"));
        let is_child = Expr::compare(CompareOp::Equal, relation.key.unguarded(row), parent_id);
        Some(Expr::all([is_child, relation.key.guard(row)]))
    };
    let select = aggregate_select(&relation.plan, points_here, aliases);
    let has_seen = has_seen(&select);
    lateral(select, has_seen, aliases)
}

/// One row with the JSON array of all rows, labelled `j`, and everything seen in them.
fn json_list(rows: Select, has_seen: bool, aliases: &mut Aliases) -> Select {
    let all = aliases.next();
    let column = |label| Expr::labelled(all, label);
    let list = Expr::Aggregate { function: "json_agg", argument: Box::new(column("j")), filter: None };
    let mut columns = vec![Column::fixed(Expr::Call("coalesce", vec![list, Expr::Fixed("'[]'::json")]), "j")];
    if has_seen {
        columns.push(Column::fixed(Expr::Call("string_agg", vec![column("seen"), Expr::Fixed("','")]), "seen"));
    }
    Select::new(columns, From::Subselect(Box::new(rows), all))
}

fn lateral(rows: Select, has_seen: bool, aliases: &mut Aliases) -> Joined {
    let alias = aliases.next();
    Joined {
        join: Join { kind: JoinKind::LeftLateral, from: From::Subselect(Box::new(rows), alias) },
        json: Expr::labelled(alias, "j"),
        seen: has_seen.then(|| Expr::labelled(alias, "seen")),
    }
}
