//! `shareTicket` and `revokeRecordShare`: shares are a collection whose rows are made of a row of another, so their mutations are
//! written out here. They are read like any collection: `recordShares`, and `recordShares` of every shareable row.

use crate::catalog::{Catalog, Collection};
use crate::graphql::api::mutations::with_manner;
use crate::graphql::api::{RootField, Types, field};
use async_graphql::dynamic::{Field, InputObject, InputValue, Object, TypeRef};

/// The mutations of shares; none where no collection is shareable.
pub(super) fn mutations(catalog: &Catalog, types: &mut Types) -> Vec<Field> {
    let shareable: Vec<&Collection> = catalog.collections.iter().filter(|collection| collection.shareable.is_some()).collect();
    if shareable.is_empty() || catalog.record_shares().is_none() {
        return Vec::new();
    }
    types.inputs.push(with());
    types.objects.push(payload("RevokeRecordShare", "What `revokeRecordShare` did."));
    types.root_fields.insert("revokeRecordShare".to_owned(), RootField::RevokeShare);
    let mut fields: Vec<Field> = shareable.into_iter().map(|collection| share(collection, types)).collect();
    fields.push(revoke());
    fields
}

fn share(collection: &Collection, types: &mut Types) -> Field {
    let name = format!("share{}", collection.name);
    types.root_fields.insert(name.clone(), RootField::Share(collection.id));
    types.objects.push(payload(&format!("Share{}", collection.name), &format!("What `{name}` did.")));
    let with = InputValue::new("with", TypeRef::named_nn("ShareWith")).description("With whom.");
    let level = InputValue::new("level", TypeRef::named_nn("ShareLevel")).description("What for.");
    let expires_at = InputValue::new("expiresAt", TypeRef::named("DateTime"));
    with_manner(
        field(&name, TypeRef::named_nn(format!("Share{}Payload", collection.name)))
            .argument(InputValue::new("id", TypeRef::named_nn(TypeRef::ID)).description("Which row."))
            .argument(with)
            .argument(level)
            .argument(expires_at.description("When the share ends by itself; never if absent.")),
    )
    .description(format!(
        "Shares a `{}` that the caller may read and share; with WRITE only one that the caller may change. `reason` is kept with \
         the share, too.",
        collection.name
    ))
}

fn revoke() -> Field {
    let id = InputValue::new("id", TypeRef::named_nn(TypeRef::ID)).description("Which share.");
    with_manner(field("revokeRecordShare", TypeRef::named_nn("RevokeRecordSharePayload")).argument(id))
        .description("Ends a share of a row, from the next request on. It stays on record.")
}

fn with() -> InputObject {
    InputObject::new("ShareWith")
        .description("With whom a row is shared; exactly one of these.")
        .oneof()
        .field(InputValue::new("user", TypeRef::named("UserReference")).description("One user."))
        .field(InputValue::new("team", TypeRef::named("TeamReference")).description(
            "The members of a team and of the teams above it: those for whom `inTeam` says that the team is theirs.",
        ))
        .field(InputValue::new("role", TypeRef::named("Role")).description("Everybody of a role."))
}

fn payload(stem: &str, description: &str) -> Object {
    Object::new(format!("{stem}Payload"))
        .description(description)
        .field(
            field("recordShare", TypeRef::named(Collection::RECORD_SHARE))
                .description("The share as it is now; null if the caller may not read it."),
        )
        .field(
            field("auditEventId", TypeRef::named(TypeRef::ID))
                .description("The audit event of this change; null for a dry run, which leaves none."),
        )
}
