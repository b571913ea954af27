//! The values of an operation's variables: the specification's CoerceVariableValues(), with every mistake named by its path,
//! `$where.status.in[0]`.

use crate::base::FaultCode;
use crate::graphql::GraphqlError;
use crate::graphql::error::MAX_MISTAKES;
use crate::graphql::names::{Names, choices};
use apollo_compiler::ast::{Type, Value};
use apollo_compiler::executable::{Operation, VariableDefinition};
use apollo_compiler::response::{JsonMap, JsonValue};
use apollo_compiler::schema::{ExtendedType, InputObjectType};
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use std::fmt;

/// Coerces the given values to the types that the operation declares.
///
/// # Errors
/// Every mistake, up to a number, each at the declaration of its variable.
pub(crate) fn coerce(
    schema: &Schema,
    document: &ExecutableDocument,
    operation: &Operation,
    given: &JsonMap,
    names: Names,
) -> Result<Valid<JsonMap>, Vec<GraphqlError>> {
    let mut coerced = JsonMap::new();
    let mut errors = Vec::new();
    for definition in &operation.variables {
        let mut coercion = Coercion { schema, names, mistakes: Vec::new() };
        if let Some(value) = coercion.variable(definition, given) {
            coerced.insert(definition.name.as_str(), value);
        }
        let place = definition.location().and_then(|span| span.line_column_range(&document.sources));
        let locations: Vec<_> = place.map(|range| (range.start.line, range.start.column)).into_iter().collect();
        errors.extend(coercion.mistakes.into_iter().map(|message| GraphqlError {
            locations: locations.clone(),
            ..GraphqlError::request(FaultCode::BadUserInput, message)
        }));
    }
    errors.truncate(MAX_MISTAKES);
    if errors.is_empty() { Ok(Valid::assume_valid(coerced)) } else { Err(errors) }
}

/// Where a value stands, written only if something is wrong there.
#[derive(Clone, Copy)]
enum Path<'p> {
    Variable(&'p str),
    Field(&'p Path<'p>, &'p str),
    Element(&'p Path<'p>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(formatter, "${name}"),
            Self::Field(parent, name) => write!(formatter, "{parent}.{name}"),
            Self::Element(parent, index) => write!(formatter, "{parent}[{index}]"),
        }
    }
}

struct Coercion<'s> {
    schema: &'s Schema,
    names: Names,
    mistakes: Vec<String>,
}

