//! A tool's rows in memory, and what of them a caller may know.
//!
//! Decided from the schema's own rule texts by the oracle of the differential test, which shares nothing with the compiler:
//! the statements that the product makes have no say in what counts as hidden.

use crate::policy::model::{Collection, Field, Kind};
use crate::policy::oracle::{Oracle, Rows, Sharing, Verdict};
use crate::policy::world::{Datum, Expiry, Grantee, Row, Share, World};
use cel::IdedExpr;
use chrono::Utc;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tokio_postgres::Client;
use toolcrib::base::{Actor, RequestContext, ScalarType};
use toolcrib::catalog::{self, Catalog, FieldKind, Mask, RuleText};
use uuid::Uuid;

/// Who asks, and the request that is asked with: the same for every request, so that nothing about it makes a difference.
pub struct Asker {
    pub actor: Actor,
    pub request: RequestContext,
}

/// A schema as the oracle knows it.
pub struct Scene {
    pub catalog: Catalog,
    collections: Vec<&'static Collection>,
    parsed: HashMap<String, IdedExpr>,
    named: HashMap<String, IdedExpr>,
    sharing: Sharing,
}

/// What a caller may know of one row.
#[derive(Clone, Debug, PartialEq)]
pub struct SeenRow {
    /// For each stored field what is shown, and whether it is because the value is hidden.
    cells: Vec<(Datum, bool)>,
    /// What the caller may do with the row and its fields.
    rights: Vec<bool>,
}

