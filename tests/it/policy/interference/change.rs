//! Changes of what a caller may not know, made in memory and in the database alike.
//!
//! A change is made only if it leaves the caller's sight as it is: that a rule looks into a hidden row (the team of an event's
//! ticket) is no leak, so such a row changes only where no rule's answer does.

use crate::policy::interference::scene::{Asker, Scene, Sight, copy};
use crate::policy::model::Kind;
use crate::policy::world::{Datum, Row, World};
use chrono::Duration;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom, SliceRandom};
use rand::{Rng, RngCore};
use std::collections::BTreeMap;
use tokio_postgres::Client;
use toolcrib::base::ScalarType;
use toolcrib::catalog::{self, FieldKind, Mask};
use uuid::Uuid;

/// Words that rows already have, and words that none has.
const WORDS: &[&str] = &["refund", "invoice", "order", "anvil", "quokka", "zeppelin"];

/// How many changes of each kind were made.
pub type Changes = BTreeMap<String, usize>;

/// Changes what a caller may not know.
pub struct Changer<'a> {
    pub scene: &'a Scene,
    pub asker: &'a Asker,
    pub owner: &'a Client,
    pub random: &'a mut StdRng,
}

/// How many changes are looked at together: what a caller may know takes a while to find out.
const BATCH: usize = 5;

/// What was changed so far.
struct Made {
    world: World,
    changes: Changes,
    statements: Vec<String>,
}

impl Clone for Made {
    fn clone(&self) -> Self {
        Self { world: copy(&self.world), changes: self.changes.clone(), statements: self.statements.clone() }
    }
}

/// A change of the rows in memory, and of those in the database.
struct Change {
    kind: String,
    world: World,
    sql: String,
}

