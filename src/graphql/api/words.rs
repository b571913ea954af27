//! What the API says of a field beside its type: description, deprecation, default.
//!
//! async-graphql's printer escapes neither the `"""` of a description nor the quotes of a deprecation's reason, so both are
//! given to it in a form that it prints as it has to be.

use crate::base::ScalarType;
use crate::catalog::{Catalog, DefaultValue, Field, FieldKind, Mask};
use async_graphql::dynamic::Directive;
use async_graphql::{Name, Value};
use serde_json::Value as Json;

/// What stands behind the description of a field whose default only the server can tell.
const COMPUTED: &str = "Without a value, the server fills it in.";

/// A description as it can stand in a block string.
pub(super) fn description(text: &str) -> String {
    text.replace(r#"""""#, r#"\""""#)
}

/// `@deprecated(reason:)`
pub(super) fn deprecated(reason: &str) -> Directive {
    Directive::new("deprecated").argument("reason", Value::from(reason))
}

/// The description of a field of a create input, which says where a computed default comes from.
pub(super) fn input_description(field: &Field) -> Option<String> {
    let is_computed = matches!(field.default, Some(DefaultValue::Expression(_)));
    joined(field.description.as_deref(), is_computed.then_some(COMPUTED))
}

/// The description of a field of an object, which says what whoever may not read the value sees.
pub(super) fn output_description(field: &Field) -> Option<String> {
    let mask = field.access.mask.as_ref().map(|mask| match mask {
        Mask::Email => "Masked where a rule hides it: the first letter and the domain.",
        Mask::Last4 => "Masked where a rule hides it: the last four characters.",
        Mask::Hash => "Masked where a rule hides it: a hash that is the same for the same value.",
        Mask::Redact => "Masked where a rule hides it: `****`.",
        Mask::Computed(_) => "Another value where a rule hides it.",
    });
    joined(field.description.as_deref(), mask)
}

fn joined(own: Option<&str>, more: Option<&str>) -> Option<String> {
    let parts: Vec<&str> = own.into_iter().chain(more).collect();
    (!parts.is_empty()).then(|| parts.join("\n\n"))
}

/// The literal default of a field, as its input type writes it. A JSON object whose names are no GraphQL names has no such form.
pub(super) fn default_value(catalog: &Catalog, field: &Field) -> Option<Value> {
    let Some(DefaultValue::Literal(text)) = &field.default else { return None };
    if !field.is_list() {
        return element(catalog, field, text);
    }
    let texts: Vec<String> = serde_json::from_str(text).ok()?;
    texts.iter().map(|text| element(catalog, field, text)).collect::<Option<Vec<_>>>().map(Value::List)
}

fn element(catalog: &Catalog, field: &Field, text: &str) -> Option<Value> {
    match &field.kind {
        FieldKind::Scalar { scalar, .. } => scalar_literal(*scalar, text),
        FieldKind::Enum { enum_id, .. } => {
            let name = catalog.enum_type(*enum_id).values.iter().map(|value| value.name.as_str()).find(|name| *name == text)?;
            Some(Value::Enum(Name::new(name)))
        }
        FieldKind::ToOne { .. } => Some(Value::Object([(Name::new("id"), Value::from(text))].into_iter().collect())),
        FieldKind::ToMany { .. } => None,
    }
}

fn scalar_literal(scalar: ScalarType, text: &str) -> Option<Value> {
    match scalar {
        ScalarType::Int | ScalarType::Float | ScalarType::Boolean | ScalarType::Json => {
            let json: Json = serde_json::from_str(text).ok()?;
            is_writable(&json).then(|| Value::from_json(json).ok()).flatten()
        }
        // On the wire the numbers beyond GraphQL's own are strings.
        _ => Some(Value::from(text)),
    }
}

/// Whether a JSON value can be written as a GraphQL literal.
fn is_writable(json: &Json) -> bool {
    let is_name = |name: &String| {
        name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.chars().all(|other| other.is_ascii_alphanumeric() || other == '_')
    };
    match json {
        Json::Object(members) => members.iter().all(|(name, value)| is_name(name) && is_writable(value)),
        Json::Array(elements) => elements.iter().all(is_writable),
        _ => true,
    }
}
