//! `@access`, on a collection and on a field.

use crate::catalog::directives::Located;
use crate::catalog::directives::reader::Reader;
use crate::catalog::{Mask, RuleText, SourceSpan};

/// `@access(read:, write:, create:, update:, delete:, stepUp:, mask:, maskAs:)`.
pub(in crate::catalog) struct AccessDirective {
    pub read: Option<RuleText>,
    pub write: Option<RuleText>,
    pub create: Option<RuleText>,
    pub update: Option<RuleText>,
    pub delete: Option<RuleText>,
    pub step_up: Option<Located<String>>,
    pub mask: Option<Located<Mask>>,
    pub mask_as: Option<RuleText>,
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
            mask_as: reader.rule("maskAs"),
            span: reader.span(),
        }
    }
}

fn read_mask(name: &str) -> Option<Mask> {
    match name {
        "EMAIL" => Some(Mask::Email),
        "LAST4" => Some(Mask::Last4),
        "HASH" => Some(Mask::Hash),
        "REDACT" => Some(Mask::Redact),
        _ => None,
    }
}
