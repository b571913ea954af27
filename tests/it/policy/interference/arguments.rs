//! The arguments of generated queries: filters with every operator, orders, pages, searches, groups.

use crate::policy::interference::writer::{AggregateArguments, Writer, is_moving, literal};
use apollo_compiler::ast::{FieldDefinition, InputValueDefinition};
use rand::Rng;
use rand::seq::IndexedRandom;

const DIRECTIONS: &[&str] = &["ASC", "DESC", "ASC", "DESC", "ASC_NULLS_FIRST", "DESC_NULLS_FIRST", "DESC_NULLS_LAST"];

impl Writer<'_> {
    /// The arguments of a list or connection, in parentheses if there are any.
    pub fn list_arguments(&mut self, name: &str, parent: &str, ty: &str, depth: usize) -> String {
        let field = self.field(parent, name);
        let has = |argument: &str| field.arguments.iter().any(|other| other.name == argument);
        let (is_searched, is_connection) = (has("search"), has("offset"));
        let mut arguments = Vec::new();
        if is_searched && self.chance(0.2) {
            arguments.extend(self.search(ty));
        }
        if self.chance(0.55) {
            arguments.push(format!("where: {}", self.filter(&format!("{ty}Filter"), ty, depth)));
        }
        if self.chance(0.45) {
            arguments.push(format!("orderBy: {}", self.order(ty)));
        }
        if is_connection && self.chance(0.15) {
            arguments.push(format!("last: {}", self.random.random_range(1..5)));
        } else if depth > 0 || self.chance(0.4) {
            if is_connection && self.chance(0.2) {
                arguments.push(format!("offset: {}", self.random.random_range(0..4)));
            }
            arguments.push(format!("first: {}", self.random.random_range(1..if depth > 0 { 4 } else { 12 })));
        }
        in_parentheses(&arguments)
    }

    /// Words that rows have.
    fn search(&mut self, ty: &str) -> Option<String> {
        let searched = self.catalog.find_collection(ty)?.search.as_ref()?;
        let name = self.catalog.field(*searched.fields.choose(&mut self.random)?).name.to_string();
        let value = self.pools.value(&mut self.random, ty, &name)?;
        let text = literal("Word", &value);
        let word = text.split(' ').collect::<Vec<_>>().choose(&mut self.random)?.to_string();
        self.tally.note("channel search");
        let left_out = if self.chance(0.2) { "-" } else { "" };
        Some(format!("search: {}", serde_json::to_string(&format!("{left_out}{word}")).unwrap()))
    }

    /// A filter of this input type over rows of `ty`.
    pub fn filter(&mut self, input: &str, ty: &str, depth: usize) -> String {
        self.tally.note("channel filter");
        let declared = self.types.get_input_object(input).unwrap();
        let is_asked = |field: &&InputValueDefinition| {
            let target = field.ty.inner_named_type().as_str();
            !is_moving(ty, &field.name) && !self.outside.iter().any(|outside| target.starts_with(outside))
        };
        let fields: Vec<&InputValueDefinition> = declared.fields.values().map(|field| &***field).filter(is_asked).collect();
        let mut conditions = Vec::new();
        let count = if self.chance(0.2) { 2 } else { 1 };
        let chosen = self.choose(ty, &fields, count, |field| &field.name);
        for field in chosen {
            let (name, inner) = (field.name.as_str(), field.ty.inner_named_type().as_str());
            let value = match name {
                "and" | "or" | "not" if depth > 2 => continue,
                "and" | "or" => {
                    self.tally.note(format!("operator {name}"));
                    let parts: Vec<String> = (0..2).map(|_| self.filter(inner, ty, depth + 1)).collect();
                    format!("[{}]", parts.join(", "))
                }
                "not" => {
                    self.tally.note("operator not");
                    self.filter(inner, ty, depth + 1)
                }
                "isNull" => {
                    self.tally.note("operator isNull of a relation");
                    self.chance(0.5).to_string()
                }
                _ => match (inner.strip_suffix("ListRelationFilter"), inner.strip_suffix("RelationFilter")) {
                    (Some(target), _) => {
                        let quantifier = ["some", "every", "none"][self.random.random_range(0..3)];
                        self.tally.note(format!("operator {quantifier}"));
                        let below = format!("{target}Filter");
                        let filter =
                            if depth > 2 || self.chance(0.2) { "{}".to_owned() } else { self.filter(&below, target, depth + 1) };
                        format!("{{{quantifier}: {filter}}}")
                    }
                    (None, Some(target)) => {
                        self.tally.note("operator of a relation");
                        if depth > 2 { "{isNull: false}".to_owned() } else { self.filter(inner, target, depth + 1) }
                    }
                    (None, None) => self.test(inner, ty, name),
                },
            };
            conditions.push(format!("{name}: {value}"));
        }
        format!("{{{}}}", conditions.join(", "))
    }

    /// A test of one value, against a value that a row has somewhere.
    fn test(&mut self, input: &str, ty: &str, field: &str) -> String {
        let declared = self.types.get_input_object(input).unwrap();
        let operators: Vec<&InputValueDefinition> = declared.fields.values().map(|operator| &***operator).collect();
        let operator = *operators.choose(&mut self.random).unwrap();
        let (name, element) = (operator.name.as_str(), operator.ty.inner_named_type().as_str());
        self.tally.note(format!("operator {name}"));
        let value = match name {
            "isNull" | "isEmpty" => self.chance(0.5).to_string(),
            "path" => "{at: [\"name\"], isNull: false}".to_owned(),
            "contains" | "containedBy" if element == "JSON" => "{}".to_owned(),
            "hasKey" => "\"name\"".to_owned(),
            "hasAnyKey" | "hasAllKeys" => "[\"name\", \"version\"]".to_owned(),
            _ => {
                let Some(value) = self.pools.value(&mut self.random, ty, field) else { return "{isNull: false}".to_owned() };
                match (name, literal(element, &value)) {
                    ("like" | "ilike", text) => {
                        let text = text.trim_matches('"').replace('\\', "");
                        let start: String = text.chars().take(3).collect();
                        format!("\"{start}%\"")
                    }
                    ("startsWith" | "istartsWith" | "endsWith" | "iendsWith" | "contains" | "icontains", text)
                        if !text.starts_with('[') =>
                    {
                        self.piece(name, &text)
                    }
                    ("in" | "notIn", text) => {
                        let other = self.pools.value(&mut self.random, ty, field).map(|value| literal(element, &value));
                        format!("[{text}, {}]", other.unwrap_or_else(|| text.clone()))
                    }
                    (_, text) => text,
                }
            }
        };
        format!("{{{name}: {value}}}")
    }

    /// A part of a text: its first letters, its last, or all of it.
    fn piece(&mut self, operator: &str, text: &str) -> String {
        let text: Vec<char> = text.trim_matches('"').chars().filter(|character| *character != '\\').collect();
        let count = self.random.random_range(1..=text.len().clamp(1, 12)).min(text.len());
        let from = if operator.to_lowercase().starts_with("starts") { 0 } else { text.len() - count };
        serde_json::to_string(&text[from..from + count].iter().collect::<String>()).unwrap()
    }

    /// By one or two fields, some of them behind relations.
    pub fn order(&mut self, ty: &str) -> String {
        self.tally.note("channel order");
        let count = self.random.random_range(1..=2);
        let terms: Vec<String> = (0..count).map(|_| self.order_term(ty, 0)).collect();
        format!("[{}]", terms.join(", "))
    }

    fn order_term(&mut self, ty: &str, depth: usize) -> String {
        let declared = self.types.get_input_object(&format!("{ty}Order")).unwrap();
        let fields = declared.fields.values().filter(|field| !is_moving(ty, &field.name));
        let (leaves, relations): (Vec<_>, Vec<_>) = fields.partition(|field| field.ty.inner_named_type() == "OrderDirection");
        if depth < 2
            && self.chance(0.25)
            && let Some(relation) = relations.choose(&mut self.random)
            && let Some(target) = relation.ty.inner_named_type().strip_suffix("Order")
        {
            self.tally.note("operator order by a relation");
            return format!("{{{}: {}}}", relation.name, self.order_term(target, depth + 1));
        }
        let direction = DIRECTIONS.choose(&mut self.random).unwrap();
        let leaf = self.choose(ty, &leaves, 1, |leaf| &leaf.name)[0];
        format!("{{{}: {direction}}}", leaf.name)
    }

    /// Which rows, by what they are grouped, which groups.
    pub fn aggregate_arguments(&mut self, name: &str, parent: &str, ty: &str) -> AggregateArguments {
        let is_searched = self.field(parent, name).arguments.iter().any(|argument| argument.name == "search");
        let mut arguments = Vec::new();
        if is_searched && self.chance(0.15) {
            arguments.extend(self.search(ty));
        }
        if self.chance(0.4) {
            arguments.push(format!("where: {}", self.filter(&format!("{ty}Filter"), ty, 1)));
        }
        let keys = if self.chance(0.6) { self.group_keys(ty) } else { Vec::new() };
        if !keys.is_empty() {
            self.tally.note("channel group");
            let groups: Vec<String> = keys.iter().map(|(key, by)| format!("{{field: {key}{by}}}")).collect();
            arguments.push(format!("groupBy: [{}]", groups.join(", ")));
        }
        if self.chance(0.2) {
            arguments.push(self.having(ty));
        }
        if self.chance(0.3) {
            let order = if self.chance(0.5) { "count: DESC".to_owned() } else { self.aggregate_order(ty) };
            arguments.push(format!("orderBy: [{{{order}}}]"));
        }
        let keys = keys.into_iter().map(|(key, _)| key).collect();
        AggregateArguments { text: in_parentheses(&arguments), keys }
    }

    /// Fields to group by; of an instant or a day sometimes the span of time in which it lies.
    fn group_keys(&mut self, ty: &str) -> Vec<(String, &'static str)> {
        let keys = self.types.get_object(&format!("{ty}AggregateKeys")).unwrap();
        let fields: Vec<&FieldDefinition> =
            keys.fields.values().map(|field| &***field).filter(|field| !is_moving(ty, &field.name)).collect();
        let count = if self.chance(0.3) { 2 } else { 1 };
        let chosen = self.choose(ty, &fields, count, |field| &field.name);
        let keys = chosen.into_iter().map(|field| {
            let is_time = matches!(field.ty.inner_named_type().as_str(), "DateTime" | "Date");
            (field.name.to_string(), if is_time && self.random.random_bool(0.6) { ", by: MONTH" } else { "" })
        });
        keys.collect()
    }

    fn having(&mut self, ty: &str) -> String {
        self.tally.note("operator having");
        let counts = self.types.get_input_object(&format!("{ty}HavingCounts")).unwrap();
        let names: Vec<&str> = counts.fields.keys().map(|name| name.as_str()).filter(|name| !is_moving(ty, name)).collect();
        let least = self.random.random_range(0..4);
        match self.choose(ty, &names, 1, |name| name).first().filter(|_| self.random.random_bool(0.6)) {
            Some(name) => format!("having: {{countDistinct: {{{name}: {{gte: {least}}}}}}}"),
            None => format!("having: {{count: {{gte: {least}}}}}"),
        }
    }

    fn aggregate_order(&mut self, ty: &str) -> String {
        let function = ["min", "max"][self.random.random_range(0..2)];
        let values = self.types.get_input_object(&format!("{ty}AggregateValuesOrder")).unwrap();
        let names: Vec<&str> = values.fields.keys().map(|name| name.as_str()).filter(|name| !is_moving(ty, name)).collect();
        let direction = DIRECTIONS.choose(&mut self.random).unwrap();
        format!("{function}: {{{}: {direction}}}", self.choose(ty, &names, 1, |name| name)[0])
    }

    /// Some of the fields of a type, by their names: guarded ones, which have something to hide, before others.
    pub fn choose<T: Copy>(&mut self, ty: &str, fields: &[T], count: usize, name: impl Fn(&T) -> &str) -> Vec<T> {
        let collection = self.catalog.find_collection(ty).unwrap();
        let weight = |field: &T| match collection.find_field(name(field)) {
            Some(field) if field.access.read.is_some() => 5,
            Some(field) if !field.is_implicit => 2,
            _ => 1,
        };
        fields.choose_multiple_weighted(&mut self.random, count, weight).unwrap().copied().collect()
    }

    fn field(&self, parent: &str, name: &str) -> &FieldDefinition {
        let object = self.types.get_object(parent).unwrap();
        object.fields.get(name).unwrap_or_else(|| panic!("{parent} has no field {name}"))
    }
}

fn in_parentheses(arguments: &[String]) -> String {
    if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) }
}
