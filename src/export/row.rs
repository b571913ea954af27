//! A row as the database built it.

use indexmap::IndexMap;
use serde_json::value::RawValue;

/// A row's values by field name, still the text that PostgreSQL wrote: nothing rounds a number on its way into the file.
pub(crate) type Row<'r> = IndexMap<&'r str, &'r RawValue>;

/// Reads a row.
///
/// # Errors
/// If it is no object.
pub(crate) fn parse_row(json: &str) -> Result<Row<'_>, serde_json::Error> {
    serde_json::from_str(json)
}

/// The row's id, by which its watermark names it.
pub(crate) fn row_id<'r>(row: &Row<'r>) -> &'r str {
    row.get("id").map_or("", |id| id.get().trim_matches('"'))
}
