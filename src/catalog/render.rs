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
        let handler = handler(style);
        let mut drawing = String::new();
        for diagnostic in &self.diagnostics {
            let Diagnostic { code, message, label, span, help } = diagnostic;
            let snippet = Snippet { file: self.file(*span) };
            let labels = vec![(*span, label.clone())];
            let report = Report { code: Some(code.0), message, help: help.as_deref(), labels, snippet };
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

/// Draws places of a schema with words beside them, one snippet for each file.
pub fn annotate(sources: &[SourceFile], labels: &[(SourceSpan, String)], style: RenderStyle) -> String {
    let mut drawing = String::new();
    for (index, file) in sources.iter().enumerate() {
        let own = labels.iter().filter(|(span, _)| usize::from(span.source.0) == index);
        let mut own: Vec<(SourceSpan, String)> = own.cloned().collect();
        own.sort_by_key(|(span, _)| *span);
        own.dedup_by_key(|(span, _)| *span);
        if own.is_empty() {
            continue;
        }
        let report = Report { code: None, message: "", help: None, labels: own, snippet: Snippet { file } };
        let mut snippet = String::new();
        handler(style).render_report(&mut snippet, &report).expect("writing into a string cannot fail");
        // The first line is that of the message, which whoever asks has said in its own way.
        drawing.push_str(snippet.split_once('\n').map_or("", |(_, rest)| rest));
    }
    drawing
}

fn handler(style: RenderStyle) -> GraphicalReportHandler {
    let theme = match style {
        RenderStyle::Color => GraphicalTheme::unicode(),
        RenderStyle::Plain => GraphicalTheme::unicode_nocolor(),
    };
    GraphicalReportHandler::new_themed(theme).with_width(WIDTH).with_links(false).with_context_lines(1)
}

/// What miette draws.
#[derive(Debug)]
struct Report<'a> {
    code: Option<&'static str>,
    message: &'a str,
    help: Option<&'a str>,
    labels: Vec<(SourceSpan, String)>,
    snippet: Snippet<'a>,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.message)
    }
}

impl std::error::Error for Report<'_> {}

impl miette::Diagnostic for Report<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.snippet)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let end = self.snippet.file.text.len();
        let labels = self.labels.iter().map(move |(span, label)| {
            let offset = span.offset.min(end);
            let words = (!label.is_empty()).then(|| label.clone());
            LabeledSpan::new(words, offset, span.length.min(end - offset))
        });
        Some(Box::new(labels))
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
