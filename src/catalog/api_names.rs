//! Whether the names that the GraphQL API makes from the collections are each there once.

use crate::base::ScalarType;
use crate::catalog::findings::Findings;
use crate::catalog::{Collection, Diagnostic, DiagnosticCode, EnumType, FieldKind, SourceSpan, reserved};
use std::collections::HashMap;

/// Checks the root fields and the types of the API.
pub(super) fn check(collections: &[Collection], enums: &[EnumType], findings: &mut Findings) {
    check_root_fields(collections, findings);
    let names: Vec<&str> = collections.iter().map(|collection| collection.name.as_str()).collect();
    let scalars = ScalarType::ALL.map(ScalarType::graphql_name);
    let leaves: Vec<&str> = enums.iter().map(|enum_type| enum_type.name.as_str()).chain(scalars).collect();
    check_made_types(collections, enums, findings);
    for collection in collections {
        check_lookups(collection, findings);
        check_fields(collection, findings);
    }
    let types = collections.iter().map(|collection| (&collection.name, collection.span));
    for (name, span) in types.chain(enums.iter().map(|enum_type| (&enum_type.name, enum_type.span))) {
        let of_rows = || {
            let is_made = |made: &Collection| {
                reserved::is_payload_of_rows(name.as_str(), &capitalized(made.plural.as_str()))
                    || reserved::is_nested_input(name.as_str(), made.name.as_str())
                    || made.uniques.iter().any(|unique| unique.graphql_type(made) == name.as_str())
            };
            collections.iter().find(|made| is_made(made)).map(|made| made.name.as_str())
        };
        if let Some(origin) = reserved::type_in_api(name.as_str(), &names, &leaves).or_else(of_rows) {
            let message = if names.contains(&origin) || leaves.contains(&origin) {
                format!("`{name}` is a type that the API makes from `{origin}`")
            } else {
                format!("`{name}` is a type of the API itself")
            };
            let refusal = Diagnostic::new(DiagnosticCode::API_COLLISION, span, message);
            findings.add(refusal.with_label("already there").with_help("give the type another name"));
        }
    }
}

/// The types that the API makes of one name may be those that it makes of another: `Ticket` and `TicketList` both give
/// `TicketListRelationFilter`.
fn check_made_types(collections: &[Collection], enums: &[EnumType], findings: &mut Findings) {
    let scalars = ScalarType::ALL.map(ScalarType::graphql_name);
    let of_scalars = scalars.into_iter().flat_map(|name| reserved::types_of_leaf(name).map(move |made| (made, name)));
    let mut taken: HashMap<String, &str> = of_scalars.collect();
    let of_enums =
        enums.iter().map(|found| (found.name.as_str(), found.span, reserved::types_of_leaf(found.name.as_str()).collect()));
    let of_collections = collections.iter().map(|found| {
        let of_uniques = found.uniques.iter().map(|unique| unique.graphql_type(found));
        let made: Vec<String> = reserved::types_of_collection(found.name.as_str()).chain(of_uniques).collect();
        (found.name.as_str(), found.span, made)
    });
    for (name, span, made) in of_enums.chain(of_collections) {
        let collision = made.iter().find_map(|made| Some((made, taken.get(made).filter(|first| **first != name)?)));
        if let Some((made, first)) = collision {
            let message = format!("the API makes `{made}` from `{name}`, and from `{first}` already");
            let refusal = Diagnostic::new(DiagnosticCode::API_COLLISION, span, message);
            findings.add(refusal.with_label("makes the same name").with_help("give one of the types another name"));
        }
        taken.extend(made.into_iter().map(|made| (made, name)));
    }
}

/// Beside a relation `events` stand `eventsConnection` and `eventsAggregate`.
fn check_fields(collection: &Collection, findings: &mut Findings) {
    let relations = collection.fields.iter().filter(|field| matches!(field.kind, FieldKind::ToMany { .. }));
    let made = relations.flat_map(|field| reserved::FIELDS_OF_RELATION.map(|suffix| (field, format!("{}{suffix}", field.name))));
    for (relation, name) in made {
        let Some(field) = collection.find_field(&name) else { continue };
        let message = format!("`{name}` of `{}` is a field that the API makes from `{}`", collection.name, relation.name);
        let refusal = Diagnostic::new(DiagnosticCode::API_COLLISION, field.span, message);
        findings.add(refusal.with_label("already there").with_help("give the field another name"));
    }
}

/// What `ticketBy(by:)` takes: unique fields, and fields that are unique together under a name made of theirs.
fn check_lookups(collection: &Collection, findings: &mut Findings) {
    let uniques = collection.fields.iter().filter(|field| field.is_unique);
    let mut taken: Vec<String> = uniques.map(|field| field.name.to_string()).collect();
    for unique in &collection.uniques {
        let name = unique.graphql_name(collection);
        if taken.contains(&name) {
            let message = format!("`{}By` would have two fields `{name}`", collection.singular);
            let refusal = Diagnostic::new(DiagnosticCode::API_COLLISION, unique.span, message);
            findings.add(refusal.with_label("makes the same name").with_help("give one of the fields another name"));
        }
        taken.push(name);
    }
}

/// Queries, mutations and subscriptions are named apart from each other.
fn check_root_fields(collections: &[Collection], findings: &mut Findings) {
    let mut taken: HashMap<String, String> = HashMap::new();
    let own = reserved::API_QUERIES.map(|name| (name.to_owned(), "the API itself".to_owned()));
    taken.extend(own);
    for collection in collections {
        if collection.singular == collection.plural {
            let message = format!("one row and many rows of `{}` are both called `{}`", collection.name, collection.plural);
            add(message, collection.span, findings);
            continue;
        }
        for name in root_fields(collection) {
            match taken.get(&name) {
                Some(first) => {
                    add(format!("`{name}` of `{}` is already there, from {first}", collection.name), collection.span, findings);
                    // The others collide for the same reason.
                    break;
                }
                None => taken.insert(name, format!("`{}`", collection.name)),
            };
        }
    }
}

/// The root fields that come from a collection. Mutations never equal queries, for they begin with their verb, but a row may be
/// called as many of another are: `updateTicketsById`.
fn root_fields(collection: &Collection) -> Vec<String> {
    let (one, many) = (&collection.singular, &collection.plural);
    let read = [one.to_string(), many.to_string(), format!("{one}By"), format!("{many}Aggregate"), format!("{one}Changed")];
    let (one, many) = (capitalized(one.as_str()), capitalized(many.as_str()));
    let written = reserved::MUTATIONS_OF_ROW.iter().map(|verb| format!("{verb}{one}"));
    let written = written.chain(reserved::MUTATIONS_OF_ROWS.iter().map(|(verb, suffix)| format!("{verb}{many}{suffix}")));
    read.into_iter().chain(written).collect()
}

/// `tickets` → `Tickets`
fn capitalized(name: &str) -> String {
    let mut characters = name.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

fn add(message: String, span: SourceSpan, findings: &mut Findings) {
    let refusal = Diagnostic::new(DiagnosticCode::API_COLLISION, span, message).with_label("the same name in the API");
    findings.add(refusal.with_help("rename one of the types, or give the other plural with `@collection(plural:)`"));
}
