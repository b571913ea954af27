//! A generated selection: what is asked for, before it is scattered over a document.

use crate::oracle::arguments::{ArgumentSource, Paged};
use crate::oracle::literal::Literal;
use crate::oracle::world::{OUTSIDE, Relation, Table};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

/// How many rows lie inside each other at most.
const MAX_DEPTH: usize = 5;

/// Aliases that the generated SQL uses itself, that PostgreSQL keeps for itself, or that only quotes keep apart.
const NAMES: &[&str] = &[
    "j",
    "seen",
    "rows",
    "cursor",
    "n0",
    "n1",
    "a0",
    "a1",
    "t0",
    "t1",
    "totals",
    "answer",
    "select",
    "from",
    "null",
    "true",
    "J",
    "_",
    "id",
    "title",
    "count",
    "row_to_json",
    "a_response_key_that_is_exactly_as_long_as_postgresql_allows_it",
];

/// In front of the type of a row that the schema only calls a node.
pub const NODE: &str = "Node:";

/// One field of a selection.
#[derive(Clone, Debug)]
pub struct Selected {
    /// The response key. A key stands for the same field and arguments wherever it is in the document, unless it is a field's
    /// own name, so that any two selections of one type can be merged.
    pub key: String,
    /// The field.
    pub field: String,
    /// Its arguments.
    pub arguments: Vec<(String, Literal)>,
    /// The type of what is below, if anything is.
    pub ty: String,
    /// What is below.
    pub children: Vec<Selected>,
}

/// Makes selections.
pub struct SelectionSource<'s> {
    pub arguments: ArgumentSource<'s>,
    names: Vec<&'static str>,
    aliases: usize,
    budget: usize,
}

impl<'s> SelectionSource<'s> {
    /// A source for one operation.
    pub fn new(arguments: ArgumentSource<'s>) -> Self {
        Self { arguments, names: NAMES.to_vec(), aliases: 0, budget: 45 }
    }

    /// Root fields.
    pub fn roots(&mut self, random: &mut StdRng) -> Vec<Selected> {
        let count = random.random_range(1..4);
        let mut roots: Vec<Selected> = (0..count).map(|_| self.root(random)).collect();
        if random.random_bool(0.2) {
            roots.push(leaf("__typename"));
        }
        roots
    }

    fn root(&mut self, random: &mut StdRng) -> Selected {
        let table = *[Table::Issue, Table::Issue, Table::Note].choose(random).unwrap();
        let table = if random.random_bool(0.5) { table } else { *Table::ALL.choose(random).unwrap() };
        let singular = table.name().to_lowercase();
        if random.random_bool(0.12) {
            let arguments = vec![("nodeId".to_owned(), self.arguments.node_id(random, table))];
            let children = self.row(random, table, 1);
            let ty = format!("{NODE}{}", table.name());
            return self.aliased(random, Selected { arguments, ty, children, ..leaf("node") });
        }
        if random.random_bool(0.05) {
            let children = vec![self.leaf(random, "id"), self.leaf(random, "role"), self.leaf(random, "email")];
            let user = self.row(random, Table::User, 1);
            let user = self.plain_or_aliased(random, "user", "User", user);
            let team = self.row(random, Table::Team, 1);
            let team = self.plain_or_aliased(random, "team", "Team", team);
            let children = distinct([children, vec![user, team]].concat());
            return self.aliased(random, Selected { ty: "Viewer".to_owned(), children, ..leaf("viewer") });
        }
        if let (Some(field), true) = (table.unique_field(), random.random_bool(0.4)) {
            let arguments = vec![("by".to_owned(), self.arguments.by(random, table, field))];
            let children = self.row(random, table, 1);
            let name = format!("{singular}By");
            return self.aliased(random, Selected { arguments, ty: table.name().to_owned(), children, ..leaf(&name) });
        }
        if random.random_bool(0.3) {
            let arguments = vec![("id".to_owned(), self.arguments.id(random, table))];
            let children = self.row(random, table, 1);
            return self.aliased(random, Selected { arguments, ty: table.name().to_owned(), children, ..leaf(&singular) });
        }
        let arguments = self.arguments.list(random, table, Paged::Root);
        let children = self.connection(random, table, 1);
        let ty = format!("{}Connection", table.name());
        self.aliased(random, Selected { arguments, ty, children, ..leaf(&format!("{singular}s")) })
    }

