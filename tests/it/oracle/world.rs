//! The rows that both executors answer from: in memory, and as SQL.

use crate::oracle::cell::Cell;
use chrono::{DateTime, Duration, NaiveDate};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use toolcrib::catalog::Catalog;
use uuid::Uuid;

pub const ROLES: &[&str] = &["admin", "manager", "agent", "viewer"];
const KINDS: &[&str] = &["PERSON", "SERVICE"];
const STAGES: &[&str] = &["OPEN", "BLOCKED", "PARKED", "DONE"];
const URGENCIES: &[&str] = &["LOW", "HIGH", "ASAP"];

/// Short ASCII words without a case to fold: every collation sorts them alike.
const WORDS: &[&str] = &["anvil", "bolt", "clamp", "drill", "file", "gauge", "jig", "lathe", "mallet", "rasp", "saw", "vise"];

/// Texts that a careless encoder breaks.
const HARD_TEXTS: &[&str] =
    &["", "it's", "a \"quoted\" word", "back\\slash", "tab\tand\nline", "50% _off_", "grüße 🛠", "\u{1}\u{1f}", "$1 'x'--"];

/// A collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    Team,
    User,
    Site,
    Client,
    Issue,
    Note,
}

/// Relations of the platform's collections to others that this world does not have.
pub const OUTSIDE: [&str; 3] = ["directoryMemberships", "identities", "recordShares"];

impl Table {
    /// In an order in which no row points to a later table.
    pub const ALL: [Self; 6] = [Self::Team, Self::User, Self::Site, Self::Client, Self::Issue, Self::Note];

    /// The GraphQL type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Team => "Team",
            Self::User => "User",
            Self::Site => "Site",
            Self::Client => "Client",
            Self::Issue => "Issue",
            Self::Note => "Note",
        }
    }

    /// The table of a GraphQL type.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// A field that is unique.
    pub fn unique_field(self) -> Option<&'static str> {
        match self {
            Self::Team => Some("name"),
            Self::User => Some("email"),
            Self::Site => Some("code"),
            Self::Client | Self::Issue | Self::Note => None,
        }
    }

    /// What the relation leads to, if the field is one of this world.
    pub fn relation(self, field: &str) -> Option<Relation> {
        use Relation::{Many, One};
        Some(match (self, field) {
            (Self::Team | Self::Site, "parent") => One(self),
            (Self::Team | Self::Site, "children") => Many(self, "parent"),
            (Self::Team, "members") => Many(Self::User, "team"),
            (Self::Team, "issues") => Many(Self::Issue, "team"),
            (Self::User | Self::Issue, "team") => One(Self::Team),
            (Self::User, "ownedIssues") => Many(Self::Issue, "owner"),
            (Self::User, "reviewedIssues") => Many(Self::Issue, "reviewer"),
            (Self::User, "notes") => Many(Self::Note, "author"),
            (Self::Site, "clients") => Many(Self::Client, "site"),
            (Self::Site, "issues") => Many(Self::Issue, "site"),
            (Self::Client | Self::Issue, "site") => One(Self::Site),
            (Self::Client, "issues") => Many(Self::Issue, "client"),
            (Self::Issue, "client") => One(Self::Client),
            (Self::Issue, "owner" | "reviewer") | (Self::Note, "author") => One(Self::User),
            (Self::Issue, "follows") | (Self::Note, "issue") => One(Self::Issue),
            (Self::Issue, "followers") => Many(Self::Issue, "follows"),
            (Self::Issue, "notes") => Many(Self::Note, "issue"),
            _ => return None,
        })
    }
}

/// Where a relation leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    One(Table),
    /// The rows of a table whose field points here.
    Many(Table, &'static str),
}

/// A row: its cells by field; a relation to one row is that row's id.
pub type Row = BTreeMap<&'static str, Cell>;

/// Every row of every table.
#[derive(Debug)]
pub struct World {
    tables: BTreeMap<Table, Vec<Row>>,
    /// Which issues are shared with whom.
    pub shares: Vec<Share>,
}

/// A share of an issue.
#[derive(Clone, Debug)]
pub struct Share {
    pub issue: Cell,
    pub with: Grantee,
    pub level: &'static str,
    /// Ended by somebody or by itself.
    pub is_over: bool,
}

/// With whom an issue is shared.
#[derive(Clone, Copy, Debug)]
pub enum Grantee {
    User(Uuid),
    Team(Uuid),
    Role(&'static str),
}

impl Share {
    fn to_sql(&self) -> String {
        let Self { issue, with, level, is_over } = self;
        let (column, value) = match with {
            Grantee::User(id) => ("user_id", id.to_string()),
            Grantee::Team(id) => ("team_id", id.to_string()),
            Grantee::Role(role) => ("role", (*role).to_owned()),
        };
        // Those that are over have ended in the one or in the other way.
        let end = match (is_over, level) {
            (false, _) => "now() + interval '1 day', null",
            (true, &"READ") => "now() - interval '1 day', null",
            (true, _) => "null, now()",
        };
        format!(
            "insert into toolcrib.record_shares (record_type, record_id, {column}, level, expires_at, revoked_at)
             values ('Issue', {}, '{value}', '{level}', {end});\n",
            issue.to_sql()
        )
    }
}

impl World {
    /// The rows of a table.
    pub fn rows(&self, table: Table) -> &[Row] {
        &self.tables[&table]
    }

