//! `where` as PostgreSQL will meet it: how many rows pass, how many conditions each is asked, whether an index leads to them.

use super::{CostModel, weight};
use crate::catalog::{Collection, Field, FieldKind};
use crate::planner::SelectedField;
use serde_json::{Map, Value as Json};

/// How much of a guessed share is counted on where the guess may be far off.
const UNSURE: f64 = 0.1;

/// Words that are searched for: their index finds them, and each text that is looked at is taken apart.
const SEARCH: Sieve =
    Sieve { share: 0.02, sure_share: 0.02 * UNSURE, indexed_share: 0.02, conditions: 10.0, searches: 0.0, hashing: 0.0 };

/// What a filter does to the rows of a collection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sieve {
    /// The share of rows that pass.
    pub(super) share: f64,
    /// The share of rows that is counted on where the first that pass are searched for: a pattern may be nowhere.
    pub(super) sure_share: f64,
    /// The share of rows that the best index leaves to look at; 1 without one.
    pub(super) indexed_share: f64,
    /// Conditions on columns.
    pub(super) conditions: f64,
    /// Conditions on related rows, each a search of its own for every row that is looked at.
    pub(super) searches: f64,
    /// What it costs to read the related tables as a whole instead, once.
    pub(super) hashing: f64,
}

impl Sieve {
    /// Lets everything through.
    pub(super) const OPEN: Self =
        Self { share: 1.0, sure_share: 1.0, indexed_share: 1.0, conditions: 0.0, searches: 0.0, hashing: 0.0 };

    /// What it costs to judge so many rows.
    pub(super) fn judge(self, rows: f64) -> f64 {
        let searched = (weight::LOOKUP * self.searches * rows).min(self.hashing + weight::HASHED_LOOKUP * self.searches * rows);
        rows * (weight::LOOK + weight::CONDITION * self.conditions) + searched
    }

    fn and(self, other: Self) -> Self {
        Self {
            share: self.share * other.share,
            sure_share: self.sure_share * other.sure_share,
            // PostgreSQL rather takes the better of two indexes than both.
            indexed_share: self.indexed_share.min(other.indexed_share),
            conditions: self.conditions + other.conditions,
            searches: self.searches + other.searches,
            hashing: self.hashing + other.hashing,
        }
    }

    /// An index helps only if each alternative has one.
    fn or(self, other: Self) -> Self {
        Self {
            share: (self.share + other.share).min(1.0),
            sure_share: (self.sure_share + other.sure_share).min(1.0),
            indexed_share: (self.indexed_share + other.indexed_share).min(1.0),
            conditions: self.conditions + other.conditions,
            searches: self.searches + other.searches,
            hashing: self.hashing + other.hashing,
        }
    }
}

