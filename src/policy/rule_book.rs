//! All rules of a catalog, checked, and the questions that the rest of the product asks them.

use crate::base::{
    Actor, ColumnName, ContextUse, RequestContext, RoleName, ScalarType, ScopeOperation, ScopedCollection, TableName, TypeName,
    Value,
};
use crate::catalog::{Catalog, CollectionId, Diagnostic, FieldId};
use crate::policy::base::Base;
use crate::policy::compile::{add_filter_columns, compile_collections, in_order};
use crate::policy::known::{Asker, Caller};
use crate::policy::share::ShareTable;
use crate::policy::syntax::{KnownValue, MaskRule, Rule};
use crate::policy::typecheck::{Environment, Library, Slot};
use crate::policy::{MaskValue, Predicate, Residue, RoleAnswer, answer, mask, residue, solve, usage, view};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a row rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Filters what is read.
    Read,
    /// Guards a new row.
    Create,
    /// Guards a change.
    Update,
    /// Guards a deletion.
    Delete,
}

impl Operation {
    /// The word for it in a token's scope.
    pub(crate) fn scoped(self) -> ScopeOperation {
        match self {
            Self::Read => ScopeOperation::Read,
            Self::Create => ScopeOperation::Create,
            Self::Update => ScopeOperation::Update,
            Self::Delete => ScopeOperation::Delete,
        }
    }
}

/// What a field rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldOperation {
    /// Shows the value.
    Read,
    /// Lets the value be set.
    Write,
}

/// Which images of a row an update rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UpdateForm {
    /// `row`: it must hold on the stored row and on the changed one.
    Row,
    /// `old` and `new`: it is asked once, over both.
    OldNew,
}

/// Every rule of a catalog, compiled. Immutable, and shared by all requests.
#[derive(Clone, Debug)]
pub struct RuleBook {
    collections: Vec<CollectionRules>,
    /// The roles that an actor can have: those of the catalog, and `platform`.
    roles: Vec<RoleName>,
    context_use: ContextUse,
}

#[derive(Clone, Debug)]
pub(super) struct CollectionRules {
    pub(super) name: TypeName,
    pub(super) is_platform: bool,
    pub(super) read: Rule,
    pub(super) create: Rule,
    pub(super) update: Rule,
    pub(super) update_form: UpdateForm,
    pub(super) delete: Rule,
    pub(super) export: Option<Rule>,
    pub(super) aggregate: Option<Rule>,
    /// Who may share a row.
    pub(super) shareable: Option<Rule>,
    pub(super) fields: Vec<FieldRules>,
    pub(super) filter_columns: Vec<FieldId>,
}

impl CollectionRules {
    /// Every rule, those of the fields included.
    pub(super) fn all(&self) -> impl Iterator<Item = &Rule> {
        let Self { read, create, update, delete, export, aggregate, shareable, fields, .. } = self;
        let of_fields = fields.iter().flat_map(|field| [&field.read, &field.write]).flatten();
        let of_masks = fields.iter().filter_map(|field| field.mask.as_ref()).flat_map(MaskRule::conditions);
        let of_rows = [read, create, update, delete].into_iter().chain(export).chain(aggregate).chain(shareable);
        of_rows.chain(of_fields).chain(of_masks)
    }

    /// Adds the base rule to every rule of rows. Fields need none: whoever reaches no row reaches no field of it.
    pub(super) fn narrow(&mut self, base: &Base) {
        // Whoever shares a row writes a share of it, which is narrowed as well.
        let Self { name: _, is_platform: _, read, create, update, update_form: _, delete, export, aggregate, .. } = self;
        [read].into_iter().chain(export).chain(aggregate).for_each(|rule| base.narrow_read(rule));
        [create, update, delete].into_iter().for_each(|rule| base.narrow_write(rule));
    }
}

#[derive(Clone, Debug)]
pub(super) struct FieldRules {
    pub(super) read: Option<Rule>,
    pub(super) write: Option<Rule>,
    pub(super) mask: Option<MaskRule>,
    pub(super) default: Option<FieldDefault>,
}

