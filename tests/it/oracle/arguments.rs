//! Generated arguments: `where`, `orderBy`, `first` and `id`, as literals and through variables.

use crate::oracle::cell::Cell;
use crate::oracle::literal::{Literal, Variables};
use crate::oracle::world::{OUTSIDE, Relation, Table, World};
use apollo_compiler::Schema;
use apollo_compiler::ast::Type;
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom};
use serde_json::json;

/// Columns that hold texts which collations sort differently: never ordered by, nor compared by `lt` and its kin.
const UNORDERED: &[(Table, &str)] =
    &[(Table::User, "name"), (Table::Issue, "title"), (Table::Issue, "secret"), (Table::Note, "body"), (Table::Issue, "link")];

/// Keys that stored documents have, or have not.
const JSON_KEYS: &[&str] = &["a", "b", "long", "text", "more"];

/// How a list is cut.
#[derive(Clone, Copy, PartialEq)]
pub enum Paged {
    /// A connection at the root.
    Root,
    /// A connection of a relation.
    Connection,
    /// The plain list of a relation.
    List,
}

/// Makes arguments.
pub struct ArgumentSource<'s> {
    pub schema: &'s Schema,
    pub world: &'s World,
    pub variables: Variables,
}

impl ArgumentSource<'_> {
    /// The arguments of a list of a table's rows; few rows where it stands deep.
    pub fn list(&mut self, random: &mut StdRng, table: Table, paged: Paged) -> Vec<(String, Literal)> {
        let is_nested = paged != Paged::Root;
        let name = table.name();
        let mut arguments = Vec::new();
        if random.random_bool(0.45) {
            let filter = self.filter(random, &format!("{name}Filter"), table, 0);
            arguments.push(("where".to_owned(), self.vary(random, &format!("{name}Filter"), filter)));
        } else {
            self.nothing(random, "where", &format!("{name}Filter"), &mut arguments);
        }
        if random.random_bool(0.55) {
            let order = self.order(random, table);
            arguments.push(("orderBy".to_owned(), self.vary(random, &format!("[{name}Order!]"), order)));
        } else {
            self.nothing(random, "orderBy", &format!("[{name}Order!]"), &mut arguments);
        }
        if paged != Paged::List && random.random_bool(0.2) {
            let last = Literal::Int(random.random_range(0..if is_nested { 4 } else { 30 }));
            arguments.push(("last".to_owned(), self.vary(random, "Int", last)));
            return arguments;
        }
        if paged != Paged::List && random.random_bool(0.2) {
            let offset = Literal::Int(random.random_range(0..if is_nested { 3 } else { 12 }));
            arguments.push(("offset".to_owned(), self.vary(random, "Int", offset)));
        }
        if random.random_bool(if is_nested { 0.7 } else { 0.5 }) {
            let first = Literal::Int(random.random_range(0..if is_nested { 4 } else { 30 }));
            arguments.push(("first".to_owned(), self.vary(random, "Int", first)));
        } else {
            self.nothing(random, "first", "Int", &mut arguments);
        }
        arguments
    }

    /// An id that is there, or is not.
    pub fn id(&mut self, random: &mut StdRng, table: Table) -> Literal {
        let id = match random.random_range(0..12) {
            0 => "no id".to_owned(),
            1 => "00000000-0000-0000-0000-000000000000".to_owned(),
            _ => self.world.rows(table).choose(random).unwrap()["id"].to_json().as_str().unwrap().to_owned(),
        };
        self.vary(random, "ID", Literal::Text(id))
    }

    /// A node's id that is there, or is not.
    pub fn node_id(&mut self, random: &mut StdRng, table: Table) -> Literal {
        let id = self.world.rows(table).choose(random).unwrap()["id"].to_json();
        let text = match random.random_range(0..8) {
            0 => format!("Nothing:{}", id.as_str().unwrap()),
            _ => format!("{}:{}", table.name(), id.as_str().unwrap()),
        };
        let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text);
        let text = if random.random_ratio(1, 12) { "no node".to_owned() } else { text };
        self.vary(random, "ID", Literal::Text(text))
    }

    /// What is unique about a row that is there, or is not.
    pub fn by(&mut self, random: &mut StdRng, table: Table, field: &str) -> Literal {
        let value = match self.operand(random, table, field) {
            Some(value) if random.random_bool(0.9) => value,
            _ => Literal::Text("nobody@nowhere.test".to_owned()),
        };
        let by = Literal::Object(vec![(field.to_owned(), value)]);
        self.vary(random, &format!("{}By", table.name()), by)
    }

    /// A condition for `@include` and `@skip` that has this value.
    pub fn condition(&mut self, random: &mut StdRng, value: bool) -> Literal {
        self.vary(random, "Boolean", Literal::Boolean(value))
    }

    /// An argument that is given and says nothing: null, or a variable that is null or was not given.
    fn nothing(&mut self, random: &mut StdRng, name: &str, ty: &str, arguments: &mut Vec<(String, Literal)>) {
        let value = match random.random_range(0..20) {
            0 => Literal::Null,
            1 => self.variables.declare(ty, None, Some(serde_json::Value::Null)),
            2 => self.variables.declare(ty, None, None),
            _ => return,
        };
        arguments.push((name.to_owned(), value));
    }

    /// The value as it is, or as a variable: given, by default, or given in the place of a default.
    fn vary(&mut self, random: &mut StdRng, ty: &str, value: Literal) -> Literal {
        let Some(json) = value.to_json().filter(|_| random.random_bool(0.25)) else { return value };
        let required = format!("{ty}!");
        match random.random_range(0..4) {
            0 => self.variables.declare(&required, Some(&value), None),
            1 if ty != "ID" && ty != "Boolean" => self.variables.declare(ty, Some(&value), None),
            2 => self.variables.declare(&required, Some(&value), Some(json)),
            _ => self.variables.declare(&required, None, Some(json)),
        }
    }

    fn filter(&mut self, random: &mut StdRng, input: &str, table: Table, depth: usize) -> Literal {
        let declared = self.schema.get_input_object(input).unwrap();
        let names = declared.fields.keys().map(|name| name.as_str()).filter(|name| !OUTSIDE.contains(name));
        let names: Vec<&str> = names.collect();
        let mut conditions = Vec::new();
        let count = 1 + usize::from(random.random_bool(0.3));
        for name in names.choose_multiple(random, count) {
            let ty = declared.fields[*name].ty.inner_named_type().as_str();
            let value = match *name {
                "and" | "or" if depth > 1 => continue,
                "and" | "or" => {
                    let count = random.random_range(0..4);
                    Literal::List((0..count).map(|_| self.filter(random, ty, table, depth + 1)).collect())
                }
                "not" if depth > 1 => continue,
                "not" => self.filter(random, ty, table, depth + 1),
                "isNull" => Literal::Boolean(random.random_bool(0.5)),
                field => match table.relation(field) {
                    Some(Relation::One(target)) if depth < 3 => self.filter(random, ty, target, depth + 1),
                    Some(Relation::One(_)) => {
                        Literal::Object(vec![("isNull".to_owned(), Literal::Boolean(random.random_bool(0.5)))])
                    }
                    Some(Relation::Many(target, _)) => {
                        let input = format!("{}Filter", target.name());
                        let inner =
                            if depth < 3 { self.filter(random, &input, target, depth + 1) } else { Literal::Object(Vec::new()) };
                        let quantifier = ["some", "every", "none"].choose(random).unwrap();
                        Literal::Object(vec![(quantifier.to_string(), self.vary(random, &input, inner))])
                    }
                    None => self.tests(random, ty, table, field),
                },
            };
            conditions.push((name.to_string(), value));
        }
        Literal::Object(conditions)
    }

    fn tests(&mut self, random: &mut StdRng, input: &str, table: Table, field: &str) -> Literal {
        let declared = self.schema.get_input_object(input).unwrap();
        let is_unordered = UNORDERED.contains(&(table, field));
        let operators =
            declared.fields.iter().filter(|(name, _)| !(is_unordered && matches!(name.as_str(), "lt" | "lte" | "gt" | "gte")));
        let (operator, declared) = operators.choose(random).unwrap();
        let is_json = input == "JSONFilter";
        let value = match operator.as_str() {
            "isNull" | "isEmpty" => Literal::Boolean(random.random_bool(0.5)),
            "like" | "ilike" => Literal::Text(self.pattern(random, table, field)),
            "contains" | "containedBy" if is_json => json_operand(random),
            "hasKey" => Literal::Text(JSON_KEYS.choose(random).unwrap().to_string()),
            "hasAnyKey" | "hasAllKeys" => {
                let count = random.random_range(0..3);
                Literal::List(JSON_KEYS.choose_multiple(random, count).map(|key| Literal::Text(key.to_string())).collect())
            }
            "path" => json_path(random),
            _ if input.ends_with("ListFilter") => self.list_operand(random, table, field),
            "startsWith" | "istartsWith" | "endsWith" | "iendsWith" | "contains" | "icontains" => {
                Literal::Text(self.piece(random, table, field, operator.starts_with('i')))
            }
            "in" | "notIn" => {
                let count = random.random_range(0..4);
                match self.operand(random, table, field) {
                    // A single value stands for a list of it.
                    Some(value) if count == 0 && random.random_bool(0.5) => value,
                    _ => Literal::List((0..count).filter_map(|_| self.operand(random, table, field)).collect()),
                }
            }
            _ => match self.operand(random, table, field) {
                Some(value) => value,
                None => return Literal::Object(vec![("isNull".to_owned(), Literal::Boolean(true))]),
            },
        };
        let ty = match declared.ty.as_ref() {
            Type::Named(name) => name.to_string(),
            other => other.to_string(),
        };
        Literal::Object(vec![(operator.to_string(), self.vary(random, &ty, value))])
    }

    /// A few of the elements that the column's lists have somewhere.
    fn list_operand(&self, random: &mut StdRng, table: Table, field: &str) -> Literal {
        let lists = self.world.rows(table).iter().map(|row| &row[field]);
        let elements: Vec<&Cell> =
            lists.flat_map(|cell| if let Cell::List(cells) = cell { cells.as_slice() } else { &[] }).collect();
        let count = random.random_range(0..3);
        Literal::List(elements.choose_multiple(random, count).filter_map(|cell| literal(random, cell)).collect())
    }

    /// A part of a text that the column has somewhere, with what `like` takes for placeholders in it.
    fn piece(&self, random: &mut StdRng, table: Table, field: &str, is_case_ignored: bool) -> String {
        let text = match self.operand(random, table, field) {
            Some(Literal::Text(text)) if text.is_ascii() => text,
            _ => "_o".to_owned(),
        };
        let from = random.random_range(0..=text.len().min(3));
        let piece: String = text.chars().skip(if random.random_bool(0.5) { from } else { 0 }).take(4).collect();
        if is_case_ignored { piece.to_uppercase() } else { piece }
    }

    /// A value that the column has somewhere; `None` if it has none.
    fn operand(&self, random: &mut StdRng, table: Table, field: &str) -> Option<Literal> {
        let cells = self.world.rows(table).iter().map(|row| &row[field]).filter(|cell| **cell != Cell::Null);
        let cell = cells.choose(random)?;
        literal(random, cell)
    }

    fn pattern(&self, random: &mut StdRng, table: Table, field: &str) -> String {
        let text = match self.operand(random, table, field) {
            Some(Literal::Text(text)) if text.is_ascii() => text,
            _ => "a_b".to_owned(),
        };
        let escaped = text.replace('\\', "\\\\");
        let start: String = text.chars().filter(|character| *character != '\\').take(2).collect();
        match random.random_range(0..5) {
            0 => escaped,
            1 => format!("{start}%"),
            2 => format!("%{}%", start.to_uppercase()),
            3 => "_%a%".to_owned(),
            _ => format!("%{}", escaped.replace(['%', '_'], "\\%")),
        }
    }

    /// One to three terms; sometimes a single one that is no list.
    pub fn order(&mut self, random: &mut StdRng, table: Table) -> Literal {
        let count = random.random_range(1..4);
        let mut terms: Vec<Literal> = (0..count).map(|_| self.order_term(random, table, 0)).collect();
        if terms.len() == 1 && random.random_bool(0.3) { terms.remove(0) } else { Literal::List(terms) }
    }

    /// A field, or one behind up to three relations.
    fn order_term(&self, random: &mut StdRng, table: Table, depth: usize) -> Literal {
        let declared = self.schema.get_input_object(&format!("{}Order", table.name())).unwrap();
        let names = declared.fields.keys().map(|name| name.as_str()).filter(|name| !UNORDERED.contains(&(table, name)));
        let (relations, leaves): (Vec<&str>, Vec<&str>) = names.partition(|name| table.relation(name).is_some());
        if depth < 3
            && random.random_bool(0.3)
            && let Some(name) = relations.choose(random)
            && let Some(Relation::One(target)) = table.relation(name)
        {
            return Literal::Object(vec![(name.to_string(), self.order_term(random, target, depth + 1))]);
        }
        let directions =
            ["ASC", "DESC", "ASC", "DESC", "ASC_NULLS_FIRST", "ASC_NULLS_LAST", "DESC_NULLS_FIRST", "DESC_NULLS_LAST"];
        let direction = directions.choose(random).unwrap().to_string();
        Literal::Object(vec![(leaves.choose(random).unwrap().to_string(), Literal::Name(direction))])
    }
}

