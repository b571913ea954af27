//! The tests of one column: a filter input for each scalar and enum, and for lists of them.

use crate::base::ScalarType;
use crate::catalog::Catalog;
use crate::graphql::api::Types;
use async_graphql::dynamic::{InputObject, InputValue, TypeRef};

/// What an operator takes.
#[derive(Clone, Copy)]
enum Operand {
    /// A value of the column's type, of the element's in a filter of lists.
    Value,
    /// A list of them.
    Values,
    /// A text.
    Text,
    /// A list of texts.
    Texts,
    /// Yes or no.
    Flag,
    /// Paths of a JSON document.
    Paths,
}

/// An operator: its name, what it takes, what it says.
type Operator = (&'static str, Operand, &'static str);

const EQUALITY: &[Operator] = &[
    ("eq", Operand::Value, "Equal."),
    ("neq", Operand::Value, "Another value; a row without a value does not count."),
    ("in", Operand::Values, "One of these."),
    ("notIn", Operand::Values, "None of these; a row without a value does not count, unless the list is empty."),
];

const ORDER: &[Operator] = &[
    ("lt", Operand::Value, "Less."),
    ("lte", Operand::Value, "Less or equal."),
    ("gt", Operand::Value, "Greater."),
    ("gte", Operand::Value, "Greater or equal."),
];

const TEXT: &[Operator] = &[
    ("like", Operand::Text, "A pattern: `%` stands for any text, `_` for one character."),
    ("ilike", Operand::Text, "The same without regard to case."),
    ("startsWith", Operand::Text, "Begins with this text, in which nothing is a pattern."),
    ("istartsWith", Operand::Text, "The same without regard to case."),
    ("endsWith", Operand::Text, "Ends with this text."),
    ("iendsWith", Operand::Text, "The same without regard to case."),
    ("contains", Operand::Text, "Has this text in it."),
    ("icontains", Operand::Text, "The same without regard to case."),
];

const LIST: &[Operator] = &[
    ("eq", Operand::Values, "The same elements in the same order."),
    ("neq", Operand::Values, "Other elements, or another order."),
    ("contains", Operand::Values, "Has all of these elements."),
    ("containedBy", Operand::Values, "Has none but these elements."),
    ("overlaps", Operand::Values, "Has one of these elements."),
    ("isEmpty", Operand::Flag, "Whether the list has no elements; a row without a list does not count."),
];

const JSON: &[Operator] = &[
    ("contains", Operand::Value, "Has everything that this has: keys with their values, elements of lists."),
    ("containedBy", Operand::Value, "Has nothing but what this has."),
    ("hasKey", Operand::Text, "Has this key, or this text as an element."),
    ("hasAnyKey", Operand::Texts, "Has one of these keys."),
    ("hasAllKeys", Operand::Texts, "Has all of these keys."),
    ("path", Operand::Paths, "What is found further in; all of these have to hold."),
];

const JSON_PATH: &[Operator] = &[
    ("eq", Operand::Value, "Equal."),
    ("neq", Operand::Value, "Another value; where nothing is, it does not count."),
    ("in", Operand::Values, "One of these."),
    ("lt", Operand::Value, "Less. Numbers compare with numbers, texts with texts."),
    ("lte", Operand::Value, "Less or equal."),
    ("gt", Operand::Value, "Greater."),
    ("gte", Operand::Value, "Greater or equal."),
    ("contains", Operand::Value, "Has everything that this has."),
    ("isNull", Operand::Flag, "Whether nothing is there, or a JSON null."),
];

const NULL: Operator = ("isNull", Operand::Flag, "Whether there is no value, or none that the caller may see.");

/// One filter input for each scalar, each enum and lists of them.
pub(super) fn declare(catalog: &Catalog, types: &mut Types) {
    for scalar in ScalarType::ALL {
        let name = scalar.graphql_name();
        types.inputs.push(leaf_filter(name, operators_of(scalar)));
        types.inputs.push(list_filter(name, if scalar == ScalarType::Json { &LIST[5..] } else { LIST }));
    }
    for enum_type in &catalog.enums {
        types.inputs.push(leaf_filter(enum_type.name.as_str(), vec![EQUALITY]));
        types.inputs.push(list_filter(enum_type.name.as_str(), LIST));
    }
    let at = InputValue::new("at", TypeRef::named_nn_list_nn(TypeRef::STRING));
    let path = InputObject::new("JSONPathFilter")
        .description("Tests of what a JSON document has at a path; all that are given have to hold.")
        .field(at.description("The keys that lead there, an index of a list among them."));
    types.inputs.push(with_operators(path, ScalarType::Json.graphql_name(), JSON_PATH));
}

fn operators_of(scalar: ScalarType) -> Vec<&'static [Operator]> {
    match scalar {
        ScalarType::Json => vec![JSON],
        ScalarType::Id | ScalarType::Boolean => vec![EQUALITY],
        text if text.is_text() => vec![EQUALITY, ORDER, TEXT],
        _ => vec![EQUALITY, ORDER],
    }
}

fn leaf_filter(name: &str, operators: Vec<&[Operator]>) -> InputObject {
    let input =
        InputObject::new(format!("{name}Filter")).description(format!("Tests of a `{name}`; all that are given have to hold."));
    let input = operators.into_iter().fold(input, |input, operators| with_operators(input, name, operators));
    with_operators(input, name, &[NULL])
}

fn list_filter(name: &str, operators: &[Operator]) -> InputObject {
    let input = InputObject::new(format!("{name}ListFilter"))
        .description(format!("Tests of a list of `{name}`; all that are given have to hold."));
    with_operators(with_operators(input, name, operators), name, &[NULL])
}

fn with_operators(input: InputObject, ty: &str, operators: &[Operator]) -> InputObject {
    operators.iter().fold(input, |input, (name, operand, description)| {
        let ty = match operand {
            Operand::Value => TypeRef::named(ty),
            Operand::Values => TypeRef::named_nn_list(ty),
            Operand::Text => TypeRef::named(TypeRef::STRING),
            Operand::Texts => TypeRef::named_nn_list(TypeRef::STRING),
            Operand::Flag => TypeRef::named(TypeRef::BOOLEAN),
            Operand::Paths => TypeRef::named_nn_list("JSONPathFilter"),
        };
        input.field(InputValue::new(*name, ty).description(*description))
    })
}
