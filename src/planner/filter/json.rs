//! Tests that look into a JSON document.

use crate::base::{ScalarType, Value};
use crate::planner::PlanError;
use crate::planner::filter::test::text_value;
use crate::planner::filter::{FilterTest, elements, read_boolean, refuse_null};
use crate::sql::CompareOp;
use serde_json::{Map, Value as Json};

/// The most keys of one `hasAnyKey` or `hasAllKeys`, and of one path.
const MAX_KEYS: usize = 100;

/// A test of the value at a path of a document. A path that leads nowhere gives null, which no test but `isNull` accepts.
#[derive(Clone, Debug, PartialEq)]
pub enum JsonPathTest {
    /// Equal or not, as JSON.
    Compare(CompareOp, Value),
    /// Less or greater. Only values of one kind compare: a text is neither more nor less than a number.
    Order(CompareOp, JsonKind, Value),
    /// One of a list of JSON values.
    In(Value),
    /// Nothing is there, or a JSON null.
    IsNull,
    /// Something is there.
    IsNotNull,
}

/// The kinds of JSON values that have an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonKind {
    /// Numbers.
    Number,
    /// Texts, in the order of the database.
    Text,
}

/// The tests of `path: [{at: ["a"], eq: 1}]`; all of them have to hold.
pub(super) fn plan_paths(path: &str, json: &Json) -> Result<Vec<FilterTest>, PlanError> {
    let mut tests = Vec::new();
    for (index, element) in elements(json).iter().enumerate() {
        let path = format!("{path}[{index}]");
        let object = element.as_object().ok_or_else(|| PlanError::argument(&path, "expected a path and its tests"))?;
        let at = plan_keys(&format!("{path}.at"), object.get("at").unwrap_or(&Json::Null))?;
        plan_path_tests(&path, &at, object, &mut tests)?;
    }
    Ok(tests)
}

fn plan_path_tests(path: &str, at: &Value, object: &Map<String, Json>, tests: &mut Vec<FilterTest>) -> Result<(), PlanError> {
    for (operator, operand) in object.iter().filter(|(name, _)| *name != "at") {
        let path = format!("{path}.{operator}");
        let operand = refuse_null(&path, operand)?;
        let compare = |op| Ok(JsonPathTest::Compare(op, Value::Json(operand.clone())));
        let test = match operator.as_str() {
            "eq" => compare(CompareOp::Equal),
            "neq" => compare(CompareOp::NotEqual),
            "contains" => compare(CompareOp::Contains),
            "lt" => plan_order(CompareOp::Less, &path, operand),
            "lte" => plan_order(CompareOp::LessOrEqual, &path, operand),
            "gt" => plan_order(CompareOp::Greater, &path, operand),
            "gte" => plan_order(CompareOp::GreaterOrEqual, &path, operand),
            "in" => {
                let values = elements(operand).iter().map(|element| refuse_null(&path, element).cloned().map(Value::Json));
                Ok(JsonPathTest::In(Value::List(ScalarType::Json, values.collect::<Result<_, _>>()?)))
            }
            "isNull" => Ok(if read_boolean(&path, operand)? { JsonPathTest::IsNull } else { JsonPathTest::IsNotNull }),
            other => Err(PlanError::argument(&path, format!("there is no operator `{other}`"))),
        }?;
        tests.push(FilterTest::JsonPath(at.clone(), test));
    }
    Ok(())
}

fn plan_order(op: CompareOp, path: &str, operand: &Json) -> Result<JsonPathTest, PlanError> {
    let kind = match operand {
        Json::Number(_) => JsonKind::Number,
        Json::String(_) => JsonKind::Text,
        _ => return Err(PlanError::argument(path, "only numbers and texts have an order")),
    };
    Ok(JsonPathTest::Order(op, kind, Value::Json(operand.clone())))
}

/// One key of an object.
pub(super) fn plan_key(path: &str, json: &Json) -> Result<Value, PlanError> {
    text_value(path, json.as_str().unwrap_or_default())
}

/// Keys of objects, or the steps of a path: an index of an array is written as a text, too.
pub(super) fn plan_keys(path: &str, json: &Json) -> Result<Value, PlanError> {
    let keys = elements(refuse_null(path, json)?);
    if keys.len() > MAX_KEYS {
        return Err(PlanError::too_many(path, "elements", MAX_KEYS));
    }
    let keys = keys.iter().map(|key| plan_key(path, refuse_null(path, key)?));
    Ok(Value::List(ScalarType::String, keys.collect::<Result<_, _>>()?))
}
