//! Rendering an expression. Every one stands in parentheses where its neighbours could take it apart.

use crate::sql::render::name::push_alias;
use crate::sql::render::select::push_select;
use crate::sql::render::{Rendering, push_comma};
use crate::sql::{Expr, Select};
use diesel::QueryResult;

pub(super) fn push_expr(expr: &Expr, out: &mut Rendering<'_>) -> QueryResult<()> {
    match expr {
        Expr::Column(alias, column) => {
            push_alias(*alias, out)?;
            out.push_sql(".");
            out.push_identifier(column.as_str())?;
        }
        Expr::Value(value) => out.push_value(value),
        Expr::Fixed(text) => out.push_sql(text),
        Expr::Compare(op, left, right) => {
            out.push_sql("(");
            push_expr(left, out)?;
            out.push_sql(op.sql());
            push_expr(right, out)?;
            out.push_sql(")");
        }
        Expr::And(parts) => push_joined(parts, " and ", "true", out)?,
        Expr::Or(parts) => push_joined(parts, " or ", "false", out)?,
        Expr::Not(inner) => push_around("(not ", inner, ")", out)?,
        Expr::IsNull(inner) => push_around("(", inner, " is null)", out)?,
        Expr::IsNotNull(inner) => push_around("(", inner, " is not null)", out)?,
        Expr::IsNotTrue(inner) => push_around("((", inner, ") is not true)", out)?,
        Expr::AnyOf(left, list) => {
            push_around("(", left, " = any(", out)?;
            push_around("", list, "))", out)?;
        }
        Expr::Exists(select) => push_nested("exists (", select, out)?,
        Expr::Scalar(select) => push_nested("(", select, out)?,
        Expr::ArrayOf(select) => push_nested("array(", select, out)?,
        Expr::Case(arms, otherwise) => push_case(arms, otherwise.as_deref(), out)?,
        Expr::PlaceIn(inner, names) => {
            push_around("case ", inner, "", out)?;
            for (index, name) in names.iter().enumerate() {
                let name: String = name.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect();
                [" when '", &name, "' then ", &(index + 1).to_string()].into_iter().for_each(|text| out.push_sql(text));
            }
            out.push_sql(" end");
        }
        Expr::Call(function, arguments) => {
            out.push_sql(function);
            push_list(arguments, out)?;
        }
        Expr::Cast(inner, sql_type) => {
            push_around("(", inner, ")::", out)?;
            out.push_sql(sql_type);
        }
        Expr::Row(parts) => push_list(parts, out)?,
        Expr::Array(parts) => {
            out.push_sql("array[");
            push_commas(parts, out)?;
            out.push_sql("]");
        }
        Expr::WholeRow(alias) => {
            push_alias(*alias, out)?;
            out.push_sql(".*");
        }
        Expr::Element(array, index) => {
            push_around("(", array, ")[", out)?;
            push_around("(", index, ")::integer]", out)?;
        }
        Expr::Distinct(inner) => push_around("distinct ", inner, "", out)?,
        Expr::Aggregate { function, argument, filter } => {
            out.push_sql(function);
            push_around("(", argument, ")", out)?;
            if let Some(filter) = filter {
                push_around(" filter (where ", filter, ")", out)?;
            }
        }
    }
    Ok(())
}

pub(super) fn push_around(before: &'static str, expr: &Expr, after: &'static str, out: &mut Rendering<'_>) -> QueryResult<()> {
    out.push_sql(before);
    push_expr(expr, out)?;
    out.push_sql(after);
    Ok(())
}

pub(super) fn push_nested(before: &'static str, select: &Select, out: &mut Rendering<'_>) -> QueryResult<()> {
    out.push_sql(before);
    push_select(select, out)?;
    out.push_sql(")");
    Ok(())
}

fn push_case(arms: &[(Expr, Expr)], otherwise: Option<&Expr>, out: &mut Rendering<'_>) -> QueryResult<()> {
    out.push_sql("case");
    for (condition, result) in arms {
        push_around(" when ", condition, " then ", out)?;
        push_expr(result, out)?;
    }
    if let Some(otherwise) = otherwise {
        push_around(" else ", otherwise, "", out)?;
    }
    out.push_sql(" end");
    Ok(())
}

pub(super) fn push_list(parts: &[Expr], out: &mut Rendering<'_>) -> QueryResult<()> {
    out.push_sql("(");
    push_commas(parts, out)?;
    out.push_sql(")");
    Ok(())
}

fn push_commas(parts: &[Expr], out: &mut Rendering<'_>) -> QueryResult<()> {
    for (index, part) in parts.iter().enumerate() {
        push_comma(index, out);
        push_expr(part, out)?;
    }
    Ok(())
}

fn push_joined(parts: &[Expr], word: &'static str, empty: &'static str, out: &mut Rendering<'_>) -> QueryResult<()> {
    if parts.is_empty() {
        out.push_sql(empty);
        return Ok(());
    }
    out.push_sql("(");
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            out.push_sql(word);
        }
        push_expr(part, out)?;
    }
    out.push_sql(")");
    Ok(())
}
