//! Rendering a select, clause by clause.

use crate::sql::render::expr::{push_around, push_expr, push_list, push_nested};
use crate::sql::render::name::{push_alias, push_table};
use crate::sql::render::{Rendering, push_comma};
use crate::sql::{Column, From, Join, JoinKind, OrderTerm, RowLock, Select};
use diesel::QueryResult;

pub(super) fn push_select(select: &Select, out: &mut Rendering<'_>) -> QueryResult<()> {
    out.push_sql("select ");
    push_columns(&select.columns, out)?;
    if let Some(from) = &select.from {
        out.push_sql(" from ");
        push_from(from, out)?;
    }
    for join in &select.joins {
        push_join(join, out)?;
    }
    if let Some(filter) = select.filter.as_ref().filter(|filter| !filter.is_always()) {
        out.push_sql(" where ");
        push_expr(filter, out)?;
    }
    for (index, expr) in select.group.iter().enumerate() {
        out.push_sql(if index == 0 { " group by " } else { ", " });
        push_expr(expr, out)?;
    }
    if let Some(having) = &select.having {
        out.push_sql(" having ");
        push_expr(having, out)?;
    }
    for (index, term) in select.order.iter().enumerate() {
        out.push_sql(if index == 0 { " order by " } else { ", " });
        push_order(term, out)?;
    }
    if let Some(limit) = select.limit {
        out.push_sql(" limit ");
        out.push_sql(&limit.to_string());
    }
    if let Some(offset) = &select.offset {
        out.push_sql(" offset ");
        out.push_value(offset);
    }
    match select.lock {
        Some(RowLock::Update) => out.push_sql(" for update"),
        Some(RowLock::NoKeyUpdate) => out.push_sql(" for no key update"),
        None => {}
    }
    Ok(())
}

pub(super) fn push_columns(columns: &[Column], out: &mut Rendering<'_>) -> QueryResult<()> {
    for (index, column) in columns.iter().enumerate() {
        push_comma(index, out);
        push_expr(&column.expr, out)?;
        if let Some(label) = &column.label {
            out.push_sql(" as ");
            out.push_identifier(label.as_str())?;
        }
    }
    Ok(())
}

pub(super) fn push_from(from: &From, out: &mut Rendering<'_>) -> QueryResult<()> {
    match from {
        From::Table(table, alias) => {
            push_table(table, out)?;
            out.push_sql(" as ");
            push_alias(*alias, out)?;
        }
        From::Subselect(select, alias) => {
            out.push_sql("(");
            push_select(select, out)?;
            out.push_sql(") as ");
            push_alias(*alias, out)?;
        }
        From::Cte(name, alias) => {
            push_alias(*name, out)?;
            out.push_sql(" as ");
            push_alias(*alias, out)?;
        }
        From::UnionAll(parts, alias) => {
            for (index, part) in parts.iter().enumerate() {
                push_nested(if index == 0 { "((" } else { " union all (" }, part, out)?;
            }
            out.push_sql(") as ");
            push_alias(*alias, out)?;
        }
        From::Unnest(arrays, alias, columns) => {
            out.push_sql("unnest");
            push_list(arrays, out)?;
            out.push_sql(" as ");
            push_alias(*alias, out)?;
            out.push_sql(" (");
            for (index, column) in columns.iter().enumerate() {
                push_comma(index, out);
                out.push_identifier(column.as_str())?;
            }
            out.push_sql(")");
        }
    }
    Ok(())
}

fn push_join(join: &Join, out: &mut Rendering<'_>) -> QueryResult<()> {
    match &join.kind {
        JoinKind::LeftLateral => {
            out.push_sql(" left join lateral ");
            push_from(&join.from, out)?;
            out.push_sql(" on true");
        }
        JoinKind::Left(condition) => {
            out.push_sql(" left join ");
            push_from(&join.from, out)?;
            push_around(" on ", condition, "", out)?;
        }
        JoinKind::Cross => {
            out.push_sql(" cross join ");
            push_from(&join.from, out)?;
        }
    }
    Ok(())
}

fn push_order(term: &OrderTerm, out: &mut Rendering<'_>) -> QueryResult<()> {
    push_expr(&term.expr, out)?;
    if term.is_descending {
        out.push_sql(" desc");
    }
    match term.is_nulls_first {
        Some(true) => out.push_sql(" nulls first"),
        Some(false) => out.push_sql(" nulls last"),
        None => {}
    }
    Ok(())
}