impl Coercion<'_> {
    /// The value of a variable; `None` if it has none, which is no mistake where it may be null.
    fn variable(&mut self, definition: &VariableDefinition, given: &JsonMap) -> Option<JsonValue> {
        let (name, ty) = (definition.name.as_str(), definition.ty.as_ref());
        if let Some(value) = given.get(name) {
            return self.value(ty, value, Path::Variable(name));
        }
        if let Some(default) = &definition.default_value {
            return Some(constant(default));
        }
        if ty.is_non_null() {
            self.mistakes.push(format!("`${name}` needs a value: it is declared as `{ty}`"));
        }
        None
    }

    fn value(&mut self, ty: &Type, value: &JsonValue, path: Path<'_>) -> Option<JsonValue> {
        if value.is_null() {
            return if ty.is_non_null() { self.refuse(format!("`{path}` cannot be null")) } else { Some(JsonValue::Null) };
        }
        let name = match ty {
            Type::Named(name) | Type::NonNullNamed(name) => name,
            Type::List(inner) | Type::NonNullList(inner) => {
                // A single value stands for a list of it, as the specification says.
                let Some(elements) = value.as_array() else { return self.value(inner, value, path).map(|one| vec![one].into()) };
                let elements = elements.iter().enumerate();
                let coerced: Vec<_> =
                    elements.map(|(index, element)| self.value(inner, element, Path::Element(&path, index))).collect();
                return coerced.into_iter().collect::<Option<Vec<_>>>().map(JsonValue::Array);
            }
        };
        match self.schema.types.get(name) {
            Some(ExtendedType::InputObject(input)) => self.object(input, value, path),
            Some(ExtendedType::Enum(enum_type)) => {
                let text = value.as_str();
                if text.is_some_and(|text| enum_type.values.keys().any(|known| known == text)) {
                    return Some(value.clone());
                }
                let Some(text) = text else { return self.expected(path, "the name of a value, as a text", value) };
                let text: String = text.chars().take(MAX_SHOWN).collect();
                let known = enum_type.values.keys().map(|known| known.as_str());
                let message = self.names.choose(
                    || format!("`{path}`: `{name}` has no value `{text}`{}", choices(&text, known)),
                    || format!("`{path}`: there is no value `{text}` here"),
                );
                self.refuse(message)
            }
            _ => self.scalar(name.as_str(), value, path),
        }
    }

    fn scalar(&mut self, name: &str, value: &JsonValue, path: Path<'_>) -> Option<JsonValue> {
        let (is_fitting, expected) = match name {
            "Int" => (value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()), "a whole number of 32 bits"),
            // Whole numbers beyond what a double holds exactly would silently become others.
            "Float" => (value.is_f64() || value.as_f64().is_some_and(|number| number.abs() < MAX_SAFE), "a number of 64 bits"),
            "String" => (value.is_string(), "a text"),
            "Boolean" => (value.is_boolean(), "true or false"),
            "ID" => (value.is_string() || value.is_i64(), "a text"),
            // The planner reads our own scalars, and says what is wrong with them.
            _ => (true, ""),
        };
        if is_fitting { Some(value.clone()) } else { self.expected(path, expected, value) }
    }

    fn object(&mut self, input: &InputObjectType, value: &JsonValue, path: Path<'_>) -> Option<JsonValue> {
        let Some(object) = value.as_object() else { return self.expected(path, "an object", value) };
        let before = self.mistakes.len();
        let name = &input.name;
        for key in object.keys().map(|key| key.as_str()).filter(|key| !input.fields.contains_key(*key)) {
            let key: String = key.chars().take(MAX_SHOWN).collect();
            let known = input.fields.keys().map(|known| known.as_str());
            let message = self.names.choose(
                || format!("`{path}`: `{name}` has no field `{key}`{}", choices(&key, known)),
                || format!("`{path}`: there is no field `{key}` here"),
            );
            self.refuse::<()>(message);
        }
        let mut coerced = JsonMap::new();
        for (key, field) in &input.fields {
            let coerced_value = match object.get(key.as_str()) {
                Some(value) => self.value(&field.ty, value, Path::Field(&path, key)),
                None if field.is_required() => {
                    let message = self.names.choose(
                        || format!("`{path}.{key}` needs a value"),
                        || format!("`{path}`: a field that is required is missing"),
                    );
                    self.refuse(message)
                }
                // The default is the planner's to give. Filled in here, a field that the caller left out would look like one
                // that was set, and the rule on who may set it would refuse callers who never named it.
                None => None,
            };
            if let Some(value) = coerced_value {
                coerced.insert(key.as_str(), value);
            }
        }
        (self.mistakes.len() == before).then(|| JsonValue::Object(coerced))
    }

    fn expected(&mut self, path: Path<'_>, what: &str, found: &JsonValue) -> Option<JsonValue> {
        let found = match found {
            JsonValue::Null => "null".to_owned(),
            JsonValue::Bool(boolean) => boolean.to_string(),
            JsonValue::Number(number) => number.to_string(),
            JsonValue::String(_) => "a text".to_owned(),
            JsonValue::Array(_) => "a list".to_owned(),
            JsonValue::Object(_) => "an object".to_owned(),
        };
        self.refuse(format!("`{path}` has to be {what}; it is {found}"))
    }

    /// Notes a mistake. A value with too many of them is as refused as one with all of them.
    fn refuse<T>(&mut self, message: String) -> Option<T> {
        if self.mistakes.len() < MAX_MISTAKES {
            self.mistakes.push(message);
        }
        None
    }
}

/// Letters of a wrong name that are shown.
const MAX_SHOWN: usize = 60;

/// Beyond this, whole numbers are not what they say in a double.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

/// A default, which the validator has checked against its type.
fn constant(value: &Value) -> JsonValue {
    match value {
        Value::Null | Value::Variable(_) => JsonValue::Null,
        Value::Boolean(boolean) => JsonValue::Bool(*boolean),
        Value::String(text) => JsonValue::from(text.as_str()),
        Value::Enum(name) => JsonValue::from(name.as_str()),
        Value::Int(number) => number_json(number.as_str()),
        Value::Float(number) => number_json(number.as_str()),
        Value::List(elements) => elements.iter().map(|element| constant(element)).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.as_str(), constant(value))).collect(),
    }
}

/// A number literal; one that JSON cannot hold stays text, and is refused where it is used.
fn number_json(text: &str) -> JsonValue {
    text.parse::<serde_json::Number>().map_or_else(|_| JsonValue::from(text), JsonValue::Number)
}
