//! Indexes over several columns: what is unique together, and what is searched together.

use crate::base::ColumnName;
use crate::catalog::SEARCH_INDEX_ENDING;
use crate::db::introspect::StoredIndex;
use crate::migrate::compare::{Draft, Pair};
use crate::migrate::wanted::{WantedIndex, WantedWords};
use crate::migrate::{Refusal, Step, definition};

impl Draft<'_> {
    /// What is unique together has an index that is named after its columns, so one of the same name is the same. One that lost
    /// a column is gone with it.
    pub(super) fn compare_table_indexes(&mut self, pair: Pair<'_>) {
        for index in &pair.table.indexes {
            let before = name_before(pair, index);
            match pair.there.indexes.get(&before) {
                Some(stored) if self.is_current(pair, index, &before, stored) => {
                    if before != index.name {
                        let (table, to) = (pair.table.name.clone(), index.name.clone());
                        self.take(Step::RenameIndex { table, from: before, to });
                    }
                }
                stored => {
                    // The build itself clears away an unusable index of its name.
                    if let Some(stored) = stored.filter(|stored| stored.is_valid || before != index.name) {
                        self.drop_index(pair, before, stored);
                    }
                    self.build_table_index(pair, index);
                }
            }
        }
        let kept: Vec<String> = pair.table.indexes.iter().map(|index| name_before(pair, index)).collect();
        for (name, stored) in &pair.there.indexes {
            if is_ours(pair, name, stored) && !kept.contains(name) && !self.is_settled(name) {
                self.drop_index(pair, name.clone(), stored);
            }
        }
    }

    /// Whether the index can stay. The name of one for search says nothing of what is in it.
    fn is_current(&self, pair: Pair<'_>, index: &WantedIndex, before: &str, stored: &StoredIndex) -> bool {
        let is_same = match &index.words {
            Some(words) => !self.is_settled(before) && self.are_words_the_same(pair, words, stored),
            None => true,
        };
        stored.is_valid && is_same
    }

    fn are_words_the_same(&self, pair: Pair<'_>, words: &WantedWords, stored: &StoredIndex) -> bool {
        let origin = self.matching.origin(&pair.table.name);
        let name_before = |column: &ColumnName| origin.and_then(|origin| origin.columns.get(column)).cloned();
        let wanted: Option<Vec<ColumnName>> = words.columns.iter().map(|(column, _)| name_before(column)).collect();
        let literals = words.columns.iter().flat_map(|(_, weight)| [words.config.name(), "", weight.letter()]);
        wanted.is_some_and(|wanted| definition::searched_columns(&stored.definition) == wanted)
            && literals.eq(definition::literals_in(&stored.definition).iter().map(String::as_str))
    }

    fn build_table_index(&mut self, pair: Pair<'_>, index: &WantedIndex) {
        if pair.there.is_partitioned && index.words.is_none() {
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
    let Some(rest) = name.strip_prefix(&format!("{}_", pair.name.name)) else { return false };
    let is_unique = stored.definition.starts_with("CREATE UNIQUE INDEX") && rest.ends_with("_key") && stored.columns.len() > 1;
    let is_search = rest.ends_with(SEARCH_INDEX_ENDING) && !definition::searched_columns(&stored.definition).is_empty();
    (is_unique || is_search) && !stored.is_of_constraint
}
