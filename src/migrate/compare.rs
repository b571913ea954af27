//! The tables that the catalog asks for against those that are there. Pure, and always in the same order.

use crate::base::TableName;
use crate::db::introspect::{StoredColumn, StoredSchema, StoredTable};
use crate::migrate::definition;
use crate::migrate::wanted::{WantedColumn, WantedTable, sequence_of};
use crate::migrate::{Plan, Refusal, Step, names, step};
use std::collections::BTreeSet;

/// Columns of the platform's tables that no field shows.
const WITHOUT_FIELD: [(&str, &str, &str); 1] = [("toolcrib", "audit_events", "transaction_id")];

/// What has to be known beside the shape of the database.
pub(super) struct Comparison<'a> {
    pub(super) wanted: &'a [WantedTable],
    pub(super) stored: &'a StoredSchema,
    /// The tables that hold rows, of those that [`tables_to_look_into`] names.
    pub(super) occupied: &'a BTreeSet<TableName>,
}

/// The steps by kind, so that each comes after what it needs.
#[derive(Default)]
struct Steps {
    schemas: Vec<Step>,
    sequences: Vec<Step>,
    tables: Vec<Step>,
    columns: Vec<Step>,
    constraints: Vec<Step>,
    foreign_keys: Vec<Step>,
    indexes: Vec<Step>,
    refusals: Vec<Refusal>,
}

/// The tables for which it matters whether they hold rows: a required column without a default is added to them.
pub(super) fn tables_to_look_into<'a>(wanted: &'a [WantedTable], stored: &StoredSchema) -> Vec<&'a TableName> {
    let needs_value = |table: &WantedTable, there: &StoredTable| {
        table.columns.iter().any(|column| is_value_needed(column) && there.find_column(&column.name).is_none())
    };
    let is_affected = |table: &&WantedTable| stored.tables.get(&table.name).is_some_and(|there| needs_value(table, there));
    wanted.iter().filter(is_affected).map(|table| &table.name).collect()
}

fn is_value_needed(column: &WantedColumn) -> bool {
    column.is_required && column.default.is_none()
}

