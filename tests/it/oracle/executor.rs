//! async-graphql's ordinary executor over the rows in memory.
//!
//! Its types are the ones that the server tells its clients, read from the SDL; what its fields answer is written here. The
//! resolvers are ready at once and never wait, because 7.2.1 puts parallel fields into the answer as they are completed: fields
//! that complete as they are polled keep the document's order.

use crate::oracle::cell::Cell;
use crate::oracle::filter::{Place, elements};
use crate::oracle::rules::Caller;
use crate::oracle::world::{Relation, Row, Table, World};
use apollo_compiler::ast::Type as AstType;
use apollo_compiler::schema::ExtendedType;
use async_graphql::dynamic::{
    Enum, Field, FieldFuture, FieldValue, InputObject, InputValue, Interface, InterfaceField, Object, ObjectAccessor,
    ResolverContext, Scalar, Schema, TypeRef,
};
use async_graphql::{Error, ValidationMode, Value};
use base64::Engine as _;
use std::sync::Arc;

/// The largest and the usual page.
pub const MAX_PAGE: i64 = 500;
const PAGE: usize = 50;

/// What every cursor is to the oracle, which does not know the server's key.
pub const CURSOR: &str = "cursor";

/// A place in the rows, by index, so that it can travel through the executor.
#[derive(Clone, Debug)]
enum Node {
    Root,
    Row(Table, usize),
    Page(Arc<Page>),
    Edge(Table, usize),
    Viewer,
    /// What the caller may do with a row: change it, and delete it.
    Can(bool),
    PageInfo(Arc<Page>),
}

/// A page of a root list.
#[derive(Debug)]
struct Page {
    table: Table,
    rows: Vec<usize>,
    total: usize,
    has_previous: bool,
    has_next: bool,
}

/// The schema that answers from `world`; each request brings its [`Caller`].
pub fn schema(sdl: &str, world: Arc<World>) -> Schema {
    let parsed = apollo_compiler::Schema::parse_and_validate(sdl, "api.graphql").unwrap();
    // The engine validates every document by the whole specification; 7.2.1 overlooks uses of variables in directives.
    let mut builder = Schema::build("Query", Some("Mutation"), None).validation_mode(ValidationMode::Fast);
    for (name, ty) in parsed.types.iter().filter(|(_, ty)| !ty.is_built_in()) {
        builder = match ty {
            ExtendedType::Scalar(_) => builder.register(Scalar::new(name.as_str())),
            ExtendedType::Enum(declared) => builder
                .register(declared.values.keys().fold(Enum::new(name.as_str()), |declared, value| declared.item(value.as_str()))),
            ExtendedType::InputObject(declared) => {
                let fields = declared.fields.values().map(|field| InputValue::new(field.name.as_str(), type_ref(&field.ty)));
                builder.register(fields.fold(InputObject::new(name.as_str()), InputObject::field))
            }
            ExtendedType::Object(declared) => {
                let fields = declared.fields.values().map(|declared| field(declared, &world));
                let object = fields.fold(Object::new(name.as_str()), Object::field);
                let interfaces = declared.implements_interfaces.iter();
                builder.register(interfaces.fold(object, |object, interface| object.implement(interface.as_str())))
            }
            ExtendedType::Interface(declared) => {
                let fields = declared.fields.values();
                let fields = fields.map(|field| InterfaceField::new(field.name.as_str(), type_ref(&field.ty)));
                builder.register(fields.fold(Interface::new(name.as_str()), Interface::field))
            }
            other => panic!("the API has no such type: {}", other.name()),
        };
    }
    builder.finish().unwrap()
}

/// What the executor starts from.
pub fn root() -> FieldValue<'static> {
    FieldValue::owned_any(Node::Root)
}

fn type_ref(ty: &AstType) -> TypeRef {
    match ty {
        AstType::Named(name) => TypeRef::named(name.as_str()),
        AstType::NonNullNamed(name) => TypeRef::named_nn(name.as_str()),
        AstType::List(inner) => TypeRef::List(Box::new(type_ref(inner))),
        AstType::NonNullList(inner) => TypeRef::NonNull(Box::new(TypeRef::List(Box::new(type_ref(inner))))),
    }
}

