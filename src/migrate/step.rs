//! One step of a plan, as data and as SQL in both directions.

use crate::base::{ColumnName, TableName, TypeName};
use crate::migrate::wanted::{SequenceFormat, WantedColumn, WantedDefault, WantedIndex, WantedTable};
use crate::migrate::{ddl, names};
use std::fmt;

/// One step from the database as it is to the catalog. Steps create and add; nothing here loses data on the way up.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A schema for tables.
    CreateSchema {
        /// Its name.
        schema: String,
    },
    /// A sequence, before the default that takes its numbers.
    CreateSequence {
        /// Its name.
        sequence: TableName,
    },
    /// A table with its columns, uniqueness and checks; foreign keys and indexes are steps of their own.
    CreateTable {
        /// The table.
        table: WantedTable,
    },
    /// A column of a table that is there.
    AddColumn {
        /// The table.
        table: TableName,
        /// The column.
        column: WantedColumn,
    },
    /// The sequence goes when its column goes.
    OwnSequence {
        /// The sequence.
        sequence: TableName,
        /// The table.
        table: TableName,
        /// The column.
        column: ColumnName,
    },
    /// Another default.
    SetDefault {
        /// The table.
        table: TableName,
        /// The column with its default.
        column: WantedColumn,
        /// The text of the default until now.
        before: Option<String>,
    },
    /// Uniqueness of a column.
    AddUnique {
        /// The table.
        table: TableName,
        /// The column.
        column: ColumnName,
    },
    /// A check on a column; one of the same name that allows less is replaced.
    AddCheck {
        /// The table.
        table: TableName,
        /// The constraint's name.
        name: String,
        /// The condition.
        condition: String,
        /// The definition of the check that it replaces.
        before: Option<String>,
    },
    /// A reference to another table.
    AddForeignKey {
        /// The table.
        table: TableName,
        /// The column.
        column: ColumnName,
        /// The table that it points to.
        target: TableName,
    },
    /// An index; one of the same name over other values of an enum is replaced.
    CreateIndex {
        /// The table.
        table: TableName,
        /// The index.
        index: WantedIndex,
        /// The definition of the index that it replaces.
        before: Option<String>,
    },
}

impl Step {
    /// The SQL that takes the step.
    pub fn up(&self) -> String {
        match self {
            Self::CreateSchema { schema } => format!("create schema {};", ddl::name(schema)),
            Self::CreateSequence { sequence } => format!("create sequence {};", ddl::table(sequence)),
            Self::CreateTable { table } => create_table(table),
            Self::AddColumn { table, column } => {
                format!("alter table {} add column {};", ddl::table(table), column_definition(table, column))
            }
            Self::OwnSequence { sequence, table, column } => {
                format!("alter sequence {} owned by {}.{};", ddl::table(sequence), ddl::table(table), ddl::column(column))
            }
            Self::SetDefault { table, column, .. } => set_default(table, column),
            Self::AddUnique { table, column } => {
                let name = ddl::name(&names::unique(table, column));
                format!("alter table {} add constraint {name} unique ({});", ddl::table(table), ddl::column(column))
            }
            Self::AddCheck { table, name, condition, before } => {
                let (table, name) = (ddl::table(table), ddl::name(name));
                let drop = if before.is_some() { format!("drop constraint {name}, ") } else { String::new() };
                format!("alter table {table} {drop}add constraint {name} check ({condition});")
            }
            Self::AddForeignKey { table, column, target } => {
                let name = ddl::name(&names::foreign_key(table, column));
                let (table, column, target) = (ddl::table(table), ddl::column(column), ddl::table(target));
                format!("alter table {table} add constraint {name} foreign key ({column}) references {target} (id);")
            }
            Self::CreateIndex { table, index, before: None } => create_index(table, index),
            Self::CreateIndex { table, index, before: Some(_) } => {
                format!("{}\n{}", drop_index(table, index), create_index(table, index))
            }
        }
    }

    /// The SQL that takes the step back.
    pub fn down(&self) -> Option<String> {
        let drop_constraint =
            |table: &TableName, name: &str| format!("alter table {} drop constraint {};", ddl::table(table), ddl::name(name));
        Some(match self {
            Self::CreateSchema { schema } => format!("drop schema {};", ddl::name(schema)),
            // The column that owns it may have taken it along.
            Self::CreateSequence { sequence } => format!("drop sequence if exists {};", ddl::table(sequence)),
            Self::CreateTable { table } => format!("drop table {};", ddl::table(&table.name)),
            Self::AddColumn { table, column } => {
                format!("alter table {} drop column {};", ddl::table(table), ddl::column(&column.name))
            }
            Self::OwnSequence { .. } => return None,
            Self::SetDefault { table, column, before } => {
                let (table, column) = (ddl::table(table), ddl::column(&column.name));
                match before {
                    Some(before) => format!("alter table {table} alter column {column} set default {before};"),
                    None => format!("alter table {table} alter column {column} drop default;"),
                }
            }
            Self::AddUnique { table, column } => drop_constraint(table, &names::unique(table, column)),
            Self::AddCheck { table, name, before: Some(before), .. } => {
                let (table, name) = (ddl::table(table), ddl::name(name));
                format!("alter table {table} drop constraint {name}, add constraint {name} {before};")
            }
            Self::AddCheck { table, name, before: None, .. } => drop_constraint(table, name),
            Self::AddForeignKey { table, column, .. } => drop_constraint(table, &names::foreign_key(table, column)),
            Self::CreateIndex { table, index, before: None } => drop_index(table, index),
            Self::CreateIndex { table, index, before: Some(before) } => format!("{}\n{before};", drop_index(table, index)),
        })
    }
}

