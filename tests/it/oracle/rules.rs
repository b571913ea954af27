//! The rules of `schema.graphql`, said again by hand. Three-valued where a null can meet them: whatever is not surely true is no.

use crate::oracle::cell::Cell;
use crate::oracle::world::{Grantee, Relation, Row, Share, Table, World};
use uuid::Uuid;

/// Who asks.
#[derive(Clone, Debug)]
pub struct Caller {
    pub name: &'static str,
    pub id: Uuid,
    pub role: &'static str,
    pub team: Option<Uuid>,
}

impl Caller {
    fn is_staff(&self) -> bool {
        matches!(self.role, "admin" | "manager")
    }

    fn is(&self, id: &Cell) -> bool {
        *id == Cell::Id(self.id)
    }

    fn is_in(&self, team: &Cell) -> bool {
        self.team.is_some_and(|own| *team == Cell::Id(own))
    }

    /// Whether a share of an issue, at one of these levels, reaches the caller and has not ended.
    fn is_reached(&self, world: &World, issue: &Cell, levels: &[&str]) -> bool {
        let with_me = |share: &Share| match share.with {
            Grantee::User(id) => self.id == id,
            Grantee::Team(id) => self.team == Some(id),
            Grantee::Role(role) => self.role == role,
        };
        let lasts = |share: &&Share| !share.is_over && levels.contains(&share.level);
        world.shares.iter().filter(lasts).any(|share| share.issue == *issue && with_me(share))
    }

    /// `@access(read:)` of the collections.
    pub fn may_read(&self, world: &World, table: Table, row: &Row) -> bool {
        let is_agent = self.role == "agent";
        match table {
            Table::Site => true,
            Table::Team => self.role == "admin" || self.is_in(&row["id"]),
            Table::User => self.role == "admin" || self.is(&row["id"]),
            Table::Client => self.is_staff() || is_agent,
            Table::Issue => {
                let is_finished = matches!(row["stage"].to_json().as_str(), Some("PARKED" | "DONE"));
                let is_shared = self.is_reached(world, &row["id"], &["READ", "WRITE"]);
                self.is_staff() || (is_agent && self.is_in(&row["team"])) || is_shared || (self.role == "viewer" && is_finished)
            }
            Table::Note => {
                let team = world.find(Table::Issue, &row["issue"]).map(|issue| &issue["team"]);
                let is_shared = self.is_reached(world, &row["issue"], &["WRITE"]);
                self.is_staff() || (is_agent && team.is_some_and(|team| self.is_in(team))) || is_shared
            }
        }
    }

    /// `@access(read:)` of the fields.
    fn may_see(&self, world: &World, table: Table, row: &Row, field: &str) -> bool {
        match (table, field) {
            (Table::Client, "email" | "phone") => self.is_staff(),
            (Table::Client, "worth") => self.role == "admin",
            (Table::Issue, "contact" | "reviewer") => self.is_staff() || self.is(&row["owner"]),
            (Table::Issue, "effort") => row["isPublic"] == Cell::Boolean(true) || self.is(&row["owner"]),
            (Table::Issue, "secret") => self.role != "viewer" || self.is_reached(world, &row["id"], &["WRITE"]),
            (Table::Note, "body") => self.is_staff() || self.is(&row["author"]),
            _ => true,
        }
    }

    /// The cell as filters, orders and relations may know it: null where it is hidden.
    pub fn known(&self, world: &World, table: Table, row: &Row, field: &str) -> Cell {
        if self.may_see(world, table, row, field) { row[field].clone() } else { Cell::Null }
    }

    /// The cell as output: masked where it is hidden and has a mask.
    pub fn shown(&self, world: &World, table: Table, row: &Row, field: &str) -> Cell {
        if self.may_see(world, table, row, field) {
            return row[field].clone();
        }
        match (table, field, &row[field]) {
            (Table::Client, "email", Cell::Text(text)) | (Table::Issue, "contact", Cell::Text(text)) => {
                let (local, domain) = text.split_once('@').unwrap();
                Cell::Text(format!("{}***@{domain}", &local[..1]))
            }
            (Table::Client, "phone", Cell::Text(text)) if text.len() >= 8 => {
                Cell::Text(format!("****{}", &text[text.len() - 4..]))
            }
            (Table::Client, "phone", Cell::Text(_)) | (Table::Note, "body", Cell::Text(_)) => Cell::Text("****".to_owned()),
            _ => Cell::Null,
        }
    }

    /// The row that a relation leads to, if there is one that the caller may know.
    pub fn follow<'w>(&self, world: &'w World, table: Table, row: &Row, field: &str) -> Option<(Table, &'w Row)> {
        let Some(Relation::One(target)) = table.relation(field) else { return None };
        let found = world.find(target, &self.known(world, table, row, field))?;
        self.may_read(world, target, found).then_some((target, found))
    }
}
