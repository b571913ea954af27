//! Aggregates: `ticketsAggregate`, and `eventsAggregate` beside a relation.

use crate::base::ScalarType;
use crate::catalog::{Catalog, Collection, Field as CatalogField, FieldKind};
use crate::graphql::api::connections::who_may;
use crate::graphql::api::{Types, field, objects};
use crate::planner::aggregate::BucketUnit;
use async_graphql::dynamic::{Enum, EnumItem, Field, InputObject, InputValue, Object, TypeRef};

/// `DateBucket`, and the tests of computed values.
pub(super) fn declare_common(types: &mut Types) {
    let buckets = BucketUnit::ALL.map(|unit| EnumItem::new(unit.graphql_name()));
    types.enums.push(Enum::new("DateBucket").description("A span of time to group by; weeks begin on Monday.").items(buckets));
    for scalar in ScalarType::ALL.into_iter().filter(|scalar| scalar.is_ordered() && *scalar != ScalarType::Id) {
        let name = scalar.graphql_name();
        let tests = [
            ("eq", "Equal."),
            ("neq", "Another value."),
            ("lt", "Less."),
            ("lte", "Less or equal."),
            ("gt", "Greater."),
            ("gte", "Greater or equal."),
        ];
        let input = InputObject::new(format!("{name}Having"))
            .description(format!("Tests of a computed `{name}`; all that are given have to hold."));
        let with = |input: InputObject, (operator, description): (&str, &str)| {
            input.field(InputValue::new(operator, TypeRef::named(name)).description(description))
        };
        types.inputs.push(tests.into_iter().fold(input, with));
    }
}

/// The types of a collection's aggregates.
pub(super) fn declare(catalog: &Catalog, collection: &Collection, types: &mut Types) {
    let name = collection.name.as_str();
    let statistics = Statistics::of(collection);
    let mut aggregate = Object::new(format!("{name}Aggregate"))
        .description(format!("A group of `{name}` rows that the caller may read, and what is computed over it."))
        .field(
            field("keys", TypeRef::named_nn(format!("{name}AggregateKeys")))
                .description("What the rows of the group have in common."),
        )
        .field(field("count", TypeRef::named_nn(TypeRef::INT)).description("How many rows."));
    let mut having = InputObject::new(format!("{name}Having"))
        .description("Which groups; all that is given has to hold.")
        .field(InputValue::new("count", TypeRef::named("IntHaving")));
    let mut order = InputObject::new(format!("{name}AggregateOrder"))
        .description("One thing and its direction; further terms are further elements of the list.")
        .field(InputValue::new("count", TypeRef::named("OrderDirection")))
        .field(InputValue::new("keys", TypeRef::named(format!("{name}AggregateKeysOrder"))));
    for (statistic, description) in STATISTICS {
        let fields = statistics.fields(statistic);
        if fields.is_empty() {
            continue;
        }
        let suffix = suffix(statistic);
        aggregate =
            aggregate.field(field(statistic, TypeRef::named_nn(format!("{name}Aggregate{suffix}"))).description(description));
        having = having.field(InputValue::new(statistic, TypeRef::named(format!("{name}Having{suffix}"))));
        order = order.field(InputValue::new(statistic, TypeRef::named(format!("{name}Aggregate{suffix}Order"))));
        // `min` and `max` share their types.
        if statistic != "max" {
            types.objects.push(results(collection, suffix, &fields));
            types.inputs.extend([tests(name, suffix, &fields), directions(name, suffix, &fields)]);
        }
    }
    let groupable: Vec<&CatalogField> = collection.fields.iter().filter(|field| field.is_groupable()).collect();
    types.objects.extend([aggregate, keys(catalog, name, &groupable)]);
    let key_names: Vec<Computed<'_>> = groupable.iter().map(|field| (*field, ScalarType::String)).collect();
    types.inputs.extend([having, order, directions(name, "Keys", &key_names), group_by(name)]);
    let items = groupable.iter().map(|field| EnumItem::new(field.name.as_str()));
    types.enums.push(
        Enum::new(format!("{name}GroupField"))
            .description(format!("The fields that `{name}` rows can be grouped by."))
            .items(items),
    );
}

/// `ticketsAggregate(...)`
pub(super) fn root_field(collection: &Collection) -> Field {
    let limits = limits(collection);
    let description = format!("What is computed over the `{}` rows that the caller may read.{limits}", collection.name);
    arguments(&format!("{}Aggregate", collection.plural), collection).description(description)
}

/// `eventsAggregate(...)` beside the relation `events`; `None` where the name is taken.
pub(super) fn relation_field(catalog: &Catalog, collection: &Collection, relation: &CatalogField) -> Option<Field> {
    let FieldKind::ToMany { target, .. } = relation.kind else { return None };
    let name = format!("{}Aggregate", relation.name);
    let is_free = collection.find_field(&name).is_none();
    let limits = limits(catalog.collection(target));
    let description = format!("What is computed over the rows of `{}` that the caller may read.{limits}", relation.name);
    is_free.then(|| arguments(&name, catalog.collection(target)).description(description))
}

/// What `@aggregate` says, for readers of the API.
fn limits(collection: &Collection) -> String {
    let floor = collection.group_floor().rows();
    let floor = floor.map(|rows| format!(" Of fewer than {rows} rows or values nothing is told: no group, no statistic."));
    format!("{}{}", floor.unwrap_or_default(), who_may(collection))
}

