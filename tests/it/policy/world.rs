//! The rows of the small world, in memory and as SQL.

use super::model::{COLLECTIONS, Collection, Field, Kind, SHAREABLE};
use bigdecimal::BigDecimal;
use chrono::{DateTime, Duration, NaiveDate, Utc};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, RngCore};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use toolcrib::policy::RULE_SCHEMA_PREFIX;
use uuid::Uuid;

/// A stored value.
#[derive(Clone, Debug, PartialEq)]
pub enum Datum {
    Null,
    Text(String),
    Int(i64),
    Decimal(BigDecimal),
    Float(f64),
    Boolean(bool),
    Time(DateTime<Utc>),
    Date(NaiveDate),
    Id(Uuid),
    List(Vec<Datum>),
}

impl Datum {
    fn sql(&self) -> String {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        match self {
            Self::Null => "null".to_owned(),
            Self::Text(text) => quoted(text),
            Self::Int(number) => number.to_string(),
            Self::Decimal(number) => number.to_string(),
            Self::Float(number) => number.to_string(),
            Self::Boolean(boolean) => boolean.to_string(),
            Self::Time(time) => quoted(&time.to_rfc3339()),
            Self::Date(date) => quoted(&date.to_string()),
            Self::Id(id) => quoted(&id.to_string()),
            Self::List(elements) => format!("array[{}]", elements.iter().map(Self::sql).collect::<Vec<_>>().join(", ")),
        }
    }
}

/// A row: its collection and its values by field.
#[derive(Clone, Debug)]
pub struct Row {
    pub collection: &'static Collection,
    pub values: BTreeMap<&'static str, Datum>,
}

impl Row {
    /// The row's id.
    pub fn id(&self) -> Uuid {
        match self.values["id"] {
            Datum::Id(id) => id,
            _ => unreachable!("every row has an id"),
        }
    }
}

/// All rows, and for each of [`Row`]s a changed image with the same id; and what was shared with whom.
#[derive(Debug)]
pub struct World {
    pub rows: Vec<Row>,
    pub changed: Vec<Row>,
    pub shares: Vec<Share>,
}

/// A share of a row.
#[derive(Clone, Debug)]
pub struct Share {
    pub record_type: &'static str,
    pub record_id: Uuid,
    pub with: Grantee,
    pub level: &'static str,
    /// When it ends by itself. PostgreSQL compares it with its own clock, so it is far from any.
    pub expires: Expiry,
    pub is_revoked: bool,
}

/// With whom a row is shared.
#[derive(Clone, Debug, PartialEq)]
pub enum Grantee {
    User(Uuid),
    Team(Uuid),
    Role(&'static str),
}

/// When a share ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    Never,
    Passed,
    Ahead,
}

impl Share {
    fn generate(random: &mut StdRng, ids: &BTreeMap<&'static str, Vec<Uuid>>) -> Self {
        let one_of = |random: &mut StdRng, ids: &[Uuid]| *ids[..ids.len().min(6)].choose(random).unwrap();
        let owner = *SHAREABLE.choose(random).unwrap();
        // Now and then a row of one collection has the id of a shared row of another.
        let record_type = if random.random_bool(0.1) { *["Case", "Watcher", "Reply"].choose(random).unwrap() } else { owner };
        let rows = &ids[owner];
        let with = match random.random_range(0..3) {
            0 => Grantee::User(one_of(random, &ids["User"])),
            1 => Grantee::Team(one_of(random, &ids["Team"])),
            _ => Grantee::Role(["manager", "agent", "viewer", "admin"].choose(random).unwrap()),
        };
        Self {
            record_type,
            record_id: *rows.choose(random).unwrap(),
            with,
            level: ["READ", "WRITE"].choose(random).unwrap(),
            expires: *[Expiry::Never, Expiry::Ahead, Expiry::Passed].choose(random).unwrap(),
            is_revoked: random.random_bool(0.15),
        }
    }