impl Comparison<'_> {
    /// What is missing, and what stands in the way.
    pub(super) fn plan(&self) -> Plan {
        let mut steps = Steps::default();
        for table in self.wanted {
            match self.stored.tables.get(&table.name) {
                Some(there) => self.compare_table(table, there, &mut steps),
                None => self.create_table(table, &mut steps),
            }
        }
        self.refuse_lost_tables(&mut steps);
        let Steps { schemas, sequences, tables, columns, constraints, foreign_keys, indexes, refusals } = steps;
        let steps = [schemas, sequences, tables, columns, constraints, foreign_keys, indexes].into_iter().flatten().collect();
        Plan { steps, refusals }
    }

    fn create_table(&self, table: &WantedTable, steps: &mut Steps) {
        let schema = &*table.name.schema;
        let create_schema = Step::CreateSchema { schema: schema.to_owned() };
        if !self.stored.schemas.contains(schema) && !steps.schemas.contains(&create_schema) {
            steps.schemas.push(create_schema);
        }
        steps.tables.push(Step::CreateTable { table: table.clone() });
        for column in &table.columns {
            self.add_sequence(table, column, steps);
            add_foreign_key(table, column, steps);
            compare_indexes(table, column, &StoredTable::default(), steps);
        }
    }

    fn compare_table(&self, table: &WantedTable, there: &StoredTable, steps: &mut Steps) {
        for column in &table.columns {
            match there.find_column(&column.name) {
                Some(stored) => {
                    self.compare_column(table, column, stored, steps);
                    compare_constraints(table, column, there, steps);
                }
                None => self.add_column(table, column, steps),
            }
            compare_indexes(table, column, there, steps);
        }
        refuse_lost_columns(table, there, steps);
    }

    fn add_column(&self, table: &WantedTable, column: &WantedColumn, steps: &mut Steps) {
        if is_value_needed(column) && self.occupied.contains(&table.name) {
            let problem = format!("the field is new and required, but `{}` holds rows that have no value for it", table.name);
            let help = "give it `@default(value:)` or leave the `!` out; or write a migration that adds the column, fills it and \
                        then sets it not null";
            return steps.refusals.push(Refusal::of_field(&table.type_name, &column.field, problem, help));
        }
        self.add_sequence(table, column, steps);
        steps.columns.push(Step::AddColumn { table: table.name.clone(), column: column.clone() });
        compare_constraints(table, column, &StoredTable::default(), steps);
    }

    fn add_sequence(&self, table: &WantedTable, column: &WantedColumn, steps: &mut Steps) {
        let Some(sequence) = sequence_of(table, column) else { return };
        if self.stored.sequences.contains(&sequence) {
            return;
        }
        let (table, column) = (table.name.clone(), column.name.clone());
        steps.sequences.push(Step::CreateSequence { sequence: sequence.clone() });
        steps.constraints.push(Step::OwnSequence { sequence, table, column });
    }

    fn compare_column(&self, table: &WantedTable, column: &WantedColumn, stored: &StoredColumn, steps: &mut Steps) {
        let mut refuse = |problem: String, help: &str| {
            steps.refusals.push(Refusal::of_field(&table.type_name, &column.field, problem, help));
        };
        if column.sql_type() != stored.sql_type {
            let problem = format!("the field is stored as `{}`, the column holds `{}`", column.sql_type(), stored.sql_type);
            return refuse(problem, "put the type back, or write a migration that changes the column's type");
        }
        match (column.is_required, stored.is_required) {
            (true, false) => {
                let problem = "the field is required, the column allows nulls".to_owned();
                refuse(problem, "leave the `!` out, or write a migration that fills the nulls and sets the column not null");
            }
            (false, true) => {
                let problem = "the column is not null, the field allows nulls".to_owned();
                refuse(problem, "put the `!` back, or write a migration that drops the column's `not null`");
            }
            (true, true) | (false, false) => {}
        }
        if !definition::is_default_the_same(column, stored.default.as_deref()) {
            self.add_sequence(table, column, steps);
            let before = stored.default.clone();
            steps.constraints.push(Step::SetDefault { table: table.name.clone(), column: column.clone(), before });
        }
    }

    /// A table whose comment names a collection that is gone.
    fn refuse_lost_tables(&self, steps: &mut Steps) {
        for (name, there) in &self.stored.tables {
            let Some(ty) = there.comment.as_deref().and_then(|comment| comment.strip_prefix("collection ")) else { continue };
            if !self.wanted.iter().any(|table| table.name == *name) {
                steps.refusals.push(Refusal::table_without_type(ty, name));
            }
        }
    }
}

fn refuse_lost_columns(table: &WantedTable, there: &StoredTable, steps: &mut Steps) {
    let is_shown = |stored: &StoredColumn| table.columns.iter().any(|column| column.name == stored.name);
    let is_known = |stored: &StoredColumn| WITHOUT_FIELD.contains(&(&table.name.schema, &table.name.name, stored.name.as_str()));
    for stored in there.columns.iter().filter(|stored| !is_shown(stored) && !is_known(stored)) {
        let is_candidate =
            |column: &&WantedColumn| there.find_column(&column.name).is_none() && column.sql_type() == stored.sql_type;
        let problem = format!("the column `{}.{}` is there, but no field", table.name, stored.name);
        let help = match table.columns.iter().find(is_candidate) {
            Some(column) => format!(
                "if `{}` is its new name, write a migration that renames the column to `{}`; otherwise put the field back or write \
                 a migration that drops the column",
                column.field, column.name
            ),
            None => "put the field back, or write a migration that drops the column".to_owned(),
        };
        steps.refusals.push(Refusal::of_type(&table.type_name, problem, help));
    }
}

/// Uniqueness, checks and the foreign key of a column. Those that are missing are added; those that allow less are widened; the
/// rest is refused.
fn compare_constraints(table: &WantedTable, column: &WantedColumn, there: &StoredTable, steps: &mut Steps) {
    compare_unique(table, column, there, steps);
    compare_enum(table, column, there, steps);
    compare_length(table, column, there, steps);
    compare_foreign_key(table, column, there, steps);
}

fn compare_unique(table: &WantedTable, column: &WantedColumn, there: &StoredTable, steps: &mut Steps) {
    let is_there = there.constraints.contains_key(&names::unique(&table.name, &column.name));
    if column.is_unique && !is_there {
        steps.constraints.push(Step::AddUnique { table: table.name.clone(), column: column.name.clone() });
    } else if !column.is_unique && is_there {
        refuse_constraint(table, column, "the column is unique, the field is not", "@unique", steps);
    }
}

