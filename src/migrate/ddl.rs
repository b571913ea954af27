//! Names and literals in the text of migrations. DDL takes no bind parameters, so this is the one place that quotes.

use crate::base::{ColumnName, ScalarType, TableName, Value};

/// A name, quoted only where it has to be: migrations are read by people.
pub(super) fn name(text: &str) -> String {
    let is_plain = text.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && text.chars().all(|character| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_')
        && RESERVED.split(' ').all(|word| word != text);
    if is_plain { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}

/// A column's name.
pub(super) fn column(column: &ColumnName) -> String {
    name(column.as_str())
}

/// `public.tickets`
pub(super) fn table(table: &TableName) -> String {
    format!("{}.{}", name(&table.schema), name(&table.name))
}

/// A text literal. Standard-conforming strings know no escape but the doubled quote.
pub(super) fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// Any value as a literal.
pub(super) fn literal(value: &Value) -> String {
    match value {
        Value::Null(_) | Value::NullList(_) => "null".to_owned(),
        Value::Text(value) => text(value),
        Value::Int(number) => number.to_string(),
        Value::BigInt(number) => number.to_string(),
        Value::Boolean(value) => value.to_string(),
        Value::Decimal(number) => number.to_plain_string(),
        Value::Json(json) => typed(&json.to_string(), ScalarType::Json),
        Value::List(scalar, values) => {
            let elements: Vec<String> = values.iter().map(literal).collect();
            format!("array[{}]::{}[]", elements.join(", "), scalar.sql_type())
        }
        Value::Id(_) | Value::Float(_) | Value::DateTime(_) | Value::Date(_) => {
            let json = value.to_json();
            let shown = json.as_str().map_or_else(|| json.to_string(), str::to_owned);
            typed(&shown, value.scalar_type())
        }
    }
}

fn typed(shown: &str, scalar: ScalarType) -> String {
    format!("{}::{}", text(shown), scalar.sql_type())
}

/// What PostgreSQL does not take as a column's or table's bare name: its reserved key words.
const RESERVED: &str = "\
    all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation column \
    concurrently constraint create cross current_catalog current_date current_role current_schema current_time \
    current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze from \
    full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit \
    localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references \
    returning right select session_user similar some symmetric system_user table tablesample then to trailing true union \
    unique user using variadic verbose when where window with";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_where_they_have_to_be() {
        for (plain, quoted) in [("tickets", "tickets"), ("order", "\"order\""), ("Team", "\"Team\""), ("a\"b", "\"a\"\"b\"")] {
            assert_eq!(name(plain), quoted);
        }
        assert_eq!(name("2fa"), "\"2fa\"");
    }

    #[test]
    fn literals_cannot_end_early() {
        assert_eq!(literal(&Value::Text("it's \\' here".to_owned())), "'it''s \\'' here'");
        assert_eq!(literal(&Value::Float(1.5)), "'1.5'::double precision");
        assert_eq!(literal(&Value::Json(serde_json::json!({"a": "'"}))), "'{\"a\":\"''\"}'::jsonb");
    }
}