#[derive(Clone, Debug)]
pub(super) struct FieldDefault {
    pub(super) value: KnownValue,
    pub(super) scalar: ScalarType,
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
                let mut book = Self { collections, roles, context_use: ContextUse::default() };
                let mut used = ContextUse::default();
                book.rules().for_each(|rule| usage::add_context_use(rule, &mut used));
                book.masks().for_each(|mask| usage::add_mask_use(mask, &mut used));
                book.context_use = used;
                Ok(book)
            }
            _ => Err(in_order(diagnostics)),
        }
    }

    /// The rows on which the actor may do this. A token's scope is asked here and in [`RuleBook::solve_export`], through which
    /// everything goes that reads or writes a row: what it leaves out is out for every use of the collection.
    pub fn solve(&self, collection: CollectionId, operation: Operation, actor: &Actor, request: &RequestContext) -> Predicate {
        if !self.is_in_scope(collection, operation.scoped(), actor) {
            return Predicate::Never;
        }
        let own = solve::solve(self.rule(collection, operation), Asker::Caller(Caller { actor, request }));
        self.within(own, actor, |viewer| self.solve(collection, operation, viewer, request))
    }

    /// Whoever looks at data as another user sees no more than both may.
    fn within(&self, own: Predicate, actor: &Actor, of_viewer: impl FnOnce(&Actor) -> Predicate) -> Predicate {
        match actor.scope.simulated_by() {
            Some(viewer) if !own.is_never() => Predicate::all([own, of_viewer(viewer)]),
            _ => own,
        }
    }

    /// The rows on which a role may do this, with whatever else there is to know of the caller left to PostgreSQL: for row-level
    /// security. No scope is asked: PostgreSQL knows of none.
    pub fn solve_for_role(&self, collection: CollectionId, operation: Operation, role: &RoleName) -> Predicate {
        solve::solve(self.rule(collection, operation), Asker::Role(role))
    }

    /// The columns of each table that rules look at in other rows, and that deletions look at to find what goes along.
    pub fn rule_views(&self, catalog: &Catalog) -> BTreeMap<TableName, BTreeSet<ColumnName>> {
        let mut views = BTreeMap::new();
        self.rules().for_each(|rule| view::add_views(rule, &mut views));
        view::add_cascades(catalog, &mut views);
        views
    }

    /// The rows whose field the actor may read or set; `Always` where the field has no rule of its own.
    pub fn solve_field(&self, field: FieldId, operation: FieldOperation, actor: &Actor, request: &RequestContext) -> Predicate {
        let rules = self.field(field);
        let rule = match operation {
            FieldOperation::Read => &rules.read,
            FieldOperation::Write => &rules.write,
        };
        let own = rule.as_ref().map_or(Predicate::Always, |rule| solve::solve(rule, Asker::Caller(Caller { actor, request })));
        self.within(own, actor, |viewer| self.solve_field(field, operation, viewer, request))
    }

    /// What the field shows the actor where its read rule does not let the value through, if `maskAs:` says.
    pub fn solve_mask(&self, field: FieldId, actor: &Actor, request: &RequestContext) -> Option<MaskValue> {
        self.field(field).mask.as_ref().map(|rule| mask::solve_mask(rule, Caller { actor, request }))
    }

    /// Whether the actor may export the collection, beside what the read rule says: `Always` or `Never`.
    pub fn solve_export(&self, collection: CollectionId, actor: &Actor, request: &RequestContext) -> Predicate {
        if !self.is_in_scope(collection, ScopeOperation::Export, actor) {
            return Predicate::Never;
        }
        let rule = self.collection(collection).export.as_ref();
        let own = rule.map_or(Predicate::Never, |rule| solve::solve(rule, Asker::Caller(Caller { actor, request })));
        self.within(own, actor, |viewer| self.solve_export(collection, viewer, request))
    }

    /// Whether the actor may count and compute over the rows that it may read.
    pub fn may_aggregate(&self, collection: CollectionId, actor: &Actor, request: &RequestContext) -> bool {
        let rule = self.collection(collection).aggregate.as_ref();
        rule.is_none_or(|rule| solve::solve(rule, Asker::Caller(Caller { actor, request })).is_always())
            && actor.scope.simulated_by().is_none_or(|viewer| self.may_aggregate(collection, viewer, request))
    }

    /// Whether the credential of the actor leaves this of the user's rights.
    pub fn is_in_scope(&self, collection: CollectionId, operation: ScopeOperation, actor: &Actor) -> bool {
        let CollectionRules { name, is_platform, .. } = self.collection(collection);
        actor.scope.allows(ScopedCollection { name: name.as_str(), is_platform: *is_platform }, operation)
    }

    /// Which images the collection's update rule names.
    pub fn update_form(&self, collection: CollectionId) -> UpdateForm {
        self.collection(collection).update_form
    }

    /// Whether every user may read every row, which decides whether a relation to the collection can be null in the API. The
    /// platform's own work does not count: it reads no GraphQL.
    pub fn is_read_always_allowed(&self, collection: CollectionId) -> bool {
        let answer = |role: &RoleName| self.answer_for_role(collection, Operation::Read, role);
        self.roles.iter().filter(|role| **role != RoleName::platform()).all(|role| answer(role) == RoleAnswer::Always)
    }

    /// What the rule gives a role when nothing else is known, for grants.
    pub fn answer_for_role(&self, collection: CollectionId, operation: Operation, role: &RoleName) -> RoleAnswer {
        answer::answer(self.rule(collection, operation), role)
    }

    /// What the rule gives a role when nothing else is known, in words.
    pub fn residue(&self, catalog: &Catalog, collection: CollectionId, operation: Operation, role: &RoleName) -> Residue {
        residue::residue(catalog, self.rule(collection, operation), role)
    }

    /// What the rule of a field gives a role; everything where it has none of its own.
    pub fn field_residue(&self, catalog: &Catalog, field: FieldId, operation: FieldOperation, role: &RoleName) -> Residue {
        let rules = self.field(field);
        let rule = match operation {
            FieldOperation::Read => &rules.read,
            FieldOperation::Write => &rules.write,
        };
        rule.as_ref().map_or(Residue::Always, |rule| residue::residue(catalog, rule, role))
    }

    /// What a role may export, beside what its read rule says; nothing where exports are not offered.
    pub fn export_residue(&self, catalog: &Catalog, collection: CollectionId, role: &RoleName) -> Residue {
        let rule = self.collection(collection).export.as_ref();
        rule.map_or(Residue::Never, |rule| residue::residue(catalog, rule, role))
    }

    /// Whether a role may compute over rows, beside what its read rule says; always where nothing limits it.
    pub fn aggregate_residue(&self, catalog: &Catalog, collection: CollectionId, role: &RoleName) -> Residue {
        let rule = self.collection(collection).aggregate.as_ref();
        rule.map_or(Residue::Always, |rule| residue::residue(catalog, rule, role))
    }

    /// The default that the server gives a new row, `@default(expr:)` or the value of a list: null if the actor or the request
    /// has none. `None` if the field has no default, or its column has it.
    pub fn default_value(&self, field: FieldId, actor: &Actor, request: &RequestContext) -> Option<Value> {
        let FieldDefault { value, scalar } = self.field(field).default.as_ref()?;
        Some(match (Caller { actor, request }).value(value) {
            Value::Null(_) => Value::Null(*scalar),
            value => value,
        })
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

    /// What the rules ask of the caller and the request beside user, team, role and service. Where they ask something of the
    /// request, what was solved for one is not for another.
    pub fn context_use(&self) -> ContextUse {
        self.context_use
    }

    /// Every rule of every collection.
    fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.collections.iter().flat_map(CollectionRules::all)
    }

    /// The mask of every field that has one of its own making.
    fn masks(&self) -> impl Iterator<Item = &MaskRule> {
        self.collections.iter().flat_map(|rules| &rules.fields).filter_map(|field| field.mask.as_ref())
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
