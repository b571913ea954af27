//! The SQL that takes a step back. It is plain, one transaction for a whole migration, and so may hold locks for long: it is for
//! the minutes after a mistake.

use crate::base::{ColumnName, TableName};
use crate::db::introspect::{StoredColumn, StoredTable};
use crate::migrate::cast::Cast;
use crate::migrate::step::up::{
    alter, drop_column, drop_constraint, own_sequence, rename, rename_index, rename_sequence, rename_table, set_comment,
    set_default,
};
use crate::migrate::step::{Pass, Step, rewrite};
use crate::migrate::{ddl, names};

impl Step {
    /// The SQL that takes the step back; `None` where nothing has to be.
    pub fn down(&self) -> Option<String> {
        Some(match self {
            Self::CreateSchema { schema } => format!("drop schema {};", ddl::name(schema)),
            // The column that owns it may have taken it along.
            Self::CreateSequence { sequence } => format!("drop sequence if exists {};", ddl::table(sequence)),
            Self::SetDefault { table, column, before, .. } => set_default(table, column, before.as_deref()),
            Self::DropNotNull { table, column } => alter(table, &format!("alter column {} set not null", ddl::column(column))),
            Self::DropConstraint { table, name, definition } => {
                alter(table, &format!("add constraint {} {definition}", ddl::name(name)))
            }
            Self::DropIndex { definition, .. } => format!("{definition};"),
            Self::RenameTable { from, to } => rename_table(to, from),
            Self::SetComment { table, before, .. } => set_comment(table, before),
            Self::RenameColumn { table, from, to } => rename(table, "column", to.as_str(), from.as_str()),
            Self::RenameConstraint { table, from, to } => rename(table, "constraint", to, from),
            Self::RenameIndex { table, from, to } => rename_index(table, to, from),
            Self::RenameSequence { from, to } => rename_sequence(to, from),
            Self::CreateTable { table } => format!("drop table {};", ddl::table(&table.name)),
            Self::AddColumn { table, column, .. } => drop_column(table, &column.name),
            Self::OwnSequence { .. } | Self::Validate { .. } => return None,
            // The check of now is gone when this has its turn, and that of before is not there yet.
            Self::Rewrite { table, changes, pass: Pass::First } => return rewrite::back(table, changes),
            Self::Rewrite { pass: Pass::Second, .. } => return None,
            Self::ChangeType { table, column, cast, default } => change_back(table, column, cast, default.as_deref()),
            // The check that a column is filled is gone when the column has become `not null`.
            Self::AddCheck { table, name, .. } => alter(table, &format!("drop constraint if exists {}", ddl::name(name))),
            Self::AddForeignKey { table, column, .. } => drop_constraint(table, &names::foreign_key(table, column)),
            Self::SetNotNull { table, column } => alter(table, &format!("alter column {} drop not null", ddl::column(column))),
            Self::BuildIndex { table, index, .. } => drop_index_if_exists(table, &index.name),
            // With the constraint the index is gone, too.
            Self::BuildUniqueIndex { table, column } => drop_index_if_exists(table, &names::unique(table, column)),
            Self::AttachUnique { table, column } => drop_constraint(table, &names::unique(table, column)),
            Self::DropColumn { table, column, sequence, .. } => add_back(table, column, sequence.as_ref()),
            Self::DropTable { name, table, sequences, .. } => create_back(name, table, sequences),
        })
    }
}

fn drop_index_if_exists(table: &TableName, name: &str) -> String {
    format!("drop index if exists {};", ddl::table(&TableName::new(&table.schema, name)))
}

fn change_back(table: &TableName, column: &ColumnName, cast: &Cast, default: Option<&str>) -> String {
    let column = ddl::column(column);
    let drop_default = default.map(|_| format!("alter column {column} drop default, ")).unwrap_or_default();
    alter(table, &format!("{drop_default}alter column {column} type {} using {}", cast.from, cast.back(&column)))
}

fn add_back(table: &TableName, column: &StoredColumn, sequence: Option<&TableName>) -> String {
    let add = alter(table, &format!("add column {}", stored_definition(column)));
    let Some(sequence) = sequence else { return add };
    let create = format!("create sequence if not exists {};", ddl::table(sequence));
    format!("{create}\n{add}\n{}", own_sequence(sequence, table, &column.name))
}

fn create_back(name: &TableName, table: &StoredTable, sequences: &[(TableName, ColumnName)]) -> String {
    let columns = table.columns.iter().map(stored_definition);
    let constraints = table.constraints.iter().filter(|(_, constraint)| constraint.target.is_none());
    let constraints = constraints.map(|(name, constraint)| format!("constraint {} {}", ddl::name(name), constraint.definition));
    let lines: Vec<String> = columns.chain(constraints).collect();
    let create = sequences.iter().map(|(sequence, _)| format!("create sequence if not exists {};", ddl::table(sequence)));
    let mut statements: Vec<String> = create.collect();
    statements.push(format!("create table {} (\n    {}\n);", ddl::table(name), lines.join(",\n    ")));
    statements.extend(table.comment.iter().map(|comment| set_comment(name, comment)));
    let indexes = table.indexes.values().filter(|index| !index.is_of_constraint);
    statements.extend(indexes.map(|index| format!("{};", index.definition)));
    statements.extend(sequences.iter().map(|(sequence, column)| own_sequence(sequence, name, column)));
    statements.join("\n")
}

fn stored_definition(column: &StoredColumn) -> String {
    let StoredColumn { name, sql_type, is_required, default } = column;
    let required = if *is_required { " not null" } else { "" };
    let default = default.as_ref().map(|default| format!(" default {default}")).unwrap_or_default();
    format!("{} {sql_type}{required}{default}", ddl::column(name))
}
