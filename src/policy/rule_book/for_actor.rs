//! What the rules give whoever asks: the rows, fields, exports and defaults of one actor in one request.

use crate::base::{Actor, RequestContext, ScopeOperation, ScopedCollection, Value};
use crate::catalog::{CollectionId, FieldId};
use crate::policy::collection_rules::{CollectionRules, FieldDefault};
use crate::policy::known::{Asker, Caller};
use crate::policy::{FieldOperation, MaskValue, Operation, Predicate, RuleBook, mask, solve};

impl RuleBook {
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

    /// The default that the server gives a new row, `@default(expr:)` or the value of a list: null if the actor or the request
    /// has none. `None` if the field has no default, or its column has it.
    pub fn default_value(&self, field: FieldId, actor: &Actor, request: &RequestContext) -> Option<Value> {
        let FieldDefault { value, scalar } = self.field(field).default.as_ref()?;
        Some(match (Caller { actor, request }).value(value) {
            Value::Null(_) => Value::Null(*scalar),
            value => value,
        })
    }
}
