//! Through the selection by the API's types: what stands below a list is paid for each of its rows.

use super::page::Page;
use super::{CostModel, weight};
use crate::catalog::{Collection, FieldKind};
use crate::planner::{NodeId, SelectedField, Selection};
use serde_json::Value as Json;

/// Where a selection stands.
#[derive(Clone, Copy)]
struct Place<'p> {
    /// The type of the objects.
    type_name: &'p str,
    /// How many objects there are.
    rows: f64,
    /// The collection, if they are its rows.
    collection: Option<&'p Collection>,
    /// What counting the list costs whose page this is.
    count: f64,
}

impl<'p> Place<'p> {
    /// So many rows of a collection.
    fn rows(collection: &'p Collection, rows: f64) -> Self {
        Self { type_name: collection.name.as_str(), rows, collection: Some(collection), count: 0.0 }
    }
}

/// What a type of the API stands for.
enum Role<'c> {
    /// `Ticket`
    Row(&'c Collection),
    /// `TicketConnection`
    Page(&'c Collection),
    /// `TicketAggregate`
    Aggregate(&'c Collection),
    /// `TicketEdge`, `PageInfo`, `UpdateTicketPayload`: objects that cost nothing themselves.
    Wrapping,
    /// A scalar or an enum.
    Leaf,
}

impl CostModel<'_> {
    /// The cost of a root field.
    pub(super) fn root_field(&self, root: &str, field: &SelectedField) -> f64 {
        match field.name.as_str() {
            "__typename" => 0.0,
            name if name.starts_with("__") => count_fields(&field.selection) * weight::INTROSPECTION,
            _ => {
                let place = Place { type_name: root, rows: 1.0, collection: None, count: 0.0 };
                let written = if root == "Mutation" { weight::WRITE + written_rows(field) * weight::WRITTEN_ROW } else { 0.0 };
                let recorded = if root != "Mutation" && self.is_recorded(root, field) { weight::WRITE } else { 0.0 };
                weight::STATEMENT + written + recorded + self.field(place, field)
            }
        }
    }

    fn selection(&self, place: Place<'_>, selection: &Selection) -> f64 {
        selection.0.iter().map(|field| self.field(place, field)).sum()
    }

    fn field(&self, place: Place<'_>, field: &SelectedField) -> f64 {
        let object = self.schema.get_object(place.type_name);
        let Some(definition) = object.and_then(|object| object.fields.get(field.name.as_str())) else {
            // `__typename`: a constant.
            return place.rows * weight::VALUE;
        };
        let type_name = self.type_below(definition.ty.inner_named_type(), field);
        match self.role(type_name) {
            Role::Leaf if field.name == "totalCount" => place.rows * place.count,
            Role::Leaf => place.rows * weight::VALUE,
            Role::Row(collection) | Role::Page(collection) | Role::Aggregate(collection) if (self.is_hidden)(collection.id) => {
                0.0
            }
            Role::Row(collection) if definition.ty.is_list() => self.rows(place, field, collection),
            Role::Row(collection) => self.one_row(place, field, collection),
            Role::Page(collection) => {
                let page = self.page(collection, field, self.available(place, field, collection));
                let below = Place { type_name, rows: page.rows * place.rows, collection: None, count: page.count / page.rows };
                // A page of which only the count is asked is not looked for.
                let is_shown = field.selection.0.iter().any(|field| !matches!(field.name.as_str(), "totalCount" | "__typename"));
                let found = if is_shown { page.find + weight::LIST } else { 0.0 };
                self.enter(place) + place.rows * found + self.selection(below, &field.selection)
            }
            Role::Aggregate(collection) => {
                let available = self.available(place, field, collection);
                let below = Place { type_name, rows: place.rows, collection: None, count: 0.0 };
                self.enter(place)
                    + place.rows * self.aggregate(collection, field, available)
                    + self.selection(below, &field.selection)
            }
            Role::Wrapping => self.selection(Place { type_name, ..place }, &field.selection),
        }
    }

    /// A field with one row: by its id, the one that a key points to, or the node of an edge.
    fn one_row(&self, place: Place<'_>, field: &SelectedField, collection: &Collection) -> f64 {
        self.enter(place)
            + place.rows * (weight::LOOKUP + weight::ROW)
            + self.selection(Place::rows(collection, place.rows), &field.selection)
    }

    /// A field with a list of rows: those that point to the row above, or the ones that the page above has found.
    fn rows(&self, place: Place<'_>, field: &SelectedField, collection: &Collection) -> f64 {
        let (shown, found) = if place.collection.is_some() {
            let Page { rows, find, .. } = self.page(collection, field, self.available(place, field, collection));
            (place.rows * rows, place.rows * (weight::LIST + find))
        } else {
            (place.rows, 0.0)
        };
        self.enter(place) + found + shown * weight::ROW + self.selection(Place::rows(collection, shown), &field.selection)
    }

    /// What a relation costs however many rows it is followed from.
    fn enter(&self, place: Place<'_>) -> f64 {
        if place.collection.is_some() { weight::PLAN_RELATION } else { 0.0 }
    }

    /// How many rows a list picks from: of the whole table, or of those that point to one row.
    fn available(&self, place: Place<'_>, field: &SelectedField, collection: &Collection) -> f64 {
        let all = self.rows_of(collection.id);
        let is_relation = |parent: &Collection| {
            // `eventsConnection` and `eventsAggregate` are about the rows of `events`.
            let beside = ["Connection", "Aggregate"].iter().find_map(|suffix| field.name.strip_suffix(suffix));
            let kind = parent.find_field(&field.name).or_else(|| parent.find_field(beside?)).map(|field| &field.kind);
            matches!(kind, Some(FieldKind::ToMany { .. }))
        };
        match place.collection {
            Some(parent) if is_relation(parent) => (all / self.rows_of(parent.id)).max(1.0),
            _ => all,
        }
    }

    /// The type of what a field gives; of a `Node`, the one that its id names.
    fn type_below<'t>(&'t self, declared: &'t str, field: &SelectedField) -> &'t str {
        let named = || NodeId::parse(field.text_argument("nodeId")?);
        let collection = |node: NodeId| self.catalog.find_collection(node.type_name.as_str());
        match declared {
            "Node" => named().and_then(collection).map_or(declared, |found| found.name.as_str()),
            _ => declared,
        }
    }

    fn role(&self, type_name: &str) -> Role<'_> {
        if self.schema.get_object(type_name).is_none() {
            return Role::Leaf;
        }
        let owner = |suffix: &str| type_name.strip_suffix(suffix).and_then(|name| self.catalog.find_collection(name));
        if let Some(collection) = self.catalog.find_collection(type_name) {
            Role::Row(collection)
        } else if let Some(collection) = owner("Connection") {
            Role::Page(collection)
        } else if let Some(collection) = owner("Aggregate") {
            Role::Aggregate(collection)
        } else {
            Role::Wrapping
        }
    }

    /// Whether a VIEW event will be written: something in it has its reads audited.
    fn is_recorded(&self, type_name: &str, field: &SelectedField) -> bool {
        let object = self.schema.get_object(type_name);
        let Some(definition) = object.and_then(|object| object.fields.get(field.name.as_str())) else { return false };
        let below = self.type_below(definition.ty.inner_named_type(), field);
        let is_audited = match self.role(below) {
            Role::Row(collection) | Role::Page(collection) | Role::Aggregate(collection) => {
                collection.audit.is_read_audited && !(self.is_hidden)(collection.id)
            }
            Role::Wrapping | Role::Leaf => false,
        };
        is_audited || field.selection.0.iter().any(|inner| self.is_recorded(below, inner))
    }
}

fn count_fields(selection: &Selection) -> f64 {
    selection.0.iter().map(|field| 1.0 + count_fields(&field.selection)).sum()
}

/// Rows that a change may touch: as many as it lists, or as it may find at most.
fn written_rows(field: &SelectedField) -> f64 {
    let listed = field.arguments.values().filter_map(Json::as_array).map(Vec::len).max().unwrap_or(1);
    let found = field.argument("atMost").and_then(Json::as_u64).unwrap_or(1);
    (listed as f64).max(found as f64)
}
