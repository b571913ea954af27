//! Writes queries over a tool's API: whatever its SDL offers, it asks.

use crate::policy::interference::pools::Pools;
use crate::policy::interference::tally::Tally;
use crate::policy::world::Datum;
use apollo_compiler::Schema;
use apollo_compiler::ast::FieldDefinition;
use base64::Engine as _;
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use toolcrib::catalog::{Catalog, Collection};

/// How deep rows lie in each other.
const MAX_DEPTH: usize = 2;

/// A request.
#[derive(Clone, Debug)]
pub struct Operation {
    pub text: String,
    pub form: Form,
}

/// How a request is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Once.
    Plain,
    /// Page after page, with `$cursor` from the page before; `page` is the list, and its `pageInfo` has the cursor.
    Paged,
    /// An export, whose file is the answer.
    Export,
}

/// Writes requests.
pub struct Writer<'a> {
    pub types: &'a Schema,
    pub catalog: &'a Catalog,
    pub pools: &'a Pools,
    /// Types that are not asked about.
    pub outside: &'a [&'static str],
    pub random: StdRng,
    pub tally: Tally,
}

/// What of a row differs from one moment to the next, whoever changes what: when a token was last used.
const MOVING: [(&str, &str); 1] = [("ServiceToken", "lastUsedAt")];

impl<'a> Writer<'a> {
    /// A query.
    pub fn query(&mut self) -> Operation {
        if self.chance(0.15) {
            return self.paged();
        }
        let count = if self.chance(0.2) { 2 } else { 1 };
        let roots: Vec<String> = (0..count).map(|index| format!("r{index}: {}", self.root())).collect();
        Operation { text: format!("{{ {} }}", roots.join(" ")), form: Form::Plain }
    }

    /// A list of which page after page is asked for, forwards or backwards.
    fn paged(&mut self) -> Operation {
        let collection = self.collection();
        let ty = collection.name.as_str();
        self.tally.note("channel cursor");
        let mut arguments = Vec::new();
        if self.chance(0.3) {
            arguments.push(format!("where: {}", self.filter(&format!("{ty}Filter"), ty, 0)));
        }
        if self.chance(0.7) {
            arguments.push(format!("orderBy: {}", self.order(ty)));
        }
        let (size, end, way) = if self.chance(0.7) { ("first", "endCursor", "after") } else { ("last", "startCursor", "before") };
        arguments.push(format!("{size}: {}, {way}: $cursor", self.random.random_range(1..4)));
        let row = self.row(ty, 2);
        let text = format!(
            "query($cursor: String) {{ page: {}({}) {{ pageInfo {{ cursor: {end} hasNextPage hasPreviousPage }} nodes {row} }} }}",
            collection.plural,
            arguments.join(", ")
        );
        Operation { text, form: Form::Paged }
    }

    fn root(&mut self) -> String {
        let collection = self.collection();
        let ty = collection.name.as_str();
        match self.random.random_range(0..100) {
            0..45 => {
                self.tally.note("channel list");
                let arguments = self.list_arguments(&collection.plural.to_string(), "Query", ty, 0);
                format!("{}{arguments} {}", collection.plural, self.connection(ty, 0))
            }
            45..58 => {
                self.tally.note("channel single");
                let id = self.id(ty);
                format!("{}(id: \"{id}\") {}", collection.singular, self.row(ty, 0))
            }
            58..68 => {
                self.tally.note("channel node");
                let id = base64::engine::general_purpose::STANDARD.encode(format!("{ty}:{}", self.id(ty)));
                format!("node(nodeId: \"{id}\") {{ nodeId ... on {ty} {} }}", self.row(ty, 0))
            }
            68..78 => self.by_unique(collection),
            78..97 => {
                let name = format!("{}Aggregate", collection.plural);
                let arguments = self.aggregate_arguments(&name, "Query", ty);
                format!("{name}{}", self.aggregate(ty, &arguments))
            }
            _ => {
                self.tally.note("channel viewer");
                let (user, team) = (self.row("User", 1), self.row("Team", 2));
                format!("viewer {{ id email role user {user} team {team} }}")
            }
        }
    }

