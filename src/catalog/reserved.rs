//! Names that a tool cannot use, because the platform, the generated API or PostgreSQL has them.

use crate::base::ScalarType;

/// The root types, which are made from the collections.
const ROOT_TYPES: [&str; 3] = ["Query", "Mutation", "Subscription"];

/// Fields that every collection has without writing them.
const IMPLICIT_FIELDS: [&str; 4] = ["id", "createdAt", "updatedAt", "version"];

/// Field names with a meaning of their own: the connectives of `where`, and what every node offers.
const RESERVED_FIELDS: [&str; 6] = ["where", "and", "or", "not", "nodeId", "viewerCan"];

/// What the API makes of a relation to many, after its name.
pub(super) const FIELDS_OF_RELATION: [&str; 2] = ["Connection", "Aggregate"];

/// Types of the API that do not come from one collection.
const API_TYPES: &[&str] = &[
    "AccessChange",
    "AccessExtent",
    "AccessOperation",
    "DateBucket",
    "ExportPayload",
    "JSONPathFilter",
    "Node",
    "OrderDirection",
    "PageInfo",
    "PolicyClause",
    "PolicyExplanation",
    "PolicyRule",
    "PolicyTruth",
    "PolicyValue",
    "RevokeRecordSharePayload",
    "RevokeServiceTokenPayload",
    "RotateServiceTokenPayload",
    "ShareWith",
    "Viewer",
    "ViewerActions",
    "ViewerCan",
];

/// Root fields that do not come from one collection.
pub(super) const API_QUERIES: [&str; 3] = ["viewer", "node", "policyExplain"];

/// What the API makes of a collection `Ticket`: `TicketConnection` and the others, as text before and after its name.
const TYPES_OF_COLLECTION: &[(&str, &str)] = &[
    ("", "Connection"),
    ("", "Edge"),
    ("", "Filter"),
    ("", "RelationFilter"),
    ("", "ListRelationFilter"),
    ("", "Order"),
    ("", "Reference"),
    ("", "By"),
    ("", "Aggregate"),
    ("", "AggregateKeys"),
    ("", "AggregateCounts"),
    ("", "AggregateSums"),
    ("", "AggregateAverages"),
    ("", "AggregateValues"),
    ("", "AggregateOrder"),
    ("", "AggregateKeysOrder"),
    ("", "AggregateCountsOrder"),
    ("", "AggregateSumsOrder"),
    ("", "AggregateAveragesOrder"),
    ("", "AggregateValuesOrder"),
    ("", "Having"),
    ("", "HavingCounts"),
    ("", "HavingSums"),
    ("", "HavingAverages"),
    ("", "HavingValues"),
    ("", "GroupBy"),
    ("", "GroupField"),
    ("", "Changed"),
    ("Create", "Input"),
    ("", "Link"),
    ("", "UpsertBy"),
    ("Upsert", "Input"),
    ("Upsert", "Payload"),
    ("Create", "Payload"),
    ("Update", "Input"),
    ("Update", "Set"),
    ("Update", "ByIdInput"),
    ("Update", "Payload"),
    ("Delete", "Payload"),
    ("Share", "Payload"),
];

/// The mutations of one row, before its name.
pub(super) const MUTATIONS_OF_ROW: [&str; 5] = ["create", "update", "upsert", "delete", "share"];

/// The mutations of many rows, as text before and after their name.
pub(super) const MUTATIONS_OF_ROWS: [(&str, &str); 7] =
    [("create", ""), ("update", ""), ("update", "ById"), ("upsert", ""), ("delete", ""), ("delete", "ById"), ("export", "")];

/// What the API makes of an enum or scalar, as text after its name.
const TYPES_OF_LEAF: [&str; 3] = ["Filter", "ListFilter", "Having"];

/// The columns that every PostgreSQL table has.
pub(super) const SYSTEM_COLUMNS: [&str; 7] = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid", "oid"];

