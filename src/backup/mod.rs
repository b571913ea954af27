//! Everything that a tool keeps, in one directory, and back again.
//!
//! Purpose: a backup that can be restored on a machine that has nothing but the tool's own files.
//! Flow: [`save()`] (roles → `pg_dump` → export files → manifest); [`restore()`] (manifest → roles → `pg_restore` → export files);
//! then `migrate::apply` gives the server its login and checks that the database fits.
//! Invariants: a directory without its manifest is no backup, and the manifest is written last; nothing is restored over
//! something; passwords are in neither the backup nor an argument of a program.
//! Deliberately unknown: what the tables mean. The tool's own files (schema, migrations, settings) belong into version control.

mod error;
mod manifest;
mod program;
mod restore;
mod save;

pub use error::BackupError;
pub use manifest::Manifest;
pub use restore::restore;
pub use save::save;

/// The dump of the database, in `pg_dump`'s own format.
const DUMP: &str = "database.dump";

/// The files of exports, in a backup as below the data directory.
const EXPORTS: &str = "exports";
