//! Tests of JSON documents, as PostgreSQL's `jsonb` understands them.

use crate::oracle::filter::{elements, name};
use async_graphql::Value;
use serde_json::Value as Json;

/// A test of a document that is there.
pub fn test(document: &Json, operator: &str, operand: &Value) -> Option<bool> {
    let asked = || operand.clone().into_json().unwrap();
    let has = |key: &Value| has_key(document, name(key));
    Some(match operator {
        "contains" => contains(document, &asked()),
        "containedBy" => contains(&asked(), document),
        "hasKey" => has(operand),
        "hasAnyKey" => elements(operand).iter().any(has),
        "hasAllKeys" => elements(operand).iter().all(has),
        "path" => return elements(operand).iter().map(|test| test_path(document, test)).reduce(both).unwrap_or(Some(true)),
        other => panic!("the oracle knows no operator `{other}` of documents"),
    })
}

fn test_path(document: &Json, tests: &Value) -> Option<bool> {
    let Value::Object(tests) = tests else { panic!("a path's tests are an object") };
    let steps = elements(&tests["at"]).iter();
    let found = steps.map(name).try_fold(document, |found, step| match found {
        Json::Object(fields) => fields.get(step),
        Json::Array(elements) => elements.get(step.parse::<usize>().ok()?),
        _ => None,
    });
    let tested = tests.iter().filter(|(operator, _)| *operator != "at").map(|(operator, operand)| {
        let asked = operand.clone().into_json().unwrap();
        if operator == "isNull" {
            return Some(found.is_none_or(Json::is_null) == (asked == Json::Bool(true)));
        }
        let found = found?;
        let numbers = || found.as_f64().zip(asked.as_f64());
        match operator.as_str() {
            "eq" => Some(is_same(found, &asked)),
            "neq" => Some(!is_same(found, &asked)),
            "in" => Some(asked.as_array().unwrap().iter().any(|asked| is_same(found, asked))),
            "contains" => Some(contains(found, &asked)),
            "lt" => numbers().map(|(left, right)| left < right),
            "lte" => numbers().map(|(left, right)| left <= right),
            "gt" => numbers().map(|(left, right)| left > right),
            "gte" => numbers().map(|(left, right)| left >= right),
            other => panic!("the oracle knows no operator `{other}` of paths"),
        }
    });
    tested.reduce(both).unwrap_or(Some(true))
}

/// Kleene's conjunction.
fn both(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// A list as a whole also contains what is no list and equal to one of its elements, but only at the top.
fn contains(document: &Json, part: &Json) -> bool {
    match (document, part) {
        (Json::Array(elements), part) if !part.is_array() && !part.is_object() => {
            elements.iter().any(|element| is_same(element, part))
        }
        _ => contains_inside(document, part),
    }
}

fn contains_inside(document: &Json, part: &Json) -> bool {
    match (document, part) {
        (Json::Object(fields), Json::Object(parts)) => {
            parts.iter().all(|(key, part)| fields.get(key).is_some_and(|value| contains_inside(value, part)))
        }
        (Json::Array(elements), Json::Array(parts)) => {
            parts.iter().all(|part| elements.iter().any(|element| contains_inside(element, part)))
        }
        (document, part) => is_same(document, part),
    }
}

/// Numbers are the same whether they are written with a fraction or not.
fn is_same(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => left.as_f64() == right.as_f64(),
        _ => left == right,
    }
}

/// A key of an object, an element of a list, or the text itself.
fn has_key(document: &Json, key: &str) -> bool {
    match document {
        Json::Object(fields) => fields.contains_key(key),
        Json::Array(elements) => elements.iter().any(|element| element == key),
        Json::String(text) => text == key,
        _ => false,
    }
}