impl Changer<'_> {
    /// Makes up to this many changes, inside the owner's transaction; the rows afterwards, and the statements.
    pub async fn run(&mut self, before: &World, sight: &Sight, count: usize) -> (World, Changes, Vec<String>) {
        let mut made = Made { world: copy(before), changes: Changes::new(), statements: Vec::new() };
        for rows in self.candidates(before, sight, count).chunks(BATCH) {
            self.owner.batch_execute("savepoint batch").await.unwrap();
            let batch = self.batch(&made, sight, rows).await;
            if self.scene.sight(&batch.world, self.asker) == *sight {
                self.owner.batch_execute("release batch").await.unwrap();
                made = batch;
            } else {
                self.owner.batch_execute("rollback to batch; release batch").await.unwrap();
                *made.changes.entry("not made: a rule looks at one of a batch".to_owned()).or_default() += rows.len();
            }
        }
        (made.world, made.changes, made.statements)
    }

    /// Some changes more. What the database refuses (another row points to it, a value is taken) is not changed.
    async fn batch(&mut self, before: &Made, sight: &Sight, rows: &[Row]) -> Made {
        let mut made = before.clone();
        for row in rows {
            let Some(index) = made.world.rows.iter().position(|other| is_same_row(other, row)) else { continue };
            let Some(change) = self.propose(&made.world, sight, index) else { continue };
            let is_possible = self.owner.batch_execute(&format!("savepoint change; {}", change.sql)).await.is_ok();
            self.owner.batch_execute(if is_possible { "release change" } else { "rollback to change" }).await.unwrap();
            if is_possible {
                *made.changes.entry(change.kind).or_default() += 1;
                made.world = change.world;
                made.statements.push(change.sql);
            } else {
                *made.changes.entry("not made: the database refuses".to_owned()).or_default() += 1;
            }
        }
        made
    }

    /// Rows with something to change, of every collection some.
    fn candidates(&mut self, world: &World, sight: &Sight, count: usize) -> Vec<Row> {
        let mut by_collection: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
        for row in &world.rows {
            let seen = sight.get(&(row.collection.name, row.id()));
            if seen.is_none_or(|seen| !self.scene.unknown_cells(row, seen).is_empty()) {
                by_collection.entry(row.collection.name).or_default().push(row);
            }
        }
        // Of the tool's own collections more than of the platform's.
        let weight = |rows: &Vec<&Row>| if self.scene.collection(rows[0]).is_platform { 1 } else { 4 };
        let weights: usize = by_collection.values().map(weight).sum();
        let mut found: Vec<Row> = Vec::new();
        for rows in by_collection.values_mut() {
            let share = count * weight(rows) / weights + 1;
            rows.shuffle(self.random);
            // A small collection's rows come more than once.
            for turn in 0..share {
                let rows = if turn < rows.len() { rows.get(turn) } else { rows.choose(self.random) };
                found.extend(rows.map(|row| (*row).clone()));
            }
        }
        found.shuffle(self.random);
        found
    }

    fn propose(&mut self, world: &World, sight: &Sight, index: usize) -> Option<Change> {
        let row = &world.rows[index];
        match sight.get(&(row.collection.name, row.id())) {
            Some(seen) => {
                let field = *self.scene.unknown_cells(row, seen).choose(self.random)?;
                let mask = self.scene.mask_of(row, field, seen);
                let value = match mask {
                    Some(mask) => self.behind(mask, &row.values[field.name.as_str()])?,
                    None => self.value(world, row, field)?,
                };
                Some(self.set(world, index, &[(field, value)], "cell of a visible row"))
            }
            None => match self.random.random_range(0..10) {
                0 | 1 => Some(self.delete(world, index)),
                2..5 => Some(self.insert(world, index)),
                _ => {
                    let fields: Vec<&catalog::Field> =
                        self.scene.collection(row).stored_fields().filter(|field| field.name != "id").collect();
                    let count = self.random.random_range(1..=fields.len());
                    let chosen: Vec<&catalog::Field> = fields.choose_multiple(self.random, count).copied().collect();
                    let values: Vec<(&catalog::Field, Datum)> =
                        chosen.into_iter().filter_map(|field| Some((field, self.value(world, row, field)?))).collect();
                    (!values.is_empty()).then(|| self.set(world, index, &values, "hidden row changed"))
                }
            },
        }
    }

    fn set(&self, world: &World, index: usize, values: &[(&catalog::Field, Datum)], kind: &str) -> Change {
        let mut after = copy(world);
        let row = &mut after.rows[index];
        let collection = self.scene.collection(&world.rows[index]);
        let mut parts = Vec::new();
        for (field, value) in values {
            *row.values.get_mut(field.name.as_str()).unwrap() = value.clone();
            parts.push(format!("{} = {}", field.column().unwrap(), literal(value)));
        }
        let sql = format!("update {} set {} where id = '{}'", collection.table, parts.join(", "), row.id());
        Change { kind: format!("{kind}, {}", collection.name), world: after, sql }
    }

    fn delete(&self, world: &World, index: usize) -> Change {
        let mut after = copy(world);
        let row = after.rows.remove(index);
        let collection = self.scene.collection(&row);
        let sql = format!("delete from {} where id = '{}'", collection.table, row.id());
        Change { kind: format!("hidden row deleted, {}", collection.name), world: after, sql }
    }

    /// A row like the hidden one.
    fn insert(&mut self, world: &World, index: usize) -> Change {
        let mut row = world.rows[index].clone();
        let collection = self.scene.collection(&row);
        for field in collection.stored_fields() {
            let name = field.name.as_str();
            let is_kept = name != "id" && !field.is_unique && self.random.random_bool(0.5);
            let value = match name {
                "id" => Some(Datum::Id(any_id(self.random))),
                _ if is_kept => None,
                _ => self.value(world, &world.rows[index], field),
            };
            if let Some(value) = value {
                *row.values.get_mut(name).unwrap() = value;
            }
        }
        let columns: Vec<&str> = collection.stored_fields().map(|field| field.column().unwrap().as_str()).collect();
        let values: Vec<String> = collection.stored_fields().map(|field| literal(&row.values[field.name.as_str()])).collect();
        let sql = format!("insert into {} ({}) values ({})", collection.table, columns.join(", "), values.join(", "));
        let mut after = copy(world);
        let kind = format!("hidden row inserted, {}", collection.name);
        after.rows.push(row);
        Change { kind, world: after, sql }
    }

    /// Another value of which the mask shows the same, or may: what it computes is only known afterwards.
    fn behind(&mut self, mask: &Mask, value: &Datum) -> Option<Datum> {
        if let (Mask::Computed(_), Datum::Decimal(number)) = (mask, value) {
            return Some(Datum::Decimal(number + self.random.random_range(1..500)));
        }
        let Datum::Text(text) = value else { return None };
        let number = self.random.random_range(100..100_000);
        let last: String = text.chars().skip(text.chars().count().saturating_sub(4)).collect();
        Some(Datum::Text(match mask {
            Mask::Email => format!("{}{number}@{}", text.chars().next()?, text.split_once('@')?.1),
            Mask::Last4 if text.chars().count() > 4 => format!("{number}{last}"),
            Mask::Last4 | Mask::Redact => number.to_string(),
            // No other value has this hash, and nothing is known of what others compute of a text.
            Mask::Hash | Mask::Computed(_) => return None,
        }))
    }

    /// Another value for the field: often one that another row has, so that rows meet in groups, filters and orders.
    fn value(&mut self, world: &World, row: &Row, field: &catalog::Field) -> Option<Datum> {
        let name = field.name.as_str();
        if field.is_acyclic || field.limits.pattern.is_some() || field.is_list() {
            return None;
        }
        if !field.is_required && self.random.random_ratio(1, 8) {
            return Some(Datum::Null);
        }
        if let Kind::One(target) = row.collection.field(name).kind {
            return world.rows_of(target).choose(self.random).map(|target| Datum::Id(target.id()));
        }
        if !field.is_unique && self.random.random_bool(0.4) {
            let others = world.rows_of(row.collection.name).map(|other| &other.values[name]);
            return others.filter(|value| **value != Datum::Null).choose(self.random).cloned();
        }
        self.fresh(field)
    }

    fn fresh(&mut self, field: &catalog::Field) -> Option<Datum> {
        let number = self.random.random_range(0..1_000_000);
        let days = Duration::days(self.random.random_range(0..900));
        let scalar = match &field.kind {
            FieldKind::Enum { enum_id, .. } => {
                let values = &self.scene.catalog.enum_type(*enum_id).values;
                return values.choose(self.random).map(|value| Datum::Text(value.name.to_string()));
            }
            FieldKind::Scalar { scalar, .. } => *scalar,
            FieldKind::ToOne { .. } | FieldKind::ToMany { .. } => return None,
        };
        Some(match scalar {
            ScalarType::Id => Datum::Id(any_id(self.random)),
            ScalarType::String => Datum::Text(format!("{} {number}", WORDS.choose(self.random)?)),
            ScalarType::Email => Datum::Text(format!("new{number}@demo.test")),
            ScalarType::Url => Datum::Text(format!("https://demo.test/{number}")),
            ScalarType::Int | ScalarType::BigInt => Datum::Int(number % 9),
            ScalarType::Decimal => Datum::Decimal(number.into()),
            ScalarType::Float => Datum::Float(f64::from(number as i32) / 4.0),
            ScalarType::Boolean => Datum::Boolean(self.random.random_bool(0.5)),
            ScalarType::DateTime => Datum::Time("2024-06-01T00:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().ok()? + days),
            ScalarType::Date => Datum::Date("2024-06-01".parse::<chrono::NaiveDate>().ok()? + days),
            ScalarType::Json => return None,
        })
    }
}