    /// A row by what is unique about it.
    fn by_unique(&mut self, collection: &Collection) -> String {
        let ty = collection.name.as_str();
        let input = self.types.get_input_object(&format!("{ty}By"));
        let row = self.pools.row(&mut self.random, ty).cloned();
        let (Some(input), Some(row)) = (input, row) else {
            return format!("{} {}", collection.plural, self.connection(ty, 1));
        };
        self.tally.note("channel by unique");
        let fields: Vec<_> = input.fields.values().collect();
        let field = fields.choose(&mut self.random).unwrap();
        let ty_name = field.ty.inner_named_type();
        let value = match self.types.get_input_object(ty_name) {
            Some(together) => {
                let parts = together.fields.values().map(|part| {
                    let value = literal(part.ty.inner_named_type(), &row.values[part.name.as_str()]);
                    let is_reference = self.types.get_input_object(part.ty.inner_named_type()).is_some();
                    format!("{}: {}", part.name, if is_reference { format!("{{id: {value}}}") } else { value })
                });
                format!("{{{}}}", parts.collect::<Vec<_>>().join(", "))
            }
            None if row.values[field.name.as_str()] == Datum::Null => "\"nothing\"".to_owned(),
            None => literal(ty_name, &row.values[field.name.as_str()]),
        };
        let by = format!("{}: {value}", field.name);
        format!("{}By(by: {{{by}}}) {}", collection.singular, self.row(ty, 0))
    }

    /// The tool's own collections more often than the platform's, and those of which something is seen more often than others.
    pub fn collection(&mut self) -> &'a Collection {
        let pools = self.pools;
        let weight = |collection: &&Collection| match (collection.is_platform, pools.shows(&collection.name.to_string())) {
            (false, true) => 8,
            (true, true) => 3,
            (_, false) => 1,
        };
        let all: Vec<&'a Collection> =
            self.catalog.collections.iter().filter(|collection| !self.outside.contains(&collection.name.as_str())).collect();
        all.choose_weighted(&mut self.random, weight).unwrap()
    }

    /// What is selected of a connection.
    fn connection(&mut self, ty: &str, depth: usize) -> String {
        let mut parts = Vec::new();
        if self.chance(0.25) {
            self.tally.note("channel count");
            parts.push("totalCount".to_owned());
        }
        if self.chance(0.2) {
            parts.push("pageInfo { hasNextPage hasPreviousPage startCursor endCursor }".to_owned());
        }
        if self.chance(0.25) {
            parts.push(format!("edges {{ cursor node {} }}", self.row(ty, depth)));
        }
        if parts.is_empty() || self.chance(0.8) {
            parts.push(format!("nodes {}", self.row(ty, depth)));
        }
        format!("{{ {} }}", parts.join(" "))
    }

    /// What is selected of a row: its id, some values, and what it is related to.
    fn row(&mut self, ty: &str, depth: usize) -> String {
        let object = self.types.get_object(ty).unwrap();
        let is_asked = |field: &&FieldDefinition| {
            let target = field.ty.inner_named_type().as_str();
            !MOVING.contains(&(ty, field.name.as_str())) && !self.outside.iter().any(|outside| target.starts_with(outside))
        };
        let fields: Vec<&FieldDefinition> = object.fields.values().map(|field| &***field).filter(is_asked).collect();
        let (relations, leaves): (Vec<&FieldDefinition>, Vec<&FieldDefinition>) =
            fields.into_iter().partition(|field| self.types.get_object(field.ty.inner_named_type()).is_some());
        let mut parts = vec!["id".to_owned()];
        let count = self.random.random_range(1..6);
        let chosen = self.choose(ty, &leaves, count, |leaf| leaf.name.as_str());
        parts.extend(chosen.iter().filter(|field| field.name != "id").map(|field| field.name.to_string()));
        let count = if depth < MAX_DEPTH { self.random.random_range(0..3) } else { 0 };
        let chosen: Vec<_> = relations.choose_multiple(&mut self.random, count).copied().collect();
        for field in chosen {
            let relation = self.relation(ty, field, depth + 1);
            parts.push(relation);
        }
        format!("{{ {} }}", parts.join(" "))
    }

    fn relation(&mut self, parent: &str, field: &FieldDefinition, depth: usize) -> String {
        let (name, target) = (field.name.as_str(), field.ty.inner_named_type().as_str());
        if target == "ViewerCan" {
            self.tally.note("channel viewerCan");
            return "viewerCan { update delete }".to_owned();
        }
        if let Some(ty) = target.strip_suffix("Connection") {
            self.tally.note("channel relation, connection");
            let arguments = self.list_arguments(name, parent, ty, depth);
            return format!("{name}{arguments} {}", self.connection(ty, depth));
        }
        if let Some(ty) = target.strip_suffix("Aggregate") {
            let arguments = self.aggregate_arguments(name, parent, ty);
            return format!("{name}{}", self.aggregate(ty, &arguments));
        }
        if field.ty.is_list() {
            self.tally.note("channel relation, many");
            let arguments = self.list_arguments(name, parent, target, depth);
            return format!("{name}{arguments} {}", self.row(target, depth));
        }
        self.tally.note("channel relation, one");
        format!("{name} {}", self.row(target, depth))
    }

    /// What is computed over rows, with the arguments that say how.
    fn aggregate(&mut self, ty: &str, arguments: &AggregateArguments) -> String {
        self.tally.note("channel aggregate");
        let mut parts = vec!["count".to_owned()];
        if !arguments.keys.is_empty() {
            let keys = self.types.get_object(&format!("{ty}AggregateKeys")).unwrap();
            let is_relation = |name: &str| self.types.get_object(keys.fields[name].ty.inner_named_type()).is_some();
            let named = |name: &String| if is_relation(name) { format!("{name} {{ id }}") } else { name.clone() };
            let keys: Vec<String> = arguments.keys.iter().map(named).collect();
            parts.push(format!("keys {{ {} }}", keys.join(" ")));
        }
        for (function, suffix) in
            [("countDistinct", "Counts"), ("sum", "Sums"), ("avg", "Averages"), ("min", "Values"), ("max", "Values")]
        {
            let values = self.types.get_object(&format!("{ty}Aggregate{suffix}"));
            let values = values.filter(|_| self.random.random_bool(0.4));
            let names = values.map(|values| values.fields.keys().map(|name| name.as_str()).collect::<Vec<_>>());
            let names = names.unwrap_or_default();
            let names: Vec<&str> = names.into_iter().filter(|name| !MOVING.contains(&(ty, name))).collect();
            let count = self.random.random_range(1..4);
            let names = self.choose(ty, &names, count, |name| name);
            if !names.is_empty() {
                self.tally.note(format!("aggregate {function}"));
                parts.push(format!("{function} {{ {} }}", names.join(" ")));
            }
        }
        format!("{} {{ {} }}", arguments.text, parts.join(" "))
    }

    /// The id of a row that is there, or of one that is not.
    pub fn id(&mut self, ty: &str) -> String {
        let row = self.pools.row(&mut self.random, ty).filter(|_| self.random.random_ratio(19, 20));
        row.map_or_else(|| "00000000-0000-7000-8000-0000000000ff".to_owned(), |row| row.id().to_string())
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.random.random_bool(probability)
    }
}

