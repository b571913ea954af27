//! `schema.graphql` and its directives, compiled into one checked, immutable [`Catalog`].
//!
//! Purpose: read SDL once, report every mistake at once, and hand everyone else plain data without questions left.
//! Flow: [`Catalog::load`]: source text → `sdl` (parse) → `merge` (extensions join what they extend) → `validate` (GraphQL's
//! own rules, and the arguments of directives) → `resolve` (directives, names to ids, relations) → `api_names` and `physical`
//! (no name of the API or the database is there twice) → [`Catalog`], or [`Diagnostics`].
//! Invariants: pure; the same files always give the same catalog and the same diagnostics; ids are indexes into the catalog's own
//! lists and are valid for its life; the platform's own collections come first and pass through the same compiler; a catalog with
//! a mistake never leaves this module.
//! Deliberately unknown: what a rule means (`policy` compiles the text kept here), what the database holds (`migrate`).

mod api_names;
mod diagnostic;
mod directives;
mod draft;
mod findings;
mod literal;
mod load;
mod measure;
mod merge;
mod model;
mod nearest;
mod physical;
mod render;
mod reserved;
mod resolve;
mod sdl;
mod search;
mod source;
mod validate;

pub use diagnostic::{Diagnostic, DiagnosticCode};
pub use model::{
    AccessRules, AggregateSettings, AuditSettings, Backfill, BaseRules, Catalog, Collection, CollectionId, CompoundUnique,
    DefaultValue, EnumId, EnumType, EnumValue, ExportSettings, Field, FieldAccess, FieldId, FieldKind, GroupFloor, Mask,
    MutationKind, NamedRule, OnDelete, RuleText, ValueLimits,
};
pub(crate) use nearest::nearest;
pub use physical::{ConstraintKind, compound_unique_name, constraint_name};
pub use render::{Diagnostics, RenderStyle, annotate};
pub use search::{INDEX_ENDING as SEARCH_INDEX_ENDING, SearchConfig, SearchGroup, SearchSettings, SearchWeight};
pub use source::{LineColumn, SourceFile, SourceId, SourceSpan};
