//! Random rules and actors over the small world.

use super::model::{Collection, Field, Kind, SHAREABLE, collection};
use super::world::{AMOUNTS, DAYS, RATIOS, TEXTS, World, request_time};
use chrono::Duration;
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use std::net::IpAddr;
use toolcrib::base::{Actor, AuthMethod, RequestContext, RoleName};
use uuid::Uuid;

/// What rows a rule may speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Images {
    /// `row`.
    Row,
    /// `old` and `new`, without paths back into the collection.
    OldNew,
    /// None: a named rule that fits everywhere.
    None,
}

/// Writes rules.
pub struct Generator<'a> {
    pub random: &'a mut StdRng,
    pub world: &'a World,
    home: &'static Collection,
    images: Images,
    /// The named rules that fit.
    named: Vec<String>,
    /// The rows in scope: a name and its collection.
    rows: Vec<(String, &'static Collection)>,
}

/// A value expression with what it holds. `One` stands for the id of a row of a collection.
type Value = (String, Kind);

impl<'a> Generator<'a> {
    /// A generator of rules of one collection.
    pub fn new(random: &'a mut StdRng, world: &'a World, home: &'static Collection, images: Images, named: &[String]) -> Self {
        let rows = match images {
            Images::Row => vec![("row".to_owned(), home)],
            Images::OldNew => vec![("old".to_owned(), home), ("new".to_owned(), home)],
            Images::None => Vec::new(),
        };
        Self { random, world, home, images, named: named.to_vec(), rows }
    }

    /// A rule: often a small one, because in a large one the truth of a part is rarely the truth of the whole.
    pub fn rule(&mut self) -> String {
        let rule = match self.random.random_range(0..10) {
            0..=2 => self.leaf(),
            3 | 4 => self.exists(1).unwrap_or_else(|| self.leaf()),
            5 | 6 => self.condition(1),
            7 | 8 => self.condition(2),
            _ => self.condition(3),
        };
        if self.random.random_bool(0.45) { format!("!({rule})") } else { rule }
    }

    /// A condition of at most this depth.
    pub fn condition(&mut self, depth: u32) -> String {
        if depth == 0 {
            return self.leaf();
        }
        match self.random.random_range(0..12) {
            0..=2 => self.joined(" && ", depth),
            3..=5 => self.joined(" || ", depth),
            6 | 7 => format!("!({})", self.condition(depth - 1)),
            8 | 9 => self.exists(depth).unwrap_or_else(|| self.leaf()),
            _ => self.leaf(),
        }
    }

    fn joined(&mut self, connective: &str, depth: u32) -> String {
        let count = self.random.random_range(2..=3);
        let parts: Vec<String> = (0..count).map(|_| self.condition(depth - 1)).collect();
        format!("({})", parts.join(connective))
    }

    fn exists(&mut self, depth: u32) -> Option<String> {
        let (list, Kind::Many(target, _)) = self.path(|field| matches!(field.kind, Kind::Many(..)))? else { return None };
        let variable = format!("m{}", self.rows.len());
        self.rows.push((variable.clone(), collection(target)));
        let body = self.condition(depth - 1);
        self.rows.pop();
        Some(format!("exists({list}, {variable}, {body})"))
    }

    fn leaf(&mut self) -> String {
        for _ in 0..20 {
            let leaf = match self.random.random_range(0..25) {
                0 => Some(self.caller_condition()),
                1 => self.named.choose(self.random).cloned(),
                2..=4 => self.stored_with_caller(),
                5..=8 => self.stored_with_literal(),
                9 | 10 => self.stored_with_stored(),
                11 | 12 => self.ordered(),
                13 | 14 => self.in_literals(),
                15 => self.in_mixed(),
                16 => self.in_stored(),
                17 | 18 => self.text_test(),
                19 | 20 => self.null_test(),
                21..=23 => self.shared(),
                _ => self.flag(),
            };
            if let Some(leaf) = leaf {
                return leaf;
            }
        }
        self.caller_condition()
    }

