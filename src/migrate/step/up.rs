//! The SQL that takes a step.

use crate::base::{ColumnName, TableName, TypeName};
use crate::migrate::check::{self, CHECK_KINDS};
use crate::migrate::step::rewrite::in_batches;
use crate::migrate::step::{Age, Step};
use crate::migrate::wanted::{SequenceFormat, WantedColumn, WantedDefault, WantedIndex, WantedTable, WantedWords};
use crate::migrate::{ddl, names};

impl Step {
    /// The SQL that takes the step.
    pub fn up(&self) -> String {
        match self {
            Self::CreateSchema { schema } => format!("create schema {};", ddl::name(schema)),
            Self::CreateSequence { sequence } => format!("create sequence {};", ddl::table(sequence)),
            Self::SetDefault { table, column, after, .. } => set_default(table, column, after.as_deref()),
            Self::DropNotNull { table, column } => alter(table, &format!("alter column {} drop not null", ddl::column(column))),
            Self::DropConstraint { table, name, .. } => drop_constraint(table, name),
            Self::DropIndex { table, name, .. } => drop_index(table, name),
            Self::RenameTable { from, to } => rename_table(from, to),
            Self::SetComment { table, after, .. } => set_comment(table, &comment_of(after)),
            Self::RenameColumn { table, from, to } => rename(table, "column", from.as_str(), to.as_str()),
            Self::RenameConstraint { table, from, to } => rename(table, "constraint", from, to),
            Self::RenameIndex { table, from, to } => rename_index(table, from, to),
            Self::RenameSequence { from, to } => rename_sequence(from, to),
            Self::CreateTable { table } => create_table(table),
            Self::AddColumn { table, column, fill } => add_column(table, column, fill.as_deref()),
            Self::OwnSequence { sequence, table, column } => own_sequence(sequence, table, column),
            Self::ChangeType { table, column, cast, default } => {
                let column = ddl::column(column);
                let change = format!("alter column {column} type {} using {}", cast.to, cast.there(&column));
                let default = default.as_ref().map(|default| format!(", alter column {column} set default {default}"));
                alter(table, &format!("{change}{}", default.unwrap_or_default()))
            }
            Self::Rewrite { table, changes, .. } => in_batches(table, changes),
            Self::AddCheck { table, name, condition } => {
                alter(table, &format!("add constraint {} check ({condition}) not valid", ddl::name(name)))
            }
            Self::AddForeignKey { table, column, target, age } => add_foreign_key(table, column, target, *age),
            Self::Validate { table, name } => alter(table, &format!("validate constraint {}", ddl::name(name))),
            Self::SetNotNull { table, column } => {
                let (set, check) = (ddl::column(column), ddl::name(&names::filled_check(column)));
                alter(table, &format!("alter column {set} set not null, drop constraint {check}"))
            }
            Self::BuildIndex { table, index, age } => build_index(table, index, *age),
            Self::BuildUniqueIndex { table, column } => {
                let (name, column) = (ddl::name(&names::unique(table, column)), ddl::column(column));
                format!("create unique index concurrently {name} on {} ({column});", ddl::table(table))
            }
            Self::AttachUnique { table, column } => {
                let name = ddl::name(&names::unique(table, column));
                alter(table, &format!("add constraint {name} unique using index {name}"))
            }
            Self::DropColumn { table, column, .. } => drop_column(table, &column.name),
            Self::DropTable { name, .. } => format!("drop table {};", ddl::table(name)),
        }
    }
}

pub(super) fn alter(table: &TableName, change: &str) -> String {
    format!("alter table {} {change};", ddl::table(table))
}

pub(super) fn set_default(table: &TableName, column: &ColumnName, expression: Option<&str>) -> String {
    let change = expression.map_or_else(|| "drop default".to_owned(), |default| format!("set default {default}"));
    alter(table, &format!("alter column {} {change}", ddl::column(column)))
}

pub(super) fn drop_constraint(table: &TableName, name: &str) -> String {
    alter(table, &format!("drop constraint {}", ddl::name(name)))
}

pub(super) fn drop_column(table: &TableName, column: &ColumnName) -> String {
    alter(table, &format!("drop column {}", ddl::column(column)))
}

pub(super) fn drop_index(table: &TableName, name: &str) -> String {
    format!("drop index {};", ddl::table(&TableName::new(&table.schema, name)))
}

pub(super) fn rename(table: &TableName, kind: &str, from: &str, to: &str) -> String {
    alter(table, &format!("rename {kind} {} to {}", ddl::name(from), ddl::name(to)))
}

/// An index lies in the schema of its table.
pub(super) fn rename_index(table: &TableName, from: &str, to: &str) -> String {
    format!("alter index {} rename to {};", ddl::table(&TableName::new(&table.schema, from)), ddl::name(to))
}

pub(super) fn rename_sequence(from: &TableName, to: &TableName) -> String {
    format!("alter sequence {} rename to {};", ddl::table(from), ddl::name(&to.name))
}

/// The schema first: what belongs to the table goes with it.
pub(super) fn rename_table(from: &TableName, to: &TableName) -> String {
    let moved = TableName::new(&to.schema, &from.name);
    let mut statements = Vec::new();
    if from.schema != to.schema {
        statements.push(alter(from, &format!("set schema {}", ddl::name(&to.schema))));
    }
    if from.name != to.name {
        statements.push(alter(&moved, &format!("rename to {}", ddl::name(&to.name))));
    }
    statements.join("\n")
}

