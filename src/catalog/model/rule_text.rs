//! The text of a rule, and the way from its bytes back to the file.

use crate::catalog::SourceSpan;

/// The text of a CEL rule with its way back to the place in the file.
#[derive(Clone, Debug)]
pub struct RuleText {
    /// The rule as CEL reads it (GraphQL string escapes and block indentation removed).
    pub text: String,
    /// The whole string literal in the file.
    pub span: SourceSpan,
    /// For pieces of `text` that stand unbroken in the file: (offset in `text`, offset in the file), ascending, first at 0.
    pub offsets: Vec<(usize, usize)>,
    /// Where in `text` begins what the platform's own services may, and where that stands in the platform's file.
    pub services: Option<(usize, SourceSpan)>,
}

impl RuleText {
    /// The place in the file of a range of bytes of the rule text; a range over several pieces reaches from the first into
    /// the last.
    pub fn span_of(&self, offset: usize, length: usize) -> SourceSpan {
        if let Some((_, span)) = self.services.filter(|(start, _)| *start <= offset) {
            return span;
        }
        let start = self.place_of(offset);
        let end = match self.offsets.iter().find(|(in_text, _)| *in_text == offset + length) {
            // Where the next piece begins, so that an escape at the end is marked whole.
            Some((_, in_file)) if length > 0 => *in_file,
            _ => self.place_of((offset + length).saturating_sub(1)) + 1,
        };
        SourceSpan::new(self.span.source, start..end.max(start))
    }

    /// The byte of the file at which a byte of the rule text stands.
    fn place_of(&self, offset: usize) -> usize {
        let piece = self.offsets.iter().rev().find(|(in_text, _)| *in_text <= offset);
        piece.map_or(self.span.offset, |(in_text, in_file)| in_file + (offset - in_text))
    }
}
