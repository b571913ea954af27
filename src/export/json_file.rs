//! A JSON file: one array, one object by field name on each line.

use crate::export::ExportError;
use crate::export::export_file::BUFFER;
use crate::export::row::{Row, row_id};
use crate::export::spool::PartFile;
use crate::export::watermark::{COLUMN, Stamp};
use serde_json::Value as Json;
use std::io::{BufWriter, Write};

/// A JSON file that is being written.
pub(crate) struct JsonFile {
    writer: BufWriter<PartFile>,
    stamp: Stamp,
    is_empty: bool,
}

impl JsonFile {
    /// Begins the array.
    ///
    /// # Errors
    /// [`ExportError::File`].
    pub(crate) fn create(part: PartFile, stamp: Stamp) -> Result<Self, ExportError> {
        let mut writer = BufWriter::with_capacity(BUFFER, part);
        writer.write_all(b"[").map_err(ExportError::file("write"))?;
        Ok(Self { writer, stamp, is_empty: true })
    }

    /// Adds a row: `json` as the database built it, with the mark as its last key.
    ///
    /// # Errors
    /// [`ExportError::File`], [`ExportError::Row`].
    pub(crate) fn push(&mut self, json: &str, row: &Row<'_>) -> Result<(), ExportError> {
        let values = row.iter().map(|(name, value)| Ok(((*name).to_owned(), serde_json::from_str::<Json>(value.get())?)));
        let content = content(values.collect::<Result<Vec<_>, serde_json::Error>>()?);
        let mark = self.stamp.mark(row_id(row), content.iter().map(Vec::as_slice));
        let separator = if std::mem::take(&mut self.is_empty) { "\n" } else { ",\n" };
        let open = json.trim_end().strip_suffix('}').unwrap_or(json);
        let comma = if row.is_empty() { "" } else { "," };
        // A mark has no character that JSON escapes.
        write!(self.writer, "{separator}{open}{comma}\"{COLUMN}\":\"{mark}\"}}").map_err(ExportError::file("write"))
    }

    /// Ends the array.
    ///
    /// # Errors
    /// [`ExportError::File`].
    pub(crate) fn finish(mut self) -> Result<PartFile, ExportError> {
        self.writer.write_all(b"\n]\n").map_err(ExportError::file("write"))?;
        self.writer.into_inner().map_err(|error| ExportError::file("write")(error.into_error()))
    }
}

/// What the content seal of a JSON row goes over: names and values in the order of the names, so that it survives tools that
/// format the file anew.
pub(crate) fn content(mut values: Vec<(String, Json)>) -> Vec<Vec<u8>> {
    values.sort_by(|left, right| left.0.cmp(&right.0));
    values.into_iter().flat_map(|(name, value)| [name.into_bytes(), value.to_string().into_bytes()]).collect()
}
