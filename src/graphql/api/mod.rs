//! The API that comes out of a catalog: types, and what each root field does.

mod access_changes;
mod aggregates;
mod connections;
mod filters;
mod inputs;
mod lookups;
mod mutations;
mod objects;
mod plural;
mod policy;
mod scalar_filters;
mod scalars;
mod shares;
mod tokens;
mod upsert;
mod viewer;
mod words;

pub(crate) use plural::{AT_MOST, payload_name};

use crate::catalog::{Catalog, CollectionId};
use crate::policy::RuleBook;
use async_graphql::dynamic::{Field, FieldFuture, FieldValue, InputObject, Object, Schema, SchemaError, TypeRef};
use async_graphql::{Name, SDLExportOptions, Value};
use std::collections::HashMap;

/// What a root field does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootField {
    /// `ticket(id:)`
    One(CollectionId),
    /// `ticketBy(by:)`
    By(CollectionId),
    /// `node(nodeId:)`
    Node,
    /// `viewer`
    Viewer,
    /// `policyExplain(...)`
    PolicyExplain,
    /// `tickets(...)`
    Many(CollectionId),
    /// `ticketsAggregate(...)`
    Aggregate(CollectionId),
    /// `createTicket(...)`
    Create(CollectionId),
    /// `updateTicket(...)`
    Update(CollectionId),
    /// `deleteTicket(...)`
    Delete(CollectionId),
    /// `createTickets(...)`
    CreateMany(CollectionId),
    /// `updateTickets(...)`
    UpdateMany(CollectionId),
    /// `updateTicketsById(...)`
    UpdateListed(CollectionId),
    /// `deleteTickets(...)`
    DeleteMany(CollectionId),
    /// `deleteTicketsById(...)`
    DeleteListed(CollectionId),
    /// `upsertTicket(...)`
    Upsert(CollectionId),
    /// `upsertTickets(...)`
    UpsertMany(CollectionId),
    /// `exportTickets(...)`
    Export(CollectionId),
    /// `createServiceToken(...)`
    CreateToken,
    /// `rotateServiceToken(...)`
    RotateToken,
    /// `revokeServiceToken(...)`
    RevokeToken,
    /// `shareTicket(...)`
    Share(CollectionId),
    /// `revokeRecordShare(...)`
    RevokeShare,
}

/// The API of a catalog.
pub struct Api {
    /// The types.
    pub schema: Schema,
    /// What each field of `Query` and `Mutation` does.
    pub root_fields: HashMap<String, RootField>,
}

impl Api {
    /// The API as SDL: what clients generate from, and what requests are validated against.
    pub fn sdl(&self) -> String {
        self.schema.sdl_with_options(SDLExportOptions::new().include_specified_by().use_space_ident())
    }
}

/// Declares the API of a catalog.
///
/// # Errors
/// [`SchemaError`] if two types collide, which the SDL compiler should have refused.
pub fn build(catalog: &Catalog, rules: &RuleBook) -> Result<Api, SchemaError> {
    let mut types = Types::default();
    scalars::declare(&mut types);
    scalar_filters::declare(catalog, &mut types);
    connections::declare_page_info(&mut types);
    aggregates::declare_common(&mut types);
    let mut query = Object::new("Query").description("What can be read. Rows that a rule hides are absent, not refused.");
    let mut mutation =
        Object::new("Mutation").description("What can be changed. All fields of a document succeed, or none does.");
    let mut has_mutations = false;
    for collection in &catalog.collections {
        types.objects.push(objects::object(catalog, rules, collection));
        types.objects.extend(connections::connection_objects(collection));
        types.inputs.extend(filters::filters(catalog, collection));
        types.inputs.push(inputs::order(catalog, collection));
        types.inputs.push(inputs::connect(collection));
        let (one, many) = objects::root_fields(collection);
        aggregates::declare(catalog, collection, &mut types);
        query = query.field(one).field(many).field(aggregates::root_field(collection));
        types.root_fields.insert(collection.singular.to_string(), RootField::One(collection.id));
        types.root_fields.insert(collection.plural.to_string(), RootField::Many(collection.id));
        types.root_fields.insert(format!("{}Aggregate", collection.plural), RootField::Aggregate(collection.id));
        if let Some(lookup) = lookups::lookup_field(catalog, collection, &mut types) {
            query = query.field(lookup);
        }
        for field in mutations::mutations(catalog, collection, &mut types) {
            mutation = mutation.field(field);
            has_mutations = true;
        }
    }
    viewer::declare(catalog, &mut types);
    query = query.field(lookups::node_field(&mut types)).field(viewer::viewer_field(&mut types));
    query = query.field(policy::explain_field(&mut types));
    for field in tokens::mutations(catalog, &mut types).into_iter().chain(shares::mutations(catalog, &mut types)) {
        mutation = mutation.field(field);
        has_mutations = true;
    }
    let mut builder =
        Schema::build("Query", has_mutations.then_some("Mutation"), None).register(query).register(lookups::node_interface());
    if has_mutations {
        builder = builder.register(mutation);
    }
    builder = catalog.enums.iter().fold(builder, |builder, enum_type| builder.register(objects::enum_type(enum_type)));
    builder = types.scalars.into_iter().fold(builder, |builder, scalar| builder.register(scalar));
    builder = types.enums.into_iter().fold(builder, |builder, enum_type| builder.register(enum_type));
    builder = types.objects.into_iter().fold(builder, |builder, object| builder.register(object));
    builder = types.inputs.into_iter().fold(builder, |builder, input| builder.register(input));
    Ok(Api { schema: builder.finish()?, root_fields: types.root_fields })
}

/// The types declared so far.
#[derive(Default)]
struct Types {
    scalars: Vec<async_graphql::dynamic::Scalar>,
    enums: Vec<async_graphql::dynamic::Enum>,
    objects: Vec<Object>,
    inputs: Vec<InputObject>,
    root_fields: HashMap<String, RootField>,
}

/// A field whose value is the parent's value of that name, as in every GraphQL implementation's default resolver. The server
/// answers from SQL and never calls it; async-graphql's own executor does, over data in memory.
fn field(name: &str, ty: TypeRef) -> Field {
    let key = Name::new(name);
    Field::new(name, ty, move |context| {
        let value = match context.parent_value.as_value() {
            Some(Value::Object(object)) => object.get(&key).cloned(),
            _ => None,
        };
        FieldFuture::new(async move { Ok(value.filter(|value| *value != Value::Null).map(FieldValue::from)) })
    })
}

/// Gives a thing its description, if there is one.
macro_rules! described {
    ($item:expr, $description:expr) => {
        match $description {
            Some(description) => $item.description($crate::graphql::api::words::description(description)),
            None => $item,
        }
    };
}
use described;

/// Marks a thing as deprecated, if it is.
macro_rules! marked {
    ($item:expr, $reason:expr) => {
        match $reason {
            Some(reason) => $item.directive($crate::graphql::api::words::deprecated(reason)),
            None => $item,
        }
    };
}
use marked;
