//! `accessChanges` of `updateUser`.

use crate::catalog::Collection;
use crate::graphql::api::{Types, field};
use crate::planner::AccessOperation;
use async_graphql::dynamic::{Enum, EnumItem, Field, Object, TypeRef};

/// The field of the payload, for the collection whose changes decide what somebody may do.
pub(super) fn payload_field(collection: &Collection, types: &mut Types) -> Option<Field> {
    if !collection.is_platform || collection.name != "User" {
        return None;
    }
    types.objects.push(object());
    let operations = AccessOperation::ALL.map(|operation| EnumItem::new(operation.as_str()));
    types.enums.push(Enum::new("AccessOperation").description("What may be done to a collection.").items(operations));
    let extents = [("NONE", "No row."), ("SOME", "Some rows."), ("ALL", "Every row.")];
    let extents = extents.map(|(name, description)| EnumItem::new(name).description(description));
    types.enums.push(Enum::new("AccessExtent").description("How much a rule gives.").items(extents));
    let changes = field("accessChanges", TypeRef::named_nn_list_nn("AccessChange"));
    Some(changes.description("What the user gains and loses by it; with `dryRun: true` a preview before anything is changed."))
}

fn object() -> Object {
    let named = |name: &str, ty: &str| field(name, TypeRef::named_nn(ty));
    let count = |name: &str, description: &str| field(name, TypeRef::named(TypeRef::INT)).description(description);
    Object::new("AccessChange")
        .description("Something that a user may do otherwise than before.")
        .field(named("collection", TypeRef::STRING).description("The collection."))
        .field(named("operation", "AccessOperation").description("What is done to it."))
        .field(named("before", "AccessExtent").description("How much of it the user could do it to."))
        .field(named("after", "AccessExtent").description("How much of it the user may do it to now."))
        .field(count(
            "rowsBefore",
            "For READ: how many rows that was, of those that the caller may read, counted up to 10,000; null where the rule looks \
             into other rows, or the caller may read none.",
        ))
        .field(count("rowsAfter", "The same for now."))
}
