//! Indexes over several columns: what is unique together.

use crate::db::introspect::StoredIndex;
use crate::migrate::compare::{Draft, Pair};
use crate::migrate::wanted::WantedIndex;
use crate::migrate::{Refusal, Step};

impl Draft<'_> {
    /// Such an index is named after its columns, so one of the same name is the same. One that lost a column is gone with it.
    pub(super) fn compare_table_indexes(&mut self, pair: Pair<'_>) {
        for index in &pair.table.indexes {
            let before = name_before(pair, index);
            match pair.there.indexes.get(&before) {
                Some(stored) if stored.is_valid && before == index.name => {}
                Some(stored) if stored.is_valid => {
                    let (table, to) = (pair.table.name.clone(), index.name.clone());
                    self.take(Step::RenameIndex { table, from: before, to });
                }
                _ => self.build_table_index(pair, index),
            }
        }
        let kept: Vec<String> = pair.table.indexes.iter().map(|index| name_before(pair, index)).collect();
        for (name, stored) in &pair.there.indexes {
            if is_ours(pair, name, stored) && !kept.contains(name) && !self.is_settled(name) {
                self.drop_index(pair, name.clone(), stored);
            }
        }
    }

    fn build_table_index(&mut self, pair: Pair<'_>, index: &WantedIndex) {
        if pair.there.is_partitioned {
            let problem = format!("`{}` has partitions, and PostgreSQL cannot tell what is unique across them", pair.name);
            self.refusals.push(Refusal::of_type(&pair.table.type_name, problem, "leave `@unique(fields:)` out"));
            return;
        }
        self.take(Step::BuildIndex { table: pair.table.name.clone(), index: index.clone(), age: pair.age() });
    }
}

/// What the index is called as long as its table is called what it was.
fn name_before(pair: Pair<'_>, index: &WantedIndex) -> String {
    let rest = index.name.strip_prefix(&*pair.table.name.name).unwrap_or(&index.name);
    format!("{}{rest}", pair.name.name)
}

/// Whether it has the form of what is built here. Others are an operator's own.
fn is_ours(pair: Pair<'_>, name: &str, stored: &StoredIndex) -> bool {
    let is_unique = stored.definition.starts_with("CREATE UNIQUE INDEX");
    let is_named = name.starts_with(&format!("{}_", pair.name.name)) && name.ends_with("_key");
    is_unique && is_named && stored.columns.len() > 1 && !stored.is_of_constraint
}
