//! The file of an export, in whatever form.

use crate::db::RawJson;
use crate::export::csv_file::{CsvColumn, CsvFile};
use crate::export::json_file::JsonFile;
use crate::export::row::parse_row;
use crate::export::spool::PartFile;
use crate::export::watermark::Stamp;
use crate::export::{ExportError, ExportFormat};

/// Bytes that go to the disk at once.
pub(crate) const BUFFER: usize = 128 * 1024;

/// A file that is being written.
pub(crate) enum ExportFile {
    /// CSV.
    Csv(Box<CsvFile>),
    /// JSON.
    Json(Box<JsonFile>),
}

impl ExportFile {
    /// Begins a file.
    ///
    /// # Errors
    /// [`ExportError::File`].
    pub(crate) fn create(
        part: PartFile,
        format: ExportFormat,
        columns: Vec<CsvColumn>,
        stamp: Stamp,
    ) -> Result<Self, ExportError> {
        match format {
            ExportFormat::Csv => Ok(Self::Csv(Box::new(CsvFile::create(part, columns, stamp)?))),
            ExportFormat::Json => Ok(Self::Json(Box::new(JsonFile::create(part, stamp)?))),
        }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`ExportError::File`], [`ExportError::Row`].
    pub(crate) fn push(&mut self, row: &RawJson) -> Result<(), ExportError> {
        let values = parse_row(&row.0)?;
        match self {
            Self::Csv(file) => file.push(&values),
            Self::Json(file) => file.push(&row.0, &values),
        }
    }

    /// Ends the file.
    ///
    /// # Errors
    /// [`ExportError::File`].
    pub(crate) fn finish(self) -> Result<PartFile, ExportError> {
        match self {
            Self::Csv(file) => file.finish(),
            Self::Json(file) => file.finish(),
        }
    }
}
