//! What the rules ask of the database: indexes and privileges, as plain data.

use crate::base::{ColumnName, RoleName, TableName};
use crate::catalog::{Catalog, Collection, CollectionId, Field, FieldId, FieldKind, OnDelete};
use crate::policy::{FieldOperation, Operation, Predicate, Residue, RoleAnswer, RuleBook, UpdateForm, searched};
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

/// Columns by collection.
pub type ReadableColumns = BTreeMap<CollectionId, BTreeSet<ColumnName>>;

/// What the rules ask of the database.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleDemands {
    /// The fields that rules look rows up by.
    pub indexed: Vec<FieldId>,
    /// What each role may do to tables, the platform's own role among them. A grant is the outer wall: it is there as soon as
    /// the rule could allow a single row, and the rule decides which.
    pub privileges: BTreeMap<RoleName, RolePrivileges>,
    /// The columns of each table that rules look at in other rows.
    pub views: BTreeMap<TableName, BTreeSet<ColumnName>>,
    /// The tables that each role's rules look into.
    pub looks: BTreeMap<RoleName, BTreeSet<TableName>>,
    /// The columns that the database logins of each role's users may read.
    pub readers: BTreeMap<RoleName, ReadableColumns>,
    /// The rules on the rows of each collection, in the catalog's order.
    pub rules: Vec<RowRules>,
}

/// The rules on the rows of a collection, as far as roles decide them.
#[derive(Clone, Debug, PartialEq)]
pub struct RowRules {
    /// What each role has that has any privilege.
    pub roles: BTreeMap<RoleName, RoleRules>,
    /// Which images the update rule names.
    pub update_form: UpdateForm,
    /// Whether the update rule looks into the collection itself.
    pub is_update_self_reading: bool,
    /// Whether the create rule does.
    pub is_create_self_reading: bool,
}

/// What a role may do with the rows of a collection; `None` where it lacks the privilege.
#[derive(Clone, Debug, PartialEq)]
pub struct RoleRules {
    /// The rows it sees.
    pub read: Predicate,
    /// The rows it may add.
    pub create: Option<Predicate>,
    /// The rows it may change.
    pub update: Option<Predicate>,
    /// The rows it may delete.
    pub delete: Option<Predicate>,
}

impl RuleDemands {
    /// Asks the rules.
    pub fn new(catalog: &Catalog, rules: &RuleBook) -> Self {
        let indexed = catalog.collections.iter().flat_map(|collection| rules.rule_columns(collection.id)).collect();
        let roles = catalog.roles().into_iter().chain([RoleName::platform()]);
        let roles: Vec<RoleName> = roles.collect();
        let mut demands = Self { indexed, views: rules.rule_views(catalog), ..Self::default() };
        for role in &roles {
            let (privileges, looks) = privileges_of(catalog, rules, role);
            demands.privileges.insert(role.clone(), privileges);
            demands.looks.insert(role.clone(), looks);
        }
        let readers = catalog.roles().into_iter().map(|role| (role.clone(), readable_columns(catalog, rules, &role)));
        demands.readers = readers.collect();
        let shares = catalog.record_shares().map(|shares| shares.id);
        let of_rows = |collection: &Collection| {
            let found = row_rules(collection, rules, &demands.privileges);
            // A share is asked before it is there: it would vouch for itself otherwise.
            let is_create_self_reading = found.is_create_self_reading && Some(collection.id) != shares;
            RowRules { is_create_self_reading, ..found }
        };
        demands.rules = catalog.collections.iter().map(of_rows).collect();
        demands
    }
}