impl fmt::Display for Step {
    /// One line for the command line: `+ table public.tickets (Ticket)`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateSchema { schema } => write!(formatter, "+ schema {schema}"),
            Self::CreateSequence { sequence } => write!(formatter, "+ sequence {sequence}"),
            Self::CreateTable { table } => write!(formatter, "+ table {} ({})", table.name, table.type_name),
            Self::AddColumn { table, column } => {
                write!(formatter, "+ column {table}.{} {} ({})", column.name, column.sql_type(), column.field)
            }
            Self::OwnSequence { sequence, .. } => write!(formatter, "~ sequence {sequence}: owned by its column"),
            Self::SetDefault { table, column, .. } => write!(formatter, "~ column {table}.{}: default", column.name),
            Self::AddUnique { table, column } => write!(formatter, "+ unique {table}.{column}"),
            Self::AddCheck { table, name, before: None, .. } => write!(formatter, "+ check {name} on {table}"),
            Self::AddCheck { table, name, before: Some(_), .. } => write!(formatter, "~ check {name} on {table}: wider"),
            Self::AddForeignKey { table, column, target } => write!(formatter, "+ foreign key {table}.{column} to {target}"),
            Self::CreateIndex { index, before: None, .. } => write!(formatter, "+ index {}", index.name),
            Self::CreateIndex { index, before: Some(_), .. } => write!(formatter, "~ index {}: other values", index.name),
        }
    }
}

fn create_index(table: &TableName, index: &WantedIndex) -> String {
    let WantedIndex { name, column, order, is_descending } = index;
    let key = match order {
        Some(values) => {
            let values: Vec<String> = values.iter().map(|value| ddl::text(value)).collect();
            format!("array_position(array[{}], {})", values.join(", "), ddl::column(column))
        }
        None => ddl::column(column),
    };
    let keys = if *is_descending { format!("{key} desc nulls last, id desc") } else { format!("{key}, id") };
    format!("create index {} on {} ({keys});", ddl::name(name), ddl::table(table))
}

fn drop_index(table: &TableName, index: &WantedIndex) -> String {
    format!("drop index {};", ddl::table(&TableName::new(&table.schema, &index.name)))
}

/// The check of an enum column.
pub(super) fn enum_condition(column: &WantedColumn, values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|value| ddl::text(value)).collect();
    let (column_name, values) = (ddl::column(&column.name), values.join(", "));
    if column.is_list { format!("{column_name} <@ array[{values}]") } else { format!("{column_name} in ({values})") }
}

/// The check of `@length(max:)`.
pub(super) fn length_condition(column: &WantedColumn, max_length: u32) -> String {
    format!("char_length({}) <= {max_length}", ddl::column(&column.name))
}

/// The comment by which a table is known as a collection's when the collection is gone.
pub(super) fn comment_of(type_name: &TypeName) -> String {
    format!("collection {type_name}")
}

fn create_table(table: &WantedTable) -> String {
    let mut lines: Vec<String> = table.columns.iter().map(|column| column_definition(&table.name, column)).collect();
    lines.push(format!("constraint {} primary key (id)", ddl::name(&names::primary_key(&table.name))));
    for column in &table.columns {
        let constraint = |name: String, body: String| format!("constraint {} {body}", ddl::name(&name));
        if column.is_unique {
            let body = format!("unique ({})", ddl::column(&column.name));
            lines.push(constraint(names::unique(&table.name, &column.name), body));
        }
        if let Some(values) = &column.values {
            let body = format!("check ({})", enum_condition(column, values));
            lines.push(constraint(names::enum_check(&table.name, &column.name), body));
        }
        if let Some(max_length) = column.max_length {
            let body = format!("check ({})", length_condition(column, max_length));
            lines.push(constraint(names::length_check(&table.name, &column.name), body));
        }
    }
    let name = ddl::table(&table.name);
    let comment = ddl::text(&comment_of(&table.type_name));
    format!("create table {name} (\n    {}\n);\ncomment on table {name} is {comment};", lines.join(",\n    "))
}

fn column_definition(table: &TableName, column: &WantedColumn) -> String {
    let required = if column.is_required { " not null" } else { "" };
    let default = default_expression(table, column).map(|default| format!(" default {default}")).unwrap_or_default();
    format!("{} {}{required}{default}", ddl::column(&column.name), column.sql_type())
}

fn set_default(table: &TableName, column: &WantedColumn) -> String {
    let change =
        default_expression(table, column).map_or_else(|| "drop default".to_owned(), |default| format!("set default {default}"));
    format!("alter table {} alter column {} {change};", ddl::table(table), ddl::column(&column.name))
}

fn default_expression(table: &TableName, column: &WantedColumn) -> Option<String> {
    Some(match column.default.as_ref()? {
        WantedDefault::Fixed(expression) => (*expression).to_owned(),
        WantedDefault::Literal(value) => ddl::literal(value),
        WantedDefault::Sequence(SequenceFormat { prefix, width, suffix }) => {
            let sequence = ddl::text(&ddl::table(&names::sequence(table, &column.name)));
            let (prefix, suffix) = (ddl::text(prefix), ddl::text(suffix));
            format!("toolcrib.format_sequence({prefix}, {width}, {suffix}, nextval({sequence}))")
        }
    })
}
