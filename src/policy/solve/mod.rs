//! A rule and a caller to a [`Predicate`] on rows.
//!
//! Each condition is asked for one of its two truths: "the rows for which it is `True`", or below a `!` "the rows for which it
//! is `False`". Kleene's tables then need no third answer: a conjunction is true where all parts are, false where one is; what
//! is unknown is in neither answer. A part that the caller decides becomes `Always` or `Never` and folds away.

mod compare;
mod path;

use crate::policy::known::{self, Asker, Given};
use crate::policy::share::Shared;
use crate::policy::syntax::{Exists, Operand, Rule};
use crate::policy::{Condition, Operand as SolvedOperand, Predicate, Truth};
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

/// The rows for which the rule is `True` for whoever asks.
pub(super) fn solve(rule: &Rule, asker: Asker<'_>) -> Predicate {
    select(rule, Wanted::True, asker)
}

fn select(rule: &Rule, wanted: Wanted, asker: Asker<'_>) -> Predicate {
    match (rule, wanted) {
        (Rule::All(parts), Wanted::True) | (Rule::Any(parts), Wanted::False) => every(parts, wanted, asker),
        (Rule::All(parts), Wanted::False) | (Rule::Any(parts), Wanted::True) => any(parts, wanted, asker),
        (Rule::Not(inner), _) => select(inner, wanted.opposite(), asker),
        (Rule::Flag(Operand::Known(known)), _) => match asker.value(known) {
            Given::Decided(value) => wanted.constant(known::flag(&value)),
            Given::Open(open) => condition(Condition::IsBoolean(SolvedOperand::Caller(open), wanted == Wanted::True)),
        },
        (Rule::Flag(Operand::Stored(path)), _) => {
            through(path, condition(Condition::IsBoolean(column(path), wanted == Wanted::True)))
        }
        (Rule::IsNull(Operand::Known(known)), _) => match (asker.value(known), wanted) {
            (Given::Decided(value), _) => wanted.constant(value.is_null().into()),
            (Given::Open(open), Wanted::True) => condition(Condition::IsNull(SolvedOperand::Caller(open))),
            (Given::Open(open), Wanted::False) => condition(Condition::IsNotNull(SolvedOperand::Caller(open))),
        },
        (Rule::IsNull(Operand::Stored(path)), Wanted::True) => is_null(path),
        (Rule::IsNull(Operand::Stored(path)), Wanted::False) => through(path, condition(Condition::IsNotNull(column(path)))),
        (Rule::Equal(left, right), _) => equal(left, right, wanted, asker),
        (Rule::Order(order, left, right), _) => ordered(*order, left, right, wanted, asker),
        (Rule::In(operand, list), _) => contained(operand, list, wanted, asker),
        (Rule::Text(test, text, part), _) => tested(*test, text, part, wanted, asker),
        (Rule::Exists(exists), _) => some(exists, wanted, asker),
        (Rule::Shared(shared), _) => is_shared(shared, wanted, asker),
    }
}

/// Stops at the first part that the caller decides, so that what an admin may anyway costs nothing to solve.
fn every(parts: &[Rule], wanted: Wanted, asker: Asker<'_>) -> Predicate {
    let mut kept = Vec::with_capacity(parts.len());
    for part in parts {
        let predicate = select(part, wanted, asker);
        if predicate.is_never() {
            return Predicate::Never;
        }
        kept.push(predicate);
    }
    Predicate::all(kept)
}

fn any(parts: &[Rule], wanted: Wanted, asker: Asker<'_>) -> Predicate {
    let mut kept = Vec::with_capacity(parts.len());
    for part in parts {
        let predicate = select(part, wanted, asker);
        if predicate.is_always() {
            return Predicate::Always;
        }
        kept.push(predicate);
    }
    Predicate::any(kept)
}

fn some(exists: &Exists, wanted: Wanted, asker: Asker<'_>) -> Predicate {
    let Exists { owner, table, join_column, depth, body, .. } = exists;
    let body = match wanted {
        Wanted::True => select(body, Wanted::True, asker),
        // Below `!` no row may be there for which the body is true or unknown.
        Wanted::False if is_never_unknown(body, asker) => select(body, Wanted::True, asker),
        Wanted::False => Predicate::unless(select(body, Wanted::False, asker)),
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

/// Whether a share is there or not is decided for every row that the path leads to.
fn is_shared(shared: &Shared, wanted: Wanted, asker: Asker<'_>) -> Predicate {
    let found = shared.found(asker, column(&shared.owner));
    let found = match (found, wanted) {
        (None, _) => wanted.constant(Truth::False),
        (Some(found), Wanted::True) => condition(found),
        (Some(Condition::Among { operand, table, column, depth, body, .. }), Wanted::False) => {
            condition(Condition::Among { operand, table, column, depth, body, is_negated: true })
        }
        (Some(found), Wanted::False) => Predicate::unless(condition(found)),
    };
    let ends = if wanted == Wanted::False { known_ends([Some(&shared.owner), None]) } else { Predicate::Always };
    through(&shared.owner, Predicate::all([ends, found]))
}

/// Whether a condition is true or false for every row, so that "not true" and "false" are the same rows.
fn is_never_unknown(rule: &Rule, asker: Asker<'_>) -> bool {
    let is_known = |term: &Operand| match term {
        Operand::Known(known) => asker.has(known),
        Operand::Stored(path) => !path.may_lead_nowhere(),
    };
    let has_no_null = |term: &Operand| is_known(term) && !matches!(term, Operand::Stored(path) if path.is_nullable);
    match rule {
        Rule::All(parts) | Rule::Any(parts) => parts.iter().all(|part| is_never_unknown(part, asker)),
        Rule::Not(inner) => is_never_unknown(inner, asker),
        Rule::IsNull(_) => true,
        Rule::Flag(operand) => has_no_null(operand),
        Rule::Order(_, left, right) => has_no_null(left) && has_no_null(right),
        Rule::Equal(left, right) | Rule::In(left, right) | Rule::Text(_, left, right) => is_known(left) && is_known(right),
        Rule::Exists(exists) => !exists.owner.may_lead_nowhere() && is_never_unknown(&exists.body, asker),
        Rule::Shared(shared) => !shared.owner.may_lead_nowhere(),
    }
}

fn condition(condition: Condition) -> Predicate {
    Predicate::Condition(condition)
}