    fn sql(&self) -> String {
        let Self { record_type, record_id, with, level, expires, is_revoked } = self;
        let (user, team, role) = match with {
            Grantee::User(id) => (format!("'{id}'"), "null".to_owned(), "null".to_owned()),
            Grantee::Team(id) => ("null".to_owned(), format!("'{id}'"), "null".to_owned()),
            Grantee::Role(role) => ("null".to_owned(), "null".to_owned(), format!("'{role}'")),
        };
        let expires = match expires {
            Expiry::Never => "null",
            Expiry::Passed => "now() - interval '1 hour'",
            Expiry::Ahead => "now() + interval '1 day'",
        };
        let revoked = if *is_revoked { "now() - interval '1 hour'" } else { "null" };
        format!("('{record_type}', '{record_id}', {user}, {team}, {role}, '{level}', {expires}, {revoked})")
    }
}

/// The table of shares, as far as rules look at it.
const SHARES_TABLE: &str =
    "create table toolcrib.record_shares (record_type text not null, record_id uuid not null, user_id uuid,
    team_id uuid, role text, level text not null, expires_at timestamptz, revoked_at timestamptz);";

/// The time of every request, which some stored times equal.
pub fn request_time() -> DateTime<Utc> {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

/// Texts with everything that a pattern or a quote could trip over.
pub const TEXTS: &[&str] = &["", "a", "ab", "AB", "a%", "%", "a_b", "axb", "b\\", "it's", "Zoë", "\"q\""];
const TIMES_HOURS: &[i64] = &[-48, -24, -1, 0, 1, 24];
pub const DAYS: &[&str] = &["2026-03-01", "2026-03-02", "2026-03-03"];
pub const AMOUNTS: &[&str] = &["0", "1.5", "1.50", "2", "12.25"];
pub const RATIOS: &[f64] = &[0.0, 0.5, 1.5, 2.0];

impl World {
    /// A world of `count` rows in each collection.
    pub fn generate(random: &mut StdRng, count: usize) -> Self {
        let ids: BTreeMap<&'static str, Vec<Uuid>> = COLLECTIONS
            .iter()
            .map(|collection| {
                (collection.name, (0..count).map(|_| Uuid::from_u64_pair(random.next_u64(), random.next_u64())).collect())
            })
            .collect();
        let shares = (0..count * 6).map(|_| Share::generate(random, &ids)).collect();
        let mut world = Self { rows: Vec::new(), changed: Vec::new(), shares };
        for collection in COLLECTIONS {
            for id in &ids[collection.name] {
                let row = |random: &mut StdRng| {
                    let value = |field: &Field, random: &mut StdRng| match field.kind {
                        Kind::Id => Datum::Id(*id),
                        _ => random_datum(random, field, &ids),
                    };
                    let values = collection.stored().map(|field| (field.name, value(field, random))).collect();
                    Row { collection, values }
                };
                world.rows.push(row(random));
                world.changed.push(row(random));
            }
        }
        world
    }

    /// The rows of a collection.
    pub fn rows_of(&self, collection: &str) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.collection.name == collection)
    }

    /// A stored row.
    pub fn find(&self, collection: &str, id: Uuid) -> &Row {
        self.rows_of(collection).find(|row| row.id() == id).expect("foreign keys lead to rows")
    }

    /// A team and every one below it.
    pub fn teams_below(&self, team: Uuid) -> Vec<Uuid> {
        let mut found = vec![team];
        let mut next = 0;
        while let Some(parent) = found.get(next).copied() {
            let children = self.rows_of("Team").filter(|row| row.values["parent"] == Datum::Id(parent)).map(Row::id);
            let new: Vec<Uuid> = children.filter(|child| !found.contains(child)).collect();
            found.extend(new);
            next += 1;
        }
        found
    }

    /// The image of a row after its change.
    pub fn changed(&self, row: &Row) -> &Row {
        self.changed.iter().find(|changed| changed.collection.name == row.collection.name && changed.id() == row.id()).unwrap()
    }

    /// The statements that make the tables and fill them; the changed images lie in tables named `..._changed`.
    pub fn to_sql(&self) -> String {
        let mut sql = "create schema toolcrib;\n".to_owned();
        let schemas: BTreeSet<&str> = COLLECTIONS.iter().map(|collection| collection.table.split_once('.').unwrap().0).collect();
        schemas.iter().for_each(|schema| writeln!(sql, "create schema {RULE_SCHEMA_PREFIX}{schema};").unwrap());
        for collection in COLLECTIONS {
            let columns: Vec<String> = collection
                .stored()
                .map(|field| {
                    let (name, sql_type) = field.column();
                    let constraint = match (field.kind, field.is_required) {
                        (Kind::Id, _) => " primary key",
                        (_, true) => " not null",
                        (_, false) => "",
                    };
                    format!("{name} {sql_type}{constraint}")
                })
                .collect();
            for (suffix, rows) in [("", &self.rows), ("_changed", &self.changed)] {
                let table = format!("{}{suffix}", collection.table);
                writeln!(sql, "create table {table} ({});", columns.join(", ")).unwrap();
                if suffix.is_empty() {
                    writeln!(sql, "create view {RULE_SCHEMA_PREFIX}{table} as select * from {table};").unwrap();
                }
                for row in rows.iter().filter(|row| row.collection.name == collection.name) {
                    let values: Vec<String> = collection
                        .stored()
                        .map(|field| format!("({})::{}", row.values[field.name].sql(), field.column().1))
                        .collect();
                    writeln!(sql, "insert into {table} values ({});", values.join(", ")).unwrap();
                }
            }
        }
        let shares: Vec<String> = self.shares.iter().map(Share::sql).collect();
        writeln!(sql, "{SHARES_TABLE}\ninsert into toolcrib.record_shares values {};", shares.join(",\n")).unwrap();
        let view = format!("{RULE_SCHEMA_PREFIX}toolcrib.record_shares");
        writeln!(sql, "create view {view} as select * from toolcrib.record_shares;").unwrap();
        sql
    }
}

