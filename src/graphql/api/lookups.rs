//! One row by what is unique about it, or by its id in the whole API.

use crate::catalog::{Catalog, Collection, Field as CatalogField, FieldKind};
use crate::graphql::api::{RootField, Types, field};
use async_graphql::dynamic::{Field, InputObject, InputValue, Interface, InterfaceField, TypeRef};

/// `Node`, which every collection is.
pub(super) fn node_interface() -> Interface {
    Interface::new("Node")
        .description("A row of any collection.")
        .field(InterfaceField::new("nodeId", TypeRef::named_nn(TypeRef::ID)).description("Its id in the whole API."))
}

/// `nodeId` of an object.
pub(super) fn node_id() -> Field {
    field("nodeId", TypeRef::named_nn(TypeRef::ID)).description("The row's id in the whole API; give it to `node`.")
}

/// `node(nodeId:)`
pub(super) fn node_field(types: &mut Types) -> Field {
    types.root_fields.insert("node".to_owned(), RootField::Node);
    field("node", TypeRef::named("Node"))
        .argument(InputValue::new("nodeId", TypeRef::named_nn(TypeRef::ID)))
        .description("The row with this `nodeId`, of whichever collection; null if there is none or a rule hides it.")
}

/// `ticketBy(by:)`, for a collection in which anything but the id is unique.
pub(super) fn lookup_field(catalog: &Catalog, collection: &Collection, types: &mut Types) -> Option<Field> {
    let uniques: Vec<&CatalogField> = collection.fields.iter().filter(|field| field.is_unique).collect();
    if uniques.is_empty() && collection.uniques.is_empty() {
        return None;
    }
    let name = &collection.name;
    let mut by = InputObject::new(format!("{name}By"))
        .description(format!("What is unique about a `{name}`; exactly one of these."))
        .oneof()
        .field(InputValue::new("id", TypeRef::named(TypeRef::ID)));
    for unique in uniques {
        by = by.field(InputValue::new(unique.name.as_str(), TypeRef::named(value_type(catalog, unique))));
    }
    for unique in &collection.uniques {
        let parts = InputObject::new(unique.graphql_type(collection)).description(format!("Unique together about a `{name}`."));
        let fields = unique.of(collection);
        let fields = fields.map(|part| InputValue::new(part.name.as_str(), TypeRef::named_nn(value_type(catalog, part))));
        types.inputs.push(fields.fold(parts, InputObject::field));
        by = by.field(InputValue::new(unique.graphql_name(collection), TypeRef::named(unique.graphql_type(collection))));
    }
    types.inputs.push(by);
    let field_name = format!("{}By", collection.singular);
    types.root_fields.insert(field_name.clone(), RootField::By(collection.id));
    let argument = InputValue::new("by", TypeRef::named_nn(format!("{name}By"))).description("What is unique about it.");
    let text = format!("The `{name}` that is unique by this; null if there is none or a rule hides it.");
    Some(field(&field_name, TypeRef::named(name.as_str())).argument(argument).description(text))
}

fn value_type(catalog: &Catalog, field: &CatalogField) -> String {
    match &field.kind {
        FieldKind::Scalar { scalar, .. } => scalar.graphql_name().to_owned(),
        FieldKind::Enum { enum_id, .. } => catalog.enum_type(*enum_id).name.to_string(),
        FieldKind::ToOne { target, .. } | FieldKind::ToMany { target, .. } => {
            format!("{}Reference", catalog.collection(*target).name)
        }
    }
}
