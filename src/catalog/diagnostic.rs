//! A mistake in `schema.graphql`: what is wrong, where, and what to write instead.

use crate::catalog::SourceSpan;
use std::fmt;

/// The stable name of a kind of mistake, `missing-access`; every one has a case under `tests/cases/catalog/failing/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DiagnosticCode(pub &'static str);

impl fmt::Display for DiagnosticCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

/// One mistake.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// The kind of mistake.
    pub code: DiagnosticCode,
    /// What is wrong, naming the thing in backticks.
    pub message: String,
    /// The words under the marked place.
    pub label: String,
    /// The place.
    pub span: SourceSpan,
    /// What to write instead.
    pub help: Option<String>,
}
