//! What the rules ask of the database: indexes and privileges, as plain data.

use crate::base::RoleName;
use crate::catalog::{Catalog, Collection, CollectionId, FieldId};
use crate::policy::{Operation, RoleAnswer, RuleBook};
use std::collections::{BTreeMap, BTreeSet};

/// A privilege on a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TablePrivilege {
    /// `SELECT`
    Select,
    /// `INSERT`
    Insert,
    /// `UPDATE`
    Update,
    /// `DELETE`
    Delete,
}

impl TablePrivilege {
    /// As PostgreSQL writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Select => "SELECT",
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }
}

/// The privileges of one role by collection.
pub type RolePrivileges = BTreeMap<CollectionId, BTreeSet<TablePrivilege>>;

/// What the rules ask of the database.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleDemands {
    /// The fields that rules look rows up by.
    pub indexed: Vec<FieldId>,
    /// What each role may do to tables, the platform's own role among them. A grant is the outer wall: it is there as soon as
    /// the rule could allow a single row, and the rule decides which.
    pub privileges: BTreeMap<RoleName, RolePrivileges>,
}

impl RuleDemands {
    /// Asks the rules.
    pub fn new(catalog: &Catalog, rules: &RuleBook) -> Self {
        let indexed = catalog.collections.iter().flat_map(|collection| rules.rule_columns(collection.id)).collect();
        let roles = catalog.roles().into_iter().chain([RoleName::platform()]);
        let privileges = roles.map(|role| {
            let of_role = privileges_of(catalog, rules, &role);
            (role, of_role)
        });
        Self { indexed, privileges: privileges.collect() }
    }
}

fn privileges_of(catalog: &Catalog, rules: &RuleBook, role: &RoleName) -> RolePrivileges {
    let mut privileges = RolePrivileges::new();
    for collection in &catalog.collections {
        for (operation, privilege) in offered(collection) {
            if rules.answer_for_role(collection.id, operation, role) == RoleAnswer::Never {
                continue;
            }
            // Finding the row to change and returning what became of it are reads too.
            privileges.entry(collection.id).or_default().extend([privilege, TablePrivilege::Select]);
            for looked_into in rules.sub_reads(collection.id, operation) {
                privileges.entry(looked_into).or_default().insert(TablePrivilege::Select);
            }
        }
    }
    privileges
}

/// What can be done to a collection at all: rows of an append-only one are never changed.
fn offered(collection: &Collection) -> Vec<(Operation, TablePrivilege)> {
    let mut operations = vec![(Operation::Read, TablePrivilege::Select), (Operation::Create, TablePrivilege::Insert)];
    if !collection.is_append_only {
        operations.extend([(Operation::Update, TablePrivilege::Update), (Operation::Delete, TablePrivilege::Delete)]);
    }
    operations
}