    /// A condition that the caller decides alone.
    fn caller_condition(&mut self) -> String {
        let conditions = [
            "user.role == 'admin'",
            "user.role != 'agent'",
            "user.role in ['admin', 'manager']",
            "user.role in ['agent', 'platform']",
            "user.isActive",
            "!user.isActive",
            "has(user.team)",
            "user.team == null",
            "user.email != null",
            "user.team in user.teams",
            "!(user.team in user.teams)",
            "user.teams == null",
            "inTeam(user.team)",
            "user.email.endsWith('@acme.test')",
            "user.email == 'ana@acme.test'",
            "request.auth.mfa",
            "request.auth.method == 'token'",
            "request.service == 'export'",
            "request.service != 'export'",
            "request.ip.startsWith('10.')",
            "request.time < '2026-03-02T13:00:00Z'",
            "now() - duration('24h') >= '2026-03-01T12:00:00Z'",
            "true",
            "false",
        ];
        (*conditions.choose(self.random).unwrap()).to_owned()
    }

    fn stored_with_caller(&mut self) -> Option<String> {
        let (stored, kind) =
            self.stored(|kind| matches!(kind, Kind::One("User" | "Team") | Kind::Text | Kind::Enum("Role", _)))?;
        let caller = match kind {
            Kind::One("User") => "user.id",
            Kind::One(_) if self.random.random_bool(0.3) => return Some(format!("inTeam({stored})")),
            Kind::One(_) if self.random.random_bool(0.4) => return Some(format!("{stored} in user.teams")),
            Kind::One(_) => "user.team",
            Kind::Enum(..) => "user.role",
            _ => *["user.email", "request.ip", "request.service"].choose(self.random)?,
        };
        Some(self.equality(&stored, caller))
    }

    fn stored_with_literal(&mut self) -> Option<String> {
        let (stored, kind) = self.stored(|_| true)?;
        let literal = self.literal(kind)?;
        Some(self.equality(&stored, &literal))
    }

    fn stored_with_stored(&mut self) -> Option<String> {
        let is_key = self.random.random_bool(0.5);
        let (left, kind) = self.stored(|kind| !is_key || matches!(kind, Kind::One(_)))?;
        let (right, _) = self.stored(|other| other == kind)?;
        (left != right).then(|| self.equality(&left, &right))
    }

    fn equality(&mut self, left: &str, right: &str) -> String {
        let (left, right) = if self.random.random_bool(0.2) { (right, left) } else { (left, right) };
        let operator = if self.random.random_bool(0.6) { "==" } else { "!=" };
        format!("{left} {operator} {right}")
    }

    fn ordered(&mut self) -> Option<String> {
        let is_ordered = |kind| matches!(kind, Kind::Int | Kind::BigInt | Kind::Decimal | Kind::Float | Kind::Time | Kind::Date);
        let (stored, kind) = self.stored(is_ordered)?;
        let other = match self.random.random_range(0..3) {
            0 => self.stored(|other| other == kind)?.0,
            _ => self.literal(kind)?,
        };
        let operator = ["<", "<=", ">", ">="].choose(self.random)?;
        Some(if self.random.random_bool(0.3) {
            format!("{other} {operator} {stored}")
        } else {
            format!("{stored} {operator} {other}")
        })
    }

    fn in_literals(&mut self) -> Option<String> {
        let (stored, kind) = self.stored(|kind| kind != Kind::Boolean)?;
        let count = self.random.random_range(1..=3);
        let literals: Option<Vec<String>> = (0..count).map(|_| self.literal(kind)).collect();
        Some(format!("{stored} in [{}]", literals?.join(", ")))
    }