/// What a caller may know of everything: the rows by type and id.
pub type Sight = BTreeMap<(&'static str, Uuid), SeenRow>;

impl Scene {
    /// Parses every rule that decides what is seen.
    pub fn new(catalog: Catalog) -> Self {
        let collections = catalog.collections.iter().map(|collection| model_of(&catalog, collection)).collect();
        let rules = catalog.collections.iter().flat_map(|collection| {
            let access = &collection.access;
            let fields = collection.fields.iter().flat_map(|field| {
                let mask = match &field.access.mask {
                    Some(Mask::Computed(expression)) => Some(expression),
                    _ => None,
                };
                [field.access.read.as_ref(), field.access.write.as_ref(), mask]
            });
            [Some(&access.read), Some(&access.update), Some(&access.delete)].into_iter().chain(fields).flatten()
        });
        let base = [catalog.base.read.as_ref(), catalog.base.write.as_ref()].into_iter().flatten();
        let parsed = rules.chain(base).map(|rule| (rule.text.clone(), parse(&rule.text))).collect();
        let named = catalog.named_rules.iter().map(|named| (named.name.clone(), parse(&named.rule.text))).collect();
        let sharing = catalog.collections.iter().filter_map(|collection| {
            let rules = [&collection.access.read, collection.shareable.as_ref()?];
            Some((leak(collection.name.as_str()), rules.map(|rule| parse(&rule.text)).into()))
        });
        let sharing = sharing.collect();
        Self { collections, parsed, named, sharing, catalog }
    }

    /// Reads every row of every collection.
    pub async fn load(&self, owner: &Client) -> World {
        let mut rows = Vec::new();
        for (collection, model) in self.catalog.collections.iter().zip(&self.collections) {
            let sql = format!("select to_jsonb(stored)::text from {} as stored order by id", collection.table);
            for found in owner.query(&sql, &[]).await.unwrap() {
                let stored: Json = serde_json::from_str(found.get(0)).unwrap();
                let values = collection.stored_fields().map(|field| {
                    let name = model.field(field.name.as_str()).name;
                    (name, datum(&field.kind, &stored[field.column().unwrap().as_str()]))
                });
                rows.push(Row { collection: model, values: values.collect() });
            }
        }
        World { rows, changed: Vec::new(), shares: Vec::new() }
    }

    /// The catalog's collection of a row.
    pub fn collection(&self, row: &Row) -> &catalog::Collection {
        self.catalog.find_collection(row.collection.name).unwrap()
    }

    /// Everything that the caller may know.
    pub fn sight(&self, world: &World, asker: &Asker) -> Sight {
        let world = &World { shares: shares_of(world), ..copy(world) };
        let Self { named, sharing, .. } = self;
        let oracle = Oracle { world, actor: &asker.actor, request: &asker.request, named, sharing };
        let may_read = |row: &&Row| {
            let base = self.catalog.base.read.as_ref();
            base.is_none_or(|rule| self.allows(&oracle, rule, row))
                && self.allows(&oracle, &self.collection(row).access.read, row)
        };
        let readable: Vec<&Row> = world.rows.iter().filter(may_read).collect();
        let ids: BTreeSet<(&str, Uuid)> = readable.iter().map(|row| (row.collection.name, row.id())).collect();
        readable.iter().map(|row| ((row.collection.name, row.id()), self.see(&oracle, row, &ids))).collect()
    }

    fn see<'a>(&self, oracle: &Oracle<'a>, row: &'a Row, readable: &BTreeSet<(&str, Uuid)>) -> SeenRow {
        let collection = self.collection(row);
        let cell = |field: &catalog::Field| {
            let value = &row.values[field.name.as_str()];
            if field.access.read.as_ref().is_some_and(|rule| !self.allows(oracle, rule, row)) {
                let shown = match &field.access.mask {
                    Some(Mask::Computed(expression)) => oracle.show(&self.parsed[&expression.text], &images_of(row)),
                    Some(mask) => masked(mask, value),
                    None => Datum::Null,
                };
                return (shown, true);
            }
            match (row.collection.field(field.name.as_str()).kind, value) {
                (Kind::One(target), Datum::Id(id)) if !readable.contains(&(target, *id)) => (Datum::Null, false),
                _ => (value.clone(), false),
            }
        };
        let rules = [&collection.access.update, &collection.access.delete].into_iter();
        let rules = rules.chain(collection.fields.iter().filter_map(|field| field.access.write.as_ref()));
        SeenRow {
            cells: collection.stored_fields().map(cell).collect(),
            rights: rules.map(|rule| self.allows(oracle, rule, row)).collect(),
        }
    }

    /// Whether the rule is True of the row, for a change that leaves it as it is.
    fn allows<'a>(&self, oracle: &Oracle<'a>, rule: &RuleText, row: &'a Row) -> bool {
        oracle.judge(&self.parsed[&rule.text], &images_of(row)) == Verdict::True
    }

    /// The stored fields of a visible row whose value the caller does not know: hidden by a rule of the field, or a relation
    /// to a row that is hidden.
    pub fn unknown_cells<'s>(&'s self, row: &Row, seen: &SeenRow) -> Vec<&'s catalog::Field> {
        let fields = self.catalog.find_collection(row.collection.name).unwrap().stored_fields();
        let is_unknown = |(field, (shown, is_hidden)): &(&catalog::Field, &(Datum, bool))| {
            *is_hidden || *shown != row.values[field.name.as_str()]
        };
        fields.zip(&seen.cells).filter(is_unknown).map(|(field, _)| field).collect()
    }

    /// Whether the caller sees this cell only through a mask.
    pub fn mask_of<'f>(&self, row: &Row, field: &'f catalog::Field, seen: &SeenRow) -> Option<&'f Mask> {
        let index = self.collection(row).stored_fields().position(|other| other.id == field.id).unwrap();
        field.access.mask.as_ref().filter(|_| seen.cells[index].1)
    }
}

/// A row that a change leaves as it is, under each of its names.
fn images_of(row: &Row) -> Rows<'_> {
    ["row", "old", "new"].map(|name| (name.to_owned(), row)).into()
}

/// What is shared with whom, as the rows say it.
fn shares_of(world: &World) -> Vec<Share> {
    let text = |datum: &Datum| if let Datum::Text(text) = datum { leak(text) } else { panic!("no text: {datum:?}") };
    let share = |row: &Row| {
        let value = |name: &str| &row.values[name];
        let with = match (value("user"), value("team"), value("role")) {
            (Datum::Id(id), ..) => Grantee::User(*id),
            (_, Datum::Id(id), _) => Grantee::Team(*id),
            (.., role) => Grantee::Role(text(role)),
        };
        let Datum::Id(record_id) = *value("recordId") else { panic!("a share is of a row") };
        let expires = match value("expiresAt") {
            Datum::Time(time) if *time <= Utc::now() => Expiry::Passed,
            Datum::Time(_) => Expiry::Ahead,
            _ => Expiry::Never,
        };
        let (record_type, level) = (text(value("recordType")), text(value("level")));
        Share { record_type, record_id, with, level, expires, is_revoked: *value("revokedAt") != Datum::Null }
    };
    world.rows_of("RecordShare").map(share).collect()
}

