//! Where a cursor stands, as a condition on rows.
//!
//! In a form that starts in an index: the row comparison `(a, id) > ($1, $2)` where all terms run the same way and have values,
//! otherwise `a >= $1 and (a > $1 or a = $1 and ...)`, bounded by its first term. Where rows without a value come behind those
//! with one, they are a branch of their own: an `or` of both would be read from the beginning of the index.

use crate::base::{ScalarType, Value};
use crate::planner::to_sql::order::{Sorted, Step, sort_expr};
use crate::planner::{CursorPosition, Order, OrderBy, Travel};
use crate::sql::{CompareOp, Expr};

/// Whether the row under the cursor belongs to the rows behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    /// It does.
    Included,
    /// It does not.
    Excluded,
}

/// The rows behind a cursor when the list is read this way: conditions of which no two hold for one row, in the order in which
/// their rows come.
pub(crate) fn beyond(order: &Order, position: &CursorPosition, travel: Travel, edge: Edge, sorted: Sorted) -> Vec<Expr> {
    let terms = order.terms.iter().enumerate().zip(&position.0).map(|((index, term), json)| Term {
        step: Step::new(term, travel),
        expr: sort_expr(term, index, sorted),
        value: position_value(term, json),
    });
    let terms: Vec<Term> = terms.collect();
    let Some(first) = terms.first() else { return vec![Expr::always()] };
    match (first.value.is_null(), first.are_nulls_ahead()) {
        (true, true) => vec![first.is_same(edge, &terms[1..])],
        (true, false) => vec![first.is_same(edge, &terms[1..]), Expr::IsNotNull(Box::new(first.expr.clone()))],
        (false, true) => vec![bounded(&terms, edge), Expr::IsNull(Box::new(first.expr.clone()))],
        (false, false) => vec![bounded(&terms, edge)],
    }
}

/// The same as one condition.
pub(crate) fn anywhere_beyond(order: &Order, position: &CursorPosition, travel: Travel, edge: Edge, sorted: Sorted) -> Expr {
    let mut branches = beyond(order, position, travel, edge, sorted);
    if branches.len() == 1 { branches.remove(0) } else { Expr::Or(branches) }
}

/// A term with the cursor's value of it.
struct Term {
    step: Step,
    expr: Expr,
    value: Value,
}

impl Term {
    /// Whether rows without a value come behind those with one.
    fn are_nulls_ahead(&self) -> bool {
        self.step.is_nullable && !self.step.is_nulls_first
    }

    fn compare(&self, op: CompareOp) -> Expr {
        Expr::compare(op, self.expr.clone(), Expr::Value(self.value.clone()))
    }

    /// Its value is the cursor's, and the other terms lie behind it.
    fn is_same(&self, edge: Edge, rest: &[Term]) -> Expr {
        let same = if self.value.is_null() { Expr::IsNull(Box::new(self.expr.clone())) } else { self.compare(CompareOp::Equal) };
        Expr::all([same, behind(rest, edge)])
    }

    fn after_op(&self) -> CompareOp {
        if self.step.is_descending { CompareOp::Less } else { CompareOp::Greater }
    }

    fn at_or_after_op(&self) -> CompareOp {
        if self.step.is_descending { CompareOp::LessOrEqual } else { CompareOp::GreaterOrEqual }
    }
}

/// The rows behind the cursor by these terms.
fn behind(terms: &[Term], edge: Edge) -> Expr {
    let Some(first) = terms.first() else {
        return if edge == Edge::Included { Expr::always() } else { Expr::never() };
    };
    let same = first.is_same(edge, &terms[1..]);
    match (first.value.is_null(), first.are_nulls_ahead()) {
        (true, true) => same,
        (true, false) => any([same, Expr::IsNotNull(Box::new(first.expr.clone()))]),
        (false, true) => any([with_values(terms, edge), Expr::IsNull(Box::new(first.expr.clone()))]),
        (false, false) => with_values(terms, edge),
    }
}

/// The rows behind the cursor that have a value of the first term, as the cursor does; bounded by it.
fn bounded(terms: &[Term], edge: Edge) -> Expr {
    let rows = with_values(terms, edge);
    match &rows {
        Expr::Or(_) => Expr::all([terms[0].compare(terms[0].at_or_after_op()), rows]),
        _ => rows,
    }
}

fn with_values(terms: &[Term], edge: Edge) -> Expr {
    let (first, rest) = (&terms[0], &terms[1..]);
    let is_uniform = rest.iter().all(|term| !term.step.is_nullable && term.step.is_descending == first.step.is_descending);
    if is_uniform {
        let left = terms.iter().map(|term| term.expr.clone()).collect();
        let right = terms.iter().map(|term| Expr::Value(term.value.clone())).collect();
        let op = if edge == Edge::Included { first.at_or_after_op() } else { first.after_op() };
        return Expr::compare(op, Expr::Row(left), Expr::Row(right));
    }
    any([first.compare(first.after_op()), first.is_same(edge, rest)])
}

fn any(parts: [Expr; 2]) -> Expr {
    Expr::Or(parts.into())
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
    // A cursor of the server's own always fits.
    parsed.unwrap_or(Value::Null(scalar))
}

/// `timestamptz::text` is `2026-01-31 09:00:00.5+00`; RFC 3339 wants a `T` and minutes in the offset.
fn postgres_instant(text: &str) -> String {
    let is_instant = text.len() >= 22 && text.as_bytes()[10] == b' ' && text.ends_with("+00");
    if is_instant { format!("{}T{}:00", &text[..10], &text[11..]) } else { text.to_owned() }
}
