//! Orders as SQL: ORDER BY, and the keyset condition of a cursor.

use crate::base::{ScalarType, Value};
use crate::planner::{CursorPosition, Order, OrderBy};
use crate::sql::{Alias, CompareOp, Expr, OrderTerm};

/// ORDER BY.
pub(crate) fn order_terms(order: &Order, alias: Alias) -> Vec<OrderTerm> {
    let term = |term: &OrderBy| OrderTerm {
        expr: sort_expr(term, alias),
        is_descending: term.is_descending,
        // Rows without a value come last either way; PostgreSQL would put them first in a descending order.
        is_nulls_first: (term.is_nullable && term.is_descending).then_some(false),
    };
    order.terms.iter().map(term).collect()
}

/// The rows after a cursor's position, in a form that starts in the index: the row comparison `(a, id) > ($1, $2)` where all
/// terms run the same way and have values, otherwise the expansion with a bound on the first term in front.
pub(crate) fn keyset_condition(order: &Order, position: &CursorPosition, alias: Alias) -> Expr {
    let values: Vec<Value> = order.terms.iter().zip(&position.0).map(|(term, json)| position_value(term, json)).collect();
    let is_uniform = order.terms.iter().all(|term| !term.is_nullable && term.is_descending == order.terms[0].is_descending);
    if is_uniform {
        let left = order.terms.iter().map(|term| sort_expr(term, alias)).collect();
        let right = values.into_iter().map(Expr::Value).collect();
        return Expr::compare(after_op(&order.terms[0]), Expr::Row(left), Expr::Row(right));
    }
    let alternatives = (0..order.terms.len()).map(|last| {
        let equal = (0..last).map(|index| is_same(&order.terms[index], &values[index], alias));
        Expr::all(equal.chain([is_after(&order.terms[last], &values[last], alias)]))
    });
    let expansion = Expr::Or(alternatives.collect());
    let first = &order.terms[0];
    if first.is_nullable {
        return expansion;
    }
    let op = if first.is_descending { CompareOp::LessOrEqual } else { CompareOp::GreaterOrEqual };
    Expr::all([Expr::compare(op, sort_expr(first, alias), Expr::Value(values[0].clone())), expansion])
}

/// What a term sorts by: the column, or the place of an enum's value in its list.
pub(crate) fn sort_expr(term: &OrderBy, alias: Alias) -> Expr {
    let value = term.column.value(alias);
    match &term.enum_order {
        Some(names) => {
            let list = names.iter().map(|name| Value::Text(name.clone())).collect();
            Expr::Call("array_position", vec![Expr::Value(Value::List(ScalarType::String, list)), value])
        }
        None => value,
    }
}

/// A cursor's value, as the type that the term sorts by, read from PostgreSQL's text form of it. Text is taken as it is: what
/// is stored need not have the form that the API asks of an input.
fn position_value(term: &OrderBy, json: &serde_json::Value) -> Value {
    let scalar = if term.enum_order.is_some() { ScalarType::Int } else { term.column.scalar() };
    let Some(text) = json.as_str() else {
        return Value::Null(scalar);
    };
    if scalar.is_text() {
        return Value::Text(text.to_owned());
    }
    let parsed = match scalar {
        ScalarType::DateTime => Value::parse(scalar, &postgres_instant(text)),
        _ => Value::parse(scalar, text),
    };
    // A signed cursor always fits.
    parsed.unwrap_or(Value::Null(scalar))
}

/// `timestamptz::text` is `2026-01-31 09:00:00.5+00`; RFC 3339 wants a `T` and minutes in the offset.
fn postgres_instant(text: &str) -> String {
    let is_instant = text.len() >= 22 && text.as_bytes()[10] == b' ' && text.ends_with("+00");
    if is_instant { format!("{}T{}:00", &text[..10], &text[11..]) } else { text.to_owned() }
}

fn after_op(term: &OrderBy) -> CompareOp {
    if term.is_descending { CompareOp::Less } else { CompareOp::Greater }
}

fn is_same(term: &OrderBy, value: &Value, alias: Alias) -> Expr {
    let sorted = sort_expr(term, alias);
    if value.is_null() {
        Expr::IsNull(Box::new(sorted))
    } else {
        Expr::compare(CompareOp::Equal, sorted, Expr::Value(value.clone()))
    }
}

/// Nulls are last: nothing comes after a null, and every null comes after a value.
fn is_after(term: &OrderBy, value: &Value, alias: Alias) -> Expr {
    if value.is_null() {
        return Expr::never();
    }
    let after = Expr::compare(after_op(term), sort_expr(term, alias), Expr::Value(value.clone()));
    if term.is_nullable { Expr::Or(vec![after, Expr::IsNull(Box::new(sort_expr(term, alias)))]) } else { after }
}
