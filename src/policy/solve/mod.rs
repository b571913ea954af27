//! A rule and a caller to a [`Predicate`] on rows.
//!
//! Each condition is asked for one of its two truths: "the rows for which it is `True`", or below a `!` "the rows for which it
//! is `False`". Kleene's tables then need no third answer: a conjunction is true where all parts are, false where one is; what
//! is unknown is in neither answer. A part that the caller decides becomes `Always` or `Never` and folds away.

mod compare;
mod path;

use crate::policy::known::{self, Caller};
use crate::policy::syntax::{Exists, Operand, Rule};
use crate::policy::{Condition, Predicate, Truth};
use compare::{contained, equal, ordered, tested};
use path::{column, is_null, known_ends, through};

/// Which rows are asked for: those for which the condition is this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    True,
    False,
}

impl Wanted {
    fn opposite(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
        }
    }

    /// What a condition without rows gives: all or nothing.
    fn constant(self, truth: Truth) -> Predicate {
        Predicate::constant(match self {
            Self::True => truth == Truth::True,
            Self::False => truth == Truth::False,
        })
    }
}

/// The rows for which the rule is `True` for this caller.
pub(super) fn solve(rule: &Rule, caller: Caller<'_>) -> Predicate {
    select(rule, Wanted::True, caller)
}

fn select(rule: &Rule, wanted: Wanted, caller: Caller<'_>) -> Predicate {
    match (rule, wanted) {
        (Rule::All(parts), Wanted::True) | (Rule::Any(parts), Wanted::False) => every(parts, wanted, caller),
        (Rule::All(parts), Wanted::False) | (Rule::Any(parts), Wanted::True) => any(parts, wanted, caller),
        (Rule::Not(inner), _) => select(inner, wanted.opposite(), caller),
        (Rule::Flag(Operand::Known(known)), _) => wanted.constant(known::flag(&caller.value(known))),
        (Rule::Flag(Operand::Stored(path)), _) => {
            through(path, condition(Condition::IsBoolean(column(path), wanted == Wanted::True)))
        }
        (Rule::IsNull(Operand::Known(known)), _) => wanted.constant(caller.value(known).is_null().into()),
        (Rule::IsNull(Operand::Stored(path)), Wanted::True) => is_null(path),
        (Rule::IsNull(Operand::Stored(path)), Wanted::False) => through(path, condition(Condition::IsNotNull(column(path)))),
        (Rule::Equal(left, right), _) => equal(left, right, wanted, caller),
        (Rule::Order(order, left, right), _) => ordered(*order, left, right, wanted, caller),
        (Rule::In(operand, list), _) => contained(operand, list, wanted, caller),
        (Rule::Text(test, text, part), _) => tested(*test, text, part, wanted, caller),
        (Rule::Exists(exists), _) => some(exists, wanted, caller),
    }
}

/// Stops at the first part that the caller decides, so that what an admin may anyway costs nothing to solve.
fn every(parts: &[Rule], wanted: Wanted, caller: Caller<'_>) -> Predicate {
    let mut kept = Vec::with_capacity(parts.len());
    for part in parts {
        let predicate = select(part, wanted, caller);
        if predicate.is_never() {
            return Predicate::Never;
        }
        kept.push(predicate);
    }
    Predicate::all(kept)
}

fn any(parts: &[Rule], wanted: Wanted, caller: Caller<'_>) -> Predicate {
    let mut kept = Vec::with_capacity(parts.len());
    for part in parts {
        let predicate = select(part, wanted, caller);
        if predicate.is_always() {
            return Predicate::Always;
        }
        kept.push(predicate);
    }
    Predicate::any(kept)
}

fn some(exists: &Exists, wanted: Wanted, caller: Caller<'_>) -> Predicate {
    let Exists { owner, table, join_column, depth, body, .. } = exists;
    let body = match wanted {
        Wanted::True => select(body, Wanted::True, caller),
        // Below `!` no row may be there for which the body is true or unknown.
        Wanted::False if is_never_unknown(body, caller) => select(body, Wanted::True, caller),
        Wanted::False => Predicate::unless(select(body, Wanted::False, caller)),
    };
    let is_negated = wanted == Wanted::False;
    let found = if body.is_never() {
        Predicate::constant(is_negated)
    } else {
        condition(Condition::Exists {
            table: table.clone(),
            join_column: join_column.clone(),
            join_value: column(owner),
            depth: *depth,
            body: Box::new(body),
            is_negated,
        })
    };
    let ends = if is_negated { known_ends([Some(owner), None]) } else { Predicate::Always };
    through(owner, Predicate::all([ends, found]))
}

/// Whether a condition is true or false for every row, so that "not true" and "false" are the same rows.
fn is_never_unknown(rule: &Rule, caller: Caller<'_>) -> bool {
    let is_known = |term: &Operand| match term {
        Operand::Known(known) => !caller.value(known).is_null(),
        Operand::Stored(path) => !path.may_lead_nowhere(),
    };
    let has_no_null = |term: &Operand| is_known(term) && !matches!(term, Operand::Stored(path) if path.is_nullable);
    match rule {
        Rule::All(parts) | Rule::Any(parts) => parts.iter().all(|part| is_never_unknown(part, caller)),
        Rule::Not(inner) => is_never_unknown(inner, caller),
        Rule::IsNull(_) => true,
        Rule::Flag(operand) => has_no_null(operand),
        Rule::Order(_, left, right) => has_no_null(left) && has_no_null(right),
        Rule::Equal(left, right) | Rule::In(left, right) | Rule::Text(_, left, right) => is_known(left) && is_known(right),
        Rule::Exists(exists) => !exists.owner.may_lead_nowhere() && is_never_unknown(&exists.body, caller),
    }
}

fn condition(condition: Condition) -> Predicate {
    Predicate::Condition(condition)
}