fn field(declared: &apollo_compiler::ast::FieldDefinition, world: &Arc<World>) -> Field {
    let (world, name) = (Arc::clone(world), declared.name.to_string());
    let field =
        Field::new(declared.name.as_str(), type_ref(&declared.ty), move |context| match answer(&world, &name, &context) {
            Ok(value) => FieldFuture::Value(value),
            Err(error) => FieldFuture::new(async { Err::<Option<FieldValue<'_>>, _>(error) }),
        });
    let arguments = declared.arguments.iter().map(|argument| InputValue::new(argument.name.as_str(), type_ref(&argument.ty)));
    arguments.fold(field, Field::argument)
}

fn answer(world: &World, field: &str, context: &ResolverContext<'_>) -> Result<Option<FieldValue<'static>>, Error> {
    let caller = context.data::<Caller>()?;
    Ok(match context.parent_value.try_downcast_ref::<Node>()? {
        Node::Root => root_field(world, caller, field, &context.args)?,
        Node::Row(table, index) => row_field(world, caller, (*table, &world.rows(*table)[*index]), field, &context.args)?,
        Node::Page(page) => page_field(page, field),
        Node::Edge(..) if field == "cursor" => Some(FieldValue::value(CURSOR)),
        Node::Edge(table, index) => Some(FieldValue::owned_any(Node::Row(*table, *index))),
        Node::PageInfo(page) => page_info_field(page, field),
        Node::Viewer => viewer_field(world, caller, field),
        Node::Can(may) => Some(FieldValue::value(*may)),
    })
}

fn root_field(
    world: &World,
    caller: &Caller,
    field: &str,
    arguments: &ObjectAccessor<'_>,
) -> Result<Option<FieldValue<'static>>, Error> {
    if field == "viewer" {
        return Ok(Some(FieldValue::owned_any(Node::Viewer)));
    }
    if field == "node" {
        let text = base64::engine::general_purpose::STANDARD.decode(arguments.try_get("nodeId")?.string()?).unwrap_or_default();
        let text = String::from_utf8(text).unwrap_or_default();
        let found = text.split_once(':').and_then(|(ty, id)| Some((Table::named(ty)?, Cell::Id(id.parse().ok()?))));
        let found = found.and_then(|(table, id)| Some((table, world.find(table, &id)?)));
        let found = found.filter(|(table, row)| caller.may_read(world, *table, row));
        return Ok(found.map(|(table, row)| node(world, table, row).with_type(table.name())));
    }
    if let Some(table) = Table::ALL.into_iter().find(|table| format!("{}By", table.name().to_lowercase()) == field) {
        let by = arguments.try_get("by")?;
        let by = by.object()?;
        let (field, value) = by.iter().next().ok_or_else(|| Error::new("nothing to find the row by"))?;
        let is_meant = |row: &&Row| row[field.as_str()].to_json().as_str() == value.string().ok();
        let found = world.rows(table).iter().find(is_meant).filter(|row| caller.may_read(world, table, row));
        return Ok(found.map(|row| node(world, table, row)));
    }
    let singular = |table: &Table| table.name().to_lowercase() == field;
    if let Some(table) = Table::ALL.into_iter().find(singular) {
        let id = arguments.try_get("id")?.string()?.parse().map_or(Cell::Null, Cell::Id);
        let found = world.find(table, &id).filter(|row| caller.may_read(world, table, row));
        return Ok(found.map(|row| node(world, table, row)));
    }
    let table = Table::ALL.into_iter().find(|table| format!("{}s", table.name().to_lowercase()) == field);
    let table = table.ok_or_else(|| Error::new("no root field of the oracle's"))?;
    page(table, list(world, caller, table, |_| true, arguments), arguments)
}

/// The part of a list that the arguments ask for.
fn page(table: Table, rows: Vec<usize>, arguments: &ObjectAccessor<'_>) -> Result<Option<FieldValue<'static>>, Error> {
    let total = rows.len();
    let (start, end) = match size(arguments, "last")? {
        Some(last) => (total.saturating_sub(last), total),
        None => {
            let start = size(arguments, "offset")?.unwrap_or_default().min(total);
            (start, (start + size(arguments, "first")?.unwrap_or(PAGE)).min(total))
        }
    };
    let page = Page { table, total, has_previous: start > 0, has_next: end < total, rows: rows[start..end].to_vec() };
    Ok(Some(FieldValue::owned_any(Node::Page(Arc::new(page)))))
}

fn row_field(
    world: &World,
    caller: &Caller,
    (table, row): (Table, &Row),
    field: &str,
    arguments: &ObjectAccessor<'_>,
) -> Result<Option<FieldValue<'static>>, Error> {
    if field == "viewerCan" {
        // Only the people's tables may be written at all, by an admin.
        let may = caller.role == "admin" && matches!(table, Table::User | Table::Team);
        return Ok(Some(FieldValue::owned_any(Node::Can(may))));
    }
    if let Some(Relation::Many(target, inverse)) = field.strip_suffix("Connection").and_then(|name| table.relation(name)) {
        let points_here = |other: &Row| caller.known(world, target, other, inverse) == row["id"];
        return page(target, list(world, caller, target, points_here, arguments), arguments);
    }
    if field == "nodeId" {
        let text = format!("{}:{}", table.name(), row["id"].to_json().as_str().unwrap());
        return Ok(Some(FieldValue::value(base64::engine::general_purpose::STANDARD.encode(text))));
    }
    Ok(match table.relation(field) {
        None => {
            let cell = caller.shown(world, table, row, field).to_json();
            (!cell.is_null()).then(|| FieldValue::value(Value::from_json(cell).unwrap()))
        }
        Some(Relation::One(_)) => caller.follow(world, table, row, field).map(|(target, found)| node(world, target, found)),
        Some(Relation::Many(target, inverse)) => {
            let points_here = |other: &Row| caller.known(world, target, other, inverse) == row["id"];
            let rows =
                list(world, caller, target, points_here, arguments).into_iter().take(size(arguments, "first")?.unwrap_or(PAGE));
            Some(FieldValue::list(rows.map(|index| FieldValue::owned_any(Node::Row(target, index)))))
        }
    })
}

fn viewer_field(world: &World, caller: &Caller, field: &str) -> Option<FieldValue<'static>> {
    let row = |table: Table, id: Cell| {
        let found = world.find(table, &id).filter(|row| caller.may_read(world, table, row));
        found.map(|row| node(world, table, row))
    };
    match field {
        "id" => Some(FieldValue::value(caller.id.to_string())),
        "role" => Some(FieldValue::value(Value::Enum(async_graphql::Name::new(caller.role)))),
        "user" => row(Table::User, Cell::Id(caller.id)),
        "team" => row(Table::Team, caller.team.map_or(Cell::Null, Cell::Id)),
        // The callers of these tests have no mail address.
        _ => None,
    }
}

fn page_field(page: &Arc<Page>, field: &str) -> Option<FieldValue<'static>> {
    let all = |node: fn(Table, usize) -> Node| {
        FieldValue::list(page.rows.iter().map(|index| FieldValue::owned_any(node(page.table, *index))))
    };
    Some(match field {
        "nodes" => all(Node::Row),
        "edges" => all(Node::Edge),
        "pageInfo" => FieldValue::owned_any(Node::PageInfo(Arc::clone(page))),
        "totalCount" => FieldValue::value(page.total as i64),
        other => panic!("the oracle's connection has no `{other}`"),
    })
}

