//! The tables that the catalog asks for.

mod index;
mod table;

pub(super) use index::table_indexes;
pub use table::tables;

use crate::base::{ColumnName, FieldName, ScalarType, TableName, TypeName, Value};
use crate::catalog::{SearchConfig, SearchWeight, ValueLimits};
use crate::migrate::names;

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct WantedTable {
    /// Its name.
    pub name: TableName,
    /// The collection that it stores.
    pub type_name: TypeName,
    /// The names that the collection had before.
    pub former_names: Vec<TypeName>,
    /// Whether the platform's own migrations make it; then only columns that the tool adds can be missing.
    pub is_platform: bool,
    /// Its columns, `id` first.
    pub columns: Vec<WantedColumn>,
    /// The indexes over several columns.
    pub indexes: Vec<WantedIndex>,
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub struct WantedColumn {
    /// The field that it stores.
    pub field: FieldName,
    /// Its name.
    pub name: ColumnName,
    /// The names that it may have in a database of before.
    pub former_names: Vec<ColumnName>,
    /// Whether the platform's own migrations make it.
    pub is_platform: bool,
    /// The type of the column, or of its elements.
    pub scalar: ScalarType,
    /// Whether it is an array.
    pub is_list: bool,
    /// Whether it is NOT NULL.
    pub is_required: bool,
    /// Its default.
    pub default: Option<WantedDefault>,
    /// What the rows that are there get when it is added or becomes required.
    pub fill: Option<WantedFill>,
    /// Whether no two rows may have the same.
    pub is_unique: bool,
    /// The values of an enum, in order.
    pub values: Option<Vec<String>>,
    /// The values of an enum that are called otherwise now: before and now.
    pub former_values: Vec<(String, String)>,
    /// The most characters.
    pub max_length: Option<u32>,
    /// What else its values have to keep to.
    pub limits: ValueLimits,
    /// The table that it points to.
    pub reference: Option<TableName>,
    /// The indexes by which rows are looked up and lists ordered.
    pub indexes: Vec<WantedIndex>,
}

/// An index of a column, followed by `id` because every order ends with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedIndex {
    /// Its name.
    pub name: String,
    /// The column.
    pub column: ColumnName,
    /// The values of an enum whose places are what is indexed, as lists are ordered by them.
    pub order: Option<Vec<String>>,
    /// Greatest first and nulls last, which no index in the usual direction gives when it is read backwards.
    pub is_descending: bool,
    /// Other columns with which this one is unique. Then the index is not for orders, and `id` is not in it.
    pub unique_with: Vec<ColumnName>,
    /// The words of texts, for full-text search. Then the index has nothing else in it.
    pub words: Option<WantedWords>,
}

/// The words of columns, as `planner` looks for them: an index over the same expression, so that the table has no column for it
/// that would have to be computed anew for every row under a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedWords {
    /// How texts are taken apart.
    pub config: SearchConfig,
    /// The columns with their weights.
    pub columns: Vec<(ColumnName, SearchWeight)>,
}

/// What a column holds when nobody says.
#[derive(Clone, Debug, PartialEq)]
pub enum WantedDefault {
    /// An SQL expression of the program's own, `now()`.
    Fixed(&'static str),
    /// A literal.
    Literal(Value),
    /// The next number of a sequence, formatted.
    Sequence(SequenceFormat),
}

/// What rows get that have no value yet.
#[derive(Clone, Debug, PartialEq)]
pub enum WantedFill {
    /// The same literal for all.
    Literal(Value),
    /// An SQL expression over the columns of the row.
    Sql(String),
}

/// `CASE-{:06}`: what stands around the number, and how many digits it has at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SequenceFormat {
    /// Before the number.
    pub prefix: String,
    /// The least number of digits.
    pub width: u32,
    /// After the number.
    pub suffix: String,
}

impl SequenceFormat {
    /// Reads the argument of `@sequence(format:)`; `None` if it has no place for the number.
    pub fn parse(format: &str) -> Option<Self> {
        let (prefix, rest) = format.split_once('{')?;
        let (digits, suffix) = rest.split_once('}')?;
        let width = match digits.strip_prefix(":0") {
            Some(width) => width.parse().ok()?,
            None if digits.is_empty() => 0,
            None => return None,
        };
        Some(Self { prefix: prefix.to_owned(), width, suffix: suffix.to_owned() })
    }
}

impl WantedColumn {
    /// The column's type as `format_type` prints it.
    pub fn sql_type(&self) -> String {
        format!("{}{}", self.scalar.sql_type(), if self.is_list { "[]" } else { "" })
    }
}

/// The sequence of a column, if its default takes one.
pub fn sequence_of(table: &WantedTable, column: &WantedColumn) -> Option<TableName> {
    matches!(column.default, Some(WantedDefault::Sequence(_))).then(|| names::sequence(&table.name, &column.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_formats_have_one_place_for_the_number() {
        let format = |prefix: &str, width, suffix: &str| {
            Some(SequenceFormat { prefix: prefix.to_owned(), width, suffix: suffix.to_owned() })
        };
        assert_eq!(SequenceFormat::parse("CASE-{:06}"), format("CASE-", 6, ""));
        assert_eq!(SequenceFormat::parse("{}/A"), format("", 0, "/A"));
        for refused in ["CASE", "CASE-{", "CASE-{x}", "CASE-{:0x}"] {
            assert_eq!(SequenceFormat::parse(refused), None, "{refused}");
        }
    }
}
