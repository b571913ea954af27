//! One step of a plan, as data: `up` and `down` say it as SQL, `warning` what it costs, `show` in one line.
//!
//! Purpose: everything that a plan can do to a database, with what it takes to undo it.
//! Flow: `compare` makes steps in any order; [`order::Phase`] orders them and [`order::Room`] says which of them share a transaction.
//! Invariants: what is taken away is taken away under its name of before, what is added is added under its name of now, because
//! renaming stands between the two; so the definitions that PostgreSQL printed are right again when a step is taken back.
//! Deliberately unknown: the database.

mod down;
mod exchange;
mod order;
mod rewrite;
mod show;
mod up;
mod warning;

pub(super) use exchange::{exchange, exchange_among};
pub(super) use order::Room;
pub(super) use up::{comment_of, default_over, vector};
pub use warning::{Risk, Warning};

use crate::base::{ColumnName, FieldName, TableName, TypeName};
use crate::db::introspect::{StoredColumn, StoredTable};
use crate::migrate::cast::Cast;
use crate::migrate::wanted::{WantedColumn, WantedIndex, WantedTable};

/// One step from the database as it is to the catalog.
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
    /// Another default, or none.
    SetDefault {
        /// The table.
        table: TableName,
        /// The column.
        column: ColumnName,
        /// The expression from now on.
        after: Option<String>,
        /// The expression until now.
        before: Option<String>,
    },
    /// A column may be null.
    DropNotNull {
        /// The table.
        table: TableName,
        /// The column.
        column: ColumnName,
    },
    /// A constraint that nothing asks for any more, or that gives way to another of its name.
    DropConstraint {
        /// The table.
        table: TableName,
        /// Its name.
        name: String,
        /// Its definition.
        definition: String,
    },
    /// An index that nothing asks for any more, or that gives way to another of its name.
    DropIndex {
        /// The table.
        table: TableName,
        /// Its name.
        name: String,
        /// Its definition.
        definition: String,
    },
    /// Another name, or schema, for a table.
    RenameTable {
        /// Until now.
        from: TableName,
        /// From now on.
        to: TableName,
    },
    /// The comment that says which collection a table holds.
    SetComment {
        /// The table.
        table: TableName,
        /// The collection from now on.
        after: TypeName,
        /// The comment until now.
        before: String,
    },
    /// Another name for a column.
    RenameColumn {
        /// The table.
        table: TableName,
        /// Until now.
        from: ColumnName,
        /// From now on.
        to: ColumnName,
    },
    /// A constraint follows its column or table.
    RenameConstraint {
        /// The table.
        table: TableName,
        /// Until now.
        from: String,
        /// From now on.
        to: String,
    },
    /// An index follows its column or table.
    RenameIndex {
        /// The table.
        table: TableName,
        /// Until now.
        from: String,
        /// From now on.
        to: String,
    },
    /// A sequence follows its column.
    RenameSequence {
        /// Until now, already in the schema of its table.
        from: TableName,
        /// From now on.
        to: TableName,
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
        column: Box<WantedColumn>,
        /// The literal that the rows get that are there.
        fill: Option<String>,
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
    /// Another type.
    ChangeType {
        /// The table.
        table: TableName,
        /// The column.
        column: ColumnName,
        /// How its values get there.
        cast: Cast,
        /// Its default from now on.
        default: Option<String>,
    },
    /// Changes what rows hold, in batches; all of a row at once, because a change may wait for another to keep a check.
    Rewrite {
        /// The table.
        table: TableName,
        /// What changes.
        changes: Vec<Change>,
        /// Which of the two times.
        pass: Pass,
    },
    /// A condition for every row written from now on.
    AddCheck {
        /// The table.
        table: TableName,
        /// The constraint's name.
        name: String,
        /// The condition.
        condition: String,
    },
    /// A reference to another table; in a table that is there, as yet only for rows written from now on.
    AddForeignKey {
        /// The table.
        table: TableName,
        /// The column.
        column: ColumnName,
        /// The table that it points to.
        target: TableName,
        /// Whether rows may be there.
        age: Age,
    },
    /// Makes sure that a constraint holds for every row.
    Validate {
        /// The table.
        table: TableName,
        /// The constraint's name.
        name: String,
    },
    /// A column may no longer be null; its check says that it is nowhere, so that no row has to be read.
    SetNotNull {
        /// The table.
        table: TableName,
        /// The column.
        column: ColumnName,
    },
    /// An index.
    BuildIndex {
        /// The table.
        table: TableName,
        /// The index.
        index: WantedIndex,
        /// Whether rows may be there.
        age: Age,
    },
    /// The index of a uniqueness to be.
    BuildUniqueIndex {
        /// The table.
        table: TableName,
        /// The column.
        column: ColumnName,
    },
    /// Uniqueness of a column, whose index is built.
    AttachUnique {
        /// The table.
        table: TableName,
        /// The column.
        column: ColumnName,
    },
    /// A column that no field asks for any more.
    DropColumn {
        /// The table.
        table: TableName,
        /// The column.
        column: StoredColumn,
        /// The sequence that goes with it.
        sequence: Option<TableName>,
        /// A new field that may be what it is called now.
        candidate: Option<FieldName>,
    },
    /// A table whose collection is gone.
    DropTable {
        /// Its name.
        name: TableName,
        /// What it is; its foreign keys were dropped before.
        table: StoredTable,
        /// The sequences that go with it, with their columns.
        sequences: Vec<(TableName, ColumnName)>,
        /// A new collection that may be what it is called now.
        candidate: Option<TypeName>,
    },
}

/// A change of what rows hold. It only finds what is left, so that it can be begun again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A value for the rows that have none.
    Fill {
        /// The column.
        column: ColumnName,
        /// An expression over the row.
        value: String,
    },
    /// Other names for the values of an enum.
    Recode {
        /// The column.
        column: ColumnName,
        /// How the column holds them.
        shape: Shape,
        /// Each of before with that of now.
        names: Vec<(String, String)>,
        /// Those of before that cannot be told from others afterwards, because rows hold the value of now already.
        merged: Vec<String>,
        /// Those of now with the one of before that stands for them when this is taken back.
        back: Vec<(String, String)>,
    },
}

/// Rows are changed twice: before a check says how they have to be, so that nobody's change of an old row is refused for long, and
/// after it, for those that were written meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Before the condition.
    First,
    /// After it.
    Second,
}

/// What is known of a table's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// The table is made in the same transaction.
    New,
    /// Rows may be there, and people who work with them.
    Old,
    /// The same, in a table with partitions, which cannot have an index built beside their work.
    OldInPartitions,
}

/// How a column holds an enum's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One.
    Single,
    /// An array of them.
    List,
}
