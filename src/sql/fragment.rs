//! Rendering: the `QueryFragment<Pg>` implementations. Names go through `push_identifier`, values through binds.

use crate::base::TableName;
use crate::sql::bind::push_value;
use crate::sql::{
    Alias, Column, Cte, CteBody, Delete, Expr, From, Insert, Join, JoinKind, OrderTerm, Query, RowLock, Select, Update,
};
use diesel::QueryResult;
use diesel::pg::{Pg, PgQueryBuilder};
use diesel::query_builder::{AstPass, Query as DieselQuery, QueryBuilder, QueryFragment, QueryId};
use std::marker::PhantomData;

/// Whether a statement's text is worth a prepared statement on the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// A shape that comes again: prepared once for each connection.
    Hot,
    /// A shape seen for the first time: GraphQL shapes are unbounded, a cache of them must not be.
    Cold,
}

/// A [`Query`] as a Diesel query whose rows have the SQL type `ST`.
#[derive(Debug)]
pub struct Fetch<'q, ST> {
    query: &'q Query,
    kind: StatementKind,
    sql_type: PhantomData<ST>,
}

impl<'q, ST> Fetch<'q, ST> {
    /// Prepares to run `query`.
    pub fn new(query: &'q Query, kind: StatementKind) -> Self {
        Self { query, kind, sql_type: PhantomData }
    }
}

impl<ST: 'static> QueryId for Fetch<'_, ST> {
    type QueryId = ();
    // The text is built at run time, so the cache has to look at the text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST> DieselQuery for Fetch<'_, ST> {
    type SqlType = ST;
}

impl<ST> QueryFragment<Pg> for Fetch<'_, ST> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if self.kind == StatementKind::Cold {
            out.unsafe_to_cache_prepared();
        }
        push_query(self.query, &mut out)
    }
}

/// A [`Fetch`] whose text is rendered already, for whoever had to look at the text first: Diesel only collects the binds.
#[derive(Debug)]
pub struct RenderedFetch<'q, ST> {
    fetch: Fetch<'q, ST>,
    text: &'q str,
}

impl<'q, ST> RenderedFetch<'q, ST> {
    /// Prepares to run `query`, whose text is [`crate::sql::text`] of it.
    pub fn new(query: &'q Query, text: &'q str, kind: StatementKind) -> Self {
        Self { fetch: Fetch::new(query, kind), text }
    }
}

impl<ST: 'static> QueryId for RenderedFetch<'_, ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST> DieselQuery for RenderedFetch<'_, ST> {
    type SqlType = ST;
}

impl<ST> QueryFragment<Pg> for RenderedFetch<'_, ST> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.fetch.walk_ast(out)
    }

    fn to_sql(&self, out: &mut PgQueryBuilder, _backend: &Pg) -> QueryResult<()> {
        out.push_sql(self.text);
        Ok(())
    }

    fn is_safe_to_cache_prepared(&self, _backend: &Pg) -> QueryResult<bool> {
        Ok(self.fetch.kind == StatementKind::Hot)
    }
}

type Out<'o, 'b> = AstPass<'o, 'b, Pg>;

fn push_query<'b>(query: &'b Query, out: &mut Out<'_, 'b>) -> QueryResult<()> {
    for (index, cte) in query.ctes.iter().enumerate() {
        out.push_sql(if index == 0 { "with " } else { ", " });
        push_cte(cte, out)?;
    }
    if !query.ctes.is_empty() {
        out.push_sql(" ");
    }
    push_select(&query.body, out)
}

fn push_cte<'b>(cte: &'b Cte, out: &mut Out<'_, 'b>) -> QueryResult<()> {
    push_alias(cte.name, out);
    out.push_sql(if matches!(cte.body, CteBody::Select(_)) { " as materialized (" } else { " as (" });
    match &cte.body {
        CteBody::Select(select) => push_select(select, out)?,
        CteBody::Insert(insert) => push_insert(insert, out)?,
        CteBody::Update(update) => push_update(update, out)?,
        CteBody::Delete(delete) => push_delete(delete, out)?,
    }
    out.push_sql(")");
    Ok(())
}

fn push_insert<'b>(insert: &'b Insert, out: &mut Out<'_, 'b>) -> QueryResult<()> {
    out.push_sql("insert into ");
    push_table(&insert.table, out)?;
    out.push_sql(" as ");
    push_alias(Insert::ROW, out);
    out.push_sql(" (");
    for (index, column) in insert.columns.iter().enumerate() {
        push_comma(index, out);
        out.push_identifier(column.as_str())?;
    }
    out.push_sql(") ");
    push_select(&insert.source, out)?;
    if let Some(column) = &insert.on_conflict {
        out.push_sql(" on conflict (");
        out.push_identifier(column.as_str())?;
        out.push_sql(") do nothing");
    }
    push_returning(&insert.returning, out)
}

fn push_update<'b>(update: &'b Update, out: &mut Out<'_, 'b>) -> QueryResult<()> {
    out.push_sql("update ");
    push_table(&update.table, out)?;
    out.push_sql(" as ");
    push_alias(update.alias, out);
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

fn push_delete<'b>(delete: &'b Delete, out: &mut Out<'_, 'b>) -> QueryResult<()> {
    out.push_sql("delete from ");
    push_table(&delete.table, out)?;
    out.push_sql(" as ");
    push_alias(delete.alias, out);
    push_sources(" using ", &delete.using, out)?;
    out.push_sql(" where ");
    push_expr(&delete.filter, out)?;
    push_returning(&delete.returning, out)
}

