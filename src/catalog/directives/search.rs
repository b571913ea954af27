//! `@search`.

use crate::catalog::SourceSpan;
use crate::catalog::directives::Located;
use crate::catalog::directives::reader::Reader;

/// `@search(fields:, config:)`.
pub(in crate::catalog) struct SearchDirective {
    pub fields: Vec<Located<String>>,
    pub config: Option<Located<String>>,
    pub span: SourceSpan,
}

impl SearchDirective {
    pub(super) fn read(reader: Reader<'_>) -> Option<Self> {
        Some(Self { fields: reader.texts("fields")?, config: reader.text("config"), span: reader.span() })
    }
}
