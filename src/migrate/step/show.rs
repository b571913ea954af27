//! A step in one line: `+ table public.tickets (Ticket)`.

use crate::migrate::step::{Change, Pass, Step};
use std::fmt;

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateSchema { schema } => write!(formatter, "+ schema {schema}"),
            Self::CreateSequence { sequence } => write!(formatter, "+ sequence {sequence}"),
            Self::SetDefault { table, column, .. } => write!(formatter, "~ column {table}.{column}: default"),
            Self::DropNotNull { table, column } => write!(formatter, "~ column {table}.{column}: may be null"),
            Self::DropConstraint { table, name, .. } => write!(formatter, "- constraint {name} on {table}"),
            Self::DropIndex { name, .. } => write!(formatter, "- index {name}"),
            Self::RenameTable { from, to } => write!(formatter, "~ table {from}: now {to}"),
            Self::SetComment { table, after, .. } => write!(formatter, "~ table {table}: collection {after}"),
            Self::RenameColumn { table, from, to } => write!(formatter, "~ column {table}.{from}: now {to}"),
            Self::RenameConstraint { from, to, .. } => write!(formatter, "~ constraint {from}: now {to}"),
            Self::RenameIndex { from, to, .. } => write!(formatter, "~ index {from}: now {to}"),
            Self::RenameSequence { from, to } => write!(formatter, "~ sequence {from}: now {}", to.name),
            Self::CreateTable { table } => write!(formatter, "+ table {} ({})", table.name, table.type_name),
            Self::AddColumn { table, column, .. } => {
                write!(formatter, "+ column {table}.{} {} ({})", column.name, column.sql_type(), column.field)
            }
            Self::OwnSequence { sequence, .. } => write!(formatter, "~ sequence {sequence}: owned by its column"),
            Self::ChangeType { table, column, cast, .. } => {
                write!(formatter, "~ column {table}.{column}: {} instead of {}", cast.to, cast.from)
            }
            Self::Rewrite { table, changes, pass } => {
                let since = if *pass == Pass::Second { ", those written meanwhile" } else { "" };
                let changes: Vec<String> = changes.iter().map(show_change).collect();
                write!(formatter, "~ rows of {table}{since}: {}", changes.join(", "))
            }
            Self::AddCheck { table, name, .. } => write!(formatter, "+ check {name} on {table}"),
            Self::AddForeignKey { table, column, target, .. } => {
                write!(formatter, "+ foreign key {table}.{column} to {target}")
            }
            Self::Validate { table, name } => write!(formatter, "~ constraint {name} on {table}: holds for every row"),
            Self::SetNotNull { table, column } => write!(formatter, "~ column {table}.{column}: not null"),
            Self::BuildIndex { index, .. } => write!(formatter, "+ index {}", index.name),
            Self::BuildUniqueIndex { table, column } => write!(formatter, "+ unique index on {table}.{column}"),
            Self::AttachUnique { table, column } => write!(formatter, "+ unique {table}.{column}"),
            Self::DropColumn { table, column, .. } => write!(formatter, "- column {table}.{}", column.name),
            Self::DropTable { name, .. } => write!(formatter, "- table {name}"),
        }
    }
}

fn show_change(change: &Change) -> String {
    match change {
        Change::Fill { column, .. } => format!("{column} where it is null"),
        Change::Recode { column, names, .. } => {
            let names: Vec<String> = names.iter().map(|(from, to)| format!("{to} instead of {from}")).collect();
            format!("{column} {}", names.join(", "))
        }
    }
}
