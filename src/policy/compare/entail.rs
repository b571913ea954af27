//! Whether one formula leads to another.
//!
//! The premise is taken apart into cases, each a list of facts; the goal has to hold in every case that is possible. Nothing is
//! assumed of a condition beyond what [`implies`] says, so the answer `true` is right and `false` may only mean "not shown".

use super::formula::{Fact, Formula, Term, Test};
use crate::base::Value;
use crate::policy::syntax::Order;
use std::cmp::Ordering;

/// Premises with more cases are not decided.
const MAX_CASES: usize = 512;

/// How many null tests of the goal are tried both ways in one case.
const MAX_SPLITS: usize = 3;

/// Whether every row for which `premise` holds is one for which `goal` does; `false` where that cannot be shown.
pub(super) fn entails(premise: &Formula, goal: &Formula) -> bool {
    if premise == goal || *goal == Formula::Always {
        return true;
    }
    let Some(cases) = cases(premise) else { return false };
    cases.iter().filter_map(|case| gather(case)).all(|facts| proves(&facts, goal, MAX_SPLITS))
}

/// The cases of a formula; `None` if there are too many.
fn cases(formula: &Formula) -> Option<Vec<Vec<&Fact>>> {
    match formula {
        Formula::Always => Some(vec![Vec::new()]),
        Formula::Never => Some(Vec::new()),
        Formula::Known(fact) => Some(vec![vec![fact]]),
        Formula::Any(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(cases(part)?);
                if all.len() > MAX_CASES {
                    return None;
                }
            }
            Some(all)
        }
        Formula::All(parts) => {
            let mut all: Vec<Vec<&Fact>> = vec![Vec::new()];
            for part in parts {
                let inner = cases(part)?;
                if all.len() * inner.len() > MAX_CASES {
                    return None;
                }
                let paired = all.iter().flat_map(|facts| inner.iter().map(move |more| [facts.as_slice(), more].concat()));
                all = paired.collect();
            }
            Some(all)
        }
    }
}

/// The facts of a case, those about one value's list put together; `None` if no row can be like that.
fn gather(case: &[&Fact]) -> Option<Vec<Fact>> {
    let mut facts: Vec<Fact> = Vec::new();
    for fact in case {
        let Test::Member(term, values) = &fact.test else {
            facts.push((*fact).clone());
            continue;
        };
        let is_same =
            |other: &&mut Fact| matches!(&other.test, Test::Member(known, _) if known == term && other.is_true == fact.is_true);
        match facts.iter_mut().find(is_same) {
            Some(Fact { test: Test::Member(_, known), is_true: true, .. }) => known.retain(|value| values.contains(value)),
            Some(Fact { test: Test::Member(_, known), .. }) => known.extend(values.iter().cloned()),
            _ => facts.push((*fact).clone()),
        }
    }
    remove_excluded(&mut facts);
    let is_impossible = facts.iter().enumerate().any(|(index, fact)| {
        let is_empty = matches!(&fact.test, Test::Member(_, values) if fact.is_true && values.is_empty());
        is_empty || facts[index + 1..].iter().any(|other| excludes(fact, other) || excludes(other, fact))
    });
    (!is_impossible).then_some(facts)
}

/// Takes out of each list of what may be what another fact says it is not.
fn remove_excluded(facts: &mut [Fact]) {
    let excluded: Vec<(Term, Vec<Value>)> = facts
        .iter()
        .filter_map(|fact| match &fact.test {
            Test::Member(term, values) if !fact.is_true => Some((term.clone(), values.clone())),
            _ => None,
        })
        .collect();
    for fact in facts.iter_mut().filter(|fact| fact.is_true) {
        if let Test::Member(term, values) = &mut fact.test {
            let out = excluded.iter().filter(|(other, _)| other == term);
            out.for_each(|(_, gone)| values.retain(|value| !gone.contains(value)));
        }
    }
}

/// Whether the facts show the goal. What a null test says is true or false, never unknown, so both may be tried.
fn proves(facts: &[Fact], goal: &Formula, splits: usize) -> bool {
    if holds(facts, goal) {
        return true;
    }
    let Some(open) = (splits > 0).then(|| open_null_test(facts, goal)).flatten() else { return false };
    [true, false].into_iter().all(|is_true| {
        let assumed = Fact { test: open.test.clone(), is_true, text: String::new() };
        let case: Vec<&Fact> = facts.iter().chain([&assumed]).collect();
        gather(&case).is_none_or(|facts| proves(&facts, goal, splits - 1))
    })
}

fn holds(facts: &[Fact], goal: &Formula) -> bool {
    match goal {
        Formula::Always => true,
        Formula::Never => false,
        Formula::All(parts) => parts.iter().all(|part| holds(facts, part)),
        Formula::Any(parts) => parts.iter().any(|part| holds(facts, part)),
        Formula::Known(wanted) => facts.iter().any(|fact| implies(fact, wanted)),
    }
}

fn open_null_test<'g>(facts: &[Fact], goal: &'g Formula) -> Option<&'g Fact> {
    match goal {
        Formula::Always | Formula::Never => None,
        Formula::All(parts) | Formula::Any(parts) => parts.iter().find_map(|part| open_null_test(facts, part)),
        Formula::Known(fact) => {
            let is_open = matches!(fact.test, Test::IsNull(_)) && !facts.iter().any(|known| known.test == fact.test);
            is_open.then_some(fact)
        }
    }
}