fn arguments(field_name: &str, collection: &Collection) -> Field {
    let name = &collection.name;
    let argument = |argument: &str, ty: TypeRef, description: &str| InputValue::new(argument, ty).description(description);
    let aggregate = field(field_name, TypeRef::named_nn_list_nn(format!("{name}Aggregate")));
    let aggregate = match objects::search_argument(collection) {
        Some(search) => aggregate.argument(search),
        None => aggregate,
    };
    aggregate
        .argument(argument("where", TypeRef::named(format!("{name}Filter")), "Which rows; all if absent."))
        .argument(argument(
            "groupBy",
            TypeRef::named_nn_list(format!("{name}GroupBy")),
            "One group for each combination of values; one group of all rows if absent.",
        ))
        .argument(argument("having", TypeRef::named(format!("{name}Having")), "Which groups; all if absent."))
        .argument(argument("orderBy", TypeRef::named_nn_list(format!("{name}AggregateOrder")), "By the keys if absent."))
        .argument(argument("first", TypeRef::named(TypeRef::INT), "How many groups at most."))
}

/// The statistics of fields, in the order of the documentation.
const STATISTICS: [(&str, &str); 5] = [
    ("countDistinct", "How many different values; rows without one do not count."),
    ("sum", "The sum of the values; null if there is none."),
    ("avg", "Their average; null if there is none."),
    ("min", "The least value; null if there is none."),
    ("max", "The greatest value; null if there is none."),
];

fn suffix(statistic: &str) -> &'static str {
    match statistic {
        "countDistinct" => "Counts",
        "sum" => "Sums",
        "avg" => "Averages",
        _ => "Values",
    }
}

/// A field with the scalar of what is computed of it.
type Computed<'c> = (&'c CatalogField, ScalarType);

struct Statistics<'c>(&'c Collection);

impl<'c> Statistics<'c> {
    fn of(collection: &'c Collection) -> Self {
        Self(collection)
    }

    fn fields(&self, statistic: &str) -> Vec<Computed<'c>> {
        let scalar = |field: &CatalogField| match statistic {
            "countDistinct" => field.is_groupable().then_some(ScalarType::Int),
            "sum" => field.sum_scalar(),
            "avg" => field.average_scalar(),
            // The least and the greatest value are each one row's own.
            _ if self.0.group_floor().is_set() => None,
            _ => field.extreme_scalar(),
        };
        self.0.fields.iter().filter_map(|field| Some((field, scalar(field)?))).collect()
    }
}

/// `TicketAggregateSums` and its kin.
fn results(collection: &Collection, suffix: &str, fields: &[Computed<'_>]) -> Object {
    let object = Object::new(format!("{}Aggregate{suffix}", collection.name));
    fields.iter().fold(object, |object, (computed, scalar)| {
        let ty = match suffix {
            "Counts" if !collection.group_floor().is_set() => TypeRef::named_nn(scalar.graphql_name()),
            _ => TypeRef::named(scalar.graphql_name()),
        };
        object.field(field(computed.name.as_str(), ty))
    })
}

/// `TicketHavingSums` and its kin.
fn tests(name: &str, suffix: &str, fields: &[Computed<'_>]) -> InputObject {
    let input = InputObject::new(format!("{name}Having{suffix}"));
    fields.iter().fold(input, |input, (computed, scalar)| {
        input.field(InputValue::new(computed.name.as_str(), TypeRef::named(format!("{}Having", scalar.graphql_name()))))
    })
}

/// `TicketAggregateSumsOrder` and its kin.
fn directions(name: &str, suffix: &str, fields: &[Computed<'_>]) -> InputObject {
    let input = InputObject::new(format!("{name}Aggregate{suffix}Order"));
    fields.iter().fold(input, |input, (computed, _)| {
        input.field(InputValue::new(computed.name.as_str(), TypeRef::named("OrderDirection")))
    })
}

/// `TicketAggregateKeys`
fn keys(catalog: &Catalog, name: &str, groupable: &[&CatalogField]) -> Object {
    let object = Object::new(format!("{name}AggregateKeys"))
        .description("The values that the rows of a group have in common; null for fields that are not in `groupBy`.");
    groupable.iter().fold(object, |object, key| {
        let ty = match key.kind {
            FieldKind::Enum { enum_id, .. } => catalog.enum_type(enum_id).name.as_str(),
            FieldKind::ToOne { target, .. } | FieldKind::ToMany { target, .. } => catalog.collection(target).name.as_str(),
            FieldKind::Scalar { scalar, .. } => scalar.graphql_name(),
        };
        object.field(field(key.name.as_str(), TypeRef::named(ty)))
    })
}

/// `TicketGroupBy`
fn group_by(name: &str) -> InputObject {
    InputObject::new(format!("{name}GroupBy"))
        .description("A field to group by.")
        .field(InputValue::new("field", TypeRef::named_nn(format!("{name}GroupField"))).description("The field."))
        .field(
            InputValue::new("by", TypeRef::named("DateBucket"))
                .description("For an instant or a day: the span of time; without it the value itself."),
        )
        .field(
            InputValue::new("timeZone", TypeRef::named(TypeRef::STRING))
                .description("For an instant: where days begin, `Europe/Berlin`; UTC if absent."),
        )
}
