//! Changes of what rows hold, as SQL.

use crate::base::{ColumnName, TableName};
use crate::migrate::ddl;
use crate::migrate::step::{Change, Shape};
use std::collections::BTreeMap;

/// How many rows a batch changes before it is committed.
const BATCH_ROWS: u32 = 5000;

/// Changes rows batch by batch, each committed, so that nobody waits for more than a batch.
pub(super) fn in_batches(table: &TableName, changes: &[Change]) -> String {
    let table = ddl::table(table);
    let Parts { assignments, conditions } = Parts::of(changes);
    format!(
        "do $batches$
declare
    last_id uuid := '00000000-0000-0000-0000-000000000000';
    batch uuid[];
begin
    loop
        batch := array(select id from {table} where id > last_id order by id limit {BATCH_ROWS});
        exit when cardinality(batch) = 0;
        update {table} set {assignments}
            where id = any (batch) and ({conditions});
        last_id := batch[cardinality(batch)];
        commit;
    end loop;
end
$batches$;"
    )
}

/// Gives rows the names of before again, as far as anybody knows which; what was filled stays filled.
pub(super) fn back(table: &TableName, changes: &[Change]) -> Option<String> {
    let changes: Vec<Change> = changes.iter().filter_map(back_one).collect();
    let Parts { assignments, conditions } = Parts::of(&changes);
    let table = ddl::table(table);
    (!changes.is_empty()).then(|| format!("update {table} set {assignments} where {conditions};"))
}

fn back_one(change: &Change) -> Option<Change> {
    let Change::Recode { column, shape, back, .. } = change else { return None };
    let (column, names) = (column.clone(), back.clone());
    (!names.is_empty()).then(|| Change::Recode { column, shape: *shape, names, merged: Vec::new(), back: Vec::new() })
}

/// The pieces of one statement: what is set, and in which rows.
struct Parts {
    assignments: String,
    conditions: String,
}

impl Parts {
    fn of(changes: &[Change]) -> Self {
        let mut values: BTreeMap<String, String> = BTreeMap::new();
        let mut conditions = Vec::new();
        for change in changes {
            let column = ddl::column(change.column());
            let before = values.remove(&column).unwrap_or_else(|| column.clone());
            conditions.push(change.condition(&column));
            values.insert(column, change.value(&before));
        }
        let assignments: Vec<String> = values.iter().map(|(column, value)| format!("{column} = {value}")).collect();
        Self { assignments: assignments.join(", "), conditions: conditions.join(" or ") }
    }
}

impl Change {
    fn column(&self) -> &ColumnName {
        match self {
            Self::Fill { column, .. } | Self::Recode { column, .. } => column,
        }
    }

    /// What becomes of a value.
    fn value(&self, before: &str) -> String {
        match self {
            Self::Fill { value, .. } => format!("coalesce({before}, {value})"),
            Self::Recode { shape: Shape::Single, names, .. } => {
                let arms = names.iter().map(|(from, to)| format!(" when {} then {}", ddl::text(from), ddl::text(to)));
                format!("case {before}{} else {before} end", arms.collect::<String>())
            }
            Self::Recode { shape: Shape::List, names, .. } => names.iter().fold(before.to_owned(), |inner, (from, to)| {
                format!("array_replace({inner}, {}, {})", ddl::text(from), ddl::text(to))
            }),
        }
    }

    /// The rows that need it.
    fn condition(&self, column: &str) -> String {
        match self {
            Self::Fill { .. } => format!("{column} is null"),
            Self::Recode { shape, names, .. } => {
                let names: Vec<String> = names.iter().map(|(from, _)| ddl::text(from)).collect();
                let names = names.join(", ");
                match shape {
                    Shape::Single => format!("{column} in ({names})"),
                    Shape::List => format!("{column} && array[{names}]"),
                }
            }
        }
    }
}