pub(super) fn set_comment(table: &TableName, comment: &str) -> String {
    format!("comment on table {} is {};", ddl::table(table), ddl::text(comment))
}

pub(super) fn own_sequence(sequence: &TableName, table: &TableName, column: &ColumnName) -> String {
    format!("alter sequence {} owned by {}.{};", ddl::table(sequence), ddl::table(table), ddl::column(column))
}

fn add_foreign_key(table: &TableName, column: &ColumnName, target: &TableName, age: Age) -> String {
    let name = ddl::name(&names::foreign_key(table, column));
    let (column, target) = (ddl::column(column), ddl::table(target));
    // A partitioned table can only have one that is valid at once.
    let state = if age == Age::Old { " not valid" } else { "" };
    alter(table, &format!("add constraint {name} foreign key ({column}) references {target} (id){state}"))
}

fn build_index(table: &TableName, index: &WantedIndex, age: Age) -> String {
    let WantedIndex { name, column, order, is_descending, unique_with, words } = index;
    let manner = if age == Age::Old { "concurrently " } else { "" };
    if let Some(words) = words {
        return format!("create index {manner}{} on {} using gin (({}));", ddl::name(name), ddl::table(table), vector(words));
    }
    if !unique_with.is_empty() {
        let columns: Vec<String> = [column].into_iter().chain(unique_with).map(ddl::column).collect();
        return format!("create unique index {manner}{} on {} ({});", ddl::name(name), ddl::table(table), columns.join(", "));
    }
    let key = match order {
        Some(values) => {
            // The same expression that `planner` orders by.
            let places = values.iter().enumerate().map(|(index, value)| format!(" when {} then {}", ddl::text(value), index + 1));
            format!("(case {}{} end)", ddl::column(column), places.collect::<String>())
        }
        None => ddl::column(column),
    };
    let keys = if *is_descending { format!("{key} desc nulls last, id desc") } else { format!("{key}, id") };
    format!("create index {manner}{} on {} ({keys});", ddl::name(name), ddl::table(table))
}

/// The same expression that `planner` searches by: only then does PostgreSQL take the index.
pub(in crate::migrate) fn vector(WantedWords { config, columns }: &WantedWords) -> String {
    let parts = columns.iter().map(|(column, weight)| {
        let text = format!("coalesce({}, '')", ddl::column(column));
        format!("setweight(to_tsvector({}::regconfig, {text}), {})", config.sql(), weight.sql())
    });
    parts.collect::<Vec<_>>().join(" || ")
}

/// The comment by which a table is known as a collection's when the collection is gone.
pub(in crate::migrate) fn comment_of(type_name: &TypeName) -> String {
    format!("collection {type_name}")
}

fn create_table(table: &WantedTable) -> String {
    let mut lines: Vec<String> = table.columns.iter().map(|column| column_definition(&table.name, column)).collect();
    lines.push(format!("constraint {} primary key (id)", ddl::name(&names::primary_key(&table.name))));
    for column in &table.columns {
        if column.is_unique {
            let name = ddl::name(&names::unique(&table.name, &column.name));
            lines.push(format!("constraint {name} unique ({})", ddl::column(&column.name)));
        }
        for kind in CHECK_KINDS {
            if let Some(condition) = check::condition(column, kind) {
                let name = ddl::name(&names::of(&table.name, &column.name, kind));
                lines.push(format!("constraint {name} check ({condition})"));
            }
        }
    }
    let comment = set_comment(&table.name, &comment_of(&table.type_name));
    format!("create table {} (\n    {}\n);\n{comment}", ddl::table(&table.name), lines.join(",\n    "))
}

/// A literal for the rows that are there costs nothing: PostgreSQL notes it once for all of them.
fn add_column(table: &TableName, column: &WantedColumn, fill: Option<&str>) -> String {
    let default = default_expression(table, column);
    let Some(fill) = fill.filter(|fill| default.as_deref() != Some(*fill)) else {
        return alter(table, &format!("add column {}", column_definition(table, column)));
    };
    let filled = alter(table, &format!("add column {} default {fill}", bare_definition(column)));
    format!("{filled}\n{}", set_default(table, &column.name, default.as_deref()))
}

fn column_definition(table: &TableName, column: &WantedColumn) -> String {
    let default = default_expression(table, column).map(|default| format!(" default {default}")).unwrap_or_default();
    format!("{}{default}", bare_definition(column))
}

fn bare_definition(column: &WantedColumn) -> String {
    let required = if column.is_required { " not null" } else { "" };
    format!("{} {}{required}", ddl::column(&column.name), column.sql_type())
}

fn default_expression(table: &TableName, column: &WantedColumn) -> Option<String> {
    default_over(column, &names::sequence(table, &column.name))
}

/// The text of a column's default, which may take its numbers from this sequence.
pub(in crate::migrate) fn default_over(column: &WantedColumn, sequence: &TableName) -> Option<String> {
    Some(match column.default.as_ref()? {
        WantedDefault::Fixed(expression) => (*expression).to_owned(),
        WantedDefault::Literal(value) => ddl::literal(value),
        WantedDefault::Sequence(SequenceFormat { prefix, width, suffix }) => {
            let (prefix, suffix) = (ddl::text(prefix), ddl::text(suffix));
            let sequence = ddl::text(&ddl::table(sequence));
            format!("toolcrib.format_sequence({prefix}, {width}, {suffix}, nextval({sequence}))")
        }
    })
}
