//! Connections, edges and `PageInfo`, as the Relay specification names them.

use crate::catalog::Collection;
use crate::graphql::api::{Types, field};
use async_graphql::dynamic::{Field, InputValue, Object, TypeRef};

/// `PageInfo`.
pub(super) fn declare_page_info(types: &mut Types) {
    let page_info = Object::new("PageInfo")
        .description("Where a page stands in its list.")
        .field(field("hasNextPage", TypeRef::named_nn(TypeRef::BOOLEAN)).description("Whether rows follow."))
        .field(field("hasPreviousPage", TypeRef::named_nn(TypeRef::BOOLEAN)).description("Whether rows stand before."))
        .field(
            field("startCursor", TypeRef::named(TypeRef::STRING))
                .description("The cursor of the first row; give it as `before`."),
        )
        .field(
            field("endCursor", TypeRef::named(TypeRef::STRING)).description("The cursor of the last row; give it as `after`."),
        );
    types.objects.push(page_info);
}

/// `TicketConnection` and `TicketEdge`.
pub(super) fn connection_objects(collection: &Collection) -> [Object; 2] {
    let name = collection.name.as_str();
    let connection = Object::new(format!("{name}Connection"))
        .description(format!("A page of `{name}` rows."))
        .field(field("nodes", TypeRef::named_nn_list_nn(name)).description("The rows."))
        .field(field("edges", TypeRef::named_nn_list_nn(format!("{name}Edge"))).description("The rows with their cursors."))
        .field(field("pageInfo", TypeRef::named_nn("PageInfo")).description("Where the page stands."))
        .field(total_count(collection));
    let edge = Object::new(format!("{name}Edge"))
        .description(format!("A `{name}` with its cursor."))
        .field(field("cursor", TypeRef::named_nn(TypeRef::STRING)).description("Where the row stands in this order."))
        .field(field("node", TypeRef::named_nn(name)).description("The row."));
    [connection, edge]
}

/// `totalCount`; null where it would tell of fewer rows than it may.
fn total_count(collection: &Collection) -> Field {
    let description = "How many rows the filter and the rules leave; counted only when asked for.";
    let (ty, floor) = match collection.group_floor().rows() {
        Some(rows) => (TypeRef::named(TypeRef::INT), format!(" Null if they are fewer than {rows}.")),
        None => (TypeRef::named_nn(TypeRef::INT), String::new()),
    };
    field("totalCount", ty).description(format!("{description}{floor}{}", who_may(collection)))
}

/// That a rule says who may count and compute.
pub(super) fn who_may(collection: &Collection) -> &'static str {
    let allow = collection.aggregate.as_ref().and_then(|aggregate| aggregate.allow.as_ref());
    if allow.is_some() { " A rule says who may ask for it." } else { "" }
}

/// The arguments by which a connection is paged, beside `first`.
pub(super) fn paging_arguments(field: Field) -> Field {
    let cursor = |name, description: &str| InputValue::new(name, TypeRef::named(TypeRef::STRING)).description(description);
    let number = |name, description: &str| InputValue::new(name, TypeRef::named(TypeRef::INT)).description(description);
    field
        .argument(cursor("after", "Only rows after this cursor: the `endCursor` of the page before."))
        .argument(number("last", "How many rows at most, from the end; not with `first`."))
        .argument(cursor("before", "Only rows before this cursor: the `startCursor` of the page after."))
        .argument(number("offset", "How many rows are left out at the start; cursors are faster and do not slip."))
}