/// A copy of all rows.
pub fn copy(world: &World) -> World {
    World { rows: world.rows.clone(), changed: Vec::new(), shares: Vec::new() }
}

fn parse(rule: &str) -> IdedExpr {
    cel::parser::Parser::default().parse(rule).unwrap()
}

/// What a mask leaves of a value, said by hand.
fn masked(mask: &Mask, value: &Datum) -> Datum {
    let Datum::Text(text) = value else { return value.clone() };
    let last: String = text.chars().skip(text.chars().count().saturating_sub(4)).collect();
    Datum::Text(match mask {
        Mask::Email => {
            format!("{}***@{}", text.chars().take(1).collect::<String>(), text.split('@').nth(1).unwrap_or_default())
        }
        Mask::Last4 if text.chars().count() > 4 => format!("****{last}"),
        Mask::Last4 | Mask::Redact => "****".to_owned(),
        // It says of every other value that it is another.
        Mask::Hash => text.clone(),
        Mask::Computed(_) => unreachable!("the oracle computes it"),
    })
}

/// The collection in the oracle's form, which lives as long as the test run.
fn model_of(catalog: &Catalog, collection: &catalog::Collection) -> &'static Collection {
    let name_of = |id: catalog::CollectionId| leak(catalog.collection(id).name.as_str());
    let fields: Vec<Field> = collection
        .fields
        .iter()
        .map(|field| {
            let kind = match &field.kind {
                _ if field.name == "id" => Kind::Id,
                FieldKind::ToOne { target, .. } => Kind::One(name_of(*target)),
                FieldKind::ToMany { target, inverse } => {
                    Kind::Many(name_of(*target), leak(catalog.field(*inverse).name.as_str()))
                }
                // The oracle goes by the values; what else a field may be makes no difference to it.
                FieldKind::Scalar { .. } | FieldKind::Enum { .. } => Kind::Text,
            };
            Field { name: leak(field.name.as_str()), kind, is_required: field.is_required }
        })
        .collect();
    let (name, table) = (leak(collection.name.as_str()), leak(&collection.table.to_string()));
    Box::leak(Box::new(Collection { name, table, fields: fields.leak() }))
}

fn leak(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

/// A value as `to_jsonb` writes it.
fn datum(kind: &FieldKind, json: &Json) -> Datum {
    if let Json::Array(elements) = json
        && matches!(kind, FieldKind::Scalar { is_list: true, .. } | FieldKind::Enum { is_list: true, .. })
    {
        return Datum::List(elements.iter().map(|element| one_datum(kind, element)).collect());
    }
    one_datum(kind, json)
}

fn one_datum(kind: &FieldKind, json: &Json) -> Datum {
    let text = || json.as_str().unwrap_or_else(|| panic!("no text: {json}"));
    let scalar = match kind {
        _ if json.is_null() => return Datum::Null,
        FieldKind::Scalar { scalar, .. } => *scalar,
        FieldKind::Enum { .. } => ScalarType::String,
        FieldKind::ToOne { .. } => ScalarType::Id,
        FieldKind::ToMany { .. } => unreachable!("it has no column"),
    };
    match scalar {
        ScalarType::Id => Datum::Id(text().parse().unwrap()),
        ScalarType::String | ScalarType::Url | ScalarType::Email => Datum::Text(text().to_owned()),
        ScalarType::Int | ScalarType::BigInt => Datum::Int(json.as_i64().unwrap()),
        ScalarType::Float => Datum::Float(json.as_f64().unwrap()),
        ScalarType::Boolean => Datum::Boolean(json.as_bool().unwrap()),
        ScalarType::DateTime => Datum::Time(text().parse().unwrap()),
        ScalarType::Date => Datum::Date(text().parse().unwrap()),
        ScalarType::Decimal => Datum::Decimal(json.to_string().parse().unwrap()),
        ScalarType::Json => Datum::Text(json.to_string()),
    }
}
