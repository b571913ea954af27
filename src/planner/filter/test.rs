//! Tests of one column.

use crate::base::{ScalarType, Value};
use crate::catalog::Field;
use crate::planner::filter::{Filter, JsonPathTest, elements, json, read_boolean, refuse_null};
use crate::planner::input::field_value;
use crate::planner::{GuardedColumn, PlanError, Planner};
use crate::sql::CompareOp;
use serde_json::{Map, Value as Json};

/// A test of one column.
#[derive(Clone, Debug, PartialEq)]
pub enum FilterTest {
    /// An operator with a value.
    Compare(CompareOp, Value),
    /// One of a list, or none of it.
    In(Value),
    /// `isNull: true`
    IsNull,
    /// `isNull: false`
    IsNotNull,
    /// `isEmpty: true`, of a list.
    IsEmpty,
    /// `isEmpty: false`
    IsNotEmpty,
    /// What a JSON document has at a path: the path as a list of texts, and the test.
    JsonPath(Value, JsonPathTest),
}

/// Where a text has to stand in another.
#[derive(Clone, Copy)]
enum Position {
    Start,
    End,
    Anywhere,
}

impl Planner<'_> {
    /// Plans the tests of a column; all of them have to hold.
    pub(super) fn plan_column_filter(
        &self,
        field: &Field,
        column: &GuardedColumn,
        path: &str,
        tests: &Map<String, Json>,
    ) -> Result<Filter, PlanError> {
        let mut parts = Vec::with_capacity(tests.len());
        for (operator, operand) in tests {
            let path = format!("{path}.{operator}");
            let operand = refuse_null(&path, operand)?;
            if operator == "path" {
                let paths = json::plan_paths(&path, operand)?;
                parts.extend(paths.into_iter().map(|test| Filter::Column(column.clone(), test)));
                continue;
            }
            let filter = Filter::Column(column.clone(), self.plan_test(field, operator, &path, operand)?);
            parts.push(if operator == "notIn" { Filter::Not(Box::new(filter)) } else { filter });
        }
        Ok(Filter::All(parts))
    }

    fn plan_test(&self, field: &Field, operator: &str, path: &str, operand: &Json) -> Result<FilterTest, PlanError> {
        let compare = |op| Ok(FilterTest::Compare(op, self.plan_operand(field, path, operand)?));
        let is_text = !field.is_list() && field.stored_scalar() != Some(ScalarType::Json);
        match operator {
            "eq" => compare(CompareOp::Equal),
            "neq" => compare(CompareOp::NotEqual),
            "lt" => compare(CompareOp::Less),
            "lte" => compare(CompareOp::LessOrEqual),
            "gt" => compare(CompareOp::Greater),
            "gte" => compare(CompareOp::GreaterOrEqual),
            "like" => Ok(FilterTest::Compare(CompareOp::Like, pattern(path, operand)?)),
            "ilike" => Ok(FilterTest::Compare(CompareOp::ILike, pattern(path, operand)?)),
            "startsWith" => literal_pattern(CompareOp::Like, Position::Start, path, operand),
            "istartsWith" => literal_pattern(CompareOp::ILike, Position::Start, path, operand),
            "endsWith" => literal_pattern(CompareOp::Like, Position::End, path, operand),
            "iendsWith" => literal_pattern(CompareOp::ILike, Position::End, path, operand),
            "contains" if is_text => literal_pattern(CompareOp::Like, Position::Anywhere, path, operand),
            "icontains" => literal_pattern(CompareOp::ILike, Position::Anywhere, path, operand),
            "contains" => compare(CompareOp::Contains),
            "containedBy" => compare(CompareOp::ContainedBy),
            "overlaps" => compare(CompareOp::Overlaps),
            "hasKey" => Ok(FilterTest::Compare(CompareOp::HasKey, json::plan_key(path, operand)?)),
            "hasAnyKey" => Ok(FilterTest::Compare(CompareOp::HasAnyKey, json::plan_keys(path, operand)?)),
            "hasAllKeys" => Ok(FilterTest::Compare(CompareOp::HasAllKeys, json::plan_keys(path, operand)?)),
            "in" | "notIn" => Ok(FilterTest::In(self.plan_list(field, path, operand)?)),
            "isNull" => Ok(if read_boolean(path, operand)? { FilterTest::IsNull } else { FilterTest::IsNotNull }),
            "isEmpty" => Ok(if read_boolean(path, operand)? { FilterTest::IsEmpty } else { FilterTest::IsNotEmpty }),
            other => Err(PlanError::argument(path, format!("there is no operator `{other}`"))),
        }
    }

    /// A value of the field's own type: a list for a list.
    fn plan_operand(&self, field: &Field, path: &str, operand: &Json) -> Result<Value, PlanError> {
        if field.is_list() { self.plan_list(field, path, operand) } else { field_value(self.catalog, field, path, operand) }
    }

    fn plan_list(&self, field: &Field, path: &str, operand: &Json) -> Result<Value, PlanError> {
        let scalar = field.stored_scalar().unwrap_or(ScalarType::String);
        let values = elements(operand).iter();
        let values = values.map(|element| field_value(self.catalog, field, path, refuse_null(path, element)?));
        Ok(Value::List(scalar, values.collect::<Result<_, _>>()?))
    }
}

/// A pattern of `like`. PostgreSQL refuses one that ends in a lone backslash, so it is refused here, by name.
fn pattern(path: &str, operand: &Json) -> Result<Value, PlanError> {
    let text = operand.as_str().unwrap_or_default();
    let trailing = text.chars().rev().take_while(|character| *character == '\\').count();
    if trailing % 2 == 1 {
        return Err(PlanError::argument(path, "the pattern ends with a lone `\\`; write `\\\\` for a backslash"));
    }
    text_value(path, text)
}

/// A pattern that finds a text as it is: what `like` would take for a placeholder stands for itself.
fn literal_pattern(op: CompareOp, position: Position, path: &str, operand: &Json) -> Result<FilterTest, PlanError> {
    let text = operand.as_str().unwrap_or_default();
    text_value(path, text)?;
    let escaped = escape(text);
    let pattern = match position {
        Position::Start => format!("{escaped}%"),
        Position::End => format!("%{escaped}"),
        Position::Anywhere => format!("%{escaped}%"),
    };
    Ok(FilterTest::Compare(op, Value::Text(pattern)))
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 2);
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// A text as a bind.
pub(crate) fn text_value(path: &str, text: &str) -> Result<Value, PlanError> {
    Value::parse(ScalarType::String, text).map_err(|source| PlanError::Value { argument: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_stand_for_themselves() {
        assert_eq!(escape(r"100%_of\it"), r"100\%\_of\\it");
        assert_eq!(escape("plain"), "plain");
        let test = literal_pattern(CompareOp::Like, Position::Anywhere, "where", &Json::from("50%"));
        assert_eq!(test, Ok(FilterTest::Compare(CompareOp::Like, Value::Text(r"%50\%%".to_owned()))));
    }
}
