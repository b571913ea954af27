//! Relations as lateral joins.

use crate::base::ColumnName;
use crate::planner::to_sql::Aliases;
use crate::planner::to_sql::aggregate::aggregate_select;
use crate::planner::to_sql::filter::filter_condition;
use crate::planner::to_sql::order::order_terms;
use crate::planner::to_sql::row::{json_rows, row_parts};
use crate::planner::{ToManyAggregate, ToManyPlan, ToOnePlan};
use crate::sql::{Alias, Column, CompareOp, Expr, From, Join, JoinKind, OrderTerm, Select};

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
    let row = aliases.next();
    let (from, rule) = relation.row.source.source(row);
    let parent_id = Expr::column(parent, &ColumnName::new("id"));
    let key = relation.key.unguarded(row);
    // Bound by `= any(array[..])` and ordered by the key first: only an index that begins with the key gives that order. With
    // `=` the key would drop out of the order, and for a few rows of a large table PostgreSQL may read the index of the rest
    // (the primary key, as a rule) from its beginning until it has found them: a thousand times slower for a parent with none.
    // The key has the direction of the caller's first term, so that the index is read one way and nothing is sorted.
    let joined = Expr::AnyOf(Box::new(key.clone()), Box::new(Expr::Array(vec![parent_id.clone()])));
    let gate = rule_of_parent(&rule, &key, &parent_id);
    let conditions = [joined, relation.key.guard(row), rule, filter_condition(&relation.filter, row, 0)];
    let condition = Expr::all(gate.into_iter().chain(conditions));
    let mut base = Select::new(Vec::new(), from).filtered(condition);
    let order = order_terms(&relation.order, row);
    let is_descending = order.first().is_some_and(|term| term.is_descending);
    base.order = vec![OrderTerm { expr: key, is_descending, is_nulls_first: None }];
    base.order.extend(order);
    base.limit = Some(relation.limit);

    let parts = row_parts(&relation.row, row, aliases);
    let select = if parts.joins.is_empty() {
        base
    } else {
        // The page is cut before anything is joined to it, and ordered again after.
        base.columns = vec![Column::bare(Expr::Fixed("*"))];
        let mut joined = Select::new(Vec::new(), From::Subselect(Box::new(base), row));
        joined.order = order_terms(&relation.order, row);
        joined.joins = parts.joins;
        joined
    };
    let has_seen = parts.seen.is_some();
    let rows = json_rows(select, parts.columns, parts.seen, aliases);
    let list = json_list(rows, has_seen, aliases);
    lateral(list, has_seen, aliases)
}

/// What is computed over the rows whose foreign key points to the row `parent`, as a JSON array.
pub(crate) fn aggregate_join(relation: &ToManyAggregate, parent: Alias, aliases: &mut Aliases) -> Joined {
    let points_here = |row| {
        let parent_id = Expr::column(parent, &ColumnName::new("id"));
        let is_child = Expr::compare(CompareOp::Equal, relation.key.unguarded(row), parent_id);
        Some(Expr::all([is_child, relation.key.guard(row)]))
    };
    let select = aggregate_select(&relation.plan, points_here, aliases);
    let has_seen = select.columns.iter().any(|column| column.label.as_ref().is_some_and(|label| label.as_str() == "seen"));
    lateral(select, has_seen, aliases)
}

/// Where the rule binds the key itself, `row.team == user.team` among a team's tickets, most parents have no row to show: said
/// of the parent, it is tested once, before any row is looked at.
fn rule_of_parent(rule: &Expr, key: &Expr, parent_id: &Expr) -> Option<Expr> {
    let conjuncts = match rule {
        Expr::And(parts) => parts.as_slice(),
        single => std::slice::from_ref(single),
    };
    conjuncts.iter().find_map(|conjunct| match conjunct {
        Expr::Compare(CompareOp::Equal, left, right) if **left == *key && matches!(**right, Expr::Value(_)) => {
            Some(Expr::compare(CompareOp::Equal, parent_id.clone(), (**right).clone()))
        }
        _ => None,
    })
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
