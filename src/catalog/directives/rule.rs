//! `@rule` and `@base`.

use crate::catalog::directives::Located;
use crate::catalog::directives::reader::Reader;
use crate::catalog::{RuleText, SourceSpan};

/// `@rule(name:, is:)`.
pub(in crate::catalog) struct RuleDirective {
    pub name: Located<String>,
    pub rule: RuleText,
}

impl RuleDirective {
    pub(super) fn read(reader: Reader<'_>) -> Option<Self> {
        Some(Self { name: reader.text("name")?, rule: reader.rule("is")? })
    }
}

/// `@base(read:, write:)`.
pub(in crate::catalog) struct BaseDirective {
    pub read: Option<RuleText>,
    pub write: Option<RuleText>,
    pub span: SourceSpan,
}

impl BaseDirective {
    pub(super) fn read(reader: Reader<'_>) -> Self {
        Self { read: reader.rule("read"), write: reader.rule("write"), span: reader.span() }
    }
}
