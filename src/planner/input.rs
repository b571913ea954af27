//! Argument values: JSON as the request coerced it → typed [`Value`]s.

use crate::base::{ScalarType, Value, ValueError};
use crate::catalog::{Catalog, Field, FieldKind};
use crate::planner::PlanError;
use serde_json::Value as Json;
use uuid::Uuid;

/// Reads a JSON value as a scalar.
///
/// # Errors
/// [`ValueError`] when it does not have the scalar's form.
pub(crate) fn scalar_value(scalar: ScalarType, json: &Json) -> Result<Value, ValueError> {
    match (scalar, json) {
        (_, Json::Null) => Ok(Value::Null(scalar)),
        (ScalarType::Json, any) => Ok(Value::Json(any.clone())),
        (ScalarType::Boolean, Json::Bool(boolean)) => Ok(Value::Boolean(*boolean)),
        (ScalarType::Float, Json::Number(number)) => Ok(Value::Float(number.as_f64().unwrap_or(f64::NAN))),
        (ScalarType::Int | ScalarType::BigInt | ScalarType::Decimal, Json::Number(number)) => {
            Value::parse(scalar, &number.to_string())
        }
        (ScalarType::Int | ScalarType::Boolean | ScalarType::Float, other) => Value::parse(scalar, &other.to_string()),
        (_, Json::String(text)) => Value::parse(scalar, text),
        (_, other) => Value::parse(scalar, &other.to_string()),
    }
}

/// Reads a JSON value for a stored field: a list for a list, an enum's value for an enum.
///
/// # Errors
/// [`PlanError::Value`] or [`PlanError::Argument`], naming `argument`.
pub(crate) fn field_value(catalog: &Catalog, field: &Field, argument: &str, json: &Json) -> Result<Value, PlanError> {
    let scalar = field.stored_scalar().unwrap_or(ScalarType::Id);
    let read_one = |json: &Json| match field.kind {
        FieldKind::Enum { enum_id, .. } if !json.is_null() => {
            let name = json.as_str().unwrap_or_default();
            let known = catalog.enum_type(enum_id).values.iter().any(|value| value.name == name);
            let refused = || PlanError::argument(argument, format!("`{name}` is not a value of the enum"));
            if known { Ok(Value::Text(name.to_owned())) } else { Err(refused()) }
        }
        _ => scalar_value(scalar, json).map_err(|source| PlanError::Value { argument: argument.to_owned(), source }),
    };
    match json {
        Json::Null if field.is_list() => Ok(Value::NullList(scalar)),
        Json::Array(elements) if field.is_list() => {
            let values = elements.iter().map(read_one).collect::<Result<Vec<_>, _>>()?;
            Ok(Value::List(scalar, values))
        }
        single => read_one(single),
    }
}

/// Reads the `id` argument of a root field. A text that is no UUID is an id that no row has.
pub(crate) fn row_id(json: Option<&Json>) -> Option<Uuid> {
    json.and_then(Json::as_str).and_then(|text| text.parse().ok())
}
