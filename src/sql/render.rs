//! Rendering: a [`Query`] as text and values. Names go through `push_identifier`, values become bind parameters.

use crate::base::{TableName, Value};
use crate::sql::{
    Alias, Column, Cte, CteBody, Delete, Expr, From, Insert, Join, JoinKind, OrderTerm, Query, RowLock, Select, Update,
};
use diesel::QueryResult;
use diesel::pg::PgQueryBuilder;
use diesel::query_builder::QueryBuilder;

/// A statement as it grows.
#[derive(Default)]
struct Rendering<'a> {
    builder: PgQueryBuilder,
    binds: Vec<Value>,
    definition: Option<Definition<'a>>,
}

/// For what is defined rather than asked: DDL takes no bind parameters.
struct Definition<'a> {
    /// The table that [`Alias::Own`] stands for.
    own: &'a TableName,
    /// A value as a literal.
    literal: fn(&Value) -> String,
}

impl Rendering<'_> {
    fn push_sql(&mut self, text: &str) {
        self.builder.push_sql(text);
    }

    fn push_identifier(&mut self, name: &str) -> QueryResult<()> {
        self.builder.push_identifier(name)
    }

    fn push_value(&mut self, value: &Value) {
        if let Some(definition) = &self.definition {
            return self.builder.push_sql(&(definition.literal)(value));
        }
        self.builder.push_bind_param();
        self.binds.push(value.clone());
    }
}

/// The text of a query and the values of its bind parameters, in their order.
pub(super) fn render(query: &Query) -> QueryResult<(String, Vec<Value>)> {
    let mut out = Rendering::default();
    push_query(query, &mut out)?;
    Ok((out.builder.finish(), out.binds))
}

/// The text of an expression within a definition: a policy, a trigger. Its values are what `literal` makes of them, and
/// [`Alias::Own`] is the table that it belongs to.
///
/// # Errors
/// None that a rule can cause; Diesel's signature has one.
pub fn definition_text(expr: &Expr, own: &TableName, literal: fn(&Value) -> String) -> QueryResult<String> {
    let mut out = Rendering { definition: Some(Definition { own, literal }), ..Rendering::default() };
    push_expr(expr, &mut out)?;
    Ok(out.builder.finish())
}

fn push_query(query: &Query, out: &mut Rendering<'_>) -> QueryResult<()> {
    for (index, cte) in query.ctes.iter().enumerate() {
        out.push_sql(if index == 0 { "with " } else { ", " });
        push_cte(cte, out)?;
    }
    if !query.ctes.is_empty() {
        out.push_sql(" ");
    }
    push_select(&query.body, out)
}

fn push_cte(cte: &Cte, out: &mut Rendering<'_>) -> QueryResult<()> {
    push_alias(cte.name, out)?;
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

fn push_insert(insert: &Insert, out: &mut Rendering<'_>) -> QueryResult<()> {
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

fn push_update(update: &Update, out: &mut Rendering<'_>) -> QueryResult<()> {
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

fn push_delete(delete: &Delete, out: &mut Rendering<'_>) -> QueryResult<()> {
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

fn push_select(select: &Select, out: &mut Rendering<'_>) -> QueryResult<()> {
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

fn push_columns(columns: &[Column], out: &mut Rendering<'_>) -> QueryResult<()> {
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

fn push_from(from: &From, out: &mut Rendering<'_>) -> QueryResult<()> {
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

fn push_expr(expr: &Expr, out: &mut Rendering<'_>) -> QueryResult<()> {
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

fn push_around(before: &'static str, expr: &Expr, after: &'static str, out: &mut Rendering<'_>) -> QueryResult<()> {
    out.push_sql(before);
    push_expr(expr, out)?;
    out.push_sql(after);
    Ok(())
}

fn push_nested(before: &'static str, select: &Select, out: &mut Rendering<'_>) -> QueryResult<()> {
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

fn push_list(parts: &[Expr], out: &mut Rendering<'_>) -> QueryResult<()> {
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

fn push_table(table: &TableName, out: &mut Rendering<'_>) -> QueryResult<()> {
    out.push_identifier(&table.schema)?;
    out.push_sql(".");
    out.push_identifier(&table.name)
}

/// Injection safety: an alias is a letter with a number, or a word of the program, or a quoted name.
fn push_alias(alias: Alias, out: &mut Rendering<'_>) -> QueryResult<()> {
    match alias {
        Alias::Table(number) => push_numbered("t", number, out),
        Alias::Rule(number) => push_numbered("r", number, out),
        Alias::Filter(number) => push_numbered("f", number, out),
        Alias::Order(number) => push_numbered("o", number, out),
        Alias::Named(name) => out.push_sql(name),
        Alias::Own => {
            let own = out.definition.as_ref().expect("only definitions belong to a table").own.clone();
            push_table(&own, out)?;
        }
    }
    Ok(())
}

fn push_numbered(letter: &'static str, number: u16, out: &mut Rendering<'_>) {
    /// Aliases stand before every column: most of them need no text of their own.
    const SMALL: [&str; 16] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15"];
    out.push_sql(letter);
    match SMALL.get(usize::from(number)) {
        Some(digits) => out.push_sql(digits),
        None => out.push_sql(&number.to_string()),
    }
}

fn push_comma(index: usize, out: &mut Rendering<'_>) {
    if index > 0 {
        out.push_sql(", ");
    }
}
