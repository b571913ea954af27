//! A CSV file: RFC 4180, UTF-8, a header of field names.

use crate::export::ExportError;
use crate::export::cell::CellKind;
use crate::export::export_file::BUFFER;
use crate::export::row::{Row, row_id};
use crate::export::spool::PartFile;
use crate::export::watermark::{COLUMN, Stamp};
use csv::{Terminator, Writer, WriterBuilder};
use std::borrow::Cow;
use std::io;

/// A column of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CsvColumn {
    /// The field's name.
    pub(crate) name: String,
    /// How its values become text.
    pub(crate) kind: CellKind,
}

/// A CSV file that is being written.
pub(crate) struct CsvFile {
    writer: Writer<PartFile>,
    columns: Vec<CsvColumn>,
    stamp: Stamp,
}

impl CsvFile {
    /// Begins with the header. Its last cell names the marks' column and carries the mark of the file.
    ///
    /// # Errors
    /// [`ExportError::File`].
    pub(crate) fn create(part: PartFile, columns: Vec<CsvColumn>, stamp: Stamp) -> Result<Self, ExportError> {
        let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).buffer_capacity(BUFFER).from_writer(part);
        let names = columns.iter().map(|column| column.name.as_str());
        let mark = format!("{COLUMN} {}", stamp.header_mark(names.clone().map(str::as_bytes)));
        writer.write_record(names.chain([mark.as_str()])).map_err(write_error)?;
        Ok(Self { writer, columns, stamp })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`ExportError::File`], [`ExportError::Row`].
    pub(crate) fn push(&mut self, row: &Row<'_>) -> Result<(), ExportError> {
        let cells = self.columns.iter().map(|column| match row.get(column.name.as_str()) {
            Some(value) => column.kind.cell(value),
            None => Ok(Cow::Borrowed("")),
        });
        let cells = cells.collect::<Result<Vec<Cow<'_, str>>, serde_json::Error>>()?;
        let mark = self.stamp.mark(row_id(row), cells.iter().map(|cell| cell.as_bytes()));
        self.writer.write_record(cells.iter().map(|cell| cell.as_ref()).chain([mark.as_str()])).map_err(write_error)
    }

    /// Ends the file.
    ///
    /// # Errors
    /// [`ExportError::File`].
    pub(crate) fn finish(self) -> Result<PartFile, ExportError> {
        let finished = self.writer.into_inner();
        finished.map_err(|error| ExportError::file("write")(io::Error::new(error.error().kind(), error.error().to_string())))
    }
}

fn write_error(error: csv::Error) -> ExportError {
    ExportError::file("write")(error.into())
}
