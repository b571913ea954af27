//! Cursors as SQL: what a row's cursor says, and the signature that only the cursors which are shown need.

use crate::base::Value;
use crate::planner::to_sql::order::sort_expr;
use crate::planner::{CursorKey, Order};
use crate::sql::{Alias, CompareOp, Expr};

/// What the cursor of the row that `alias` names says: where the row stands in the order.
pub(crate) fn cursor_payload(order: &Order, scope: &str, alias: Alias) -> Expr {
    let mut parts = vec![text(scope)];
    parts.extend(order.terms.iter().map(|term| as_text(sort_expr(term, alias))));
    as_text(Expr::Call("json_build_array", parts))
}

/// The cursor that says `payload`; see [`crate::planner::CursorKey`]. It names the payload twice, so that has to be a column
/// of a subselect which PostgreSQL does not take apart.
pub(crate) fn signed_cursor(payload: Expr, key: &CursorKey) -> Expr {
    let bytes = |expr| Expr::Call("convert_to", vec![expr, Expr::Fixed("'UTF8'")]);
    let concat = |left, right| Expr::compare(CompareOp::Concat, left, right);
    let key = || text(key.expose());
    let digest = Expr::Call("sha256", vec![bytes(concat(concat(key(), payload.clone()), key()))]);
    let signature = Expr::Call("left", vec![Expr::Call("encode", vec![digest, Expr::Fixed("'hex'")]), Expr::Fixed("32")]);
    let encoded = Expr::Call("encode", vec![bytes(payload), Expr::Fixed("'base64'")]);
    let unbroken = Expr::Call("translate", vec![encoded, Expr::Fixed("E'\\n'"), Expr::Fixed("''")]);
    concat(concat(unbroken, Expr::Fixed("'.'")), signature)
}

fn text(text: &str) -> Expr {
    Expr::Value(Value::Text(text.to_owned()))
}

fn as_text(expr: Expr) -> Expr {
    Expr::Cast(Box::new(expr), "text")
}
