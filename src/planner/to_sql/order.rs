//! Orders as SQL: ORDER BY, and the joins that it needs.

use crate::base::{ColumnName, Value};
use crate::planner::to_sql::search::search_rank;
use crate::planner::{Order, OrderBy, OrderSource, Travel};
use crate::sql::{Alias, Column, CompareOp, Expr, Join, JoinKind, Label, OrderTerm};

/// Where the terms of an order are looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sorted {
    /// Beside the table, which has this alias, and the joins of the order.
    Inside(Alias),
    /// Outside of the subselect that has the table and the joins: what comes from those is a column of it.
    Outside(Alias),
}

/// ORDER BY, in the order or against it.
pub(crate) fn order_terms(order: &Order, sorted: Sorted, travel: Travel) -> Vec<OrderTerm> {
    let terms = order.terms.iter().enumerate();
    terms.map(|(index, term)| Step::new(term, travel).order_term(sort_expr(term, index, sorted))).collect()
}

/// A term as it is met when the list is read this way.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    pub(crate) is_descending: bool,
    pub(crate) is_nulls_first: bool,
    pub(crate) is_nullable: bool,
}

impl Step {
    pub(crate) fn new(term: &OrderBy, travel: Travel) -> Self {
        let is_backward = travel == Travel::Backward;
        Self {
            is_descending: term.is_descending != is_backward,
            is_nulls_first: term.is_nulls_first != is_backward,
            is_nullable: term.is_nullable,
        }
    }

    fn order_term(self, expr: Expr) -> OrderTerm {
        // PostgreSQL takes a null for greater than any value; said only where something else is meant.
        let is_default = self.is_nulls_first == self.is_descending;
        let is_nulls_first = (self.is_nullable && !is_default).then_some(self.is_nulls_first);
        OrderTerm { expr, is_descending: self.is_descending, is_nulls_first }
    }
}

/// The rows that terms look at through relations. None of them takes the row itself away.
pub(crate) fn order_joins(order: &Order, row: Alias) -> Vec<Join> {
    let joins = order.joins.iter().enumerate().filter_map(|(index, join)| {
        let joined = Alias::Order(u16::try_from(index).ok()?);
        let parent = alias_of(join.source, row)?;
        let (from, rule) = join.target.source(joined);
        let id = Expr::column(joined, &ColumnName::new("id"));
        let is_target = Expr::compare(CompareOp::Equal, id, join.key.unguarded(parent));
        let condition = Expr::all([is_target, join.key.guard(parent), rule]);
        Some(Join { kind: JoinKind::Left(condition), from })
    });
    joins.collect()
}

/// What terms sort by that is not in the row itself, as columns for whoever looks from outside.
pub(crate) fn carried_columns(order: &Order, row: Alias) -> Vec<Column> {
    let carried = order.terms.iter().enumerate().filter(|(_, term)| is_carried(term));
    let column =
        |(index, term)| Column { expr: sort_expr(term, index, Sorted::Inside(row)), label: Label::new(&carried_name(index)) };
    carried.map(column).collect()
}

/// What a term sorts by: the column, or the place of an enum's value in its list.
pub(crate) fn sort_expr(term: &OrderBy, index: usize, sorted: Sorted) -> Expr {
    let row = match sorted {
        Sorted::Outside(alias) if is_carried(term) => return Expr::labelled(alias, &carried_name(index)),
        Sorted::Inside(alias) | Sorted::Outside(alias) => alias,
    };
    if let Some(search) = &term.search {
        return search_rank(search, row);
    }
    let value = match alias_of(term.source, row) {
        Some(alias) => term.column.value(alias),
        None => Expr::Value(Value::Null(term.column.scalar())),
    };
    match &term.enum_order {
        Some(names) => Expr::PlaceIn(Box::new(value), names.clone()),
        None => value,
    }
}

fn alias_of(source: OrderSource, row: Alias) -> Option<Alias> {
    match source {
        OrderSource::Row => Some(row),
        OrderSource::Joined(index) => Some(Alias::Order(index)),
        OrderSource::Nowhere => None,
    }
}

fn is_carried(term: &OrderBy) -> bool {
    term.search.is_some() || matches!(term.source, OrderSource::Joined(_))
}

/// No field's column has this name: GraphQL names have no `#`.
fn carried_name(index: usize) -> String {
    format!("#order{index}")
}
