//! Cursors as SQL: where a row stands in its order, marked so that the server finds it in the answer.

use crate::base::Value;
use crate::planner::to_sql::order::{Sorted, sort_expr};
use crate::planner::{CursorKey, Order};
use crate::sql::{CompareOp, Expr};

/// What the cursor of a row says: where the row stands in the order.
pub(crate) fn cursor_payload(order: &Order, scope: &str, sorted: Sorted) -> Expr {
    let mut parts = vec![text(scope)];
    parts.extend(order.terms.iter().enumerate().map(|(index, term)| as_text(sort_expr(term, index, sorted))));
    as_text(Expr::Call("json_build_array", parts))
}

/// The place of the cursor that says `payload`; see [`CursorKey::seal`].
pub(crate) fn marked_cursor(payload: Expr, key: &CursorKey) -> Expr {
    let bytes = Expr::Call("convert_to", vec![payload, Expr::Fixed("'UTF8'")]);
    let encoded = Expr::Call("encode", vec![bytes, Expr::Fixed("'hex'")]);
    Expr::compare(CompareOp::Concat, text(key.marker()), encoded)
}

fn text(text: &str) -> Expr {
    Expr::Value(Value::Text(text.to_owned()))
}

fn as_text(expr: Expr) -> Expr {
    Expr::Cast(Box::new(expr), "text")
}