fn row_rules(collection: &Collection, rules: &RuleBook, privileges: &BTreeMap<RoleName, RolePrivileges>) -> RowRules {
    let id = collection.id;
    let is_self_reading = |operation| rules.sub_reads(id, operation).contains(&id);
    let of_role = |(role, privileges): (&RoleName, &RolePrivileges)| {
        let granted = privileges.get(&id)?;
        let solve = |operation| rules.solve_for_role(id, operation, role);
        let if_granted = |privilege, operation| granted.contains(&privilege).then(|| solve(operation));
        let role_rules = RoleRules {
            read: solve(Operation::Read),
            create: if_granted(TablePrivilege::Insert, Operation::Create),
            update: if_granted(TablePrivilege::Update, Operation::Update),
            delete: if_granted(TablePrivilege::Delete, Operation::Delete),
        };
        Some((role.clone(), role_rules))
    };
    RowRules {
        roles: privileges.iter().filter_map(of_role).collect(),
        update_form: rules.update_form(id),
        is_update_self_reading: is_self_reading(Operation::Update),
        is_create_self_reading: is_self_reading(Operation::Create),
    }
}

fn privileges_of(catalog: &Catalog, rules: &RuleBook, role: &RoleName) -> (RolePrivileges, BTreeSet<TableName>) {
    let mut privileges = RolePrivileges::new();
    let mut looks = BTreeSet::new();
    for collection in &catalog.collections {
        for (operation, privilege) in offered(collection) {
            if rules.answer_for_role(collection.id, operation, role) == RoleAnswer::Never {
                continue;
            }
            // Finding the row to change and returning what became of it are reads too.
            privileges.entry(collection.id).or_default().extend([privilege, TablePrivilege::Select]);
            let looked_into = rules.sub_reads_for_role(collection.id, operation, role);
            looks.extend(looked_into.into_iter().map(|other| catalog.collection(other).table.clone()));
            if operation == Operation::Read && collection.search.is_some() {
                looks.insert(searched(&collection.table));
            }
            if operation == Operation::Delete {
                looks.extend(going_along(catalog, collection));
            }
        }
    }
    (privileges, looks)
}

/// What a role's users may read without the API: whatever depends on the row is left out, because a privilege on a column cannot.
/// So are collections whose reads are on record, which nobody would be told of here, and references to rows that may be hidden.
fn readable_columns(catalog: &Catalog, rules: &RuleBook, role: &RoleName) -> ReadableColumns {
    let answer = |collection| rules.answer_for_role(collection, Operation::Read, role);
    let is_readable = |field: &&Field| {
        let points_to_hidden = matches!(field.kind, FieldKind::ToOne { target, .. } if answer(target) != RoleAnswer::Always);
        !points_to_hidden && rules.field_residue(catalog, field.id, FieldOperation::Read, role) == Residue::Always
    };
    let offered = catalog.collections.iter().filter(|collection| !collection.audit.is_read_audited);
    let readable = offered.filter(|collection| answer(collection.id) != RoleAnswer::Never);
    let columns =
        |collection: &Collection| collection.fields.iter().filter(is_readable).filter_map(Field::column).cloned().collect();
    readable.map(|collection| (collection.id, columns(collection))).collect()
}

/// The tables in which a deletion looks for the rows that go along.
fn going_along<'c>(catalog: &'c Catalog, target: &'c Collection) -> impl Iterator<Item = TableName> + 'c {
    let points_here = |field: &Field| matches!(&field.kind, FieldKind::ToOne { target: to, on_delete, .. } if *to == target.id && *on_delete != OnDelete::Restrict);
    catalog
        .collections
        .iter()
        .filter(move |collection| collection.fields.iter().any(points_here))
        .map(|found| found.table.clone())
}

/// What can be done to a collection at all: rows of an append-only one are never changed.
fn offered(collection: &Collection) -> Vec<(Operation, TablePrivilege)> {
    let mut operations = vec![(Operation::Read, TablePrivilege::Select), (Operation::Create, TablePrivilege::Insert)];
    if !collection.is_append_only {
        operations.extend([(Operation::Update, TablePrivilege::Update), (Operation::Delete, TablePrivilege::Delete)]);
    }
    operations
}
