//! `@inverse` and `@onDelete`: the directives of relations.

use crate::catalog::directives::Located;
use crate::catalog::directives::reader::Reader;
use crate::catalog::{OnDelete, SourceSpan};

/// `@inverse(field:)`.
pub(in crate::catalog) struct InverseDirective {
    pub field: Located<String>,
    pub span: SourceSpan,
}

impl InverseDirective {
    pub(super) fn read(reader: Reader<'_>) -> Option<Self> {
        Some(Self { field: reader.text("field")?, span: reader.span() })
    }
}

/// `@onDelete(do:)`.
pub(in crate::catalog) struct OnDeleteDirective {
    pub action: Located<OnDelete>,
    pub span: SourceSpan,
}

impl OnDeleteDirective {
    pub(super) fn read(reader: Reader<'_>) -> Option<Self> {
        Some(Self { action: reader.choice("do", read_action)?, span: reader.span() })
    }
}

fn read_action(name: &str) -> Option<OnDelete> {
    match name {
        "RESTRICT" => Some(OnDelete::Restrict),
        "CASCADE" => Some(OnDelete::Cascade),
        "SET_NULL" => Some(OnDelete::SetNull),
        _ => None,
    }
}
