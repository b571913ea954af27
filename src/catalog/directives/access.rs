//! `@access`, on a collection and on a field.

use crate::catalog::directives::Located;
use crate::catalog::directives::reader::Reader;
use crate::catalog::{Mask, RuleText, SourceSpan};

/// `@access(read:, write:, create:, update:, delete:, stepUp:, mask:)`.
pub(in crate::catalog) struct AccessDirective {
    pub read: Option<RuleText>,
    pub write: Option<RuleText>,
    pub create: Option<RuleText>,
    pub update: Option<RuleText>,
    pub delete: Option<RuleText>,
    pub step_up: Option<Located<String>>,
    pub mask: Option<Located<Mask>>,
    pub span: SourceSpan,
}

impl AccessDirective {
    pub(super) fn read(reader: Reader<'_>) -> Self {
        Self {
            read: reader.rule("read"),
            write: reader.rule("write"),
            create: reader.rule("create"),
            update: reader.rule("update"),
            delete: reader.rule("delete"),
            step_up: reader.text("stepUp"),
            mask: reader.choice("mask", read_mask),
            span: reader.span(),
        }
    }
}

fn read_mask(name: &str) -> Option<Mask> {
    match name {
        "EMAIL" => Some(Mask::Email),
        "LAST4" => Some(Mask::Last4),
        "REDACT" => Some(Mask::Redact),
        _ => None,
    }
}