impl CostModel<'_> {
    /// Judges the `where` and `search` arguments of a list.
    pub(super) fn list_sieve(&self, collection: &Collection, field: &SelectedField) -> Sieve {
        let filter = self.sieve(collection, field.argument("where"));
        if field.argument("search").is_some() { filter.and(SEARCH) } else { filter }
    }

    /// Judges a `where` argument.
    pub(super) fn sieve(&self, collection: &Collection, filter: Option<&Json>) -> Sieve {
        let Some(Json::Object(conditions)) = filter else { return Sieve::OPEN };
        conditions.iter().map(|(name, value)| self.condition(collection, name, value)).fold(Sieve::OPEN, Sieve::and)
    }

    fn condition(&self, collection: &Collection, name: &str, value: &Json) -> Sieve {
        let several = || match value {
            Json::Array(elements) => elements.iter().map(|element| self.sieve(collection, Some(element))).collect(),
            single => vec![self.sieve(collection, Some(single))],
        };
        match (name, collection.find_field(name)) {
            ("and", _) => several().into_iter().fold(Sieve::OPEN, Sieve::and),
            ("or", _) => several().into_iter().reduce(Sieve::or).unwrap_or(Sieve::OPEN),
            ("not", _) => {
                let inner = self.sieve(collection, Some(value));
                let share = (1.0 - inner.share).max(0.05);
                Sieve { share, sure_share: share * UNSURE, indexed_share: 1.0, ..inner }
            }
            (_, Some(field)) => match (&field.kind, value) {
                (FieldKind::ToOne { target, .. } | FieldKind::ToMany { target, .. }, Json::Object(tests)) => {
                    self.related(self.catalog.collection(*target), field, tests)
                }
                (_, Json::Object(tests)) => tests
                    .iter()
                    .map(|(operator, operand)| self.test(collection, field, operator, operand))
                    .fold(Sieve::OPEN, Sieve::and),
                _ => Sieve { conditions: 1.0, ..Sieve::OPEN },
            },
            // Whatever else is there one day.
            (_, None) => Sieve { share: 0.1, sure_share: 0.1 * UNSURE, conditions: 2.0, ..Sieve::OPEN },
        }
    }

    /// Through a relation: to one row, or to `some`, `every`, `none` of many.
    fn related(&self, target: &Collection, field: &Field, tests: &Map<String, Json>) -> Sieve {
        let is_to_many = matches!(field.kind, FieldKind::ToMany { .. });
        let inner = if is_to_many {
            tests.values().map(|filter| self.sieve(target, Some(filter))).fold(Sieve::OPEN, Sieve::and)
        } else {
            let mut rest = tests.clone();
            rest.remove("isNull");
            self.sieve(target, Some(&Json::Object(rest)))
        };
        let rows = self.rows_of(target.id);
        Sieve {
            share: inner.share,
            sure_share: inner.share * UNSURE,
            indexed_share: 1.0,
            conditions: 0.0,
            searches: if is_to_many { 3.0 } else { 1.0 },
            hashing: inner.judge(rows * inner.indexed_share),
        }
    }

    fn test(&self, collection: &Collection, field: &Field, operator: &str, operand: &Json) -> Sieve {
        let one = self.share_of_one_value(collection, field);
        let count = operand.as_array().map_or(1.0, |elements| elements.len() as f64);
        let text = operand.as_str().unwrap_or_default();
        let share = match operator {
            "eq" => one,
            "in" => (one * count).min(1.0),
            "neq" | "notIn" => 1.0 - (one * count).min(0.9),
            "lt" | "lte" | "gt" | "gte" => 0.35,
            "like" | "ilike" | "contains" | "startsWith" | "endsWith" => {
                if text.starts_with('%') {
                    0.1
                } else {
                    0.02
                }
            }
            "isNull" => {
                if operand == &Json::Bool(true) {
                    0.1
                } else {
                    0.9
                }
            }
            _ => 0.3,
        };
        let is_led = matches!(operator, "eq" | "in" | "lt" | "lte" | "gt" | "gte") && is_indexed(field);
        // A pattern is dearer to ask than an equality.
        let conditions = match operator {
            "ilike" => 6.0,
            "like" | "contains" | "startsWith" | "endsWith" => 2.0,
            _ => 1.0,
        };
        let sure_share = if matches!(operator, "eq" | "in") { share } else { share * UNSURE };
        Sieve { share, sure_share, indexed_share: if is_led { share } else { 1.0 }, conditions, ..Sieve::OPEN }
    }

    /// The share of rows that have one certain value.
    fn share_of_one_value(&self, collection: &Collection, field: &Field) -> f64 {
        match &field.kind {
            _ if field.is_unique || field.name == "id" => 1.0 / self.rows_of(collection.id),
            FieldKind::Enum { enum_id, .. } => 1.0 / self.catalog.enum_type(*enum_id).values.len().max(1) as f64,
            FieldKind::ToOne { target, .. } => 1.0 / self.rows_of(*target),
            _ if field.is_indexed => 0.01,
            _ => 0.05,
        }
    }
}

/// Whether an index leads to the rows of a value, and gives their order.
pub(super) fn is_indexed(field: &Field) -> bool {
    let is_kept_in_order = field.name == "id" || field.name == "createdAt";
    is_kept_in_order || field.is_unique || field.is_indexed || matches!(field.kind, FieldKind::ToOne { .. })
}
