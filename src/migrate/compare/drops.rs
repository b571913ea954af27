//! Columns and tables that nothing asks for any more.

use crate::base::{ColumnName, TableName, TypeName};
use crate::db::introspect::StoredTable;
use crate::migrate::compare::matching::{Origin, collection_of};
use crate::migrate::compare::{Draft, Pair};
use crate::migrate::wanted::WantedTable;
use crate::migrate::{Step, names};

/// Columns of the platform's tables that no field shows.
const WITHOUT_FIELD: [(&str, &str, &str); 1] = [("toolcrib", "audit_events", "transaction_id")];

impl Draft<'_> {
    pub(super) fn drop_columns(&mut self, pair: Pair<'_>, origin: &Origin<'_>) {
        let Pair { table, there, .. } = pair;
        let is_kept = |name: &ColumnName| origin.columns.values().any(|kept| kept == name);
        let is_known = |name: &ColumnName| WITHOUT_FIELD.contains(&(&pair.name.schema, &pair.name.name, name.as_str()));
        for stored in there.columns.iter().filter(|stored| !is_kept(&stored.name) && !is_known(&stored.name)) {
            self.drop_all_about(pair, &stored.name);
            let sequence = names::sequence(pair.name, &stored.name);
            let candidate = table
                .columns
                .iter()
                .find(|column| !origin.columns.contains_key(&column.name) && column.sql_type() == stored.sql_type);
            self.take(Step::DropColumn {
                table: table.name.clone(),
                column: stored.clone(),
                sequence: self.stored.sequences.contains(&sequence).then_some(sequence),
                candidate: candidate.map(|column| column.field.clone()),
            });
        }
    }

    /// Tables whose comments name collections that are gone.
    pub(super) fn drop_tables(&mut self, wanted: &[WantedTable]) {
        let candidate = wanted.iter().find(|table| self.matching.origin(&table.name).is_none());
        let candidate = candidate.map(|table| table.type_name.clone());
        for (name, there) in &self.stored.tables {
            let is_collection = collection_of(there).is_some();
            if is_collection && !self.matching.is_matched(name) {
                self.drop_table(name, there, candidate.clone());
            }
        }
    }

    /// Its foreign keys go first, so that tables which point to each other can go in any order.
    fn drop_table(&mut self, name: &TableName, there: &StoredTable, candidate: Option<TypeName>) {
        for (constraint, stored) in there.constraints.iter().filter(|(_, stored)| stored.target.is_some()) {
            let (table, name, definition) = (name.clone(), constraint.clone(), stored.definition.clone());
            self.take(Step::DropConstraint { table, name, definition });
        }
        let sequences = there.columns.iter().map(|column| (names::sequence(name, &column.name), column.name.clone()));
        let sequences = sequences.filter(|(sequence, _)| self.stored.sequences.contains(sequence)).collect();
        self.take(Step::DropTable { name: name.clone(), table: there.clone(), sequences, candidate });
    }
}