fn page_info_field(page: &Page, field: &str) -> Option<FieldValue<'static>> {
    match field {
        "hasNextPage" => Some(FieldValue::value(page.has_next)),
        "hasPreviousPage" => Some(FieldValue::value(page.has_previous)),
        _ => (!page.rows.is_empty()).then(|| FieldValue::value(CURSOR)),
    }
}

fn node(world: &World, table: Table, row: &Row) -> FieldValue<'static> {
    let index = world.rows(table).iter().position(|other| std::ptr::eq(other, row)).unwrap();
    FieldValue::owned_any(Node::Row(table, index))
}

/// The rows that the caller may read and that pass, in order.
fn list(
    world: &World,
    caller: &Caller,
    table: Table,
    is_meant: impl Fn(&Row) -> bool,
    arguments: &ObjectAccessor<'_>,
) -> Vec<usize> {
    let place = Place { world, caller, table };
    let argument = |name| arguments.get(name).map_or(Value::Null, |value| value.as_value().clone());
    let (filter, terms) = (argument("where"), argument("orderBy"));
    let rows = world.rows(table);
    let mut found: Vec<usize> = (0..rows.len())
        .filter(|index| is_meant(&rows[*index]) && caller.may_read(world, table, &rows[*index]))
        .filter(|index| place.passes(&rows[*index], &filter) == Some(true))
        .collect();
    let terms = Value::List(elements(&terms).to_vec());
    found.sort_by(|left, right| place.order(&rows[*left], &rows[*right], &terms));
    found
}

/// A number of rows, if it is given.
fn size(arguments: &ObjectAccessor<'_>, name: &str) -> Result<Option<usize>, Error> {
    match arguments.get(name).filter(|size| !size.is_null()) {
        None => Ok(None),
        Some(size) => match size.i64()? {
            size @ 0..=MAX_PAGE => Ok(Some(size as usize)),
            _ => Err(Error::new("no page has that size")),
        },
    }
}
