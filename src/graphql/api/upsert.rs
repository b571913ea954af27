//! `upsertTicket`: changes the row that has a unique value, or creates it.

use crate::catalog::{Catalog, Collection, Field as CatalogField, MutationKind};
use crate::graphql::api::mutations::with_manner;
use crate::graphql::api::{RootField, Types, field, inputs};
use crate::planner::is_upsertable;
use async_graphql::dynamic::{Field, InputObject, InputValue, Object, TypeRef};

/// The field, where rows have a unique value that callers set and the API creates and changes them.
pub(super) fn upsert(catalog: &Catalog, collection: &Collection, types: &mut Types) -> Option<Field> {
    let does = |kind| collection.mutations.contains(&kind);
    let unique: Vec<&CatalogField> = collection.fields.iter().filter(|field| is_upsertable(field)).collect();
    if unique.is_empty() || !does(MutationKind::Create) || !does(MutationKind::Update) {
        return None;
    }
    let name = &collection.name;
    let by = format!("{name}UpsertBy");
    let input = InputObject::new(&by).description(format!("What tells one `{name}` from all others. Give exactly one field."));
    types.inputs.push(unique.into_iter().fold(input, |input, field| input.field(inputs::input_field(catalog, field, false))));
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
    let argument =
        |name: &str, ty: String, description: &str| InputValue::new(name, TypeRef::named_nn(ty)).description(description);
    let upsert = field(&field_name, TypeRef::named_nn(payload))
        .argument(argument("by", by, "The unique value to look for; a new row gets it, too."))
        .argument(argument("create", format!("Create{name}Input"), "The other values of a new row."))
        .argument(argument("update", format!("Update{name}Input"), "The values that change in a row that is there."))
        .description(format!(
            "Changes the `{name}` that has a unique value, or creates it, whichever it takes; the rule of that decides. A row \\
             that the caller may not read is in the way, as it is of any new one."
        ));
    Some(with_manner(upsert))
}
