//! Rendering what changes rows: inserts, updates and deletions.

use crate::sql::render::expr::push_expr;
use crate::sql::render::name::{push_alias, push_table};
use crate::sql::render::select::{push_columns, push_from, push_select};
use crate::sql::render::{Rendering, push_comma};
use crate::sql::{Column, Delete, From, Insert, Update};
use diesel::QueryResult;

pub(super) fn push_insert(insert: &Insert, out: &mut Rendering<'_>) -> QueryResult<()> {
    out.push_sql("insert into ");
    push_table(&insert.table, out)?;
    out.push_sql(" as ");
    push_alias(Insert::ROW, out)?;
    out.push_sql(" (");
    for (index, column) in insert.columns.iter().enumerate() {
        push_comma(index, out);
        out.push_identifier(column.as_str())?;
    }
    out.push_sql(") ");
    push_select(&insert.source, out)?;
    for (index, column) in insert.on_conflict.iter().enumerate() {
        out.push_sql(if index == 0 { " on conflict (" } else { ", " });
        out.push_identifier(column.as_str())?;
    }
    if !insert.on_conflict.is_empty() {
        out.push_sql(") do nothing");
    }
    push_returning(&insert.returning, out)
}

pub(super) fn push_update(update: &Update, out: &mut Rendering<'_>) -> QueryResult<()> {
    out.push_sql("update ");
    push_table(&update.table, out)?;
    out.push_sql(" as ");
    push_alias(update.alias, out)?;
    out.push_sql(" set ");
    for (index, (column, expr)) in update.set.iter().enumerate() {
        push_comma(index, out);
        out.push_identifier(column.as_str())?;
        out.push_sql(" = ");
        push_expr(expr, out)?;
    }
    push_sources(" from ", &update.from, out)?;
    out.push_sql(" where ");
    push_expr(&update.filter, out)?;
    push_returning(&update.returning, out)
}

pub(super) fn push_delete(delete: &Delete, out: &mut Rendering<'_>) -> QueryResult<()> {
    out.push_sql("delete from ");
    push_table(&delete.table, out)?;
    out.push_sql(" as ");
    push_alias(delete.alias, out)?;
    push_sources(" using ", &delete.using, out)?;
    out.push_sql(" where ");
    push_expr(&delete.filter, out)?;
    push_returning(&delete.returning, out)
}

fn push_sources(word: &'static str, sources: &[From], out: &mut Rendering<'_>) -> QueryResult<()> {
    for (index, from) in sources.iter().enumerate() {
        out.push_sql(if index == 0 { word } else { ", " });
        push_from(from, out)?;
    }
    Ok(())
}

fn push_returning(returning: &[Column], out: &mut Rendering<'_>) -> QueryResult<()> {
    if !returning.is_empty() {
        out.push_sql(" returning ");
        push_columns(returning, out)?;
    }
    Ok(())
}
