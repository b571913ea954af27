//! `@was` and `@backfill`: what `migrate` has to know of the schema before this one.

use crate::catalog::SourceSpan;
use crate::catalog::directives::Located;
use crate::catalog::directives::reader::Reader;
use apollo_compiler::Node;
use apollo_compiler::ast::Value;

/// `@was(name:)`.
pub(in crate::catalog) struct WasDirective {
    pub names: Vec<Located<String>>,
    pub span: SourceSpan,
}

impl WasDirective {
    pub(super) fn read(reader: Reader<'_>) -> Option<Self> {
        Some(Self { names: reader.texts("name")?, span: reader.span() })
    }
}

/// `@backfill(value:, sql:)`; exactly one is meant to be there.
pub(in crate::catalog) struct BackfillDirective {
    pub literal: Option<Located<Node<Value>>>,
    pub sql: Option<Located<String>>,
    pub span: SourceSpan,
}

impl BackfillDirective {
    pub(super) fn read(reader: Reader<'_>) -> Self {
        Self { literal: reader.value("value"), sql: reader.text("sql"), span: reader.span() }
    }
}
