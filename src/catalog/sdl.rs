//! From text to syntax trees.

use crate::catalog::findings::Findings;
use crate::catalog::{Diagnostic, DiagnosticCode, SourceId, SourceSpan};
use apollo_compiler::ast::Document;
use apollo_compiler::diagnostic::ToCliReport;
use apollo_compiler::parser::Parser;

/// The most text of all files together. It bounds the work on a schema, and with it the number of types and of fields, which
/// therefore fit into the 16 bits of their ids: 65,536 fields of the shortest form (`abc:ID `) are longer.
const MAX_BYTES: usize = 384 * 1024;

/// Parses every file. A file with a syntax error yields what could be read of it; the findings then say so.
pub(super) fn parse(findings: &mut Findings) -> Vec<Document> {
    if let Some(refusal) = refuse_size(findings) {
        findings.add(refusal);
        return Vec::new();
    }
    let sources = findings.sources().to_vec();
    let parsed = sources.iter().enumerate().map(|(index, file)| {
        let source = SourceId(u16::try_from(index).expect("the number of files was checked"));
        parse_file(&file.text, source, findings)
    });
    parsed.collect()
}

fn refuse_size(findings: &Findings) -> Option<Diagnostic> {
    let sources = findings.sources();
    let bytes: usize = sources.iter().map(|file| file.text.len()).sum();
    if bytes <= MAX_BYTES && sources.len() <= usize::from(u16::MAX) {
        return None;
    }
    let message = format!("the schema has {bytes} bytes in {} files; at most {MAX_BYTES} can be read", sources.len());
    // The embedded part is small, so there is a file of the tool's.
    Some(Diagnostic::new(DiagnosticCode::INVALID_GRAPHQL, SourceSpan::new(SourceId(1), 0..1), message))
}

fn parse_file(text: &str, source: SourceId, findings: &mut Findings) -> Document {
    let (document, errors) = match Parser::new().parse_ast(text, "") {
        Ok(document) => (document, None),
        Err(failed) => (failed.partial, Some(failed.errors)),
    };
    for file in document.sources.keys() {
        findings.remember_file(*file, source);
    }
    let mut last_offset = None;
    for error in errors.iter().flat_map(|errors| errors.iter()) {
        let span = findings.span(error.error.location());
        // One slip often makes the parser complain several times at one place; the first complaint is the one to read.
        if last_offset.replace(span.offset) == Some(span.offset) {
            continue;
        }
        let message = error.error.to_string();
        findings.add(syntax_error(message.strip_prefix("syntax error: ").unwrap_or(&message), span));
    }
    document
}

fn syntax_error(message: &str, span: SourceSpan) -> Diagnostic {
    let diagnostic = Diagnostic::new(DiagnosticCode::INVALID_GRAPHQL, span, message).with_label("not GraphQL");
    if message.contains("unterminated string") {
        return diagnostic.with_help("close the string; a rule over several lines stands between `\"\"\"` and `\"\"\"`");
    }
    diagnostic
}
