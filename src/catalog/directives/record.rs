//! `@audit`, `@export`, `@aggregate` and `@shareable`: what is written down of what people do, and what they may take out, add up
//! or pass on.

use crate::catalog::directives::Located;
use crate::catalog::directives::reader::Reader;
use crate::catalog::{MutationKind, RuleText, SourceSpan};

/// `@audit(reads:, reason:)`.
pub(in crate::catalog) struct AuditDirective {
    pub is_read_audited: bool,
    pub reasons: Vec<MutationKind>,
}

impl AuditDirective {
    pub(super) fn read(reader: Reader<'_>) -> Self {
        Self { is_read_audited: reader.is_on("reads"), reasons: reader.mutations("reason").unwrap_or_default() }
    }
}

/// `@export(allow:, maxRows:)`.
pub(in crate::catalog) struct ExportDirective {
    pub allow: RuleText,
    pub max_rows: Option<Located<i32>>,
}

impl ExportDirective {
    pub(super) fn read(reader: Reader<'_>) -> Option<Self> {
        Some(Self { allow: reader.rule("allow")?, max_rows: reader.number("maxRows") })
    }
}

/// `@aggregate(allow:, minGroup:)`.
pub(in crate::catalog) struct AggregateDirective {
    pub allow: Option<RuleText>,
    pub min_group: Option<Located<i32>>,
    pub span: SourceSpan,
}

impl AggregateDirective {
    pub(super) fn read(reader: Reader<'_>) -> Self {
        Self { allow: reader.rule("allow"), min_group: reader.number("minGroup"), span: reader.span() }
    }
}

/// `@shareable(by:)`.
pub(in crate::catalog) struct ShareableDirective {
    pub by: RuleText,
    pub span: SourceSpan,
}

impl ShareableDirective {
    pub(super) fn read(reader: Reader<'_>) -> Option<Self> {
        Some(Self { by: reader.rule("by")?, span: reader.span() })
    }
}
