//! `where`: the filter inputs of collections.

use crate::catalog::{Catalog, Collection, Field, FieldKind};
use crate::graphql::api::inputs::with_words;
use async_graphql::dynamic::{InputObject, InputValue, TypeRef};

/// `TicketFilter`, and for use from the other end of a relation `TicketRelationFilter` and `TicketListRelationFilter`.
pub(super) fn filters(catalog: &Catalog, collection: &Collection) -> [InputObject; 3] {
    let collection_name = &collection.name;
    let name = format!("{collection_name}Filter");
    let filter = InputObject::new(&name).description(format!("Which `{collection_name}` rows; all that is given has to hold."));
    let is_null = InputValue::new("isNull", TypeRef::named(TypeRef::BOOLEAN));
    let relation = InputObject::new(format!("{collection_name}RelationFilter"))
        .description(format!("Tests of the `{collection_name}` that a relation points to."))
        .field(is_null.description("Whether it points to nothing, or to nothing that the caller may see."));
    [
        with_fields(catalog, collection, &name, filter),
        with_fields(catalog, collection, &name, relation),
        list_relation(collection, &name),
    ]
}

/// Rows that the caller may not read are not there for any of these.
fn list_relation(collection: &Collection, filter: &str) -> InputObject {
    let name = &collection.name;
    let quantifiers = [
        ("some", "At least one passes; `{}` asks whether there is any."),
        ("every", "All pass; so they do when there is none."),
        ("none", "None passes; `{}` asks whether there is none."),
    ];
    let input = InputObject::new(format!("{name}ListRelationFilter"))
        .description(format!("Tests of the `{name}` rows that point here, of those that the caller may see."));
    quantifiers
        .iter()
        .fold(input, |input, (name, text)| input.field(InputValue::new(*name, TypeRef::named(filter)).description(*text)))
}

fn with_fields(catalog: &Catalog, collection: &Collection, name: &str, input: InputObject) -> InputObject {
    let input = input
        .field(InputValue::new("and", TypeRef::named_nn_list(name)).description("All of these."))
        .field(InputValue::new("or", TypeRef::named_nn_list(name)).description("Any of these; none of an empty list."))
        .field(InputValue::new("not", TypeRef::named(name)).description("Not this."));
    let fields = collection.fields.iter().map(|field| with_words(field, TypeRef::named(field_filter(catalog, field))));
    fields.fold(input, InputObject::field)
}

fn field_filter(catalog: &Catalog, field: &Field) -> String {
    let leaf = |name: &str, is_list: bool| format!("{name}{}", if is_list { "ListFilter" } else { "Filter" });
    match &field.kind {
        FieldKind::Scalar { scalar, is_list, .. } => leaf(scalar.graphql_name(), *is_list),
        FieldKind::Enum { enum_id, is_list, .. } => leaf(catalog.enum_type(*enum_id).name.as_str(), *is_list),
        FieldKind::ToOne { target, .. } => format!("{}RelationFilter", catalog.collection(*target).name),
        FieldKind::ToMany { target, .. } => format!("{}ListRelationFilter", catalog.collection(*target).name),
    }
}
