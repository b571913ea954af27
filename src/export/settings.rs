//! How exports run.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// How exports run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportSettings {
    /// Where the files are kept.
    pub directory: PathBuf,
    /// How long whoever asks for an export waits for it before being told that it is still running.
    pub wait: Duration,
    /// How many run at once. Each holds a database connection for as long.
    pub max_running: u16,
    /// How long those that run may go on when the server stops.
    pub grace: Duration,
    /// How long one may take; the other statements' time limit is far too short for it.
    pub time_limit: Duration,
}

impl ExportSettings {
    /// The usual settings, with the files under the data directory.
    pub fn in_directory(data_dir: &Path) -> Self {
        Self {
            directory: data_dir.join("exports"),
            wait: Duration::from_secs(10),
            max_running: 4,
            grace: Duration::from_secs(10),
            time_limit: Duration::from_secs(60 * 60),
        }
    }
}