/// Words that the rule language has already.
const RULE_WORDS: [&str; 25] = [
    "user",
    "request",
    "row",
    "old",
    "new",
    "true",
    "false",
    "null",
    "in",
    "has",
    "exists",
    "all",
    "map",
    "filter",
    "shared",
    "mayShare",
    "inTeam",
    "now",
    "duration",
    "timestamp",
    "size",
    "startsWith",
    "endsWith",
    "contains",
    "matches",
];

/// Whether a type is a root type.
pub(super) fn is_root_type(name: &str) -> bool {
    ROOT_TYPES.contains(&name)
}

/// Whether a type is a scalar, or a name that the definitions of our directives use.
pub(super) fn is_type_of_language(name: &str) -> bool {
    ScalarType::from_graphql_name(name).is_some() || name.starts_with("Toolcrib") || name.starts_with("__")
}

/// Whether a field comes by itself.
pub(super) fn is_implicit_field(name: &str) -> bool {
    IMPLICIT_FIELDS.contains(&name)
}

/// Whether a field name has a meaning of its own.
pub(super) fn is_reserved_field(name: &str) -> bool {
    RESERVED_FIELDS.contains(&name)
}

/// Whether a word means something in every rule.
pub(super) fn is_rule_word(name: &str) -> bool {
    RULE_WORDS.contains(&name)
}

/// Whether a type is an input of new rows inside of others, `CreateTicketEventForTicketInput` or the list of them.
pub(super) fn is_nested_input(name: &str, collection: &str) -> bool {
    let of = |verb: &str| name.strip_prefix(verb)?.strip_prefix(collection)?.strip_prefix("For")?.strip_suffix("Input");
    ["Create", "Nested"].iter().any(|verb| of(verb).is_some_and(|field| !field.is_empty()))
}

/// Whether a type is the payload of a mutation of many rows, `CreateTicketsPayload`.
pub(super) fn is_payload_of_rows(name: &str, rows: &str) -> bool {
    let stem = |verb: &str| name.strip_prefix(verb)?.strip_suffix("Payload");
    ["Create", "Update", "Upsert", "Delete"].iter().any(|verb| stem(verb) == Some(rows))
}

/// What a type name already stands for in the API, if anything: a common type, or one made from another name.
pub(super) fn type_in_api<'a>(name: &str, collections: &[&'a str], leaves: &[&'a str]) -> Option<&'a str> {
    if API_TYPES.contains(&name) {
        return Some("the API");
    }
    let of_collection = collections.iter().find(|collection| {
        let stem = |(before, after): &(&str, &str)| name.strip_prefix(before)?.strip_suffix(after);
        TYPES_OF_COLLECTION.iter().any(|form| stem(form) == Some(**collection))
    });
    let of_leaf = || leaves.iter().find(|leaf| TYPES_OF_LEAF.iter().any(|after| name.strip_suffix(after) == Some(**leaf)));
    of_collection.or_else(of_leaf).copied()
}

/// The names that the API makes of a collection.
pub(super) fn types_of_collection(name: &str) -> impl Iterator<Item = String> {
    TYPES_OF_COLLECTION.iter().map(move |(before, after)| format!("{before}{name}{after}"))
}

/// The names that the API makes of an enum or scalar.
pub(super) fn types_of_leaf(name: &str) -> impl Iterator<Item = String> {
    TYPES_OF_LEAF.iter().map(move |after| format!("{name}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_type_names_are_taken_only_where_they_are_generated() {
        assert_eq!(type_in_api("TicketConnection", &["Ticket"], &[]), Some("Ticket"));
        assert_eq!(type_in_api("CreateTicketInput", &["Ticket"], &[]), Some("Ticket"));
        assert_eq!(type_in_api("TicketConnection", &["Customer"], &[]), None);
        assert_eq!(type_in_api("PriorityFilter", &[], &["Priority"]), Some("Priority"));
        assert_eq!(type_in_api("TicketEvent", &["Ticket"], &["Priority"]), None);
    }
}
