//! `where` and `orderBy` over rows in memory, in SQL's three-valued logic: `None` is unknown.

use crate::oracle::cell::Cell;
use crate::oracle::json;
use crate::oracle::rules::Caller;
use crate::oracle::world::{Relation, Row, Table, World};
use async_graphql::Value;
use chrono::DateTime;
use std::cmp::Ordering;

/// Where a filter is asked.
#[derive(Clone, Copy)]
pub struct Place<'w> {
    pub world: &'w World,
    pub caller: &'w Caller,
    pub table: Table,
}

impl Place<'_> {
    /// Whether a row passes a filter input.
    pub fn passes(self, row: &Row, filter: &Value) -> Option<bool> {
        let Value::Object(conditions) = filter else { return Some(true) };
        all(conditions.iter().map(|(name, value)| match name.as_str() {
            "and" => all(elements(value).iter().map(|element| self.passes(row, element))),
            "or" => any(elements(value).iter().map(|element| self.passes(row, element))),
            "not" => self.passes(row, value).map(|holds| !holds),
            field => match self.table.relation(field) {
                Some(Relation::One(_)) => Some(self.leads(row, field, value)),
                Some(Relation::Many(target, inverse)) => Some(self.is_pointed_to(row, (target, inverse), value)),
                None => self.tested(row, field, value),
            },
        }))
    }

    /// A relation's conditions hold of a row that is there; so they are never unknown.
    fn leads(self, row: &Row, field: &str, value: &Value) -> bool {
        let Value::Object(conditions) = value else { return true };
        let found = self.caller.follow(self.world, self.table, row, field);
        let is_null = conditions.get("isNull").map(|is_null| *is_null == Value::Boolean(true));
        let rest: Value = Value::Object(conditions.iter().filter(|(name, _)| *name != "isNull").map(pair).collect());
        let holds = || found.is_some_and(|(table, target)| Place { table, ..self }.passes(target, &rest) == Some(true));
        is_null.is_none_or(|is_null| is_null == found.is_none()) && (rest == Value::Object(Default::default()) || holds())
    }

    /// How many of the rows that point here pass. A row that is hidden, or whose pointer is, counts for nothing.
    fn is_pointed_to(self, row: &Row, (target, inverse): (Table, &str), value: &Value) -> bool {
        let Value::Object(conditions) = value else { return true };
        let points_here = |other: &&Row| {
            self.caller.known(self.world, target, other, inverse) == row["id"] && self.caller.may_read(self.world, target, other)
        };
        let others: Vec<&Row> = self.world.rows(target).iter().filter(points_here).collect();
        conditions.iter().all(|(quantifier, filter)| {
            let passes = |other: &&Row| Place { table: target, ..self }.passes(other, filter) == Some(true);
            match quantifier.as_str() {
                "some" => others.iter().any(passes),
                "every" => others.iter().all(passes),
                "none" => !others.iter().any(passes),
                other => panic!("the oracle knows no `{other}`"),
            }
        })
    }

    fn tested(self, row: &Row, field: &str, tests: &Value) -> Option<bool> {
        let cell = self.caller.known(self.world, self.table, row, field);
        let Value::Object(tests) = tests else { return Some(true) };
        all(tests.iter().map(|(operator, operand)| test(&cell, operator, operand)))
    }

    /// Which of two rows comes first: by the given terms, then by id in the direction of the last. Rows without a value are
    /// last unless the direction says something else.
    pub fn order(self, left: &Row, right: &Row, terms: &Value) -> Ordering {
        let mut is_id_descending = false;
        for term in elements(terms) {
            let ([left, right], direction) = ([left, right].map(|row| self.sorted_by(row, term)), direction(term));
            let is_descending = direction.starts_with("DESC");
            is_id_descending = is_descending;
            let nulls = if direction.ends_with("NULLS_FIRST") { Ordering::Less } else { Ordering::Greater };
            let ordering = match (&left, &right) {
                (Cell::Null, Cell::Null) => Ordering::Equal,
                (Cell::Null, _) => nulls,
                (_, Cell::Null) => nulls.reverse(),
                (left, right) if is_descending => right.compare(left).unwrap(),
                (left, right) => left.compare(right).unwrap(),
            };
            if ordering.is_ne() {
                return ordering;
            }
        }
        let by_id = left["id"].compare(&right["id"]).unwrap();
        if is_id_descending { by_id.reverse() } else { by_id }
    }

    /// What a term sorts a row by: a cell of it, or of the row that a relation leads to.
    fn sorted_by(self, row: &Row, term: &Value) -> Cell {
        let (field, inner) = only(term);
        match inner {
            Value::Object(_) => self
                .caller
                .follow(self.world, self.table, row, field)
                .map_or(Cell::Null, |(table, target)| Place { table, ..self }.sorted_by(target, inner)),
            _ => self.caller.known(self.world, self.table, row, field),
        }
    }
}

/// The one field of a term.
fn only(term: &Value) -> (&str, &Value) {
    let Value::Object(term) = term else { panic!("a term is an object") };
    let (field, value) = term.iter().next().unwrap();
    (field.as_str(), value)
}

/// The direction at the end of a term.
fn direction(term: &Value) -> &str {
    match only(term).1 {
        inner @ Value::Object(_) => direction(inner),
        direction => name(direction),
    }
}

fn pair((name, value): (&async_graphql::Name, &Value)) -> (async_graphql::Name, Value) {
    (name.clone(), value.clone())
}

