//! Root fields that write many rows.
//!
//! Each form has a field of its own rather than a choice of arguments: a filter or a list that somebody forgot is then a
//! mistake that validation finds, never a change of every row.

use crate::catalog::Collection;
use crate::graphql::api::mutations::{capitalized, with_manner};
use crate::graphql::api::{RootField, Types, field};
use async_graphql::Value;
use async_graphql::dynamic::{Field, InputObject, InputValue, Object, TypeRef};

/// How many rows a filter may find, unless the caller says another number.
pub(crate) const AT_MOST: i64 = 100;

/// `createTickets`
pub(super) fn create(collection: &Collection, types: &mut Types) -> Field {
    let name = &collection.name;
    let inputs = InputValue::new("inputs", TypeRef::named_nn_list_nn(format!("Create{name}Input")));
    rows_mutation(collection, types, ("create", ""), RootField::CreateMany(collection.id))
        .argument(inputs.description("Their values."))
        .description(format!("Creates `{name}` rows, all or none."))
}

/// `updateTickets` and `updateTicketsById`
pub(super) fn updates(collection: &Collection, types: &mut Types) -> [Field; 2] {
    let name = &collection.name;
    let set = || InputValue::new("set", TypeRef::named_nn(format!("Update{name}Input")));
    let chosen = rows_mutation(collection, types, ("update", ""), RootField::UpdateMany(collection.id))
        .argument(filter(collection))
        .argument(set().description("The values that change, in all of them."))
        .argument(at_most())
        .description(format!("Changes the `{name}` rows that a filter finds, all alike, all or none."));
    let element = format!("Update{name}ByIdInput");
    let input = InputObject::new(&element)
        .description(format!("A change of one `{name}` among several."))
        .field(InputValue::new("id", TypeRef::named_nn(TypeRef::ID)).description("Which row."))
        .field(set().description("The values that change."));
    types.inputs.push(if collection.is_append_only {
        input
    } else {
        let description = "The `version` that the caller last saw; another one is a CONFLICT.";
        input.field(InputValue::new("ifVersion", TypeRef::named(TypeRef::INT)).description(description))
    });
    let updates = InputValue::new("updates", TypeRef::named_nn_list_nn(element)).description("The rows and their changes.");
    let listed = rows_mutation(collection, types, ("update", "ById"), RootField::UpdateListed(collection.id))
        .argument(updates)
        .description(format!("Changes `{name}` rows, each in its own way, all or none."));
    [chosen, listed]
}

/// `deleteTickets` and `deleteTicketsById`
pub(super) fn deletes(collection: &Collection, types: &mut Types) -> [Field; 2] {
    let name = &collection.name;
    let chosen = rows_mutation(collection, types, ("delete", ""), RootField::DeleteMany(collection.id))
        .argument(filter(collection))
        .argument(at_most())
        .description(format!("Deletes the `{name}` rows that a filter finds, and what has to go with them, all or none."));
    let ids = InputValue::new("ids", TypeRef::named_nn_list_nn(TypeRef::ID)).description("Which rows.");
    let listed = rows_mutation(collection, types, ("delete", "ById"), RootField::DeleteListed(collection.id))
        .argument(ids)
        .description(format!("Deletes `{name}` rows, and what has to go with them, all or none."));
    [chosen, listed]
}

/// A mutation field with its payload type, which both forms of a verb share.
pub(super) fn rows_mutation(
    collection: &Collection,
    types: &mut Types,
    (verb, suffix): (&str, &str),
    root_field: RootField,
) -> Field {
    let plural = capitalized(collection.plural.as_str());
    let payload = payload_name(verb, collection);
    if !types.objects.iter().any(|object| object.type_name() == payload) {
        let rows = field(collection.plural.as_str(), TypeRef::named_list_nn(collection.name.as_str()));
        let rows = match verb {
            "create" => rows.description("The rows in the order of the inputs; null for one that the caller may not read."),
            "delete" => rows.description("The rows as they were, in order; null for one that the caller may not read."),
            _ => rows.description("The rows as they are now, in order; null for one that the caller may no longer read."),
        };
        let events = field("auditEventIds", TypeRef::named_nn_list(TypeRef::ID));
        let object = Object::new(&payload)
            .description(format!("What `{verb}{plural}` did."))
            .field(rows)
            .field(events.description("The audit events of these changes, in the order of the rows; null for a dry run."))
            .field(field("count", TypeRef::named_nn(TypeRef::INT)).description("How many rows there were."));
        types.objects.push(match root_field {
            RootField::UpsertMany(_) => object.field(
                field("created", TypeRef::named_nn_list_nn(TypeRef::BOOLEAN))
                    .description("Whether each of the rows is new, in their order."),
            ),
            _ => object,
        });
    }
    let field_name = format!("{verb}{plural}{suffix}");
    types.root_fields.insert(field_name.clone(), root_field);
    with_manner(field(&field_name, TypeRef::named_nn(payload)))
}

/// `CreateTicketsPayload`
pub(crate) fn payload_name(verb: &str, collection: &Collection) -> String {
    format!("{}{}Payload", capitalized(verb), capitalized(collection.plural.as_str()))
}

fn filter(collection: &Collection) -> InputValue {
    InputValue::new("where", TypeRef::named_nn(format!("{}Filter", collection.name)))
        .description("Which rows, of those that the caller may read; `{}` finds them all.")
}

fn at_most() -> InputValue {
    InputValue::new("atMost", TypeRef::named_nn(TypeRef::INT))
        .default_value(Value::from(AT_MOST))
        .description("How many rows the caller reckons with; if the filter finds more, nothing is changed.")
}
