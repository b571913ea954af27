//! Filters as SQL conditions.

use crate::base::ColumnName;
use crate::planner::{Filter, FilterTest, GuardedColumn};
use crate::sql::{Alias, CompareOp, Expr, Select};

/// The filter as a condition on the row that `alias` names. `depth` numbers the aliases of nested subselects.
pub(crate) fn filter_condition(filter: &Filter, alias: Alias, depth: u16) -> Expr {
    match filter {
        Filter::All(parts) => Expr::all(parts.iter().map(|part| filter_condition(part, alias, depth))),
        Filter::Any(parts) => match parts.as_slice() {
            [single] => filter_condition(single, alias, depth),
            parts => Expr::Or(parts.iter().map(|part| filter_condition(part, alias, depth)).collect()),
        },
        Filter::Not(inner) => Expr::Not(Box::new(filter_condition(inner, alias, depth))),
        Filter::Column(column, test) => column_condition(column, test, alias),
        Filter::ToOne { target, .. } if target.is_empty() => Expr::never(),
        Filter::ToOne { key, target, filter } => {
            let inner = Alias::Filter(depth);
            let (from, rule) = target.source(inner);
            let joined = Expr::compare(CompareOp::Equal, Expr::column(inner, &ColumnName::new("id")), key.value(alias));
            let condition = Expr::all([joined, rule, filter_condition(filter, inner, depth + 1)]);
            Expr::Exists(Box::new(Select::new(Vec::new(), from).filtered(condition)))
        }
    }
}

fn column_condition(column: &GuardedColumn, test: &FilterTest, alias: Alias) -> Expr {
    let value = column.value(alias);
    match test {
        FilterTest::Compare(op, operand) => Expr::compare(*op, value, Expr::Value(operand.clone())),
        FilterTest::In(list) => Expr::AnyOf(Box::new(value), Box::new(Expr::Value(list.clone()))),
        FilterTest::IsNull => Expr::IsNull(Box::new(value)),
        FilterTest::IsNotNull => Expr::IsNotNull(Box::new(value)),
    }
}
