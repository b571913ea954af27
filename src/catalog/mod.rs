//! `schema.graphql` and its directives, compiled into one checked, immutable [`Catalog`].
//!
//! Purpose: read SDL once, report every mistake at once, and hand everyone else plain data without questions left.
//! Flow: source text → `sdl` (parse) → `directives` (typed) → `resolve` (names to ids, relations) → `physical` (tables and
//! columns) → [`Catalog`].
//! Invariants: pure; ids are indexes into the catalog's own lists and are valid for its life; the platform's own collections
//! come first and pass through the same compiler.
//! Deliberately unknown: what a rule means (`policy` compiles the text kept here), what the database holds (`migrate`).

mod collection;
mod diagnostic;
mod source;

pub use collection::{
    AccessRules, AuditSettings, Catalog, Collection, CollectionId, DefaultValue, EnumId, EnumType, EnumValue, ExportSettings,
    Field, FieldAccess, FieldId, FieldKind, Mask, MutationKind, NamedRule, OnDelete, RuleText,
};
pub use diagnostic::{Diagnostic, DiagnosticCode};
pub use source::{SourceFile, SourceId, SourceSpan};
