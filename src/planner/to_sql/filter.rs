//! Filters as SQL conditions.

use crate::base::{ColumnName, Value};
use crate::planner::to_sql::search::search_condition;
use crate::planner::{Filter, FilterTest, GuardedColumn, JsonKind, JsonPathTest, Quantifier, Readable};
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
        Filter::Search(search) => search_condition(search, alias),
        Filter::ToOne { target, .. } if target.is_empty() => Expr::never(),
        Filter::ToOne { key, target, filter } => {
            let inner = Alias::Filter(depth);
            let joined = Expr::compare(CompareOp::Equal, id_of(inner), key.value(alias));
            exists(target, inner, joined, filter_condition(filter, inner, depth + 1))
        }
        Filter::ToMany { quantifier, target, .. } if target.is_empty() => match quantifier {
            Quantifier::Some => Expr::never(),
            Quantifier::Every | Quantifier::None => Expr::always(),
        },
        Filter::ToMany { quantifier, key, target, filter } => {
            let inner = Alias::Filter(depth);
            let joined = Expr::compare(CompareOp::Equal, key.unguarded(inner), id_of(alias));
            let joined = Expr::all([joined, key.guard(inner)]);
            let passes = filter_condition(filter, inner, depth + 1);
            let counts = match quantifier {
                Quantifier::Some | Quantifier::None => passes,
                Quantifier::Every => Expr::IsNotTrue(Box::new(passes)),
            };
            let found = exists(target, inner, joined, counts);
            if *quantifier == Quantifier::Some { found } else { Expr::Not(Box::new(found)) }
        }
    }
}

/// Whether there is a row that is joined, that the caller may read, and for which the condition holds.
fn exists(target: &Readable, alias: Alias, joined: Expr, condition: Expr) -> Expr {
    let (from, rule) = target.source(alias);
    Expr::Exists(Box::new(Select::new(Vec::new(), from).filtered(Expr::all([joined, rule, condition]))))
}

fn id_of(alias: Alias) -> Expr {
    Expr::column(alias, &ColumnName::new("id"))
}

fn column_condition(column: &GuardedColumn, test: &FilterTest, alias: Alias) -> Expr {
    let value = column.value(alias);
    match test {
        FilterTest::Compare(op, operand) => Expr::compare(*op, value, bind(operand)),
        FilterTest::In(list) => Expr::AnyOf(Box::new(value), Box::new(bind(list))),
        FilterTest::IsNull => Expr::IsNull(Box::new(value)),
        FilterTest::IsNotNull => Expr::IsNotNull(Box::new(value)),
        FilterTest::IsEmpty => Expr::compare(CompareOp::Equal, cardinality(value), Expr::Fixed("0")),
        FilterTest::IsNotEmpty => Expr::compare(CompareOp::Greater, cardinality(value), Expr::Fixed("0")),
        FilterTest::JsonPath(path, test) => json_path_condition(Expr::compare(CompareOp::AtPath, value, bind(path)), test),
    }
}

fn json_path_condition(found: Expr, test: &JsonPathTest) -> Expr {
    const JSON_NULL: Expr = Expr::Fixed("'null'::jsonb");
    let or_null = |found| Expr::Call("coalesce", vec![found, JSON_NULL]);
    match test {
        JsonPathTest::Compare(op, operand) => Expr::compare(*op, found, bind(operand)),
        JsonPathTest::Order(op, kind, operand) => {
            let kind = match kind {
                JsonKind::Number => Expr::Fixed("'number'"),
                JsonKind::Text => Expr::Fixed("'string'"),
            };
            let is_of_kind = Expr::compare(CompareOp::Equal, Expr::Call("jsonb_typeof", vec![found.clone()]), kind);
            // Unknown, not false, for other kinds: then `not` does not find them either.
            Expr::Case(vec![(is_of_kind, Expr::compare(*op, found, bind(operand)))], None)
        }
        JsonPathTest::In(list) => Expr::AnyOf(Box::new(found), Box::new(bind(list))),
        JsonPathTest::IsNull => Expr::compare(CompareOp::Equal, or_null(found), JSON_NULL),
        JsonPathTest::IsNotNull => Expr::compare(CompareOp::NotEqual, or_null(found), JSON_NULL),
    }
}

fn cardinality(list: Expr) -> Expr {
    Expr::Call("cardinality", vec![list])
}

fn bind(value: &Value) -> Expr {
    Expr::Value(value.clone())
}
