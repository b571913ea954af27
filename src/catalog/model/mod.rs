//! The checked model: collections, fields, enums and the text of their rules.
//!
//! Purpose: be the plain data that everyone else reads; [`Catalog`] holds it all and finds what is asked for by id or name.
//! Invariants: an id is an index into the catalog that gave it.
//! Deliberately unknown: how any of it was written in SDL, but for the place that a message points to.

mod access;
mod collection;
mod enum_type;
mod field;
mod rule_text;
mod settings;

pub use access::{AccessRules, BaseRules, FieldAccess, Mask, NamedRule};
pub use collection::{Collection, CompoundUnique, MutationKind};
pub use enum_type::{EnumType, EnumValue};
pub use field::{Backfill, DefaultValue, Field, FieldKind, OnDelete, ValueLimits};
pub use rule_text::RuleText;
pub use settings::{AggregateSettings, AuditSettings, ExportSettings, GroupFloor};

use crate::base::RoleName;
use crate::catalog::SourceFile;

/// Index of a collection in [`Catalog::collections`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CollectionId(pub u16);

/// A field of a collection: the collection's index and the index in [`Collection::fields`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldId {
    /// The collection that has the field.
    pub collection: CollectionId,
    /// Index in its `fields`.
    pub index: u16,
}

/// Index of an enum in [`Catalog::enums`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnumId(pub u16);

/// Everything that `schema.graphql` and the platform's own SDL say, checked.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// The platform's collections first, then the tool's in the order of the file.
    pub collections: Vec<Collection>,
    /// Every enum, the `Role` enum among them.
    pub enums: Vec<EnumType>,
    /// `@rule(name:, is:)`, in order.
    pub named_rules: Vec<NamedRule>,
    /// `@base(read:, write:)`.
    pub base: BaseRules,
    /// The files that the catalog came from; a [`crate::catalog::SourceSpan`] points into them.
    pub sources: Vec<SourceFile>,
}

impl Catalog {
    /// The collection with this id.
    pub fn collection(&self, id: CollectionId) -> &Collection {
        &self.collections[usize::from(id.0)]
    }

    /// The field with this id.
    pub fn field(&self, id: FieldId) -> &Field {
        &self.collection(id.collection).fields[usize::from(id.index)]
    }

    /// The enum with this id.
    pub fn enum_type(&self, id: EnumId) -> &EnumType {
        &self.enums[usize::from(id.0)]
    }

    /// The collection with this GraphQL type name.
    pub fn find_collection(&self, name: &str) -> Option<&Collection> {
        self.collections.iter().find(|collection| collection.name == name)
    }

    /// The collection of what was shared with whom.
    pub fn record_shares(&self) -> Option<&Collection> {
        self.find_collection(Collection::RECORD_SHARE).filter(|collection| collection.is_platform)
    }

    /// The collection whose shares a relation to many leads to; `None` for every other relation.
    pub fn shares_of(&self, relation: &Field) -> Option<&Collection> {
        let FieldKind::ToMany { inverse, .. } = relation.kind else { return None };
        let is_foreign_key = matches!(self.field(inverse).kind, FieldKind::ToOne { .. });
        (!is_foreign_key).then(|| self.collection(relation.id.collection))
    }

    /// Every role: the values of the `Role` enum.
    pub fn roles(&self) -> Vec<RoleName> {
        let roles = self.enums.iter().find(|enum_type| enum_type.name == "Role");
        roles.map(|roles| roles.values.iter().map(|value| RoleName::new(value.name.as_str())).collect()).unwrap_or_default()
    }
}
