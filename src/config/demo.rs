//! `[demo]`

use crate::config::entries::Entries;
use std::path::{Path, PathBuf};

/// What `serve --demo` puts into an empty database.
#[derive(Clone, Debug, PartialEq)]
pub struct DemoSettings {
    /// An SQL file that the owner runs once.
    pub seed: Option<PathBuf>,
}

impl DemoSettings {
    pub(super) const KEYS: &'static [&'static str] = &["demo.seed"];

    pub(super) fn read(entries: &mut Entries, directory: &Path) -> Self {
        Self { seed: entries.read_path("demo.seed", directory) }
    }
}
