//! What every phase of the compiler shares: the files, and the mistakes found so far.

use crate::catalog::{Catalog, Diagnostic, Diagnostics, RuleText, SourceFile, SourceId, SourceSpan, literal};
use apollo_compiler::ast::Value;
use apollo_compiler::parser::{FileId, SourceSpan as ParsedSpan};
use apollo_compiler::{Name, Node};

/// The files and the mistakes found in them.
pub(super) struct Findings {
    sources: Vec<SourceFile>,
    parsed: Vec<(FileId, SourceId)>,
    diagnostics: Vec<Diagnostic>,
}

impl Findings {
    /// Starts without a mistake.
    pub(super) fn new(sources: Vec<SourceFile>) -> Self {
        Self { sources, parsed: Vec::new(), diagnostics: Vec::new() }
    }

    /// The files in order.
    pub(super) fn sources(&self) -> &[SourceFile] {
        &self.sources
    }

    /// Remembers under which id the parser knows a file.
    pub(super) fn remember_file(&mut self, file: FileId, source: SourceId) {
        self.parsed.push((file, source));
    }

    /// Records a mistake.
    pub(super) fn add(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Whether there is any mistake yet.
    pub(super) fn is_empty(&self) -> bool {
        self.diagnostics.is_empty()
    }

    /// The mistakes, with the files that they are in.
    pub(super) fn into_diagnostics(self) -> Diagnostics {
        Diagnostics::new(self.sources, self.diagnostics)
    }

    /// The catalog if nothing is wrong with it.
    pub(super) fn into_result(self, catalog: Catalog) -> Result<Catalog, Diagnostics> {
        if self.is_empty() { Ok(catalog) } else { Err(self.into_diagnostics()) }
    }

    /// The place of something parsed. What has no place in a file (it was never written) gets the start of the first.
    pub(super) fn span(&self, location: Option<ParsedSpan>) -> SourceSpan {
        let found = location.and_then(|location| {
            let (_, source) = self.parsed.iter().find(|(file, _)| *file == location.file_id())?;
            Some(SourceSpan::new(*source, location.offset()..location.end_offset()))
        });
        found.unwrap_or(SourceSpan::new(SourceId::PLATFORM, 0..1))
    }

    /// The place of a name.
    pub(super) fn span_of_name(&self, name: &Name) -> SourceSpan {
        self.span(name.location())
    }

    /// The rule that a string literal holds; `None` if the value is no string.
    pub(super) fn rule_text(&self, value: &Node<Value>) -> Option<RuleText> {
        value.as_str()?;
        let span = self.span(value.location());
        let file = &self.sources[usize::from(span.source.0)];
        let literal = file.text.get(span.offset..span.offset + span.length)?;
        Some(literal::decode(literal, span))
    }
}
