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
    // A tool of which nothing is written yet; the parser wants a definition.
    if text.lines().all(|line| line.trim_start().is_empty() || line.trim_start().starts_with('#')) {
        return Document::new();
    }
    let (document, errors) = match Parser::new().parse_ast(text, "") {
        Ok(document) => (document, None),
        Err(failed) => (failed.partial, Some(failed.errors)),
    };
    for file in document.sources.keys() {
        findings.remember_file(*file, source);
    }
    let mut resume_at = 0;
    for error in errors.iter().flat_map(|errors| errors.iter()) {
        let span = findings.span(error.error.location());
        // One slip makes the parser stumble over whatever follows; what it says up to the next definition is noise.
        if span.offset < resume_at {
            continue;
        }
        resume_at = next_definition(text, span.offset);
        let message = error.error.to_string();
        findings.add(syntax_error(message.strip_prefix("syntax error: ").unwrap_or(&message), span));
    }
    document
}

/// Where the next definition begins: at a keyword or description in the first column.
fn next_definition(text: &str, offset: usize) -> usize {
    const STARTS: [&str; 10] =
        ["type ", "enum ", "extend ", "schema ", "interface ", "union ", "input ", "scalar ", "directive ", "\""];
    let rest = text.get(offset..).unwrap_or_default();
    let starts = rest.match_indices('\n').map(|(at, _)| at + 1);
    let next = starts.into_iter().find(|at| STARTS.iter().any(|start| rest[*at..].starts_with(start)));
    next.map_or(text.len() + 1, |at| offset + at)
}

fn syntax_error(message: &str, span: SourceSpan) -> Diagnostic {
    let diagnostic = Diagnostic::new(DiagnosticCode::INVALID_GRAPHQL, span, in_plain_words(message)).with_label("not GraphQL");
    if message.contains("unterminated string") || message.contains("line terminator") {
        return diagnostic.with_help("close the string; a rule over several lines stands between `\"\"\"` and `\"\"\"`");
    }
    diagnostic
}

/// The parser names tokens and grammar rules by their inner names.
fn in_plain_words(message: &str) -> String {
    const WORDS: [(&str, &str); 9] = [
        ("a StringValue, Name or OperationDefinition", "a definition such as `type` or `enum`"),
        ("R_PAREN", "`)`"),
        ("L_PAREN", "`(`"),
        ("R_CURLY", "`}`"),
        ("L_CURLY", "`{`"),
        ("R_BRACK", "`]`"),
        ("L_BRACK", "`[`"),
        ("COLON", "`:`"),
        ("EOF", "the end of the file"),
    ];
    let mut plain = message.to_owned();
    for (inner, word) in WORDS {
        plain = plain.replace(inner, word);
    }
    plain
}
