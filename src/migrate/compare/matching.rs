//! Which table and column of before is which of now.

use crate::base::{ColumnName, TableName};
use crate::db::introspect::{StoredSchema, StoredTable};
use crate::migrate::Refusal;
use crate::migrate::step::exchange;
use crate::migrate::wanted::WantedTable;
use std::collections::{BTreeMap, BTreeSet};

/// What is known of before.
pub(super) struct Matching<'a> {
    origins: BTreeMap<&'a TableName, Origin<'a>>,
    /// Tables with another name, in an order in which each name is free when it is taken.
    pub(super) renames: Vec<(TableName, TableName)>,
    /// Names that are never free.
    pub(super) refusals: Vec<Refusal>,
}

/// A table of before.
pub(super) struct Origin<'a> {
    pub(super) name: &'a TableName,
    pub(super) there: &'a StoredTable,
    /// The columns of before by their names of now.
    pub(super) columns: BTreeMap<ColumnName, ColumnName>,
}

impl<'a> Matching<'a> {
    /// Looks for every wanted table and column.
    pub(super) fn find(wanted: &'a [WantedTable], stored: &'a StoredSchema) -> Self {
        let mut claimed: BTreeSet<&TableName> = BTreeSet::new();
        let mut origins = BTreeMap::new();
        let mut renames = Vec::new();
        for table in wanted {
            let found = find_table(table, wanted, stored).filter(|(name, _)| claimed.insert(*name));
            let Some((name, there)) = found else { continue };
            if *name != table.name {
                renames.push((table, name));
            }
            origins.insert(&table.name, Origin { name, there, columns: match_columns(table, there) });
        }
        let (renames, refusals) = order(renames, stored);
        Self { origins, renames, refusals }
    }

    /// The table of before.
    pub(super) fn origin(&self, table: &TableName) -> Option<&Origin<'a>> {
        self.origins.get(table)
    }

    /// The name that a table had before, if it was there.
    pub(super) fn former_name(&self, table: &TableName) -> Option<&TableName> {
        self.origin(table).map(|origin| origin.name)
    }

    /// Whether a table of before is one of now.
    pub(super) fn is_matched(&self, stored: &TableName) -> bool {
        self.origins.values().any(|origin| origin.name == stored)
    }
}

/// The collection that a table's comment names.
pub(super) fn collection_of(there: &StoredTable) -> Option<&str> {
    there.comment.as_deref()?.strip_prefix("collection ")
}

/// A table is its collection's by its comment, whatever it is called. One without a comment, or whose collection is gone, is
/// taken by its name.
fn find_table<'a>(
    table: &WantedTable,
    wanted: &[WantedTable],
    stored: &'a StoredSchema,
) -> Option<(&'a TableName, &'a StoredTable)> {
    let exact = stored.tables.get_key_value(&table.name);
    if table.is_platform {
        return exact;
    }
    let holds = |there: &StoredTable, ty: &str| collection_of(there) == Some(ty);
    if let Some(exact) = exact.filter(|(_, there)| holds(there, table.type_name.as_str())) {
        return Some(exact);
    }
    let of_type = |ty: &str| stored.tables.iter().find(|(_, there)| holds(there, ty));
    let by_comment = of_type(table.type_name.as_str());
    let by_former_name = || table.former_names.iter().find_map(|former| of_type(former.as_str()));
    let is_nobodys = |there: &StoredTable| collection_of(there).is_none_or(|ty| wanted.iter().all(|other| other.type_name != ty));
    by_comment.or_else(by_former_name).or_else(|| exact.filter(|(_, there)| is_nobodys(there)))
}

fn match_columns(table: &WantedTable, there: &StoredTable) -> BTreeMap<ColumnName, ColumnName> {
    let is_wanted = |name: &ColumnName| table.columns.iter().any(|column| column.name == *name);
    let mut claimed: BTreeSet<&ColumnName> = BTreeSet::new();
    let mut columns = BTreeMap::new();
    for column in &table.columns {
        if there.find_column(&column.name).is_some() {
            columns.insert(column.name.clone(), column.name.clone());
            continue;
        }
        let is_free =
            |former: &&ColumnName| there.find_column(former).is_some() && !is_wanted(former) && !claimed.contains(former);
        if let Some(former) = column.former_names.iter().find(is_free) {
            claimed.insert(former);
            columns.insert(column.name.clone(), former.clone());
        }
    }
    columns
}

/// Puts the renames of tables into an order in which each new name is free, and refuses those whose name another table keeps.
fn order(mut waiting: Vec<(&WantedTable, &TableName)>, stored: &StoredSchema) -> (Vec<(TableName, TableName)>, Vec<Refusal>) {
    let mut refusals = Vec::new();
    // One that stays where it is keeps its name, too.
    while let Some(refused) = waiting.iter().position(|(table, _)| {
        stored.tables.contains_key(&table.name) && waiting.iter().all(|(_, former)| **former != table.name)
    }) {
        let (table, former) = waiting.remove(refused);
        let problem = format!("the table `{former}` would be called `{}`, which is another table's name", table.name);
        let help = "rename or drop that one first, in a migration of its own, or give this one another name with \
                    `@collection(table:)`";
        refusals.push(Refusal::of_type(&table.type_name, problem, help));
    }
    let renames = waiting.into_iter().map(|(table, former)| (former.clone(), table.name.clone())).collect();
    (exchange(renames, "toolcrib_exchanged"), refusals)
}
