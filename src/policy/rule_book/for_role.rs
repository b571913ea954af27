//! What the rules give a role when nothing else is known of the caller: for PostgreSQL's own grants and rules, and for people.

use crate::base::RoleName;
use crate::catalog::{Catalog, CollectionId, FieldId};
use crate::policy::known::Asker;
use crate::policy::{FieldOperation, Operation, Predicate, Residue, RoleAnswer, RuleBook, answer, residue, solve};

impl RuleBook {
    /// The rows on which a role may do this, with whatever else there is to know of the caller left to PostgreSQL: for row-level
    /// security. No scope is asked: PostgreSQL knows of none.
    pub fn solve_for_role(&self, collection: CollectionId, operation: Operation, role: &RoleName) -> Predicate {
        solve::solve(self.rule(collection, operation), Asker::Role(role))
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
}
