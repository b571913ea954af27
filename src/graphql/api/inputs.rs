//! `orderBy`, the inputs of mutations, and references to rows.

use crate::base::ScalarType;
use crate::catalog::{Catalog, Collection, Field, FieldKind, MutationKind};
use crate::graphql::api::mutations::capitalized;
use crate::graphql::api::objects::named;
use crate::graphql::api::{described, marked, words};
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
        Some(with_words(field, ty?))
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

/// `TicketLink`: what a new row points to, another new row perhaps.
pub(super) fn link(collection: &Collection) -> InputObject {
    let name = &collection.name;
    InputObject::new(format!("{name}Link"))
        .description(format!("The `{name}` that a new row points to: one that is there, or a new one. Give one of the two."))
        .field(InputValue::new("id", TypeRef::named(TypeRef::ID)).description("Its id."))
        .field(InputValue::new("create", TypeRef::named(format!("Create{name}Input"))).description("Its values."))
}

/// `CreateTicketInput`, and the inputs of the rows that may come along with it.
pub(super) fn create(catalog: &Catalog, collection: &Collection) -> Vec<InputObject> {
    let name = format!("Create{}Input", collection.name);
    let input = InputObject::new(name).description(format!("The values of a new `{}`.", collection.name));
    let mut inputs = vec![with_new_values(catalog, collection, None, input)];
    for field in &collection.fields {
        let Some((target, inverse)) = nested_rows(catalog, field) else { continue };
        let (element, list) = nested_names(target, inverse);
        let values = InputObject::new(&element)
            .description(format!("The values of a new `{}` inside of the row that its `{}` is.", target.name, inverse.name));
        inputs.push(with_new_values(catalog, target, Some(inverse), values));
        let create = InputValue::new("create", TypeRef::named_nn_list_nn(element)).description("Their values.");
        inputs.push(InputObject::new(list).description("Rows that come along with a new one.").field(create));
    }
    inputs
}

/// The values of a new row, without the field that says which row it stands in.
fn with_new_values(catalog: &Catalog, collection: &Collection, parent: Option<&Field>, input: InputObject) -> InputObject {
    let settable = writable(collection).filter(|field| parent.is_none_or(|parent| parent.id != field.id));
    let input = settable.fold(input, |input, field| {
        let is_required = field.is_required && field.default.is_none();
        let value = described!(new_value(catalog, field, is_required), words::input_description(field).as_deref());
        input.field(match words::default_value(catalog, field) {
            Some(default) => value.default_value(default),
            None => value,
        })
    });
    let nested = collection.fields.iter().filter_map(|field| Some((field, nested_rows(catalog, field)?)));
    nested.fold(input, |input, (field, (target, inverse))| {
        let (_, list) = nested_names(target, inverse);
        input.field(with_words(field, TypeRef::named(list)))
    })
}

/// The collection whose rows may come along in a field, and its field that points back.
fn nested_rows<'c>(catalog: &'c Catalog, field: &Field) -> Option<(&'c Collection, &'c Field)> {
    let FieldKind::ToMany { target, inverse } = field.kind else { return None };
    let (target, inverse) = (catalog.collection(target), catalog.field(inverse));
    let has_values = writable(target).any(|field| field.id != inverse.id);
    (is_creatable(target) && !inverse.is_read_only && has_values).then_some((target, inverse))
}

/// `CreateTicketEventForTicketInput` and the list of them.
fn nested_names(target: &Collection, inverse: &Field) -> (String, String) {
    let of = format!("{}For{}Input", target.name, capitalized(inverse.name.as_str()));
    (format!("Create{of}"), format!("Nested{of}"))
}

/// Whether the API creates rows of the collection.
fn is_creatable(collection: &Collection) -> bool {
    collection.mutations.contains(&MutationKind::Create) && is_writable(collection)
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

/// The input of a field of a new row: a relation may be set to a row that comes along.
fn new_value(catalog: &Catalog, field: &Field, is_required: bool) -> InputValue {
    match &field.kind {
        FieldKind::ToOne { target, .. } if is_creatable(catalog.collection(*target)) => {
            with_words(field, named(&format!("{}Link", catalog.collection(*target).name), false, is_required))
        }
        _ => input_field(catalog, field, is_required),
    }
}

/// A stored field as a value to set.
pub(super) fn input_field(catalog: &Catalog, field: &Field, is_required: bool) -> InputValue {
    let ty = match &field.kind {
        FieldKind::Scalar { scalar, is_list, .. } => named(scalar.graphql_name(), *is_list, is_required),
        FieldKind::Enum { enum_id, is_list, .. } => named(catalog.enum_type(*enum_id).name.as_str(), *is_list, is_required),
        FieldKind::ToOne { target, .. } | FieldKind::ToMany { target, .. } => {
            named(&format!("{}Reference", catalog.collection(*target).name), false, is_required)
        }
    };
    with_words(field, ty)
}

/// An input of a field, with what the schema says of it. What has to be given cannot be deprecated.
pub(super) fn with_words(field: &Field, ty: TypeRef) -> InputValue {
    let deprecation = field.deprecation.as_deref().filter(|_| !matches!(ty, TypeRef::NonNull(_)));
    marked!(described!(InputValue::new(field.name.as_str(), ty), field.description.as_deref()), deprecation)
}
