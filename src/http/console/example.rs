//! The tool's example operations, each a file of the tool directory.

use super::ConsoleError;
use serde::Serialize;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Every visitor of the page loads all examples.
const MAX_BYTES: u64 = 64 * 1024;

/// An operation that GraphiQL opens in a tab of its own.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Example {
    /// The name in the list of examples; tabs show the operation's name.
    pub name: String,
    /// The GraphQL document, comments and all.
    pub document: String,
    /// The variables as JSON text.
    pub variables: Option<String>,
}

impl Example {
    /// Reads the `*.graphql` files of a folder in the order of their names, each with the `*.json` file beside it as its
    /// variables. `02-one-ticket.graphql` is called "One ticket". A folder that is not there has no examples.
    ///
    /// # Errors
    /// [`ConsoleError`] when the folder or a file cannot be read, or a file is too large.
    pub fn read_folder(folder: &Path) -> Result<Vec<Self>, ConsoleError> {
        let mut paths = list_documents(folder).map_err(|source| cannot_read(folder, source))?;
        paths.sort();
        paths.iter().map(|path| Self::read(path)).collect()
    }

    fn read(path: &Path) -> Result<Self, ConsoleError> {
        let variables_path = path.with_extension("json");
        let variables = if variables_path.exists() { Some(read_limited(&variables_path)?) } else { None };
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        Ok(Self { name: name_of(&stem), document: read_limited(path)?, variables })
    }
}

fn list_documents(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension() == Some(OsStr::new("graphql")) {
            paths.push(path);
        }
    }
    Ok(paths)
}

fn read_limited(path: &Path) -> Result<String, ConsoleError> {
    let size = fs::metadata(path).map_err(|source| cannot_read(path, source))?.len();
    if size > MAX_BYTES {
        return Err(ConsoleError::ExampleTooLarge { path: path.to_owned(), limit: MAX_BYTES });
    }
    fs::read_to_string(path).map_err(|source| cannot_read(path, source))
}

fn cannot_read(path: &Path, source: io::Error) -> ConsoleError {
    ConsoleError::ReadExamples { path: path.to_owned(), source }
}

/// `02-one-ticket` is "One ticket": the number only orders.
fn name_of(stem: &str) -> String {
    let words = stem.trim_start_matches(|c: char| c.is_ascii_digit()).replace(['-', '_'], " ");
    let words = words.trim();
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => stem.to_owned(),
    }
}