fn random_datum(random: &mut StdRng, field: &Field, ids: &BTreeMap<&str, Vec<Uuid>>) -> Datum {
    if !field.is_required && random.random_bool(0.3) {
        return Datum::Null;
    }
    match field.kind {
        Kind::Text => Datum::Text((*TEXTS.choose(random).unwrap()).to_owned()),
        Kind::Enum(_, values) => Datum::Text((*values.choose(random).unwrap()).to_owned()),
        Kind::Int | Kind::BigInt => Datum::Int(random.random_range(0..4)),
        Kind::Decimal => Datum::Decimal(AMOUNTS.choose(random).unwrap().parse().unwrap()),
        Kind::Float => Datum::Float(*RATIOS.choose(random).unwrap()),
        Kind::Boolean => Datum::Boolean(random.random_bool(0.5)),
        Kind::Time => Datum::Time(request_time() + Duration::hours(*TIMES_HOURS.choose(random).unwrap())),
        Kind::Date => Datum::Date(DAYS.choose(random).unwrap().parse().unwrap()),
        Kind::Texts => random_list(random, |random| Datum::Text((*TEXTS.choose(random).unwrap()).to_owned())),
        Kind::Ints => random_list(random, |random| Datum::Int(random.random_range(0..4))),
        Kind::One(target) => {
            // Few targets, so that rows meet.
            let few = &ids[target][..ids[target].len().min(6)];
            Datum::Id(*few.choose(random).unwrap())
        }
        Kind::Id | Kind::Many(..) => unreachable!("neither is drawn"),
    }
}

fn random_list(random: &mut StdRng, mut element: impl FnMut(&mut StdRng) -> Datum) -> Datum {
    let length = random.random_range(0..4);
    Datum::List((0..length).map(|_| element(random)).collect())
}
