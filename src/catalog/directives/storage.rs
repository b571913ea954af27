//! The directives of stored fields.

use crate::catalog::directives::Located;
use crate::catalog::directives::reader::Reader;
use crate::catalog::{RuleText, SourceSpan};
use apollo_compiler::Node;
use apollo_compiler::ast::Value;

/// `@default(value:, expr:)`; exactly one is meant to be there.
pub(in crate::catalog) struct DefaultDirective {
    pub literal: Option<Located<Node<Value>>>,
    pub expression: Option<RuleText>,
    pub span: SourceSpan,
}

impl DefaultDirective {
    pub(super) fn read(reader: Reader<'_>) -> Self {
        Self { literal: reader.value("value"), expression: reader.rule("expr"), span: reader.span() }
    }
}

/// `@unique`, with `fields:` on a type.
pub(in crate::catalog) struct UniqueDirective {
    pub fields: Option<Vec<Located<String>>>,
    pub span: SourceSpan,
}

impl UniqueDirective {
    pub(super) fn read(reader: Reader<'_>) -> Self {
        Self { fields: reader.texts("fields"), span: reader.span() }
    }
}

/// `@sequence(format:)`.
pub(in crate::catalog) struct SequenceDirective {
    pub format: Located<String>,
    pub span: SourceSpan,
}

impl SequenceDirective {
    pub(super) fn read(reader: Reader<'_>) -> Option<Self> {
        Some(Self { format: reader.text("format")?, span: reader.span() })
    }
}

/// `@length(min:, max:)`.
pub(in crate::catalog) struct LengthDirective {
    pub min: Option<Located<i32>>,
    pub max: Located<i32>,
    pub span: SourceSpan,
}

impl LengthDirective {
    pub(super) fn read(reader: Reader<'_>) -> Option<Self> {
        Some(Self { min: reader.number("min"), max: reader.number("max")?, span: reader.span() })
    }
}

/// `@range(min:, max:)`; at least one is meant to be there.
pub(in crate::catalog) struct RangeDirective {
    pub min: Option<Located<Node<Value>>>,
    pub max: Option<Located<Node<Value>>>,
    pub span: SourceSpan,
}

impl RangeDirective {
    pub(super) fn read(reader: Reader<'_>) -> Self {
        Self { min: reader.value("min"), max: reader.value("max"), span: reader.span() }
    }
}

/// `@pattern(regex:)`.
pub(in crate::catalog) struct PatternDirective {
    pub regex: Located<String>,
    pub span: SourceSpan,
}

impl PatternDirective {
    pub(super) fn read(reader: Reader<'_>) -> Option<Self> {
        Some(Self { regex: reader.text("regex")?, span: reader.span() })
    }
}

/// `@column(name:)`.
pub(in crate::catalog) struct ColumnDirective {
    pub name: Located<String>,
    pub span: SourceSpan,
}

impl ColumnDirective {
    pub(super) fn read(reader: Reader<'_>) -> Option<Self> {
        Some(Self { name: reader.text("name")?, span: reader.span() })
    }
}
