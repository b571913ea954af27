//! `@collection`.

use crate::catalog::MutationKind;
use crate::catalog::directives::Located;
use crate::catalog::directives::reader::Reader;

/// `@collection(plural:, table:, appendOnly:, mutations:)`.
pub(in crate::catalog) struct CollectionDirective {
    pub plural: Option<Located<String>>,
    pub table: Option<Located<String>>,
    pub is_append_only: bool,
    pub mutations: Option<Located<Vec<MutationKind>>>,
}

impl CollectionDirective {
    pub(super) fn read(reader: Reader<'_>) -> Self {
        let mutations = reader.mutations("mutations");
        let span = reader.value("mutations").map_or(reader.span(), |value| value.span);
        Self {
            plural: reader.text("plural"),
            table: reader.text("table"),
            is_append_only: reader.is_on("appendOnly"),
            mutations: mutations.map(|value| Located { value, span }),
        }
    }
}