fn test(cell: &Cell, operator: &str, operand: &Value) -> Option<bool> {
    if operator == "isNull" {
        return Some((*cell == Cell::Null) == (*operand == Value::Boolean(true)));
    }
    // Whatever a missing value is, it is not in an empty list.
    if matches!(operator, "in" | "notIn") && elements(operand).is_empty() {
        return Some(operator == "notIn");
    }
    if *cell == Cell::Null {
        return None;
    }
    match cell {
        Cell::List(cells) => return Some(test_list(cells, operator, operand)),
        Cell::Json(document) => return json::test(document, operator, operand),
        _ => {}
    }
    let is = |operand: &Value, accept: fn(Ordering) -> bool| accept(cell.compare(&read(cell, operand)).unwrap());
    Some(match operator {
        "eq" => is(operand, Ordering::is_eq),
        "neq" => is(operand, Ordering::is_ne),
        "lt" => is(operand, Ordering::is_lt),
        "lte" => is(operand, Ordering::is_le),
        "gt" => is(operand, Ordering::is_gt),
        "gte" => is(operand, Ordering::is_ge),
        "in" => elements(operand).iter().any(|element| is(element, Ordering::is_eq)),
        "notIn" => !elements(operand).iter().any(|element| is(element, Ordering::is_eq)),
        "like" => is_like(&text(cell), name(operand)),
        "ilike" => is_like(&text(cell).to_lowercase(), &name(operand).to_lowercase()),
        "startsWith" => text(cell).starts_with(name(operand)),
        "endsWith" => text(cell).ends_with(name(operand)),
        "contains" => text(cell).contains(name(operand)),
        "istartsWith" => text(cell).to_lowercase().starts_with(&name(operand).to_lowercase()),
        "iendsWith" => text(cell).to_lowercase().ends_with(&name(operand).to_lowercase()),
        "icontains" => text(cell).to_lowercase().contains(&name(operand).to_lowercase()),
        other => panic!("the oracle knows no operator `{other}`"),
    })
}

fn test_list(cells: &[Cell], operator: &str, operand: &Value) -> bool {
    if operator == "isEmpty" {
        return cells.is_empty() == (*operand == Value::Boolean(true));
    }
    let like = |element: &Value| cells.first().map_or(Cell::Null, |cell| read(cell, element));
    let asked: Vec<Cell> = elements(operand).iter().map(like).collect();
    match operator {
        "eq" => *cells == asked,
        "neq" => *cells != asked,
        "contains" => asked.iter().all(|cell| cells.contains(cell)),
        "containedBy" => cells.iter().all(|cell| asked.contains(cell)),
        "overlaps" => asked.iter().any(|cell| cells.contains(cell)),
        other => panic!("the oracle knows no operator `{other}` of lists"),
    }
}

/// An operand as a cell of the same type.
fn read(like: &Cell, operand: &Value) -> Cell {
    let text = name(operand);
    let number = || operand.to_string().trim_matches('"').parse::<f64>().unwrap();
    match like {
        Cell::Id(_) => Cell::Id(text.parse().unwrap()),
        Cell::Text(_) => Cell::Text(text.to_owned()),
        Cell::Choice(values, _) => Cell::Choice(values, values.iter().position(|value| *value == text).unwrap()),
        Cell::Int(_) => Cell::Int(number() as i64),
        Cell::BigInt(_) => Cell::BigInt(operand.to_string().trim_matches('"').parse().unwrap()),
        Cell::Float(_) => Cell::Float(number()),
        Cell::Boolean(_) => Cell::Boolean(*operand == Value::Boolean(true)),
        Cell::Instant(_) => Cell::Instant(DateTime::parse_from_rfc3339(text).unwrap().to_utc()),
        Cell::Date(_) => Cell::Date(text.parse().unwrap()),
        Cell::Decimal(_) => Cell::Decimal((number() * 100.0).round() as i64),
        other => panic!("{other:?} is never compared"),
    }
}

fn text(cell: &Cell) -> String {
    cell.to_json().as_str().unwrap().to_owned()
}

/// The text of a string or an enum's value.
pub fn name(value: &Value) -> &str {
    match value {
        Value::String(text) => text,
        Value::Enum(name) => name,
        _ => "",
    }
}

/// The elements of a list; a single value stands for a list of it, as the specification says.
pub fn elements(value: &Value) -> &[Value] {
    match value {
        Value::List(elements) => elements,
        Value::Null => &[],
        single => std::slice::from_ref(single),
    }
}

/// SQL's `like`: `%` is any text, `_` any character, `\` takes the next one as it is.
fn is_like(text: &str, pattern: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => text.is_empty(),
        Some('%') => text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| is_like(&text[at..], rest.as_str())),
        Some(first) => {
            let escaped = if first == '\\' { rest.next().unwrap() } else { first };
            let mut characters = text.chars();
            let is_match = characters.next().is_some_and(|next| first == '_' || next == escaped);
            is_match && is_like(characters.as_str(), rest.as_str())
        }
    }
}

/// Kleene's conjunction: one false decides, then one unknown.
fn all(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let parts: Vec<Option<bool>> = parts.collect();
    if parts.contains(&Some(false)) { Some(false) } else { parts.iter().all(Option::is_some).then_some(true) }
}

/// Kleene's disjunction.
fn any(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    all(parts.map(|part| part.map(|holds| !holds))).map(|none| !none)
}
