//! From names to ids: the draft becomes the catalog.
//!
//! Purpose: decide what every name means and whether what the directives say fits it.
//! Flow: [`scope::Scope`] gives every field its type first, because relations look at the fields of other collections; then
//! each collection is resolved on its own.
//! Invariants: what has a mistake is reported once and left out, so ids only hold when nothing was reported, which is the only
//! case in which the catalog leaves the compiler.

mod access;
mod checks;
mod collection;
mod default;
mod enums;
mod field;
mod history;
mod implicit;
mod limits;
mod names;
mod relation;
mod rules;
mod scope;
mod search;
mod share;
mod unique;

use crate::catalog::draft::Draft;
use crate::catalog::findings::Findings;
use crate::catalog::{Catalog, Collection, EnumType, NamedRule};
use scope::Scope;

/// Resolves the whole draft.
pub(super) fn resolve(draft: &Draft, findings: &mut Findings) -> Catalog {
    let scope = Scope::new(draft, findings);
    let enums: Vec<EnumType> = draft.enums.iter().map(|draft| enums::resolve_enum(draft, findings)).collect();
    let named_rules: Vec<NamedRule> = rules::resolve_rules(&draft.schema_directives, findings);
    let collections: Vec<Collection> =
        scope.collection_ids().map(|id| collection::resolve_collection(&scope, id, findings)).collect();
    let base = rules::resolve_base(&draft.schema_directives, findings);
    Catalog { collections, enums, named_rules, base, sources: findings.sources().to_vec() }
}
