//! Rendering: a [`Query`] as text and values. Names go through `push_identifier`, values become bind parameters.
//!
//! A query and its steps are rendered here; what a step consists of, in a file for each kind: changes, selects, expressions, names.

mod change;
mod expr;
mod name;
mod select;

use crate::base::{TableName, Value};
use crate::sql::render::change::{push_delete, push_insert, push_update};
use crate::sql::render::expr::push_expr;
use crate::sql::render::name::push_alias;
use crate::sql::render::select::push_select;
use crate::sql::{Cte, CteBody, Expr, Query};
use diesel::QueryResult;
use diesel::pg::PgQueryBuilder;
use diesel::query_builder::QueryBuilder;

/// A statement as it grows.
#[derive(Default)]
struct Rendering<'a> {
    builder: PgQueryBuilder,
    binds: Vec<Value>,
    tables: Vec<TableName>,
    definition: Option<Definition<'a>>,
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

/// For what is defined rather than asked: DDL takes no bind parameters.
struct Definition<'a> {
    /// The table that [`crate::sql::Alias::Own`] stands for.
    own: &'a TableName,
    /// A value as a literal.
    literal: fn(&Value) -> String,
}

/// A query as PostgreSQL takes it.
pub(super) struct Rendered {
    pub(super) text: String,
    /// The values of its bind parameters, in their order.
    pub(super) binds: Vec<Value>,
    /// The tables and views that it names, each once.
    pub(super) tables: Vec<TableName>,
}

/// Renders a query.
pub(super) fn render(query: &Query) -> QueryResult<Rendered> {
    let mut out = Rendering::default();
    push_query(query, &mut out)?;
    let Rendering { builder, binds, tables, definition: _ } = out;
    Ok(Rendered { text: builder.finish(), binds, tables })
}

/// The text of an expression within a definition: a policy, a trigger. Its values are what `literal` makes of them, and
/// [`crate::sql::Alias::Own`] is the table that it belongs to.
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

fn push_comma(index: usize, out: &mut Rendering<'_>) {
    if index > 0 {
        out.push_sql(", ");
    }
}
