//! `orderBy`, the inputs of mutations, and references to rows.

use crate::base::ScalarType;
use crate::catalog::{Catalog, Collection, Field, FieldKind};
use crate::graphql::api::described;
use crate::graphql::api::objects::named;
use async_graphql::dynamic::{InputObject, InputValue, TypeRef};

/// `TicketOrder`
pub(super) fn order(catalog: &Catalog, collection: &Collection) -> InputObject {
    let input = InputObject::new(format!("{}Order", collection.name))
        .description("One field and its direction, or one relation and an order of its target; further terms are further elements of the list.");
    let terms = collection.fields.iter().filter_map(|field| {
        let ty = match &field.kind {
            FieldKind::Scalar { is_list: true, .. } | FieldKind::Enum { is_list: true, .. } | FieldKind::ToMany { .. } => None,
            FieldKind::Scalar { scalar: ScalarType::Json, .. } => None,
            FieldKind::Scalar { .. } | FieldKind::Enum { .. } => Some(TypeRef::named("OrderDirection")),
            FieldKind::ToOne { target, .. } => Some(TypeRef::named(format!("{}Order", catalog.collection(*target).name))),
        };
        Some(InputValue::new(field.name.as_str(), ty?))
    });
    terms.fold(input, InputObject::field)
}

/// `TicketReference`: a row that a relation is set to.
pub(super) fn connect(collection: &Collection) -> InputObject {
    InputObject::new(format!("{}Reference", collection.name))
        .description(format!(
            "The `{}` that a relation is set to; one that the caller may not read is not found.",
            collection.name
        ))
        .field(InputValue::new("id", TypeRef::named_nn(TypeRef::ID)).description("Its id."))
}

/// `CreateTicketInput`
pub(super) fn create(catalog: &Catalog, collection: &Collection) -> InputObject {
    let name = format!("Create{}Input", collection.name);
    let input = InputObject::new(name).description(format!("The values of a new `{}`.", collection.name));
    writable(collection).fold(input, |input, field| {
        let is_required = field.is_required && field.default.is_none();
        input.field(input_field(catalog, field, is_required))
    })
}

/// `UpdateTicketInput`
pub(super) fn update(catalog: &Catalog, collection: &Collection) -> InputObject {
    let name = format!("Update{}Input", collection.name);
    let input =
        InputObject::new(name).description(format!("The values of a `{}` that change; what is absent stays.", collection.name));
    writable(collection).fold(input, |input, field| input.field(input_field(catalog, field, false)))
}

/// Whether there is anything that a caller could set.
pub(super) fn is_writable(collection: &Collection) -> bool {
    writable(collection).next().is_some()
}

fn writable(collection: &Collection) -> impl Iterator<Item = &Field> {
    collection.stored_fields().filter(|field| !field.is_read_only)
}

fn input_field(catalog: &Catalog, field: &Field, is_required: bool) -> InputValue {
    let ty = match &field.kind {
        FieldKind::Scalar { scalar, is_list, .. } => named(scalar.graphql_name(), *is_list, is_required),
        FieldKind::Enum { enum_id, is_list, .. } => named(catalog.enum_type(*enum_id).name.as_str(), *is_list, is_required),
        FieldKind::ToOne { target, .. } | FieldKind::ToMany { target, .. } => {
            named(&format!("{}Reference", catalog.collection(*target).name), false, is_required)
        }
    };
    described!(InputValue::new(field.name.as_str(), ty), field.description.as_deref())
}