    fn connection(&mut self, random: &mut StdRng, table: Table, depth: usize) -> Vec<Selected> {
        let mut fields = Vec::new();
        for _ in 0..random.random_range(1..4) {
            fields.push(match random.random_range(0..9) {
                0 => self.leaf(random, "totalCount"),
                1 => self.leaf(random, "__typename"),
                2 => {
                    let children = ["hasNextPage", "hasPreviousPage", "startCursor", "endCursor", "__typename"];
                    let count = random.random_range(1..4);
                    let children = children.choose_multiple(random, count).map(|name| self.leaf(random, name)).collect();
                    self.plain_or_aliased(random, "pageInfo", "PageInfo", children)
                }
                3 | 4 => {
                    let children = self.edge(random, table, depth);
                    self.plain_or_aliased(random, "edges", &format!("{}Edge", table.name()), children)
                }
                _ => {
                    let children = self.row(random, table, depth);
                    self.plain_or_aliased(random, "nodes", table.name(), children)
                }
            });
        }
        distinct(fields)
    }

    fn edge(&mut self, random: &mut StdRng, table: Table, depth: usize) -> Vec<Selected> {
        let children = self.row(random, table, depth);
        let mut fields = vec![self.plain_or_aliased(random, "node", table.name(), children)];
        if random.random_bool(0.4) {
            fields.insert(random.random_range(0..2), self.leaf(random, "cursor"));
        }
        distinct(fields)
    }

    /// The fields of a row.
    fn row(&mut self, random: &mut StdRng, table: Table, depth: usize) -> Vec<Selected> {
        let declared = self.arguments.schema.get_object(table.name()).unwrap();
        // The oracle computes nothing over rows; `requests` has the cases of aggregates.
        let is_plain = |name: &&str| {
            let is_computed = name.ends_with("Aggregate") || name.ends_with("Connection") || *name == "viewerCan";
            !is_computed && !OUTSIDE.contains(name)
        };
        let names = declared.fields.keys().map(|name| name.as_str()).filter(is_plain);
        let names: Vec<&str> = names.collect();
        let (leaves, relations): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| table.relation(name).is_none());
        let mut fields = Vec::new();
        for _ in 0..random.random_range(1..5) {
            let name = if random.random_ratio(1, 8) { "__typename" } else { leaves.choose(random).unwrap() };
            fields.push(self.leaf(random, name));
        }
        if random.random_ratio(1, 8) {
            let children = vec![self.leaf(random, "update"), self.leaf(random, "delete")];
            let can = self.plain_or_aliased(random, "viewerCan", "ViewerCan", distinct(children));
            fields.push(can);
        }
        for _ in 0..random.random_range(0..3) {
            if depth >= MAX_DEPTH || self.budget == 0 {
                break;
            }
            self.budget = self.budget.saturating_sub(4);
            let name = relations.choose(random).unwrap();
            let field = self.relation(random, table, name, depth);
            fields.insert(random.random_range(0..=fields.len()), field);
        }
        distinct(fields)
    }

    fn relation(&mut self, random: &mut StdRng, table: Table, name: &str, depth: usize) -> Selected {
        match table.relation(name).unwrap() {
            Relation::One(target) => {
                let children = self.row(random, target, depth + 1);
                self.plain_or_aliased(random, name, target.name(), children)
            }
            Relation::Many(target, _) if random.random_bool(0.35) => {
                let arguments = self.arguments.list(random, target, Paged::Connection);
                let children = self.connection(random, target, depth + 1);
                let name = format!("{name}Connection");
                let ty = format!("{}Connection", target.name());
                self.aliased(random, Selected { arguments, ty, children, ..leaf(&name) })
            }
            Relation::Many(target, _) => {
                let arguments = self.arguments.list(random, target, Paged::List);
                let children = self.row(random, target, depth + 1);
                self.aliased(random, Selected { arguments, ty: target.name().to_owned(), children, ..leaf(name) })
            }
        }
    }

    fn leaf(&mut self, random: &mut StdRng, name: &str) -> Selected {
        self.plain_or_aliased(random, name, "", Vec::new())
    }

    fn plain_or_aliased(&mut self, random: &mut StdRng, name: &str, ty: &str, children: Vec<Selected>) -> Selected {
        let plain = Selected { ty: ty.to_owned(), children, ..leaf(name) };
        if random.random_bool(0.7) { plain } else { self.aliased(random, plain) }
    }

    fn aliased(&mut self, random: &mut StdRng, field: Selected) -> Selected {
        if !self.names.is_empty() && random.random_bool(0.4) {
            let name = self.names.swap_remove(random.random_range(0..self.names.len()));
            return Selected { key: name.to_owned(), ..field };
        }
        self.aliases += 1;
        Selected { key: format!("key{}", self.aliases), ..field }
    }
}

/// A field under its own name.
pub fn leaf(name: &str) -> Selected {
    Selected { key: name.to_owned(), field: name.to_owned(), arguments: Vec::new(), ty: String::new(), children: Vec::new() }
}

/// Of fields with the same key, the first: a key stands for one field, with one selection below it.
fn distinct(fields: Vec<Selected>) -> Vec<Selected> {
    let mut kept: Vec<Selected> = Vec::new();
    for field in fields {
        if kept.iter().all(|other| other.key != field.key) {
            kept.push(field);
        }
    }
    kept
}
