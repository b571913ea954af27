//! Source files and places in them.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// Which source file of a catalog; an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u16);

impl SourceId {
    /// The embedded `platform.graphql`, which always stands in front.
    pub const PLATFORM: Self = Self(0);
}

/// One SDL text with the path under which diagnostics name it.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The path as the builder wrote it, or `platform.graphql` for the embedded part.
    pub path: PathBuf,
    /// The whole text.
    pub text: Arc<str>,
}

impl SourceFile {
    /// A file that was already read.
    pub fn new(path: impl Into<PathBuf>, text: impl AsRef<str>) -> Self {
        Self { path: path.into(), text: Arc::from(text.as_ref()) }
    }

    /// The line and column of a byte. An offset inside a character counts as that character, one past the end as the end.
    pub fn line_column(&self, offset: usize) -> LineColumn {
        let mut start = offset.min(self.text.len());
        while !self.text.is_char_boundary(start) {
            start -= 1;
        }
        let before = &self.text[..start];
        // GraphQL ends a line with `\n`, `\r\n` or `\r`; the `\n` of a pair is no line of its own.
        let ends = before.char_indices().filter(|(at, character)| match character {
            '\n' => true,
            '\r' => !self.text[at + 1..].starts_with('\n'),
            _ => false,
        });
        let (count, line_start) = ends.fold((0, 0), |(count, _), (at, _)| (count + 1, at + 1));
        LineColumn { line: count + 1, column: before[line_start..].chars().count() + 1 }
    }
}

/// A place as people read it, both counted from 1; columns count characters, not bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineColumn {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
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

impl SourceSpan {
    /// The place of a range of bytes; an empty range marks one byte.
    pub fn new(source: SourceId, range: Range<usize>) -> Self {
        Self { source, offset: range.start, length: range.len().max(1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_end_as_graphql_says() {
        let file = SourceFile::new("a.graphql", "é = 1\r\nzwei\rdrei\nvier");
        let at = |needle: &str| {
            let place = file.line_column(file.text.find(needle).unwrap());
            (place.line, place.column)
        };
        assert_eq!(at("é"), (1, 1));
        assert_eq!(at("="), (1, 3));
        assert_eq!(at("zwei"), (2, 1));
        assert_eq!(at("rei"), (3, 2));
        assert_eq!(at("vier"), (4, 1));
        assert_eq!(file.line_column(9999), LineColumn { line: 4, column: 5 });
        assert_eq!(file.line_column(1), LineColumn { line: 1, column: 1 });
    }
}
