//! What a step costs those who use the tables meanwhile, or those who want their data back.

use crate::base::TableName;
use crate::migrate::step::{Age, Change, Pass, Step, rewrite};
use crate::migrate::wanted::WantedDefault;

/// Why a step needs somebody's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Risk {
    /// Something is lost that no `down.sql` brings back.
    Destructive,
    /// A table is locked for as long as its rows take.
    LongLock,
}

/// What a step costs, if the table holds rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The kind.
    pub risk: Risk,
    /// The table.
    pub table: TableName,
    /// What it is, as a sentence.
    pub text: String,
}

impl Warning {
    fn new(risk: Risk, table: &TableName, text: impl Into<String>) -> Option<Self> {
        Some(Self { risk, table: table.clone(), text: text.into() })
    }
}

impl Step {
    /// What taking the step costs.
    pub fn warning(&self) -> Option<Warning> {
        match self {
            Self::AddColumn { table, column, .. } if matches!(column.default, Some(WantedDefault::Sequence(_))) => {
                let text = format!("Numbers every row of `{table}` under a lock: nobody reads or writes it meanwhile.");
                Warning::new(Risk::LongLock, table, text)
            }
            Self::ChangeType { table, cast, .. } => {
                let text = format!(
                    "Rewrites `{table}` from `{}` to `{}` under a lock: nobody reads or writes it meanwhile. Where that takes too \
                     long, add a new field with `@backfill(sql:)` instead, and drop the old one later.",
                    cast.from, cast.to
                );
                Warning::new(Risk::LongLock, table, text)
            }
            Self::BuildIndex { table, age: Age::OldInPartitions, .. } => {
                let text =
                    format!("Builds an index of `{table}`, which has partitions, under a lock: nobody writes it meanwhile.");
                Warning::new(Risk::LongLock, table, text)
            }
            Self::AddForeignKey { table, age: Age::OldInPartitions, .. } => {
                let text =
                    format!("Reads every row of `{table}`, which has partitions, under a lock: nobody writes it meanwhile.");
                Warning::new(Risk::LongLock, table, text)
            }
            Self::Rewrite { table, changes, pass: Pass::First } => {
                let merged: Vec<String> = changes.iter().flat_map(merged_names).collect();
                let text = format!("Rows of `{table}` lose what tells them from others: {}.", merged.join(", "));
                if merged.is_empty() { None } else { Warning::new(Risk::Destructive, table, text) }
            }
            Self::DropColumn { table, column, candidate, .. } => {
                let name = &column.name;
                let mut text = format!("Drops the column `{table}.{name}` with every value in it.");
                if let Some(field) = candidate {
                    text.push_str(&format!(" If `{field}` is its new name, give that field `@was(name: \"{name}\")` instead."));
                }
                Warning::new(Risk::Destructive, table, text)
            }
            Self::DropTable { name, candidate, table, .. } => {
                let mut text = format!("Drops the table `{name}` with every row in it.");
                let was = table.comment.as_deref().and_then(|comment| comment.strip_prefix("collection "));
                if let (Some(ty), Some(was)) = (candidate, was) {
                    text.push_str(&format!(" If `{ty}` is its new name, give that type `@was(name: \"{was}\")` instead."));
                }
                Warning::new(Risk::Destructive, name, text)
            }
            _ => None,
        }
    }

    /// What taking the step back costs.
    pub fn warning_back(&self) -> Option<Warning> {
        let long = |table: &TableName, what: &str| {
            Warning::new(Risk::LongLock, table, format!("{what} `{table}` under a lock: nobody writes it meanwhile."))
        };
        match self {
            Self::CreateTable { table } => {
                Warning::new(Risk::Destructive, &table.name, format!("Drops the table `{}` with every row in it.", table.name))
            }
            Self::AddColumn { table, column, .. } => {
                let text = format!("Drops the column `{table}.{}` with every value in it.", column.name);
                Warning::new(Risk::Destructive, table, text)
            }
            Self::ChangeType { table, cast, .. } if cast.is_lossy_back => {
                let text = format!("Values of `{table}` that `{}` cannot hold are cut.", cast.from);
                Warning::new(Risk::Destructive, table, text)
            }
            Self::ChangeType { table, .. } => long(table, "Rewrites"),
            Self::DropNotNull { table, .. } | Self::DropConstraint { table, .. } => long(table, "Reads every row of"),
            Self::DropIndex { table, .. } => long(table, "Builds an index of"),
            Self::Rewrite { table, changes, pass: Pass::First } if rewrite::back(table, changes).is_some() => {
                long(table, "Changes rows of")
            }
            Self::DropColumn { table, column, .. } if column.is_required && column.default.is_none() => {
                let text = format!(
                    "The values of `{table}.{}` are gone. Where rows are there, give the column a `default` here.",
                    column.name
                );
                Warning::new(Risk::Destructive, table, text)
            }
            _ => None,
        }
    }
}

fn merged_names(change: &Change) -> Vec<String> {
    let Change::Recode { column, names, merged, .. } = change else { return Vec::new() };
    let merged = names.iter().filter(|(from, _)| merged.contains(from));
    merged.map(|(from, to)| format!("`{column}` becomes `{to}` where it was `{from}`")).collect()
}
