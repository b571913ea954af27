//! Root fields that write, and their payloads.

use crate::catalog::{Catalog, Collection, MutationKind};
use crate::graphql::api::{RootField, Types, access_changes, field, inputs, objects, plural, upsert};
use async_graphql::Value;
use async_graphql::dynamic::{Field, InputValue, Object, TypeRef};

/// The mutations of a collection.
pub(super) fn mutations(catalog: &Catalog, collection: &Collection, types: &mut Types) -> Vec<Field> {
    let mut fields = Vec::new();
    for kind in &collection.mutations {
        match kind {
            MutationKind::Create if inputs::is_writable(collection) => {
                types.inputs.extend(inputs::create(catalog, collection));
                types.inputs.push(inputs::link(collection));
                fields.push(create(collection, types));
                fields.push(plural::create(collection, types));
            }
            MutationKind::Update if inputs::is_writable(collection) => {
                types.inputs.push(inputs::update(catalog, collection));
                fields.push(update(collection, types));
                fields.extend(plural::updates(collection, types));
            }
            MutationKind::Delete => {
                fields.push(delete(collection, types));
                fields.extend(plural::deletes(collection, types));
            }
            MutationKind::Create | MutationKind::Update => {}
        }
    }
    fields.extend(upsert::upserts(catalog, collection, types));
    if collection.export.is_some() {
        fields.push(export(collection, types));
    }
    fields
}

fn create(collection: &Collection, types: &mut Types) -> Field {
    let name = &collection.name;
    let input = InputValue::new("input", TypeRef::named_nn(format!("Create{name}Input"))).description("Its values.");
    mutation(collection, types, "create", RootField::Create(collection.id))
        .argument(input)
        .description(format!("Creates a `{name}`."))
}

fn update(collection: &Collection, types: &mut Types) -> Field {
    let name = &collection.name;
    let set = InputValue::new("set", TypeRef::named_nn(format!("Update{name}Input"))).description("The values that change.");
    let field = mutation(collection, types, "update", RootField::Update(collection.id)).argument(id()).argument(set);
    with_version(field, collection).description(format!("Changes a `{name}`."))
}

fn delete(collection: &Collection, types: &mut Types) -> Field {
    let field = mutation(collection, types, "delete", RootField::Delete(collection.id)).argument(id());
    with_version(field, collection).description(format!("Deletes a `{}`, and what has to go with it.", collection.name))
}

fn export(collection: &Collection, types: &mut Types) -> Field {
    let plural = capitalized(collection.plural.as_str());
    let name = format!("export{plural}");
    types.root_fields.insert(name.clone(), RootField::Export(collection.id));
    if !types.objects.iter().any(|object| object.type_name() == "ExportPayload") {
        types.objects.push(export_payload());
    }
    let format =
        InputValue::new("format", TypeRef::named_nn("ExportFormat")).default_value(Value::Enum(async_graphql::Name::new("CSV")));
    let field = field(&name, TypeRef::named_nn("ExportPayload"));
    let field = match objects::search_argument(collection) {
        Some(search) => field.argument(search),
        None => field,
    };
    field
        .argument(
            InputValue::new("where", TypeRef::named(format!("{}Filter", collection.name)))
                .description("Which rows; all if absent."),
        )
        .argument(format.description("The form of the file."))
        .argument(reason())
        .description("Exports every row that the caller may read, watermarked and on record. Alone in its document.")
}

fn export_payload() -> Object {
    Object::new("ExportPayload")
        .description("An export that was started.")
        .field(field("export", TypeRef::named("Export")).description("Its record; poll it while its status is RUNNING."))
        .field(field("url", TypeRef::named_nn(TypeRef::STRING)).description("Where to fetch the file, with the same credential."))
}

/// A mutation field with its payload type.
fn mutation(collection: &Collection, types: &mut Types, verb: &str, root_field: RootField) -> Field {
    let name = collection.name.as_str();
    let payload = format!("{}{name}Payload", capitalized(verb));
    let node = field(collection.singular.as_str(), TypeRef::named(name));
    let node = match root_field {
        RootField::Delete(_) => node.description("The row as it was; null if the caller may not read it."),
        _ => node.description("The row as it is now; null if the caller may no longer read it."),
    };
    let object = Object::new(&payload).description(format!("What `{verb}{name}` did.")).field(node).field(
        field("auditEventId", TypeRef::named(TypeRef::ID))
            .description("The audit event of this change; null for a dry run, which leaves none."),
    );
    let object = match root_field {
        RootField::Update(_) => access_changes::payload_field(collection, types).into_iter().fold(object, Object::field),
        _ => object,
    };
    types.objects.push(object);
    let field_name = format!("{verb}{name}");
    types.root_fields.insert(field_name.clone(), root_field);
    with_manner(field(&field_name, TypeRef::named_nn(payload)))
}

/// The arguments of every mutation that say how it is done.
pub(super) fn with_manner(field: Field) -> Field {
    let dry_run = InputValue::new("dryRun", TypeRef::named_nn(TypeRef::BOOLEAN)).default_value(Value::from(false));
    let key = InputValue::new("idempotencyKey", TypeRef::named(TypeRef::STRING));
    let key = key.description(
        "Makes a retry safe, for the whole document: within 24 hours the same request with the same key is not done again, but \
         answered with what it did.",
    );
    field.argument(reason()).argument(key).argument(
        dry_run.description("Does everything, answers what would be, and undoes it; for all fields of a document alike."),
    )
}

fn id() -> InputValue {
    InputValue::new("id", TypeRef::named_nn(TypeRef::ID)).description("Which row.")
}

fn reason() -> InputValue {
    InputValue::new("reason", TypeRef::named(TypeRef::STRING)).description("Why; goes into the audit event.")
}

fn with_version(field: Field, collection: &Collection) -> Field {
    if collection.is_append_only {
        return field;
    }
    let if_version = InputValue::new("ifVersion", TypeRef::named(TypeRef::INT));
    field.argument(if_version.description("The `version` that the caller last saw; another one is a CONFLICT."))
}

/// `tickets` → `Tickets`
pub(super) fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}
