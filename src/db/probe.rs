//! Questions about tables, their rows and indexes that decide whether a change can be planned or made.

use crate::base::{ColumnName, ScalarType, TableName, Value};
use crate::sql::{Alias, Column, CompareOp, Expr, Fetch, From, Query, Select, Statement, StatementKind};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// What is asked of a table: is there a row that ...?
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Probe {
    /// The table.
    pub table: TableName,
    /// What such a row is like.
    pub row: RowLike,
}

/// What a row is like.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowLike {
    /// Any row.
    Any,
    /// The column is null.
    Null(ColumnName),
    /// The column holds something.
    Filled(ColumnName),
    /// The text column holds something other than these.
    TextBeside(ColumnName, Vec<String>),
    /// The column of texts holds something other than these.
    ListBeside(ColumnName, Vec<String>),
    /// The text column holds more characters than this.
    LongerThan(ColumnName, u32),
    /// The text column holds fewer characters than this.
    ShorterThan(ColumnName, u32),
    /// The column of numbers or dates holds less than this.
    Below(ColumnName, Bound),
    /// The column of numbers or dates holds more than this.
    Above(ColumnName, Bound),
    /// The text column holds something that a regular expression does not match.
    Unlike(ColumnName, String),
}

/// A number or a date, as text and with the PostgreSQL type to compare it as.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bound {
    text: String,
    sql_type: &'static str,
}

impl Bound {
    /// The bound that a value is.
    pub fn of(value: &Value) -> Self {
        let json = value.to_json();
        let text = json.as_str().map_or_else(|| json.to_string(), str::to_owned);
        Self { text, sql_type: if matches!(value, Value::Date(_)) { "date" } else { "numeric" } }
    }

    fn to_expr(&self) -> Expr {
        Expr::Cast(Box::new(Expr::Value(Value::Text(self.text.clone()))), self.sql_type)
    }
}

/// Whether there is such a row.
///
/// # Errors
/// What the database says.
pub async fn holds(connection: &mut AsyncPgConnection, probe: &Probe) -> QueryResult<bool> {
    let alias = Alias::Table(0);
    let rows = Select::new(Vec::new(), From::Table(probe.table.clone(), alias));
    let any = Select { filter: Some(condition(&probe.row, alias)), ..rows };
    let query = Query::select(Select { columns: vec![Column::bare(Expr::Exists(Box::new(any)))], ..Select::default() });
    let statement = Statement::of(&query)?;
    Fetch::<Bool>::new(&statement, StatementKind::Cold).get_result(connection).await
}

/// Whether a table is there; it may be partitioned.
///
/// # Errors
/// What the database says.
pub async fn has_table(connection: &mut AsyncPgConnection, table: &TableName) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Bool)]
        found: bool,
    }
    let query = "select exists (select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p') and n.nspname = $1 and c.relname = $2) as found";
    let query = diesel::sql_query(query).bind::<Text, _>(&*table.schema).bind::<Text, _>(&*table.name);
    query.get_result::<Found>(connection).await.map(|row| row.found)
}

/// Whether an index can be used; `None` if there is none of this name.
///
/// # Errors
/// What the database says.
pub async fn is_index_valid(connection: &mut AsyncPgConnection, index: &TableName) -> QueryResult<Option<bool>> {
    #[derive(QueryableByName)]
    struct State {
        #[diesel(sql_type = Bool)]
        is_valid: bool,
    }
    let query = "select x.indisvalid as is_valid from pg_catalog.pg_index x
        join pg_catalog.pg_class c on c.oid = x.indexrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where n.nspname = $1 and c.relname = $2";
    let query = diesel::sql_query(query).bind::<Text, _>(&*index.schema).bind::<Text, _>(&*index.name);
    Ok(query.get_result::<State>(connection).await.optional()?.map(|state| state.is_valid))
}

fn condition(row: &RowLike, alias: Alias) -> Expr {
    let texts = |texts: &[String]| {
        let texts = texts.iter().map(|text| Value::Text(text.clone())).collect();
        Box::new(Expr::Value(Value::List(ScalarType::String, texts)))
    };
    match row {
        RowLike::Any => Expr::always(),
        RowLike::Null(column) => Expr::IsNull(Box::new(Expr::column(alias, column))),
        RowLike::Filled(column) => Expr::IsNotNull(Box::new(Expr::column(alias, column))),
        RowLike::TextBeside(column, allowed) => {
            Expr::Not(Box::new(Expr::AnyOf(Box::new(Expr::column(alias, column)), texts(allowed))))
        }
        RowLike::ListBeside(column, allowed) => {
            // The function behind `<@`.
            Expr::Not(Box::new(Expr::Call("arraycontained", vec![Expr::column(alias, column), *texts(allowed)])))
        }
        RowLike::LongerThan(column, max) => {
            let length = Expr::Call("char_length", vec![Expr::column(alias, column)]);
            Expr::compare(CompareOp::Greater, length, Expr::Value(Value::BigInt(i64::from(*max))))
        }
        RowLike::ShorterThan(column, min) => {
            let length = Expr::Call("char_length", vec![Expr::column(alias, column)]);
            Expr::compare(CompareOp::Less, length, Expr::Value(Value::BigInt(i64::from(*min))))
        }
        RowLike::Below(column, min) => Expr::compare(CompareOp::Less, Expr::column(alias, column), min.to_expr()),
        RowLike::Above(column, max) => Expr::compare(CompareOp::Greater, Expr::column(alias, column), max.to_expr()),
        RowLike::Unlike(column, regex) => {
            let is_like = Expr::Call("regexp_like", vec![Expr::column(alias, column), Expr::Value(Value::Text(regex.clone()))]);
            Expr::Not(Box::new(is_like))
        }
    }
}
