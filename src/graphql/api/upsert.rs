//! `upsertTicket` and `upsertTickets`: change the row that is there, or create it.

use crate::catalog::{Catalog, Collection, CompoundUnique, Field as CatalogField, MutationKind};
use crate::graphql::api::mutations::with_manner;
use crate::graphql::api::plural::rows_mutation;
use crate::graphql::api::{RootField, Types, field, inputs};
use crate::planner::{is_upsertable, is_upsertable_together};
use async_graphql::dynamic::{Field, InputObject, InputValue, Object, TypeRef};

/// The fields, where rows have something unique that callers set and the API creates and changes them.
pub(super) fn upserts(catalog: &Catalog, collection: &Collection, types: &mut Types) -> Vec<Field> {
    let does = |kind| collection.mutations.contains(&kind);
    let unique: Vec<&CatalogField> = collection.fields.iter().filter(|field| is_upsertable(field)).collect();
    let together = collection.uniques.iter().filter(|unique| is_upsertable_together(collection, unique));
    let together: Vec<&CompoundUnique> = together.collect();
    let is_offered = does(MutationKind::Create) && does(MutationKind::Update) && inputs::is_writable(collection);
    if !is_offered || unique.is_empty() && together.is_empty() {
        return Vec::new();
    }
    let name = &collection.name;
    let by = InputObject::new(format!("{name}UpsertBy"))
        .description(format!("What tells one `{name}` from all others. Give exactly one field."));
    let by = unique.into_iter().fold(by, |by, field| by.field(inputs::input_field(catalog, field, false)));
    types.inputs.push(together.into_iter().fold(by, |by, unique| {
        by.field(InputValue::new(unique.graphql_name(collection), TypeRef::named(unique.graphql_type(collection))))
    }));
    vec![one(collection, types), many(collection, types)]
}

/// `upsertTicket`
fn one(collection: &Collection, types: &mut Types) -> Field {
    let name = &collection.name;
    let payload = format!("Upsert{name}Payload");
    let object = Object::new(&payload)
        .description(format!("What `upsert{name}` did."))
        .field(
            field(collection.singular.as_str(), TypeRef::named(name.as_str()))
                .description("The row as it is now; null if the caller may not read it."),
        )
        .field(field("created", TypeRef::named_nn(TypeRef::BOOLEAN)).description("Whether the row is new."))
        .field(
            field("auditEventId", TypeRef::named(TypeRef::ID))
                .description("The audit event of this change; null for a dry run, which leaves none."),
        );
    types.objects.push(object);
    let field_name = format!("upsert{name}");
    types.root_fields.insert(field_name.clone(), RootField::Upsert(collection.id));
    let upsert = field(&field_name, TypeRef::named_nn(payload));
    let upsert = arguments(collection).into_iter().fold(upsert, Field::argument);
    with_manner(upsert.description(format!(
        "Changes the `{name}` that has a unique value, or values that are unique together, or creates it, whichever it takes; the \
         rule of that decides. A row that the caller may not read is in the way, as it is of any new one."
    )))
}

/// `upsertTickets`
fn many(collection: &Collection, types: &mut Types) -> Field {
    let name = &collection.name;
    let element = format!("Upsert{name}Input");
    let input = InputObject::new(&element).description(format!("A `{name}` among several that are changed or created."));
    types.inputs.push(arguments(collection).into_iter().fold(input, InputObject::field));
    let upserts = InputValue::new("upserts", TypeRef::named_nn_list_nn(element));
    rows_mutation(collection, types, ("upsert", ""), RootField::UpsertMany(collection.id))
        .argument(upserts.description("The rows, all of them told by the same fields."))
        .description(format!(
            "Changes the `{name}` rows that are there and creates the others, all or none; for each row the rule of what happens \
             to it decides."
        ))
}

/// What is said of each row.
fn arguments(collection: &Collection) -> [InputValue; 3] {
    let name = &collection.name;
    let argument =
        |name: &str, ty: String, description: &str| InputValue::new(name, TypeRef::named_nn(ty)).description(description);
    [
        argument("by", format!("{name}UpsertBy"), "What is unique about the row; a new one gets it, too."),
        argument("create", format!("Create{name}Input"), "The other values of a new row."),
        argument("update", format!("Update{name}Input"), "The values that change in a row that is there."),
    ]
}
