//! `orderBy`, always ended by a field that no two rows share, so that the order is total and a cursor names one place in it.

use crate::catalog::{Collection, CollectionId, Field, FieldId, FieldKind};
use crate::planner::{GuardedColumn, PlanError, Planner, Readable, Search};
use serde_json::{Map, Value as Json};

/// Which row has the column that a term sorts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderSource {
    /// The row itself.
    Row,
    /// The row that a join of the order leads to, by its index.
    Joined(u16),
    /// None: the caller may read no row of the collection that the relation leads to.
    Nowhere,
}

/// A relation that an order goes through. A row that points nowhere, or to a row that the caller may not read, has no value
/// there, like one whose value is null.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderJoin {
    /// The relation's field.
    pub field: FieldId,
    /// Which row has the foreign key.
    pub source: OrderSource,
    /// The foreign key with its field's guard.
    pub key: GuardedColumn,
    /// Its target as the caller may read it.
    pub target: Readable,
}

/// One term of an order.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderBy {
    /// The way to the field by names, `customer.name`, for the cursor's fingerprint.
    pub path: String,
    /// The field.
    pub field: FieldId,
    /// Which row has it.
    pub source: OrderSource,
    /// The column; counts as null where its guard does not allow.
    pub column: GuardedColumn,
    /// Whether the greatest comes first.
    pub is_descending: bool,
    /// Whether rows without a value come first.
    pub is_nulls_first: bool,
    /// Whether a row may have no value there.
    pub is_nullable: bool,
    /// What it ranks rows by instead of the column: how well they fit a search.
    pub search: Option<Search>,
    /// The enum's values in their order, when the column holds an enum: they sort as the schema lists them, not by letters.
    pub enum_order: Option<Vec<String>>,
}

/// A total order.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// The relations that terms go through, each after the one that it starts from.
    pub joins: Vec<OrderJoin>,
    /// The terms; the last is the row's own `id`, or another field of the row that is unique.
    pub terms: Vec<OrderBy>,
}

impl Order {
    /// A text that differs whenever the order differs; goes into cursors.
    pub(crate) fn fingerprint(&self) -> String {
        let terms = self.terms.iter().map(|term| {
            let nulls = if term.is_nulls_first { "^" } else { "" };
            format!("{}{}{nulls}", term.path, if term.is_descending { "-" } else { "+" })
        });
        terms.collect::<Vec<_>>().join(",")
    }
}

/// The most terms of one order.
const MAX_TERMS: usize = 10;

/// The most relations that one term goes through.
const MAX_DEPTH: usize = 5;

/// Where a term begins, and which way it runs.
#[derive(Clone, Copy)]
struct Direction {
    is_descending: bool,
    is_nulls_first: bool,
}

impl Direction {
    /// Rows without a value come last unless something else is said.
    fn named(name: &str) -> Option<Self> {
        let (is_descending, is_nulls_first) = match name {
            "ASC" | "ASC_NULLS_LAST" => (false, false),
            "ASC_NULLS_FIRST" => (false, true),
            "DESC" | "DESC_NULLS_LAST" => (true, false),
            "DESC_NULLS_FIRST" => (true, true),
            _ => return None,
        };
        Some(Self { is_descending, is_nulls_first })
    }
}

/// The row that a part of a term is about.
#[derive(Clone)]
struct TermPlace<'c> {
    /// The argument, for whoever reads of a mistake in it.
    argument: &'c str,
    collection: &'c Collection,
    source: OrderSource,
    /// Whether there may be no such row.
    is_optional: bool,
    path: String,
    depth: usize,
}

impl<'c> TermPlace<'c> {
    /// The row itself.
    fn start(argument: &'c str, collection: &'c Collection) -> Self {
        Self { argument, collection, source: OrderSource::Row, is_optional: false, path: String::new(), depth: 0 }
    }
}