    /// A list that holds more than literals.
    fn in_mixed(&mut self) -> Option<String> {
        let (first, kind) = self.stored(|kind| matches!(kind, Kind::One("User" | "Team") | Kind::Int | Kind::Text))?;
        let (second, _) = self.stored(|other| other == kind)?;
        let third = match kind {
            Kind::One("User") => "user.id".to_owned(),
            Kind::One(_) => "user.team".to_owned(),
            Kind::Text => "user.email".to_owned(),
            _ => self.literal(kind)?,
        };
        Some(if self.random.random_bool(0.5) {
            format!("{third} in [{first}, {second}]")
        } else {
            format!("{first} in [{third}, {second}]")
        })
    }

    fn in_stored(&mut self) -> Option<String> {
        let (list, kind) = self.path(|field| matches!(field.kind, Kind::Texts | Kind::Ints))?;
        let element = if kind == Kind::Texts { Kind::Text } else { Kind::Int };
        let needle = match self.random.random_range(0..3) {
            0 if element == Kind::Text => "user.email".to_owned(),
            1 => self.stored(|other| other == element)?.0,
            _ => self.literal(element)?,
        };
        Some(format!("{needle} in {list}"))
    }

    fn text_test(&mut self) -> Option<String> {
        let (text, _) = self.stored(|kind| kind == Kind::Text)?;
        let part = match self.random.random_range(0..4) {
            0 => self.stored(|kind| kind == Kind::Text)?.0,
            1 => "user.email".to_owned(),
            _ => self.literal(Kind::Text)?,
        };
        let test = ["startsWith", "endsWith", "contains"].choose(self.random)?;
        Some(format!("{text}.{test}({part})"))
    }

    fn null_test(&mut self) -> Option<String> {
        let (stored, _) = self.path(|field| !matches!(field.kind, Kind::Many(..)))?;
        Some(match self.random.random_range(0..4) {
            0 => format!("{stored} == null"),
            1 => format!("null != {stored}"),
            2 => format!("has({stored})"),
            _ => format!("{stored} != null"),
        })
    }

    fn shared(&mut self) -> Option<String> {
        let level = ["read", "write"].choose(self.random)?;
        let is_own = SHAREABLE.contains(&self.home.name) && self.images != Images::None;
        if is_own && self.random.random_bool(0.5) {
            return Some(format!("shared('{level}')"));
        }
        let rows = self.rows.iter().filter(|(_, collection)| SHAREABLE.contains(&collection.name));
        let names: Vec<String> = rows.map(|(name, _)| name.clone()).collect();
        let row = match names.choose(self.random).filter(|_| self.random.random_bool(0.3)) {
            Some(name) => name.clone(),
            None => self.path(|field| matches!(field.kind, Kind::One(target) if SHAREABLE.contains(&target)))?.0,
        };
        Some(format!("shared({row}, '{level}')"))
    }

    fn flag(&mut self) -> Option<String> {
        let (stored, _) = self.stored(|kind| kind == Kind::Boolean)?;
        Some(if self.random.random_bool(0.3) { format!("!{stored}") } else { stored })
    }

    fn literal(&mut self, kind: Kind) -> Option<String> {
        Some(match kind {
            Kind::Text => quoted(TEXTS.choose(self.random)?),
            Kind::Enum(_, values) => quoted(values.choose(self.random)?),
            Kind::Int => self.random.random_range(-1..4).to_string(),
            Kind::BigInt if self.random.random_bool(0.3) => format!("'{}'", self.random.random_range(0..4)),
            Kind::BigInt => self.random.random_range(0..4).to_string(),
            Kind::Decimal => match self.random.random_range(0..3) {
                0 => quoted(AMOUNTS.choose(self.random)?),
                1 => "1.5".to_owned(),
                _ => self.random.random_range(0..3).to_string(),
            },
            Kind::Float => format!("{:.1}", RATIOS.choose(self.random)?),
            Kind::Boolean => self.random.random_bool(0.5).to_string(),
            Kind::Time => match self.random.random_range(0..4) {
                0 => "now()".to_owned(),
                1 => "now() - duration('24h')".to_owned(),
                2 => "request.time + duration('0h60m')".to_owned(),
                _ => quoted(&(request_time() - Duration::hours(1)).to_rfc3339()),
            },
            Kind::Date => quoted(DAYS.choose(self.random)?),
            Kind::One(target) => {
                let ids: Vec<Uuid> = self.world.rows_of(target).take(6).map(|row| row.id()).collect();
                quoted(&ids.choose(self.random)?.to_string())
            }
            Kind::Id | Kind::Texts | Kind::Ints | Kind::Many(..) => return None,
        })
    }

