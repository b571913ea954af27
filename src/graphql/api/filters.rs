//! `where`: filter inputs.

use crate::base::ScalarType;
use crate::catalog::{Catalog, Collection, Field, FieldKind};
use crate::graphql::api::Types;
use async_graphql::dynamic::{InputObject, InputValue, TypeRef};

/// One filter input for each scalar and each enum.
pub(super) fn declare_scalar_filters(catalog: &Catalog, types: &mut Types) {
    for scalar in ScalarType::ALL {
        types.inputs.push(scalar_filter(&scalar_filter_name(scalar), scalar.graphql_name(), Operators::of(scalar)));
    }
    let list = InputObject::new("ListFilter").description("Tests of a list.").field(is_null("Whether there is no list."));
    types.inputs.push(list);
    for enum_type in &catalog.enums {
        let operators = Operators { is_comparable: true, is_ordered: false, is_text: false };
        types.inputs.push(scalar_filter(&format!("{}Filter", enum_type.name), enum_type.name.as_str(), operators));
    }
}

fn scalar_filter_name(scalar: ScalarType) -> String {
    match scalar {
        ScalarType::Id => "IDFilter".to_owned(),
        other => format!("{}Filter", other.graphql_name()),
    }
}

/// Which operators a filter input has.
struct Operators {
    is_comparable: bool,
    is_ordered: bool,
    is_text: bool,
}

impl Operators {
    fn of(scalar: ScalarType) -> Self {
        Self {
            is_comparable: scalar != ScalarType::Json,
            is_ordered: scalar.is_ordered() && scalar != ScalarType::Id,
            is_text: scalar.is_text(),
        }
    }
}

fn scalar_filter(name: &str, ty: &str, operators: Operators) -> InputObject {
    let mut input = InputObject::new(name).description(format!("Tests of a `{ty}`; all that are given have to hold."));
    let mut add = |operator: &str, ty: TypeRef, description: &str| {
        let field = InputValue::new(operator, ty).description(description);
        input = std::mem::replace(&mut input, InputObject::new(name)).field(field);
    };
    if operators.is_comparable {
        add("eq", TypeRef::named(ty), "Equal.");
        add("neq", TypeRef::named(ty), "Another value; a row without a value does not count.");
        add("in", TypeRef::named_nn_list(ty), "One of these.");
        add(
            "notIn",
            TypeRef::named_nn_list(ty),
            "None of these; a row without a value does not count, unless the list is empty.",
        );
    }
    if operators.is_ordered {
        add("lt", TypeRef::named(ty), "Less.");
        add("lte", TypeRef::named(ty), "Less or equal.");
        add("gt", TypeRef::named(ty), "Greater.");
        add("gte", TypeRef::named(ty), "Greater or equal.");
    }
    if operators.is_text {
        add("like", TypeRef::named(TypeRef::STRING), "A pattern: `%` stands for any text, `_` for one character.");
        add("ilike", TypeRef::named(TypeRef::STRING), "The same without regard to case.");
    }
    input.field(is_null("Whether there is no value, or none that the caller may see."))
}

/// `TicketFilter`, and `TicketRelationFilter` for use from the other end of a to-one relation.
pub(super) fn filters(catalog: &Catalog, collection: &Collection) -> [InputObject; 2] {
    let name = format!("{}Filter", collection.name);
    let filter = InputObject::new(&name).description(format!("Which `{}` rows; all that is given has to hold.", collection.name));
    let relation = InputObject::new(format!("{}RelationFilter", collection.name))
        .description(format!("Tests of the `{}` that a relation points to.", collection.name))
        .field(is_null("Whether it points to nothing, or to nothing that the caller may see."));
    [with_fields(catalog, collection, &name, filter), with_fields(catalog, collection, &name, relation)]
}

fn with_fields(catalog: &Catalog, collection: &Collection, name: &str, input: InputObject) -> InputObject {
    let input = input
        .field(InputValue::new("and", TypeRef::named_nn_list(name)).description("All of these."))
        .field(InputValue::new("or", TypeRef::named_nn_list(name)).description("Any of these; none of an empty list."))
        .field(InputValue::new("not", TypeRef::named(name)).description("Not this."));
    let fields =
        collection.fields.iter().filter_map(|field| Some(InputValue::new(field.name.as_str(), field_filter(catalog, field)?)));
    fields.fold(input, InputObject::field)
}

fn field_filter(catalog: &Catalog, field: &Field) -> Option<TypeRef> {
    let name = match &field.kind {
        _ if field.is_list() => "ListFilter".to_owned(),
        FieldKind::Scalar { scalar, .. } => scalar_filter_name(*scalar),
        FieldKind::Enum { enum_id, .. } => format!("{}Filter", catalog.enum_type(*enum_id).name),
        FieldKind::ToOne { target, .. } => format!("{}RelationFilter", catalog.collection(*target).name),
        FieldKind::ToMany { .. } => return None,
    };
    Some(TypeRef::named(name))
}

fn is_null(description: &str) -> InputValue {
    InputValue::new("isNull", TypeRef::named(TypeRef::BOOLEAN)).description(description)
}