fn compare_enum(table: &WantedTable, column: &WantedColumn, there: &StoredTable, steps: &mut Steps) {
    let name = names::enum_check(&table.name, &column.name);
    let stored = there.constraints.get(&name);
    let Some(values) = &column.values else {
        if stored.is_some() {
            refuse_constraint(
                table,
                column,
                "the column only takes an enum's values, the field is no enum",
                "enum as type",
                steps,
            );
        }
        return;
    };
    let allowed = stored.map(|check| definition::texts_in(&check.definition)).unwrap_or_default();
    let lost: Vec<String> = allowed.iter().filter(|value| !values.contains(value)).map(|value| format!("`{value}`")).collect();
    if !lost.is_empty() {
        let problem = format!("rows may hold {}, which the enum no longer has", lost.join(", "));
        let help = "put the value back, or write a migration that changes those rows and replaces the check";
        return steps.refusals.push(Refusal::of_field(&table.type_name, &column.field, problem, help));
    }
    if allowed.len() < values.len() {
        let before = stored.map(|check| check.definition.clone());
        let condition = step::enum_condition(column, values);
        steps.constraints.push(Step::AddCheck { table: table.name.clone(), name, condition, before });
    }
}

fn compare_length(table: &WantedTable, column: &WantedColumn, there: &StoredTable, steps: &mut Steps) {
    let name = names::length_check(&table.name, &column.name);
    let stored = there.constraints.get(&name);
    let Some(max_length) = column.max_length else {
        if stored.is_some() {
            refuse_constraint(table, column, "the column's length is limited, the field's is not", "@length", steps);
        }
        return;
    };
    let allowed = stored.and_then(|check| definition::number_in(&check.definition));
    match allowed {
        Some(allowed) if allowed == u64::from(max_length) => {}
        Some(allowed) if allowed > u64::from(max_length) => {
            let problem = format!("rows may hold {allowed} characters, `@length` allows {max_length}");
            let help = "put the length back, or write a migration that shortens those rows and replaces the check";
            steps.refusals.push(Refusal::of_field(&table.type_name, &column.field, problem, help));
        }
        _ => {
            let before = stored.map(|check| check.definition.clone());
            let condition = step::length_condition(column, max_length);
            steps.constraints.push(Step::AddCheck { table: table.name.clone(), name, condition, before });
        }
    }
}

fn compare_foreign_key(table: &WantedTable, column: &WantedColumn, there: &StoredTable, steps: &mut Steps) {
    let stored = there.constraints.get(&names::foreign_key(&table.name, &column.name));
    match (&column.reference, stored.and_then(|constraint| constraint.target.as_ref())) {
        (Some(_), None) => add_foreign_key(table, column, steps),
        (Some(wanted), Some(target)) if wanted != target => {
            let problem = format!("the field points to `{wanted}`, the column to `{target}`");
            let help = "put the type back, or write a migration that moves the rows and replaces the foreign key";
            steps.refusals.push(Refusal::of_field(&table.type_name, &column.field, problem, help));
        }
        (None, Some(_)) => {
            refuse_constraint(table, column, "the column is a foreign key, the field is no relation", "type", steps)
        }
        (Some(_), Some(_)) | (None, None) => {}
    }
}

fn refuse_constraint(table: &WantedTable, column: &WantedColumn, problem: &str, directive: &str, steps: &mut Steps) {
    let help = format!("put the `{directive}` back, or write a migration that drops the constraint");
    steps.refusals.push(Refusal::of_field(&table.type_name, &column.field, problem, help));
}

fn add_foreign_key(table: &WantedTable, column: &WantedColumn, steps: &mut Steps) {
    if let Some(target) = &column.reference {
        let (table, column, target) = (table.name.clone(), column.name.clone(), target.clone());
        steps.foreign_keys.push(Step::AddForeignKey { table, column, target });
    }
}

/// Indexes that are missing, and those over values that an enum no longer has alone.
fn compare_indexes(table: &WantedTable, column: &WantedColumn, there: &StoredTable, steps: &mut Steps) {
    for index in &column.indexes {
        let before = there.indexes.get(&index.name);
        let is_current = |before: &String| index.order.as_ref().is_none_or(|values| definition::texts_in(before) == *values);
        if !before.is_some_and(is_current) {
            let (table, index, before) = (table.name.clone(), index.clone(), before.cloned());
            steps.indexes.push(Step::CreateIndex { table, index, before });
        }
    }
}
