//! `@rule`.

use crate::catalog::RuleText;
use crate::catalog::directives::Located;
use crate::catalog::directives::reader::Reader;

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