fn is_same_row(left: &Row, right: &Row) -> bool {
    left.collection.name == right.collection.name && left.id() == right.id()
}

/// Anywhere among the ids that there are: an id is a time, and the demo data's times lie years apart.
fn any_id(random: &mut StdRng) -> Uuid {
    let milliseconds: u64 = random.random_range(1_727_000_000_000..1_770_000_000_000);
    Uuid::from_u64_pair((milliseconds << 16) | 0x7000 | (random.next_u64() & 0xfff), random.next_u64() >> 2 | 1 << 63)
}

/// The value as an SQL literal without a type, which takes its column's.
fn literal(value: &Datum) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    match value {
        Datum::Null => "null".to_owned(),
        Datum::Text(text) => quoted(text),
        Datum::Int(number) => quoted(&number.to_string()),
        Datum::Decimal(number) => quoted(&number.to_string()),
        Datum::Float(number) => quoted(&number.to_string()),
        Datum::Boolean(boolean) => quoted(&boolean.to_string()),
        Datum::Time(time) => quoted(&time.to_rfc3339()),
        Datum::Date(date) => quoted(&date.to_string()),
        Datum::Id(id) => quoted(&id.to_string()),
        Datum::List(elements) => {
            let escaped = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
            let elements = elements.iter().map(|element| match element {
                Datum::Text(text) => escaped(text),
                other => literal(other).trim_matches('\'').to_owned(),
            });
            quoted(&format!("{{{}}}", elements.collect::<Vec<_>>().join(",")))
        }
    }
}
