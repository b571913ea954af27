//! All rules of a catalog, checked, and the questions that the rest of the product asks them.
//!
//! Purpose: hold every compiled rule. What an actor gets is asked in `for_actor`, what a role gets in `for_role`, and what the
//! rules themselves look at in `reach`.
//! Invariants: nothing changes once [`RuleBook::compile`] is through; every collection of the catalog has its rules here.
//! Deliberately unknown: how what was solved is asked of PostgreSQL (`to_sql`).

mod for_actor;
mod for_role;
mod reach;

use crate::base::{ContextUse, RoleName, TableName};
use crate::catalog::{Catalog, CollectionId, Diagnostic, FieldId};
use crate::policy::base::Base;
use crate::policy::collection_rules::{CollectionRules, FieldRules};
use crate::policy::compile::{add_filter_columns, compile_collections, in_order};
use crate::policy::share::ShareTable;
use crate::policy::syntax::{MaskRule, Rule};
use crate::policy::typecheck::{Environment, Library, Slot};
use crate::policy::{FieldOperation, Operation, UpdateForm};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Every rule of a catalog, compiled. Immutable, and shared by all requests.
#[derive(Clone, Debug)]
pub struct RuleBook {
    collections: Vec<CollectionRules>,
    /// The roles that an actor can have: those of the catalog, and `platform`.
    roles: Vec<RoleName>,
    /// What rules and masks ask of the caller and the request.
    context_use: ContextUse,
    /// What row-level security asks under each role of the catalog, for each table that asks anything.
    wall_uses: BTreeMap<RoleName, Vec<(TableName, ContextUse)>>,
}

impl RuleBook {
    /// Compiles every rule of the catalog.
    ///
    /// # Errors
    /// Every mistake of every rule, in the order of the files.
    pub fn compile(catalog: &Catalog) -> Result<Self, Vec<Diagnostic>> {
        let mut diagnostics = Vec::new();
        let library = Library::read(catalog, &mut diagnostics);
        let shares = ShareTable::of(catalog).map(Arc::new);
        let environment = Environment { catalog, library: &library, shares: shares.as_ref(), share_rights: &[] };
        for (text, node) in library.free_rules() {
            environment.check_node(text, node, Slot::NoRow, &mut diagnostics);
        }
        let base = Base::check(environment, &mut diagnostics);
        let compiled = compile_collections(environment, &base, &mut diagnostics);
        let collections: Option<Vec<CollectionRules>> = compiled.into_iter().collect();
        match collections {
            Some(mut collections) if diagnostics.is_empty() => {
                add_filter_columns(catalog, &mut collections);
                let roles = catalog.roles().into_iter().chain([RoleName::platform()]).collect();
                let book = Self { collections, roles, context_use: ContextUse::default(), wall_uses: BTreeMap::new() };
                let wall_uses = catalog.roles().into_iter().map(|role| (role.clone(), book.wall_uses_of(catalog, &role)));
                Ok(Self { context_use: book.used(), wall_uses: wall_uses.collect(), ..book })
            }
            _ => Err(in_order(diagnostics)),
        }
    }

    /// Which images the collection's update rule names.
    pub fn update_form(&self, collection: CollectionId) -> UpdateForm {
        self.collection(collection).update_form
    }

    /// The rule of rows itself, for those that look into it.
    pub(super) fn row_rule(&self, collection: CollectionId, operation: Operation) -> &Rule {
        self.rule(collection, operation)
    }

    /// The rule of a field, if it has one of its own.
    pub(super) fn field_rule(&self, field: FieldId, operation: FieldOperation) -> Option<&Rule> {
        let rules = self.field(field);
        match operation {
            FieldOperation::Read => rules.read.as_ref(),
            FieldOperation::Write => rules.write.as_ref(),
        }
    }

    /// The rule of aggregates, if they have one.
    pub(super) fn aggregate_rule(&self, collection: CollectionId) -> Option<&Rule> {
        self.collection(collection).aggregate.as_ref()
    }

    /// The rule of exports, if they are offered.
    pub(super) fn export_rule(&self, collection: CollectionId) -> Option<&Rule> {
        self.collection(collection).export.as_ref()
    }

    /// Every rule of every collection.
    fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.collections.iter().flat_map(CollectionRules::all)
    }

    /// The mask of every field that has one of its own making.
    fn masks(&self) -> impl Iterator<Item = &MaskRule> {
        self.collections.iter().flat_map(|rules| &rules.fields).filter_map(|field| field.mask.as_ref())
    }

    fn collection(&self, collection: CollectionId) -> &CollectionRules {
        &self.collections[usize::from(collection.0)]
    }

    fn field(&self, field: FieldId) -> &FieldRules {
        &self.collection(field.collection).fields[usize::from(field.index)]
    }

    fn rule(&self, collection: CollectionId, operation: Operation) -> &Rule {
        let CollectionRules { read, create, update, delete, .. } = self.collection(collection);
        match operation {
            Operation::Read => read,
            Operation::Create => create,
            Operation::Update => update,
            Operation::Delete => delete,
        }
    }
}