    /// The row with an id.
    pub fn find(&self, table: Table, id: &Cell) -> Option<&Row> {
        self.rows(table).iter().find(|row| row["id"] == *id)
    }

    /// Rows enough for every rule to allow some of them and refuse others.
    pub fn generate(random: &mut StdRng) -> Self {
        let mut world = Self { tables: BTreeMap::new(), shares: Vec::new() };
        world.fill(Table::Team, 4, |world, index| world.team(index, random));
        world.fill(Table::User, 9, |world, index| world.user(index, random));
        world.fill(Table::Site, 6, |world, index| world.site(index, random));
        world.fill(Table::Client, 10, |world, index| world.client(index, random));
        world.fill(Table::Issue, 60, |world, index| world.issue(index, random));
        world.fill(Table::Note, 130, |world, index| world.note(index, random));
        world.shares = (0..40).map(|index| world.share(index, random)).collect();
        world
    }

    fn fill(&mut self, table: Table, count: usize, mut make: impl FnMut(&Self, usize) -> Row) {
        self.tables.insert(table, Vec::new());
        for index in 0..count {
            let mut row = make(self, index);
            let at = DateTime::UNIX_EPOCH + Duration::days(20_000) + Duration::microseconds(index as i64 * 86_400_500_000);
            row.insert("id", Cell::Id(Uuid::from_u128(((table as u128 + 1) << 64) | (index as u128 * 37 % 251))));
            row.insert("createdAt", Cell::Instant(at));
            row.insert("updatedAt", Cell::Instant(at + Duration::seconds(index as i64 % 3)));
            row.insert("version", Cell::Int(1 + index as i64 % 4));
            self.tables.get_mut(&table).unwrap().push(row);
        }
    }

    fn team(&self, index: usize, random: &mut StdRng) -> Row {
        Row::from([("name", unique_word(index)), ("parent", self.some_id(Table::Team, random))])
    }

    fn user(&self, index: usize, random: &mut StdRng) -> Row {
        // The first of each role has a team; whoever asks is one of them, or the agent without a team.
        let team = if index < ROLES.len() { self.id_at(Table::Team, index) } else { self.some_id(Table::Team, random) };
        Row::from([
            ("email", Cell::Text(format!("user{index}@demo.test"))),
            ("name", text(random)),
            ("role", Cell::Choice(ROLES, index % ROLES.len())),
            ("team", if index == AGENT_WITHOUT_TEAM { Cell::Null } else { team }),
            ("kind", Cell::Choice(KINDS, index % KINDS.len())),
            ("isActive", Cell::Boolean(random.random_bool(0.7))),
            ("externalId", Cell::Null),
            ("deprovisionedAt", Cell::Null),
        ])
    }

    fn site(&self, index: usize, random: &mut StdRng) -> Row {
        let parent = self.some_id(Table::Site, random);
        Row::from([("code", unique_word(index)), ("opensOn", maybe(random, date)), ("parent", parent)])
    }

    fn client(&self, index: usize, random: &mut StdRng) -> Row {
        Row::from([
            ("name", Cell::Text(WORDS.choose(random).unwrap().to_string())),
            ("email", maybe(random, |_| Cell::Text(format!("client{index}@acme.test")))),
            ("phone", maybe(random, |random| Cell::Text(["12", "5551234", "1234"].choose(random).unwrap().to_string()))),
            ("worth", maybe(random, decimal)),
            ("site", self.any_id(Table::Site, random)),
        ])
    }

    fn issue(&self, _: usize, random: &mut StdRng) -> Row {
        let stages = |random: &mut StdRng| (0..random.random_range(0..3)).map(|_| choice(STAGES, random)).collect();
        let mut row = Row::from([
            ("title", text(random)),
            ("stage", choice(STAGES, random)),
            ("urgency", maybe(random, |random| choice(URGENCIES, random))),
            ("pastStages", maybe(random, |random| Cell::List(stages(random)))),
            ("labels", Cell::List((0..random.random_range(0..3)).map(|_| text(random)).collect())),
            ("prices", maybe(random, |random| Cell::List(vec![decimal(random), decimal(random)]))),
            ("isPublic", Cell::Boolean(random.random_bool(0.4))),
            ("isLate", maybe(random, |random| Cell::Boolean(random.random_bool(0.5)))),
            ("score", maybe(random, |random| Cell::Int(random.random_range(-3..6)))),
            ("weight", maybe(random, |random| Cell::Float(f64::from(random.random_range(-8..16)) / 4.0))),
            ("ticks", maybe(random, |random| Cell::BigInt(random.random_range(-2..3) * 4_503_599_627_370_497))),
            ("price", decimal(random)),
            ("dueAt", maybe(random, instant)),
            ("dueOn", maybe(random, date)),
            ("extra", maybe(random, any_json)),
            ("link", maybe(random, |random| Cell::Text(format!("https://{}.test/?q='1'&r", WORDS.choose(random).unwrap())))),
            ("contact", maybe(random, |random| Cell::Text(format!("{}@acme.test", WORDS.choose(random).unwrap())))),
            ("effort", maybe(random, |random| Cell::Int(random.random_range(0..5)))),
            ("secret", maybe(random, text)),
        ]);
        row.insert("site", self.any_id(Table::Site, random));
        row.insert("client", self.any_id(Table::Client, random));
        row.insert("team", self.any_id(Table::Team, random));
        row.insert("owner", self.some_id(Table::User, random));
        row.insert("reviewer", self.some_id(Table::User, random));
        row.insert("follows", self.some_id(Table::Issue, random));
        row
    }

