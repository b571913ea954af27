//! Object types, enums, and the root fields that read.

use crate::catalog::{Catalog, Collection, EnumType, Field as CatalogField, FieldKind};
use crate::graphql::api::connections::paging_arguments;
use crate::graphql::api::{aggregates, described, field, lookups, marked, viewer, words};
use crate::policy::RuleBook;
use async_graphql::dynamic::{Enum, EnumItem, Field, InputValue, Object, TypeRef};

/// The object type of a collection.
pub(super) fn object(catalog: &Catalog, rules: &RuleBook, collection: &Collection) -> Object {
    let object = described!(Object::new(collection.name.as_str()), collection.description.as_deref());
    let object = object.implement("Node").field(lookups::node_id()).field(viewer::viewer_can());
    let object = collection.fields.iter().fold(object, |object, field| object.field(output_field(catalog, rules, field)));
    let connections = collection.fields.iter().filter_map(|field| relation_connection(catalog, field));
    let object = connections.fold(object, Object::field);
    let aggregates = collection.fields.iter().filter_map(|field| aggregates::relation_field(catalog, collection, field));
    aggregates.fold(object, Object::field)
}

/// `eventsConnection(...)` beside the relation `events`.
fn relation_connection(catalog: &Catalog, relation: &CatalogField) -> Option<Field> {
    let FieldKind::ToMany { target, .. } = relation.kind else { return None };
    let target = catalog.collection(target);
    let name = format!("{}Connection", relation.name);
    let connection = list_arguments(field(&name, TypeRef::named_nn(format!("{}Connection", target.name))), target);
    Some(paging_arguments(connection).description(format!("`{}`, a page at a time.", relation.name)))
}

fn output_field(catalog: &Catalog, rules: &RuleBook, catalog_field: &CatalogField) -> Field {
    let mut output = field(catalog_field.name.as_str(), output_type(catalog, rules, catalog_field));
    if let FieldKind::ToMany { target, .. } = catalog_field.kind {
        output = list_arguments(output, catalog.collection(target));
    }
    output = described!(output, words::output_description(catalog_field).as_deref());
    marked!(output, catalog_field.deprecation.as_deref())
}

/// The output type. A guarded field, and a relation whose target's read rule is not always true, is nullable, so that one
/// hidden cell never takes its parents away.
fn output_type(catalog: &Catalog, rules: &RuleBook, field: &CatalogField) -> TypeRef {
    let is_open = field.access.read.is_none();
    match &field.kind {
        FieldKind::Scalar { scalar, is_list, .. } => named(scalar.graphql_name(), *is_list, field.is_required && is_open),
        FieldKind::Enum { enum_id, is_list, .. } => {
            named(catalog.enum_type(*enum_id).name.as_str(), *is_list, field.is_required && is_open)
        }
        FieldKind::ToOne { target, .. } => {
            let is_there = field.is_required && is_open && rules.is_read_always_allowed(*target);
            named(catalog.collection(*target).name.as_str(), false, is_there)
        }
        FieldKind::ToMany { target, .. } => TypeRef::named_nn_list_nn(catalog.collection(*target).name.as_str()),
    }
}

/// A type of that name; elements of lists are never null.
pub(super) fn named(name: &str, is_list: bool, is_required: bool) -> TypeRef {
    match (is_list, is_required) {
        (false, false) => TypeRef::named(name),
        (false, true) => TypeRef::named_nn(name),
        (true, false) => TypeRef::named_nn_list(name),
        (true, true) => TypeRef::named_nn_list_nn(name),
    }
}

/// An enum.
pub(super) fn enum_type(enum_type: &EnumType) -> Enum {
    let declared = described!(Enum::new(enum_type.name.as_str()), enum_type.description.as_deref());
    let items = enum_type.values.iter().map(|value| {
        let item = described!(EnumItem::new(value.name.as_str()), value.description.as_deref());
        marked!(item, value.deprecation.as_deref())
    });
    declared.items(items)
}

/// `ticket(id:)` and `tickets(...)`.
pub(super) fn root_fields(collection: &Collection) -> (Field, Field) {
    let name = &collection.name;
    let one = field(collection.singular.as_str(), TypeRef::named(name.as_str()))
        .argument(InputValue::new("id", TypeRef::named_nn(TypeRef::ID)).description("Its id."))
        .description(format!("The `{name}` with this id; null if there is none or a rule hides it."));
    let many = list_arguments(field(collection.plural.as_str(), TypeRef::named_nn(format!("{name}Connection"))), collection);
    let many = paging_arguments(many).description(format!("Every `{name}` that the caller may read, a page at a time."));
    (one, many)
}

/// The arguments of every list.
fn list_arguments(field: Field, collection: &Collection) -> Field {
    let name = &collection.name;
    let field = match search_argument(collection) {
        Some(search) => field.argument(search),
        None => field,
    };
    let order = if collection.search.is_some() {
        "By what; if absent, by how well rows fit `search`, or by id, so by age."
    } else {
        "By what; by id, so by age, if absent."
    };
    field
        .argument(InputValue::new("where", TypeRef::named(format!("{name}Filter"))).description("Which rows; all if absent."))
        .argument(InputValue::new("orderBy", TypeRef::named_nn_list(format!("{name}Order"))).description(order))
        .argument(InputValue::new("first", TypeRef::named(TypeRef::INT)).description("How many rows at most."))
}

/// `search`, where the collection has it.
pub(super) fn search_argument(collection: &Collection) -> Option<InputValue> {
    collection.search.as_ref()?;
    let description = "Words that the rows have, as people type them into a search box: `refund \"in full\" or credit -paid`.";
    Some(InputValue::new("search", TypeRef::named(TypeRef::STRING)).description(description))
}