    /// A value of a row that is no list.
    fn stored(&mut self, is_wanted: impl Fn(Kind) -> bool) -> Option<Value> {
        self.path(|field| match field.kind {
            Kind::Texts | Kind::Ints | Kind::Many(..) => false,
            // The id of a row is comparable with what points to such a row.
            Kind::Id => true,
            kind => is_wanted(kind),
        })
        .filter(|(_, kind)| is_wanted(*kind))
    }

    /// A way from a row in scope over to-one relations to a field.
    fn path(&mut self, is_wanted: impl Fn(&Field) -> bool) -> Option<Value> {
        for _ in 0..10 {
            let (name, mut at) = self.rows.choose(self.random)?.clone();
            let mut text = name;
            while self.random.random_bool(0.35) {
                let ones: Vec<&Field> = at.fields.iter().filter(|field| self.leads_on(field)).collect();
                let Some(field) = ones.choose(self.random) else { break };
                let Kind::One(target) = field.kind else { break };
                text = format!("{text}.{}", field.name);
                at = collection(target);
            }
            let fields: Vec<&Field> = at.fields.iter().filter(|field| is_wanted(field) && self.ends_well(field)).collect();
            if let Some(field) = fields.choose(self.random) {
                let kind = if field.kind == Kind::Id { Kind::One(at.name) } else { field.kind };
                return Some((format!("{text}.{}", field.name), kind));
            }
        }
        None
    }

    /// Rules over `old` and `new` cannot look back into their collection.
    fn leads_on(&self, field: &Field) -> bool {
        matches!(field.kind, Kind::One(target) if self.images != Images::OldNew || target != self.home.name)
    }

    fn ends_well(&self, field: &Field) -> bool {
        !matches!(field.kind, Kind::Many(target, _) if self.images == Images::OldNew && target == self.home.name)
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// Actors of every sort: with and without user, team, mail address, service.
pub fn actors(random: &mut StdRng, world: &World, count: usize) -> Vec<(Actor, RequestContext)> {
    let users: Vec<Uuid> = world.rows_of("User").take(6).map(|row| row.id()).collect();
    let teams: Vec<Uuid> = world.rows_of("Team").take(6).map(|row| row.id()).collect();
    let roles = ["admin", "manager", "agent", "viewer", "platform"];
    let mails = ["ana@acme.test", "a%", "ab"];
    let methods = [AuthMethod::Token, AuthMethod::Session, AuthMethod::Platform];
    let one = |random: &mut StdRng| {
        let some = |random: &mut StdRng| random.random_bool(0.7);
        let team = some(random).then(|| *teams.choose(random).unwrap());
        let actor = Actor {
            id: some(random).then(|| *users.choose(random).unwrap()),
            email: some(random).then(|| (*mails.choose(random).unwrap()).to_owned()),
            role: RoleName::new(roles.choose(random).unwrap()),
            team,
            teams: team.map(|team| world.teams_below(team)).unwrap_or_default(),
            is_active: random.random_bool(0.7),
            auth_method: *methods.choose(random).unwrap(),
            is_mfa: random.random_bool(0.5),
            authenticated_at: None,
            service: (!some(random)).then(|| "export".to_owned()),
            scope: toolcrib::base::Scope::Full,
            acted_by: None,
        };
        let ip_address: Option<IpAddr> = some(random).then(|| "10.0.0.7".parse().unwrap());
        (actor, RequestContext { ip_address, ..RequestContext::internal(request_time()) })
    };
    (0..count).map(|_| one(random)).collect()
}
