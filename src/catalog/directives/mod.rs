//! The directives of types and fields, one typed struct each.
//!
//! Purpose: read each directive once into plain data, so that `resolve` never looks at syntax.
//! Invariants: a malformed argument reads as absent, because `validate` has already reported it; nothing is reported twice.
//! Deliberately unknown: what the other directives and the field's type say; `resolve` compares them.

mod access;
mod collection;
mod history;
mod reader;
mod record;
mod relation;
mod rule;
mod search;
mod storage;

pub(super) use access::AccessDirective;
pub(super) use collection::CollectionDirective;
pub(super) use history::{BackfillDirective, WasDirective};
pub(super) use reader::Located;
pub(super) use record::{AggregateDirective, AuditDirective, ExportDirective, ShareableDirective};
pub(super) use relation::{InverseDirective, OnDeleteDirective};
pub(super) use rule::{BaseDirective, RuleDirective};
pub(super) use search::SearchDirective;
pub(super) use storage::{
    ColumnDirective, DefaultDirective, LengthDirective, PatternDirective, RangeDirective, SequenceDirective, UniqueDirective,
};

use crate::catalog::SourceSpan;
use crate::catalog::findings::Findings;
use apollo_compiler::Node;
use apollo_compiler::ast::Directive;
use reader::Reader;

/// What stands on a type.
pub(super) struct TypeDirectives {
    pub collection: Option<CollectionDirective>,
    pub access: Option<AccessDirective>,
    pub service: Option<AccessDirective>,
    pub audit: Option<AuditDirective>,
    pub export: Option<ExportDirective>,
    pub aggregate: Option<AggregateDirective>,
    pub shareable: Option<ShareableDirective>,
    pub search: Option<SearchDirective>,
    pub was: Option<WasDirective>,
    pub uniques: Vec<UniqueDirective>,
}

impl TypeDirectives {
    /// Reads the directives of a type.
    pub(super) fn read(directives: &[Node<Directive>], findings: &Findings) -> Self {
        let find = |name| find(directives, name, findings);
        Self {
            collection: find("collection").map(CollectionDirective::read),
            access: find("access").map(AccessDirective::read),
            service: find("service").map(AccessDirective::read),
            audit: find("audit").map(AuditDirective::read),
            export: find("export").and_then(ExportDirective::read),
            aggregate: find("aggregate").map(AggregateDirective::read),
            shareable: find("shareable").and_then(ShareableDirective::read),
            search: find("search").and_then(SearchDirective::read),
            was: find("was").and_then(WasDirective::read),
            uniques: find_all(directives, "unique", findings).map(UniqueDirective::read).collect(),
        }
    }
}

/// What stands on a field. A directive without arguments is its place.
pub(super) struct FieldDirectives {
    pub access: Option<AccessDirective>,
    pub uniques: Vec<UniqueDirective>,
    pub index: Option<SourceSpan>,
    pub read_only: Option<SourceSpan>,
    pub default: Option<DefaultDirective>,
    pub sequence: Option<SequenceDirective>,
    pub length: Option<LengthDirective>,
    pub range: Option<RangeDirective>,
    pub pattern: Option<PatternDirective>,
    pub column: Option<ColumnDirective>,
    pub inverse: Option<InverseDirective>,
    pub acyclic: Option<SourceSpan>,
    pub on_delete: Option<OnDeleteDirective>,
    pub was: Option<WasDirective>,
    pub backfill: Option<BackfillDirective>,
    pub deprecation: Option<String>,
}

impl FieldDirectives {
    /// Reads the directives of a field.
    pub(super) fn read(directives: &[Node<Directive>], findings: &Findings) -> Self {
        let find = |name| find(directives, name, findings);
        let place = |name| find(name).map(|reader| reader.span());
        Self {
            access: find("access").map(AccessDirective::read),
            uniques: find_all(directives, "unique", findings).map(UniqueDirective::read).collect(),
            index: place("index"),
            read_only: place("readOnly"),
            default: find("default").map(DefaultDirective::read),
            sequence: find("sequence").and_then(SequenceDirective::read),
            length: find("length").and_then(LengthDirective::read),
            range: find("range").map(RangeDirective::read),
            pattern: find("pattern").and_then(PatternDirective::read),
            column: find("column").and_then(ColumnDirective::read),
            acyclic: place("acyclic"),
            inverse: find("inverse").and_then(InverseDirective::read),
            on_delete: find("onDelete").and_then(OnDeleteDirective::read),
            was: find("was").and_then(WasDirective::read),
            backfill: find("backfill").map(BackfillDirective::read),
            deprecation: read_deprecation(directives, findings),
        }
    }
}

/// `@was(name:)` of an enum value.
pub(super) fn read_was(directives: &[Node<Directive>], findings: &Findings) -> Option<WasDirective> {
    find(directives, "was", findings).and_then(WasDirective::read)
}

/// `@deprecated(reason:)`, which GraphQL defines itself.
pub(super) fn read_deprecation(directives: &[Node<Directive>], findings: &Findings) -> Option<String> {
    let reader = find(directives, "deprecated", findings)?;
    Some(reader.text("reason").map_or_else(|| "No longer supported".to_owned(), |reason| reason.value))
}

/// Reads every `@rule` of the schema.
pub(super) fn read_rules(directives: &[Node<Directive>], findings: &Findings) -> Vec<RuleDirective> {
    let rules = directives.iter().filter(|directive| directive.name == "rule");
    rules.filter_map(|directive| RuleDirective::read(Reader::new(directive, findings))).collect()
}

/// Reads the schema's `@base`.
pub(super) fn read_base(directives: &[Node<Directive>], findings: &Findings) -> Option<BaseDirective> {
    find(directives, "base", findings).map(BaseDirective::read)
}

/// Every directive of a name that may stand more than once.
fn find_all<'a>(
    directives: &'a [Node<Directive>],
    name: &'static str,
    findings: &'a Findings,
) -> impl Iterator<Item = Reader<'a>> {
    directives.iter().filter(move |directive| directive.name == name).map(move |directive| Reader::new(directive, findings))
}

/// The first directive of a name; `validate` refuses a second one.
fn find<'a>(directives: &'a [Node<Directive>], name: &str, findings: &'a Findings) -> Option<Reader<'a>> {
    let directive = directives.iter().find(|directive| directive.name == name)?;
    Some(Reader::new(directive, findings))
}
