//! Statements around another that ask PostgreSQL how it would run it.

use crate::sql::{Fetch, Statement, StatementKind};
use diesel::QueryResult;
use diesel::pg::{Pg, PgQueryBuilder};
use diesel::query_builder::{AstPass, Query as DieselQuery, QueryBuilder, QueryFragment, QueryId};
use diesel::sql_types::{Json, Text};

/// The name of the statement that [`prepare_text`] prepares.
pub const EXPLAINED: &str = "toolcrib_explained";

/// How a statement is explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExplainKind {
    /// The plan alone; nothing runs.
    Plan,
    /// It runs, and each step says what it really did.
    Analyze,
}

/// `explain` before a statement, with the statement's own binds. What comes back holds values: never for logs.
#[derive(Debug)]
pub struct Explain<'s> {
    fetch: Fetch<'s, Json>,
    kind: ExplainKind,
}

impl<'s> Explain<'s> {
    /// Explains a statement, in lines of text.
    pub fn new(statement: &'s Statement, kind: ExplainKind) -> Self {
        Self { fetch: Fetch::new(statement, StatementKind::Cold), kind }
    }
}

impl QueryId for Explain<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl DieselQuery for Explain<'_> {
    type SqlType = Text;
}

impl QueryFragment<Pg> for Explain<'_> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.fetch.walk_ast(out)
    }

    fn to_sql(&self, out: &mut PgQueryBuilder, backend: &Pg) -> QueryResult<()> {
        out.push_sql(match self.kind {
            ExplainKind::Plan => "explain (costs) ",
            ExplainKind::Analyze => "explain (analyze, costs, buffers, timing off) ",
        });
        self.fetch.to_sql(out, backend)
    }

    fn is_safe_to_cache_prepared(&self, _backend: &Pg) -> QueryResult<bool> {
        Ok(false)
    }
}

/// `prepare` with the types of a statement's binds, and the `execute` that fits it with nothing but nulls: under
/// `plan_cache_mode = force_generic_plan`, `explain` then shows the plan for any values, and none is in it.
///
/// # Errors
/// None that a plan can cause; Diesel's signature has one.
pub fn prepare_text(statement: &Statement) -> QueryResult<(String, String)> {
    let types: Vec<_> = statement.encoded_binds()?.types.into_iter().map(|oid| type_name(oid).unwrap_or("unknown")).collect();
    let nulls = vec!["null"; types.len()].join(", ");
    let parentheses = |inside: &str| if inside.is_empty() { String::new() } else { format!("({inside})") };
    // Injection safety: the text is a rendered statement, whose values are binds; the types are of a fixed list.
    let prepare = format!("prepare {EXPLAINED}{} as {text}", parentheses(&types.join(", ")), text = statement.text());
    Ok((prepare, format!("explain (costs) execute {EXPLAINED}{}", parentheses(&nulls))))
}

/// The types that [`crate::base::Value`] is bound as, and their arrays, by PostgreSQL's fixed numbers.
fn type_name(oid: u32) -> Option<&'static str> {
    Some(match oid {
        2950 => "uuid",
        2951 => "uuid[]",
        25 => "text",
        1009 => "text[]",
        23 => "integer",
        1007 => "integer[]",
        20 => "bigint",
        1016 => "bigint[]",
        701 => "double precision",
        1022 => "double precision[]",
        16 => "boolean",
        1000 => "boolean[]",
        1184 => "timestamptz",
        1185 => "timestamptz[]",
        1082 => "date",
        1182 => "date[]",
        1700 => "numeric",
        1231 => "numeric[]",
        3802 => "jsonb",
        3807 => "jsonb[]",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{ScalarType, Value};
    use crate::sql::{Column, Expr, Query, Select};

    #[test]
    fn every_bind_has_its_type_and_no_value_is_shown() {
        let scalars = [
            ScalarType::Id,
            ScalarType::String,
            ScalarType::Int,
            ScalarType::BigInt,
            ScalarType::Float,
            ScalarType::Boolean,
            ScalarType::DateTime,
            ScalarType::Date,
            ScalarType::Decimal,
            ScalarType::Json,
        ];
        let mut columns: Vec<Column> = Vec::new();
        for scalar in scalars {
            columns.push(Column::bare(Expr::Value(Value::Null(scalar))));
            columns.push(Column::bare(Expr::Value(Value::List(scalar, Vec::new()))));
        }
        columns.push(Column::bare(Expr::Value(Value::Text("secret".to_owned()))));
        let query = Query::select(Select { columns, ..Select::default() });
        let (prepare, execute) = prepare_text(&Statement::of(&query).unwrap()).unwrap();
        let types = "uuid, uuid[], text, text[], integer, integer[], bigint, bigint[], double precision, double precision[], \
                     boolean, boolean[], timestamptz, timestamptz[], date, date[], numeric, numeric[], jsonb, jsonb[], text";
        assert!(prepare.starts_with(&format!("prepare toolcrib_explained({types}) as select $1, $2")), "{prepare}");
        assert!(execute.starts_with("explain (costs) execute toolcrib_explained(null, null, "), "{execute}");
        assert!(!prepare.contains("secret") && !execute.contains("secret"));
        let nothing = Query::select(Select { columns: vec![Column::bare(Expr::Fixed("1"))], ..Select::default() });
        let (prepare, execute) = prepare_text(&Statement::of(&nothing).unwrap()).unwrap();
        assert_eq!(
            (prepare.as_str(), execute.as_str()),
            ("prepare toolcrib_explained as select 1", "explain (costs) execute toolcrib_explained",)
        );
    }
}
