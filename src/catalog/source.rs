//! Source files and places in them.

use std::path::PathBuf;
use std::sync::Arc;

/// Which source file of a catalog; an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u16);

/// One SDL text with the path under which diagnostics name it.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The path as the builder wrote it, or `platform.graphql` for the embedded part.
    pub path: PathBuf,
    /// The whole text.
    pub text: Arc<str>,
}

/// A range of bytes in a source file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceSpan {
    /// The file.
    pub source: SourceId,
    /// The first byte.
    pub offset: usize,
    /// How many bytes; at least one, so that a snippet has something to point at.
    pub length: usize,
}