/// The arguments of an aggregate.
pub struct AggregateArguments {
    /// As a document writes them.
    pub text: String,
    /// By what it groups.
    pub keys: Vec<String>,
}

/// Whether the field's value differs from one moment to the next.
pub fn is_moving(ty: &str, field: &str) -> bool {
    MOVING.contains(&(ty, field))
}

/// The value as a document writes it, for a type of that name.
pub fn literal(type_name: &str, value: &Datum) -> String {
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    match value {
        Datum::Null => "null".to_owned(),
        Datum::Text(text) => match type_name {
            "ID" | "String" | "Email" | "URL" | "JSON" | "DateTime" | "Date" | "Decimal" | "BigInt" => quoted(text),
            // An enum's value.
            _ => text.clone(),
        },
        Datum::Int(number) if type_name == "BigInt" => quoted(&number.to_string()),
        Datum::Int(number) => number.to_string(),
        Datum::Decimal(number) => quoted(&number.to_string()),
        Datum::Float(number) => format!("{number:?}"),
        Datum::Boolean(boolean) => boolean.to_string(),
        Datum::Time(time) => quoted(&time.to_rfc3339()),
        Datum::Date(date) => quoted(&date.to_string()),
        Datum::Id(id) => quoted(&id.to_string()),
        Datum::List(elements) => {
            let elements: Vec<String> = elements.iter().map(|element| literal(type_name, element)).collect();
            format!("[{}]", elements.join(", "))
        }
    }
}