fn push_sources<'b>(word: &'static str, sources: &'b [From], out: &mut Out<'_, 'b>) -> QueryResult<()> {
    for (index, from) in sources.iter().enumerate() {
        out.push_sql(if index == 0 { word } else { ", " });
        push_from(from, out)?;
    }
    Ok(())
}

fn push_returning<'b>(returning: &'b [Column], out: &mut Out<'_, 'b>) -> QueryResult<()> {
    if !returning.is_empty() {
        out.push_sql(" returning ");
        push_columns(returning, out)?;
    }
    Ok(())
}

fn push_select<'b>(select: &'b Select, out: &mut Out<'_, 'b>) -> QueryResult<()> {
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
        out.push_sql(&format!(" limit {limit}"));
    }
    if let Some(offset) = &select.offset {
        out.push_sql(" offset ");
        push_value(offset, out)?;
    }
    match select.lock {
        Some(RowLock::Update) => out.push_sql(" for update"),
        Some(RowLock::NoKeyUpdate) => out.push_sql(" for no key update"),
        None => {}
    }
    Ok(())
}

fn push_columns<'b>(columns: &'b [Column], out: &mut Out<'_, 'b>) -> QueryResult<()> {
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

fn push_from<'b>(from: &'b From, out: &mut Out<'_, 'b>) -> QueryResult<()> {
    match from {
        From::Table(table, alias) => {
            push_table(table, out)?;
            out.push_sql(" as ");
            push_alias(*alias, out);
        }
        From::Subselect(select, alias) => {
            out.push_sql("(");
            push_select(select, out)?;
            out.push_sql(") as ");
            push_alias(*alias, out);
        }
        From::Cte(name, alias) => {
            push_alias(*name, out);
            out.push_sql(" as ");
            push_alias(*alias, out);
        }
        From::UnionAll(parts, alias) => {
            for (index, part) in parts.iter().enumerate() {
                push_nested(if index == 0 { "((" } else { " union all (" }, part, out)?;
            }
            out.push_sql(") as ");
            push_alias(*alias, out);
        }
        From::Unnest(arrays, alias, columns) => {
            out.push_sql("unnest");
            push_list(arrays, out)?;
            out.push_sql(" as ");
            push_alias(*alias, out);
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

fn push_join<'b>(join: &'b Join, out: &mut Out<'_, 'b>) -> QueryResult<()> {
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

fn push_order<'b>(term: &'b OrderTerm, out: &mut Out<'_, 'b>) -> QueryResult<()> {
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

fn push_expr<'b>(expr: &'b Expr, out: &mut Out<'_, 'b>) -> QueryResult<()> {
    match expr {
        Expr::Column(alias, column) => {
            push_alias(*alias, out);
            out.push_sql(".");
            out.push_identifier(column.as_str())?;
        }
        Expr::Value(value) => push_value(value, out)?,
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
            push_alias(*alias, out);
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

fn push_around<'b>(before: &'static str, expr: &'b Expr, after: &'static str, out: &mut Out<'_, 'b>) -> QueryResult<()> {
    out.push_sql(before);
    push_expr(expr, out)?;
    out.push_sql(after);
    Ok(())
}

fn push_nested<'b>(before: &'static str, select: &'b Select, out: &mut Out<'_, 'b>) -> QueryResult<()> {
    out.push_sql(before);
    push_select(select, out)?;
    out.push_sql(")");
    Ok(())
}

fn push_case<'b>(arms: &'b [(Expr, Expr)], otherwise: Option<&'b Expr>, out: &mut Out<'_, 'b>) -> QueryResult<()> {
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

fn push_list<'b>(parts: &'b [Expr], out: &mut Out<'_, 'b>) -> QueryResult<()> {
    out.push_sql("(");
    push_commas(parts, out)?;
    out.push_sql(")");
    Ok(())
}

fn push_commas<'b>(parts: &'b [Expr], out: &mut Out<'_, 'b>) -> QueryResult<()> {
    for (index, part) in parts.iter().enumerate() {
        push_comma(index, out);
        push_expr(part, out)?;
    }
    Ok(())
}

fn push_joined<'b>(parts: &'b [Expr], word: &'static str, empty: &'static str, out: &mut Out<'_, 'b>) -> QueryResult<()> {
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

fn push_table(table: &TableName, out: &mut Out<'_, '_>) -> QueryResult<()> {
    out.push_identifier(&table.schema)?;
    out.push_sql(".");
    out.push_identifier(&table.name)
}

/// Injection safety: an alias is a letter with a number, or a word of the program.
fn push_alias(alias: Alias, out: &mut Out<'_, '_>) {
    match alias {
        Alias::Table(number) => push_numbered("t", number, out),
        Alias::Rule(number) => push_numbered("r", number, out),
        Alias::Filter(number) => push_numbered("f", number, out),
        Alias::Order(number) => push_numbered("o", number, out),
        Alias::Named(name) => out.push_sql(name),
    }
}

fn push_numbered(letter: &'static str, number: u16, out: &mut Out<'_, '_>) {
    /// Aliases stand before every column: most of them need no text of their own.
    const SMALL: [&str; 16] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15"];
    out.push_sql(letter);
    match SMALL.get(usize::from(number)) {
        Some(digits) => out.push_sql(digits),
        None => out.push_sql(&number.to_string()),
    }
}

fn push_comma(index: usize, out: &mut Out<'_, '_>) {
    if index > 0 {
        out.push_sql(", ");
    }
}
