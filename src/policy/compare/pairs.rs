//! What was what before: collections, fields and roles of two versions, under whichever names.

use super::read::FormerNames;
use crate::base::RoleName;
use crate::catalog::{Catalog, Collection, Field};

/// Which collection of the new version is which of the old one.
pub(super) struct Pairs<'a> {
    pairs: Vec<Pair<'a>>,
    /// The names of the old version, for what has others now.
    pub(super) former: FormerNames,
}

/// A collection in both versions, or in one.
#[derive(Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) old: Option<&'a Collection>,
    pub(super) new: Option<&'a Collection>,
}

impl<'a> Pairs<'a> {
    /// Pairs them.
    pub(super) fn find(old: &'a Catalog, new: &'a Catalog) -> Self {
        let mut former = FormerNames::default();
        let mut pairs = Vec::new();
        for collection in &new.collections {
            let before = former_collection(old, collection);
            pairs.push(Pair { old: before, new: Some(collection) });
            let Some(before) = before else { continue };
            former.tables.insert(collection.id, before.table.name.to_string());
            for field in &collection.fields {
                if let Some(old_field) = former_field(before, field) {
                    former.fields.insert(field.id, format!("{}.{}", before.name, old_field.name));
                }
            }
        }
        let is_kept = |gone: &Collection| pairs.iter().any(|pair| pair.old.is_some_and(|kept| kept.id == gone.id));
        let gone: Vec<Pair<'a>> = old
            .collections
            .iter()
            .filter(|collection| !is_kept(collection))
            .map(|collection| Pair { old: Some(collection), new: None })
            .collect();
        pairs.extend(gone);
        Self { pairs, former }
    }

    /// The tool's own before the platform's.
    pub(super) fn in_order(&self) -> impl Iterator<Item = Pair<'a>> {
        let is_platform = |pair: &&Pair<'_>| pair.new.or(pair.old).is_some_and(|collection| collection.is_platform);
        let own = self.pairs.iter().filter(move |pair| !is_platform(pair));
        own.chain(self.pairs.iter().filter(is_platform)).copied()
    }
}

/// A role in both versions, or in one.
#[derive(Clone, Debug)]
pub(super) struct RolePair {
    pub(super) old: Option<RoleName>,
    pub(super) new: Option<RoleName>,
}

impl RolePair {
    /// The roles of today, then those that are gone.
    pub(super) fn find(old: &Catalog, new: &Catalog) -> Vec<Self> {
        let old_roles = old.roles();
        let former = |role: &RoleName| {
            let values = new.enums.iter().filter(|enum_type| enum_type.name == "Role").flat_map(|roles| &roles.values);
            let mut values = values.filter(|value| value.name.as_str() == role.as_str()).flat_map(|value| &value.former_names);
            values.find_map(|name| old_roles.iter().find(|role| role.as_str() == name.as_str()))
        };
        let paired = |role: RoleName| {
            let before = old_roles.iter().find(|before| **before == role).or_else(|| former(&role)).cloned();
            Self { old: before, new: Some(role) }
        };
        let mut pairs: Vec<Self> = new.roles().into_iter().map(paired).collect();
        let is_kept = |role: &RoleName| pairs.iter().any(|pair| pair.old.as_ref() == Some(role));
        let gone: Vec<Self> =
            old_roles.iter().filter(|role| !is_kept(role)).map(|role| Self { old: Some(role.clone()), new: None }).collect();
        pairs.extend(gone);
        pairs
    }

    /// What it is called, or was.
    pub(super) fn name(&self) -> &RoleName {
        self.new.as_ref().or(self.old.as_ref()).expect("a pair has one side at least")
    }
}

/// The same rows before: by the type's name, the table or what the type was called.
pub(super) fn former_collection<'a>(old: &'a Catalog, collection: &Collection) -> Option<&'a Collection> {
    let by_name = old.find_collection(collection.name.as_str());
    let by_table = || old.collections.iter().find(|other| other.table == collection.table);
    let by_former_name = || collection.former_names.iter().find_map(|name| old.find_collection(name.as_str()));
    by_name.or_else(by_table).or_else(by_former_name)
}

/// The same values before: by the field's name, the column or one that it had.
pub(super) fn former_field<'a>(old: &'a Collection, field: &Field) -> Option<&'a Field> {
    let by_column = |column| old.fields.iter().find(|other| other.column() == Some(column));
    old.find_field(field.name.as_str())
        .or_else(|| field.column().and_then(by_column))
        .or_else(|| field.former_columns.iter().find_map(by_column))
}