    fn note(&self, index: usize, random: &mut StdRng) -> Row {
        Row::from([
            ("issue", self.any_id(Table::Issue, random)),
            ("author", self.some_id(Table::User, random)),
            ("body", text(random)),
            ("rank", Cell::Int(index as i64 % 7)),
        ])
    }

    fn share(&self, index: usize, random: &mut StdRng) -> Share {
        let id = |cell: Cell| if let Cell::Id(id) = cell { id } else { panic!("an id") };
        let with = match index % 3 {
            0 => Grantee::User(id(self.any_id(Table::User, random))),
            1 => Grantee::Team(id(self.any_id(Table::Team, random))),
            _ => Grantee::Role(["agent", "viewer"].choose(random).unwrap()),
        };
        let level = ["READ", "WRITE"].choose(random).unwrap();
        Share { issue: self.any_id(Table::Issue, random), with, level, is_over: random.random_bool(0.4) }
    }

    fn id_at(&self, table: Table, index: usize) -> Cell {
        self.rows(table)[index]["id"].clone()
    }

    fn any_id(&self, table: Table, random: &mut StdRng) -> Cell {
        self.rows(table).choose(random).unwrap()["id"].clone()
    }

    /// Null for a third, and for the first row of a table that points to itself.
    fn some_id(&self, table: Table, random: &mut StdRng) -> Cell {
        if self.rows(table).is_empty() { Cell::Null } else { maybe(random, |random| self.any_id(table, random)) }
    }

    /// The rows as INSERT statements.
    pub fn to_sql(&self, catalog: &Catalog) -> String {
        let mut sql = String::new();
        for table in Table::ALL {
            let collection = catalog.find_collection(table.name()).unwrap();
            let columns = |row: &Row| -> Vec<String> {
                row.keys().map(|field| collection.find_field(field).unwrap().column().unwrap().to_string()).collect()
            };
            for row in self.rows(table) {
                let cells: Vec<String> = row.values().map(Cell::to_sql).collect();
                let columns = columns(row).join(", ");
                sql += &format!("insert into {} ({columns}) values ({});\n", collection.table, cells.join(", "));
            }
        }
        sql.extend(self.shares.iter().map(Share::to_sql));
        sql
    }
}

/// The index of a user with role `agent` and no team.
pub const AGENT_WITHOUT_TEAM: usize = 6;

fn maybe(random: &mut StdRng, make: impl FnOnce(&mut StdRng) -> Cell) -> Cell {
    if random.random_ratio(1, 3) { Cell::Null } else { make(random) }
}

fn choice(values: &'static [&'static str], random: &mut StdRng) -> Cell {
    Cell::Choice(values, random.random_range(0..values.len()))
}

fn unique_word(index: usize) -> Cell {
    Cell::Text(WORDS[(index * 5) % WORDS.len()].to_owned())
}

fn text(random: &mut StdRng) -> Cell {
    if random.random_ratio(1, 4) {
        return Cell::Text(HARD_TEXTS.choose(random).unwrap().to_string());
    }
    Cell::Text(format!("{} {}", WORDS.choose(random).unwrap(), WORDS.choose(random).unwrap()))
}

fn decimal(random: &mut StdRng) -> Cell {
    Cell::Decimal(random.random_range(-300..900) * 25)
}

fn date(random: &mut StdRng) -> Cell {
    Cell::Date(NaiveDate::from_ymd_opt(2025, 12, 28).unwrap() + Duration::days(random.random_range(0..8)))
}

fn instant(random: &mut StdRng) -> Cell {
    let fraction = [0, 500_000, 123_456].choose(random).unwrap();
    Cell::Instant(DateTime::UNIX_EPOCH + Duration::days(20_500 + random.random_range(0..6)) + Duration::microseconds(*fraction))
}

/// Keys as `jsonb` sorts them: the shorter first.
fn any_json(random: &mut StdRng) -> Cell {
    let values = [json!({"a": 1, "b": [true, null], "long": {"x": "y\"z"}}), json!([]), json!("text"), json!(2.5), json!(null)];
    match values.choose(random).unwrap() {
        Json::Null => Cell::Json(Json::Null),
        value => Cell::Json(value.clone()),
    }
}
