//! The base rule, `@base(read:, write:)`: what has to hold of a caller besides every collection's own rules.

use crate::catalog::{Diagnostic, RuleText};
use crate::policy::CallerValue;
use crate::policy::syntax::{KnownValue, Operand, Rule};
use crate::policy::typecheck::{Environment, Slot};

/// The schema's base rule, checked. It names no row: it is about who asks and how, and the same for every collection.
#[derive(Debug, Default)]
pub(super) struct Base {
    read: Option<Rule>,
    write: Option<Rule>,
}

impl Base {
    /// Checks it; a part with mistakes narrows nothing, and the rules that it belongs to are not used.
    pub(super) fn check(environment: Environment<'_>, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let base = &environment.catalog.base;
        let mut check = |text: &Option<RuleText>| {
            let checked = environment.check(text.as_ref()?, Slot::NoRow, diagnostics)?;
            Some(of_callers(checked.rule))
        };
        Self { read: check(&base.read), write: check(&base.write) }
    }

    /// Narrows a rule of what is read or exported.
    pub(super) fn narrow_read(&self, rule: &mut Rule) {
        narrow(rule, self.read.as_ref());
    }

    /// Narrows a rule of what is created, updated or deleted.
    pub(super) fn narrow_write(&self, rule: &mut Rule) {
        narrow(rule, self.write.as_ref());
    }
}

/// What the platform does under its own name is not the caller's: an export's record is written for whoever may export, also
/// where the base rule lets nobody write. Such work has the rights that the collections' rules give the service, and no
/// request can name a service.
fn of_callers(rule: Rule) -> Rule {
    let is_caller = Rule::IsNull(Operand::Known(KnownValue::Caller(CallerValue::RequestService)));
    Rule::Any(vec![Rule::Not(Box::new(is_caller)), rule])
}

/// The base first: where the caller decides it, nothing more has to be solved.
fn narrow(rule: &mut Rule, base: Option<&Rule>) {
    if let Some(base) = base {
        *rule = Rule::All(vec![base.clone(), rule.clone()]);
    }
}
