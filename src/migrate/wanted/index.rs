//! The indexes that the catalog asks for.

use super::{WantedIndex, WantedWords};
use crate::base::ScalarType;
use crate::catalog::{
    Collection, CompoundUnique, ConstraintKind, Field, FieldKind, SearchConfig, SearchGroup, compound_unique_name,
    constraint_name,
};

/// Rows are looked up by foreign keys, by what rules compare and by `@index`; lists are ordered by `@index`, and by the time
/// of creation more often than by anything else.
pub(super) fn column_indexes(
    collection: &Collection,
    field: &Field,
    values: Option<&Vec<String>>,
    is_in_rule: bool,
) -> Vec<WantedIndex> {
    let is_json = field.stored_scalar() == Some(ScalarType::Json);
    // A unique column has an index already, and neither documents nor lists are looked up by their whole value.
    let (Some(column), false) = (field.column(), field.is_unique || field.is_list() || is_json || field.name == "id") else {
        return Vec::new();
    };
    let is_creation = field.is_implicit && field.name == "createdAt" && !collection.is_platform;
    let is_looked_up = matches!(field.kind, FieldKind::ToOne { .. }) || field.is_indexed || is_in_rule || is_creation;
    // The platform's own lists are ordered by what its migrations have an index for.
    let is_ordered = field.is_indexed && !collection.is_platform;
    let index = |kind, order, is_descending| WantedIndex {
        name: constraint_name(&collection.table, column, kind),
        column: column.clone(),
        order,
        is_descending,
        unique_with: Vec::new(),
        words: None,
    };
    let mut indexes = Vec::new();
    if is_looked_up {
        indexes.push(index(ConstraintKind::Index, None, false));
    }
    if let (true, Some(values)) = (is_ordered, values) {
        indexes.push(index(ConstraintKind::OrderIndex, Some(values.clone()), false));
    }
    if is_ordered && !field.is_required {
        indexes.push(index(ConstraintKind::DescendingIndex, values.cloned(), true));
    }
    indexes
}

/// The indexes over several columns: what is unique together, and what is searched together.
pub(in crate::migrate) fn table_indexes(collection: &Collection) -> Vec<WantedIndex> {
    let index = |unique: &CompoundUnique| {
        let mut columns = unique.columns(collection).cloned();
        Some(WantedIndex {
            name: compound_unique_name(&collection.table, unique.columns(collection)),
            column: columns.next()?,
            order: None,
            is_descending: false,
            unique_with: columns.collect(),
            words: None,
        })
    };
    let uniques = collection.uniques.iter().filter_map(index);
    let groups = collection
        .search
        .iter()
        .flat_map(|search| search.groups(collection).into_iter().filter_map(|group| search_index(search.config, group)));
    uniques.chain(groups).collect()
}

fn search_index(config: SearchConfig, group: SearchGroup<'_>) -> Option<WantedIndex> {
    let columns = group.columns();
    Some(WantedIndex {
        name: group.index,
        column: columns.first()?.0.clone(),
        order: None,
        is_descending: false,
        unique_with: Vec::new(),
        words: Some(WantedWords { config, columns }),
    })
}
