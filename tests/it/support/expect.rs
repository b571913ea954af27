//! Expected output in files beside the input.

use std::fs;
use std::path::{Path, PathBuf};

/// The directories below `tests/cases/<area>`, by name: one for each case.
pub fn case_directories(area: &str) -> Vec<PathBuf> {
    let area = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(area);
    let entries = fs::read_dir(&area).unwrap_or_else(|error| panic!("{}: {error}", area.display()));
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    cases.sort();
    assert!(!cases.is_empty(), "{} holds no case", area.display());
    cases
}

/// Compares text with a file; says what differs, or with `UPDATE_EXPECT=1` rewrites the file and has nothing to say.
pub fn difference(actual: &str, file: &Path) -> Option<String> {
    let expected = fs::read_to_string(file).unwrap_or_default();
    if expected == actual {
        return None;
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(file, actual).unwrap();
        return None;
    }
    Some(format!("{}\n--- expected\n{expected}\n--- actual\n{actual}", file.display()))
}
