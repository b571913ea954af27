//! The views through which rules look into other rows.
//!
//! A rule's sub-read sees the data as the rule's author does. In PostgreSQL a policy's own subselect would run under the policies of
//! the tables that it touches, and so find fewer rows, or never end. So both walls look through views that the owner of the tables
//! owns: whoever asks needs no privilege on the table, and sees of it the columns alone that some rule names.

use crate::base::{ColumnName, TableName};
use crate::catalog::{Catalog, FieldKind, OnDelete};
use crate::policy::RowImage;
use crate::policy::syntax::{Path, Rule};
use std::collections::{BTreeMap, BTreeSet};

/// What the schemas of the views begin with.
pub const RULE_SCHEMA_PREFIX: &str = "toolcrib_rules_";

/// The view of a table: of the table's name, in a schema beside the table's own.
pub fn rule_view(table: &TableName) -> TableName {
    TableName::new(format!("{RULE_SCHEMA_PREFIX}{}", table.schema), &table.name)
}

/// The view in which the words of a table's rows are looked up: `id` and, under the name of its index, each text that is searched.
/// PostgreSQL takes an index for words only where no policy has anything to ask, because `@@` might tell of a row before the policy
/// hides it. Here it tells which rows have a word, and nothing else; the rows themselves are read under their policies.
pub fn search_view(table: &TableName) -> TableName {
    rule_view(&searched(table))
}

/// What [`search_view`] is the view of.
pub fn searched(table: &TableName) -> TableName {
    TableName::new(&table.schema, format!("{}_search", table.name))
}

/// The columns of each table that are looked at.
pub(super) type RuleViews = BTreeMap<TableName, BTreeSet<ColumnName>>;

/// Adds what a rule looks at in other rows.
pub(super) fn add_views(rule: &Rule, views: &mut RuleViews) {
    rule.walk(&mut |part| {
        if let Rule::Exists(exists) = part {
            views.entry(exists.table.clone()).or_default().insert(exists.join_column.clone());
            add_member_columns(&exists.body, exists.depth, &exists.table, views);
        }
        if let Rule::Shared(shared) = part {
            views.entry(shared.table.name().clone()).or_default().extend(shared.table.columns().cloned());
        }
        part.paths().into_iter().for_each(|path| add_path(path, views));
    });
}

/// The columns of the rows that a path goes through.
fn add_path(path: &Path, views: &mut RuleViews) {
    for (index, step) in path.steps.iter().enumerate() {
        let next = path.steps.get(index + 1).map_or(&path.column, |next| &next.key);
        let columns = views.entry(step.table.clone()).or_default();
        columns.extend([step.target_column.clone(), next.clone()]);
    }
}

/// The columns of an `exists`'s own row that its body begins paths with.
fn add_member_columns(body: &Rule, depth: u16, table: &TableName, views: &mut RuleViews) {
    body.walk(&mut |part| {
        for path in part.paths().into_iter().filter(|path| path.image == RowImage::Member(depth)) {
            let first = path.steps.first().map_or(&path.column, |step| &step.key);
            views.entry(table.clone()).or_default().insert(first.clone());
        }
    });
}

/// Adds what a deletion looks at to find the rows that go along, or lose what they point to: whoever deletes may not see them.
pub(super) fn add_cascades(catalog: &Catalog, views: &mut RuleViews) {
    for collection in &catalog.collections {
        for field in &collection.fields {
            let FieldKind::ToOne { on_delete, column, .. } = &field.kind else { continue };
            if *on_delete != OnDelete::Restrict {
                let columns = views.entry(collection.table.clone()).or_default();
                columns.extend([ColumnName::new("id"), column.clone()]);
            }
        }
    }
}
