//! What the rules look at: columns of the row, other collections, the caller and the request.

use crate::base::{Actor, ColumnName, ContextUse, RoleName, TableName};
use crate::catalog::{Catalog, CollectionId, FieldId};
use crate::policy::syntax::{MaskRule, Rule};
use crate::policy::{Operation, RuleBook, usage, view};
use std::collections::{BTreeMap, BTreeSet};

impl RuleBook {
    /// The columns of each table that rules look at in other rows, and that deletions look at to find what goes along.
    pub fn rule_views(&self, catalog: &Catalog) -> BTreeMap<TableName, BTreeSet<ColumnName>> {
        let mut views = BTreeMap::new();
        self.rules().for_each(|rule| view::add_views(rule, &mut views));
        view::add_cascades(catalog, &mut views);
        views
    }

    /// The collection's columns by which read rules, its own and those that look into it, filter rows: worth an index.
    pub fn rule_columns(&self, collection: CollectionId) -> Vec<FieldId> {
        self.collection(collection).filter_columns.clone()
    }

    /// The collections whose tables the operation's rules look into, those of the fields that it reads or sets included.
    pub fn sub_reads(&self, collection: CollectionId, operation: Operation) -> Vec<CollectionId> {
        let mut collections = BTreeSet::new();
        self.rules_of(collection, operation).for_each(|rule| usage::add_sub_reads(rule, &mut collections));
        collections.into_iter().collect()
    }

    /// The same, without what no actor of the role gets to: a part of a rule that is never true for it looks into nothing.
    pub fn sub_reads_for_role(&self, collection: CollectionId, operation: Operation, role: &RoleName) -> Vec<CollectionId> {
        let mut collections = BTreeSet::new();
        self.rules_of(collection, operation).for_each(|rule| usage::add_sub_reads_for_role(rule, role, &mut collections));
        collections.into_iter().collect()
    }

    /// The operation's rule, and those of the fields that it reads or sets.
    fn rules_of(&self, collection: CollectionId, operation: Operation) -> impl Iterator<Item = &Rule> {
        let guards = self.collection(collection).fields.iter().filter_map(move |field| match operation {
            Operation::Read => field.read.as_ref(),
            Operation::Create | Operation::Update => field.write.as_ref(),
            Operation::Delete => None,
        });
        let masks = self.collection(collection).fields.iter().filter_map(|field| field.mask.as_ref());
        let shown = masks.filter(move |_| operation == Operation::Read).flat_map(MaskRule::conditions);
        [self.rule(collection, operation)].into_iter().chain(guards).chain(shown)
    }

    /// What the rules ask of the caller and the request. Where they ask something of the request, what was solved for one is not for
    /// another.
    pub fn context_use(&self) -> ContextUse {
        self.context_use
    }

    /// What PostgreSQL has to be told of an actor: what the policies and triggers of the actor's database role look at.
    pub fn context_use_for(&self, actor: &Actor) -> ContextUse {
        self.wall_use(actor, |_| true)
    }

    /// The same for a statement that names these tables. Through the views of rules it looks with their owner's rights, whom no
    /// policy asks anything.
    pub fn context_use_of_tables(&self, actor: &Actor, tables: &[TableName]) -> ContextUse {
        self.wall_use(actor, |table| tables.contains(table))
    }

    fn wall_use(&self, actor: &Actor, is_met: impl Fn(&TableName) -> bool) -> ContextUse {
        // The platform's own work may be a user's, of any role: it is told everything.
        let Some(uses) = self.wall_uses.get(&actor.acting_role()) else {
            return ContextUse { names_identity: true, ..self.context_use };
        };
        ContextUse::any(uses.iter().filter(|(table, _)| is_met(table)).map(|(_, used)| *used))
    }

    /// What all rules and masks ask.
    pub(super) fn used(&self) -> ContextUse {
        let mut used = ContextUse::default();
        self.rules().for_each(|rule| usage::add_context_use(rule, &mut used));
        self.masks().for_each(|mask| usage::add_mask_use(mask, &mut used));
        used
    }

    /// What row-level security asks under a role, by the very predicates that `migrate` makes it of. Guards of fields, masks and
    /// what gives the right to export are the planner's alone.
    pub(super) fn wall_uses_of(&self, catalog: &Catalog, role: &RoleName) -> Vec<(TableName, ContextUse)> {
        const OPERATIONS: [Operation; 4] = [Operation::Read, Operation::Create, Operation::Update, Operation::Delete];
        let mut uses = Vec::new();
        for collection in &catalog.collections {
            // Of an event it is asked whose it is, whatever the rules are.
            let is_audit_log = collection.table == TableName::new("toolcrib", "audit_events");
            let mut used = ContextUse { names_identity: is_audit_log, ..ContextUse::default() };
            for operation in OPERATIONS {
                let predicate = self.solve_for_role(collection.id, operation, role);
                predicate.caller_values().for_each(|value| usage::add_caller_value(value, &mut used));
            }
            if used != ContextUse::default() {
                uses.push((collection.table.clone(), used));
            }
        }
        uses
    }
}
