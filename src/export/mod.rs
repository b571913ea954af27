//! Files out of a collection: watermarked, recorded, served.
//!
//! Purpose: let people take data out so that afterwards it is known who took what, when and why, also from a single leaked row.
//! Flow: [`Exporter::export`] checks the export right and plans → `run` (a task of its own) locks the export's id, adds its row
//! and EXPORT_STARTED, streams the plan under the caller's own rules into a `spool` file through `csv_file` or `json_file`, and
//! closes the row with EXPORT_COMPLETED or EXPORT_FAILED → [`Exporter::download`] hands the file out. [`Exporter::trace`] finds
//! the way back from a fragment.
//! Invariants: the `exports` row changes only through the one write path; every data row carries a `watermark`; a file is
//! visible under its name only when it is complete and on disk; memory does not grow with the number of rows; a refusal is
//! recorded before it is answered, a download before its first byte; an export outlives the request that asked for it, and an
//! export whose server died is found and marked FAILED (`recover`).
//! Deliberately unknown: HTTP, GraphQL, how the caller signed in.

mod cell;
mod csv_file;
mod download;
mod error;
mod export_file;
mod exporter;
mod format;
mod json_file;
mod record;
mod recover;
mod row;
mod run;
mod settings;
mod spool;
mod trace;
mod watermark;

pub use download::Download;
pub use error::ExportError;
pub use exporter::{ExportRequest, Exporter, ExporterParts};
pub use format::ExportFormat;
pub use settings::ExportSettings;
pub use trace::TracedExport;
pub use watermark::WatermarkKey;
