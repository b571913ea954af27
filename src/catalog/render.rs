//! Diagnostics as people and programs read them: drawn as source snippets, or as JSON.

use crate::catalog::{Diagnostic, SourceFile, SourceSpan};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteSpanContents, SourceCode, SpanContents};
use std::fmt;

/// Every mistake of a catalog with the files that they are in.
#[derive(Clone, Debug)]
pub struct Diagnostics {
    /// The files; spans point into them.
    pub sources: Vec<SourceFile>,
    /// The mistakes by place; the same input always gives the same list.
    pub diagnostics: Vec<Diagnostic>,
}

/// How diagnostics are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenderStyle {
    /// With colors, for a terminal.
    Color,
    /// Without, for files, pipes and tests.
    Plain,
}

/// The width to which messages and help are wrapped.
const WIDTH: usize = 110;

impl Diagnostics {
    /// Orders mistakes by place and drops those said twice.
    pub fn new(sources: Vec<SourceFile>, mut diagnostics: Vec<Diagnostic>) -> Self {
        diagnostics.sort_by(|a, b| (a.span, a.code, &a.message).cmp(&(b.span, b.code, &b.message)));
        diagnostics.dedup();
        Self { sources, diagnostics }
    }

    /// Draws every mistake with its snippet, and ends with their number.
    pub fn render(&self, style: RenderStyle) -> String {
        let theme = match style {
            RenderStyle::Color => GraphicalTheme::unicode(),
            RenderStyle::Plain => GraphicalTheme::unicode_nocolor(),
        };
        let handler = GraphicalReportHandler::new_themed(theme).with_width(WIDTH).with_links(false).with_context_lines(1);
        let mut drawing = String::new();
        for diagnostic in &self.diagnostics {
            let report = Report { diagnostic, snippet: Snippet { file: self.file(diagnostic.span) } };
            handler.render_report(&mut drawing, &report).expect("writing into a string cannot fail");
            drawing.push('\n');
        }
        let ending = if self.diagnostics.len() == 1 { "" } else { "s" };
        drawing.push_str(&format!("{} mistake{ending} found\n", self.diagnostics.len()));
        drawing
    }

    /// The mistakes as an array of `{code, message, path, line, column, help}`.
    pub fn to_json(&self) -> serde_json::Value {
        let entries = self.diagnostics.iter().map(|Diagnostic { code, message, label: _, span, help }| {
            let file = self.file(*span);
            let place = file.line_column(span.offset);
            serde_json::json!({
                "code": code.0,
                "message": message,
                "path": file.path.display().to_string(),
                "line": place.line,
                "column": place.column,
                "help": help,
            })
        });
        entries.collect()
    }

    fn file(&self, span: SourceSpan) -> &SourceFile {
        &self.sources[usize::from(span.source.0)]
    }
}

/// A diagnostic in the form that miette draws.
#[derive(Debug)]
struct Report<'a> {
    diagnostic: &'a Diagnostic,
    snippet: Snippet<'a>,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.diagnostic.message)
    }
}

impl std::error::Error for Report<'_> {}

impl miette::Diagnostic for Report<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.diagnostic.code))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.diagnostic.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.snippet)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let Diagnostic { label, span, .. } = self.diagnostic;
        let end = self.snippet.file.text.len();
        let offset = span.offset.min(end);
        let words = (!label.is_empty()).then(|| label.clone());
        let labeled = LabeledSpan::new(words, offset, span.length.min(end - offset));
        Some(Box::new(std::iter::once(labeled)))
    }
}

/// A source file whose columns count characters; miette's own sources count bytes.
#[derive(Debug)]
struct Snippet<'a> {
    file: &'a SourceFile,
}

impl SourceCode for Snippet<'_> {
    fn read_span<'a>(
        &'a self,
        span: &miette::SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, miette::MietteError> {
        let contents = self.file.text.read_span(span, lines_before, lines_after)?;
        let place = self.file.line_column(span.offset());
        let column = if lines_before == 0 { place.column - 1 } else { contents.column() };
        Ok(Box::new(MietteSpanContents::new_named(
            self.file.path.display().to_string(),
            contents.data(),
            *contents.span(),
            contents.line(),
            column,
            contents.line_count(),
        )))
    }
}