/// Whether a row cannot be both.
fn excludes(fact: &Fact, other: &Fact) -> bool {
    let opposite = Fact { is_true: !other.is_true, ..other.clone() };
    // The opposite of a condition that holds is that it is false or unknown: only what makes it false excludes it.
    implies(fact, &opposite)
}

/// Whether the one fact is enough for the other.
fn implies(fact: &Fact, wanted: &Fact) -> bool {
    if fact == wanted {
        return true;
    }
    match (&fact.test, fact.is_true, &wanted.test, wanted.is_true) {
        (Test::Member(term, values), true, Test::Member(other, wider), true) => {
            term == other && values.iter().all(|value| wider.contains(value))
        }
        (Test::Member(term, values), true, Test::Member(other, excluded), false) => {
            term == other && !values.iter().any(|value| excluded.contains(value))
        }
        (Test::Member(term, excluded), false, Test::Member(other, fewer), false) => {
            term == other && fewer.iter().all(|value| excluded.contains(value))
        }
        // What equals something, or is less or greater, is there.
        (test, true, Test::IsNull(term), false) => is_there(test, term),
        // A stored null is none of the values.
        (Test::IsNull(term), true, Test::Member(other, _), false) => term == other && is_stored(term),
        (Test::Order(order, left, right), is_true, Test::Order(other_order, other_left, other_right), other_is_true) => {
            bound(*order, is_true, left, right).zip(bound(*other_order, other_is_true, other_left, other_right)).is_some_and(
                |(narrow, wide)| narrow.term == wide.term && narrow.is_upper == wide.is_upper && narrow.is_within(&wide),
            )
        }
        (Test::Exists { relation, holds, fails }, _, Test::Exists { relation: other, holds: more, fails: fewer }, _) => {
            let is_enough = |premise: &Formula, goal: &Formula| relation == other && entails(premise, goal);
            fact.is_true == wanted.is_true && if fact.is_true { is_enough(holds, more) } else { is_enough(fails, fewer) }
        }
        _ => false,
    }
}

/// Whether a condition that is true shows that a value is there.
fn is_there(test: &Test, term: &Term) -> bool {
    match test {
        Test::Member(value, _) | Test::Flag(value) => value == term,
        Test::Order(_, left, right) | Test::Text(_, left, right) => left == term || right == term,
        // Two stored nulls are equal; a null of the caller equals nothing.
        Test::Equal(left, right) => (left == term || right == term) && (is_of_caller(left) || is_of_caller(right)),
        Test::In(value, _) => value == term,
        Test::IsNull(_) | Test::Exists { .. } => false,
    }
}

fn is_of_caller(term: &Term) -> bool {
    matches!(term, Term::Named(named) if named.key.starts_with("user.") || named.key.starts_with("request."))
}

/// Whether it is a plain value of the row itself: where a path leads nowhere, conditions are unknown instead of false.
fn is_stored(term: &Term) -> bool {
    let Term::Named(named) = term else { return false };
    let starts_at_row = ["row ", "old ", "new "].iter().any(|image| named.key.starts_with(image));
    starts_at_row && !named.key.contains(" > ") && !named.key.ends_with(".id")
}

/// A value that ends at, or begins with, another.
struct Bound<'t> {
    term: &'t Term,
    limit: &'t Term,
    is_upper: bool,
    is_strict: bool,
}

/// An order beside a limit that is known; its opposite is one too, because nothing unknown is either.
fn bound<'t>(order: Order, is_true: bool, left: &'t Term, right: &'t Term) -> Option<Bound<'t>> {
    let is_limit = |term: &Term| !matches!(term, Term::Named(_));
    let (term, limit, is_flipped) = match (is_limit(left), is_limit(right)) {
        (false, true) => (left, right, false),
        (true, false) => (right, left, true),
        _ => return None,
    };
    let (is_less, is_strict) = match order {
        Order::Less => (true, true),
        Order::LessOrEqual => (true, false),
        Order::Greater => (false, true),
        Order::GreaterOrEqual => (false, false),
    };
    // `!(a < b)` is `a >= b`.
    let (is_less, is_strict) = if is_true { (is_less, is_strict) } else { (!is_less, !is_strict) };
    Some(Bound { term, limit, is_upper: is_less != is_flipped, is_strict })
}

impl Bound<'_> {
    /// Whether everything within this bound is within the other, which is of the same side.
    fn is_within(&self, other: &Self) -> bool {
        let Some(ordering) = ordering(self.limit, other.limit) else { return false };
        let ordering = if self.is_upper { ordering } else { ordering.reverse() };
        match ordering {
            Ordering::Less => true,
            Ordering::Equal => self.is_strict || !other.is_strict,
            Ordering::Greater => false,
        }
    }
}

fn ordering(left: &Term, right: &Term) -> Option<Ordering> {
    match (left, right) {
        (Term::Time(left), Term::Time(right)) => Some(left.cmp(right)),
        (Term::Literal(Value::DateTime(left)), Term::Literal(Value::DateTime(right))) => Some(left.cmp(right)),
        (Term::Literal(left), Term::Literal(right)) => left.order(right),
        _ => None,
    }
}