impl Planner<'_> {
    /// Plans an `orderBy` argument.
    ///
    /// # Errors
    /// [`PlanError`] for a term with not exactly one field, and for too many of them.
    pub(crate) fn plan_order(&self, collection: &Collection, argument: &str, json: Option<&Json>) -> Result<Order, PlanError> {
        let given = match json {
            Some(Json::Array(terms)) => terms.as_slice(),
            Some(single) => std::slice::from_ref(single),
            None => &[],
        };
        if given.len() > MAX_TERMS {
            return Err(PlanError::too_many(argument, "terms", MAX_TERMS));
        }
        let mut order = Order { joins: Vec::new(), terms: Vec::with_capacity(given.len() + 1) };
        for (index, term) in given.iter().enumerate() {
            self.plan_order_term(TermPlace::start(&format!("{argument}[{index}]"), collection), term, &mut order)?;
        }
        self.end_order(argument, collection, &mut order)?;
        Ok(order)
    }

    /// The order of rows by how well they fit a search, the newest first of those that fit as well.
    pub(crate) fn plan_rank_order(&self, collection: &Collection, search: Search) -> Result<Order, PlanError> {
        let mut order = Order { joins: Vec::new(), terms: vec![OrderBy::rank(collection, search)] };
        self.end_order("orderBy", collection, &mut order)?;
        Ok(order)
    }

    /// Makes an order total.
    fn end_order(&self, argument: &str, collection: &Collection, order: &mut Order) -> Result<(), PlanError> {
        let is_unique = |term: &OrderBy| {
            let field = self.catalog.field(term.field);
            let is_of_row = term.source == OrderSource::Row && term.search.is_none();
            is_of_row && !term.is_nullable && (field.is_unique || term.field == collection.id_field().id)
        };
        match order.terms.iter().position(is_unique) {
            // Whatever follows a unique term orders nothing.
            Some(index) => order.terms.truncate(index + 1),
            None => {
                // The way of the term before it: an index then gives the whole order, read from either end.
                let is_descending = order.terms.last().is_some_and(|term| term.is_descending);
                let direction = Direction { is_descending, is_nulls_first: false };
                let place = TermPlace { path: "id".to_owned(), ..TermPlace::start(argument, collection) };
                let term = self.order_by(place, collection.id_field(), direction);
                order.terms.push(term.ok_or_else(|| PlanError::argument(argument, "no `id`"))?);
            }
        }
        Ok(())
    }

    fn plan_order_term(&self, place: TermPlace<'_>, json: &Json, order: &mut Order) -> Result<(), PlanError> {
        let refused = || {
            let help = "give one field and its direction, `{createdAt: DESC}`; further terms go into the list";
            PlanError::argument(place.argument, help)
        };
        let object = json.as_object().filter(|object| object.len() == 1).ok_or_else(refused)?;
        let (name, value) = object.iter().next().ok_or_else(refused)?;
        let field = place.collection.find_field(name).ok_or_else(refused)?;
        let path = if place.path.is_empty() { name.clone() } else { format!("{}.{name}", place.path) };
        let place = TermPlace { path, ..place.clone() };
        match (&field.kind, value) {
            (FieldKind::ToOne { target, .. }, Json::Object(inner)) => {
                self.plan_joined_term(place, (field, *target), inner, order)
            }
            (FieldKind::Scalar { .. } | FieldKind::Enum { .. }, Json::String(direction)) => {
                let direction = Direction::named(direction).ok_or_else(refused)?;
                order.terms.push(self.order_by(place, field, direction).ok_or_else(refused)?);
                Ok(())
            }
            _ => Err(refused()),
        }
    }

    fn plan_joined_term(
        &self,
        place: TermPlace<'_>,
        (field, target): (&Field, CollectionId),
        inner: &Map<String, Json>,
        order: &mut Order,
    ) -> Result<(), PlanError> {
        if place.depth == MAX_DEPTH {
            return Err(PlanError::too_many(place.argument, "relations inside each other", MAX_DEPTH));
        }
        let key = self.guarded_column(field).ok_or_else(|| PlanError::argument(place.argument, "is no relation to one row"))?;
        let target = self.readable(target);
        let is_certain = field.is_required && key.is_open() && target.is_unrestricted();
        let collection = self.catalog.collection(target.collection());
        let source = order.join(OrderJoin { field: field.id, source: place.source, key, target });
        let place =
            TermPlace { collection, source, is_optional: place.is_optional || !is_certain, depth: place.depth + 1, ..place };
        self.plan_order_term(place, &Json::Object(inner.clone()), order)
    }

    fn order_by(&self, place: TermPlace<'_>, field: &Field, direction: Direction) -> Option<OrderBy> {
        let column = self.guarded_column(field)?;
        let enum_order = column.enum_id().map(|enum_id| {
            let values = &self.catalog.enum_type(enum_id).values;
            values.iter().map(|value| value.name.to_string()).collect()
        });
        Some(OrderBy {
            path: place.path,
            field: field.id,
            source: place.source,
            is_nullable: place.is_optional || !field.is_required || !column.is_open(),
            column,
            is_descending: direction.is_descending,
            is_nulls_first: direction.is_nulls_first,
            search: None,
            enum_order,
        })
    }
}

impl Order {
    /// Where a relation leads; terms that go through the same relation share one join.
    fn join(&mut self, join: OrderJoin) -> OrderSource {
        if join.source == OrderSource::Nowhere || join.target.is_empty() {
            return OrderSource::Nowhere;
        }
        let is_same = |known: &OrderJoin| known.field == join.field && known.source == join.source;
        let index = self.joins.iter().position(is_same).unwrap_or_else(|| {
            self.joins.push(join);
            self.joins.len() - 1
        });
        OrderSource::Joined(u16::try_from(index).expect("terms and their depth are bounded"))
    }

    /// The fields that decide the order, without the `id` that ends it; those of relations that it goes through included.
    pub(crate) fn fields(&self) -> impl Iterator<Item = FieldId> {
        let is_end = |index: usize, term: &OrderBy| index + 1 == self.terms.len() && term.path == "id";
        let terms = self.terms.iter().enumerate().filter(move |(index, term)| !is_end(*index, term));
        let terms = terms.filter(|(_, term)| term.source != OrderSource::Nowhere).map(|(_, term)| term.field);
        self.joins.iter().map(|join| join.field).chain(terms)
    }
}