/// The cell as a value that a filter compares with; `None` for what is not compared.
fn literal(random: &mut StdRng, cell: &Cell) -> Option<Literal> {
    Some(match cell {
        Cell::Choice(values, index) => Literal::Name(values[*index].to_owned()),
        Cell::Int(number) => Literal::Int(*number),
        Cell::Float(number) => Literal::Float(*number),
        Cell::Boolean(boolean) => Literal::Boolean(*boolean),
        Cell::BigInt(number) if random.random_bool(0.3) => Literal::Int(*number),
        Cell::Decimal(hundredths) if random.random_bool(0.3) => Literal::Float(*hundredths as f64 / 100.0),
        Cell::Instant(instant) => Literal::Text(instant.to_rfc3339().replace("+00:00", "Z")),
        cell => Literal::Text(cell.to_json().as_str()?.to_owned()),
    })
}

/// Values that stored documents have, have in part, or have not.
fn json_operand(random: &mut StdRng) -> Literal {
    let values = [
        json!({"a": 1}),
        json!({"b": [true]}),
        json!({"long": {"x": "y\"z"}}),
        json!({"a": 1, "b": [true, null], "long": {"x": "y\"z"}, "more": 0}),
        json!([]),
        json!({}),
        json!("text"),
        json!(2.5),
        json!(["text", 2.5, "more"]),
    ];
    Literal::of_json(values.choose(random).unwrap())
}

/// A path into the stored documents with one test.
fn json_path(random: &mut StdRng) -> Literal {
    let paths: [&[&str]; 6] = [&["a"], &["b", "0"], &["long", "x"], &["more"], &["b"], &[]];
    let at = paths.choose(random).unwrap().iter().map(|key| Literal::Text(key.to_string())).collect();
    let operators = ["eq", "neq", "in", "lt", "lte", "gt", "gte", "contains", "isNull"];
    let operator = *operators.choose(random).unwrap();
    let value = match operator {
        "isNull" => Literal::Boolean(random.random_bool(0.5)),
        "lt" | "lte" | "gt" | "gte" => Literal::Int(random.random_range(0..4)),
        "in" => Literal::List(vec![Literal::Int(1), json_operand(random)]),
        _ if random.random_bool(0.5) => Literal::of_json([json!(1), json!(true), json!("y\"z")].choose(random).unwrap()),
        _ => json_operand(random),
    };
    Literal::Object(vec![("at".to_owned(), Literal::List(at)), (operator.to_owned(), value)])
}
