//! Conditions with two sides.

use super::path::{column, known_ends, through_both};
use super::{Wanted, condition};
use crate::base::Value;
use crate::policy::known::{self, Caller};
use crate::policy::syntax::{Operand as Term, Order, Path};
use crate::policy::{Comparison, Condition, Operand, Predicate, TextTest, Truth};

/// A side of a condition once the caller is known.
enum Side<'r> {
    Known(Value),
    Stored(&'r Path),
}

impl<'r> Side<'r> {
    fn of(term: &'r Term, caller: Caller<'_>) -> Self {
        match term {
            Term::Known(known) => Self::Known(caller.value(known)),
            Term::Stored(path) => Self::Stored(path),
        }
    }

    fn path(&self) -> Option<&'r Path> {
        match self {
            Self::Known(_) => None,
            Self::Stored(path) => Some(path),
        }
    }

    /// Whether it is a null that counts as a value: one that is stored. What the caller has not, never gets this far, and a
    /// relation that leads nowhere is excluded by [`known_ends`].
    fn is_nullable(&self) -> bool {
        self.path().is_some_and(|path| path.is_nullable && !path.is_null_a_gap)
    }

    fn into_operand(self) -> Operand {
        match self {
            Self::Known(value) => Operand::Value(value),
            Self::Stored(path) => column(path),
        }
    }
}

/// Both sides of a condition.
enum Sides<'r> {
    /// The caller decides, because one side is null there or because no side is stored.
    Decided(Predicate),
    /// At least one side is stored, and no side is the caller's null.
    Open(Side<'r>, Side<'r>),
}

impl<'r> Sides<'r> {
    fn of(
        (left, right): (&'r Term, &'r Term),
        wanted: Wanted,
        caller: Caller<'_>,
        decide: impl Fn(&Value, &Value) -> Truth,
    ) -> Self {
        match (Side::of(left, caller), Side::of(right, caller)) {
            (Side::Known(value), _) | (_, Side::Known(value)) if value.is_null() => Self::Decided(Predicate::Never),
            (Side::Known(left), Side::Known(right)) => Self::Decided(wanted.constant(decide(&left, &right))),
            (left, right) => Self::Open(left, right),
        }
    }
}

pub(super) fn equal(left: &Term, right: &Term, wanted: Wanted, caller: Caller<'_>) -> Predicate {
    let (left, right) = match Sides::of((left, right), wanted, caller, known::equal) {
        Sides::Open(left, right) => (left, right),
        Sides::Decided(decided) => return decided,
    };
    let (left_path, right_path) = (left.path(), right.path());
    let (is_left_nullable, is_right_nullable) = (left.is_nullable(), right.is_nullable());
    let comparison = match wanted {
        Wanted::True if is_left_nullable && is_right_nullable => Comparison::EqualOrBothNull,
        Wanted::True => Comparison::Equal,
        Wanted::False if is_left_nullable || is_right_nullable => Comparison::Distinct,
        Wanted::False => Comparison::NotEqual,
    };
    // `=` and `<>` select no null by themselves; `is distinct from` has to be kept from relations that lead nowhere.
    let ends = if comparison == Comparison::Distinct { known_ends([left_path, right_path]) } else { Predicate::Always };
    let compared = condition(Condition::Compare(comparison, left.into_operand(), right.into_operand()));
    through_both(left_path, right_path, Predicate::all([ends, compared]))
}

pub(super) fn ordered(order: Order, left: &Term, right: &Term, wanted: Wanted, caller: Caller<'_>) -> Predicate {
    let decide = |left: &Value, right: &Value| known::ordered(order, left, right);
    let (left, right) = match Sides::of((left, right), wanted, caller, decide) {
        Sides::Open(left, right) => (left, right),
        Sides::Decided(decided) => return decided,
    };
    let (left_path, right_path) = (left.path(), right.path());
    let comparison = match (order, wanted) {
        (Order::Less, Wanted::True) | (Order::GreaterOrEqual, Wanted::False) => Comparison::Less,
        (Order::LessOrEqual, Wanted::True) | (Order::Greater, Wanted::False) => Comparison::LessOrEqual,
        (Order::Greater, Wanted::True) | (Order::LessOrEqual, Wanted::False) => Comparison::Greater,
        (Order::GreaterOrEqual, Wanted::True) | (Order::Less, Wanted::False) => Comparison::GreaterOrEqual,
    };
    through_both(left_path, right_path, condition(Condition::Compare(comparison, left.into_operand(), right.into_operand())))
}

pub(super) fn contained(operand: &Term, list: &Term, wanted: Wanted, caller: Caller<'_>) -> Predicate {
    let (operand, list) = match Sides::of((operand, list), wanted, caller, known::contained) {
        Sides::Open(left, right) => (left, right),
        Sides::Decided(decided) => return decided,
    };
    let (operand_path, list_path) = (operand.path(), list.path());
    let is_negated = wanted == Wanted::False;
    let is_empty = matches!(&list, Side::Known(Value::List(_, elements)) if elements.is_empty());
    let inner = if is_empty {
        Predicate::constant(is_negated)
    } else {
        condition(Condition::InList { operand: operand.into_operand(), list: list.into_operand(), is_negated })
    };
    let ends = if is_negated { known_ends([operand_path, list_path]) } else { Predicate::Always };
    through_both(operand_path, list_path, Predicate::all([ends, inner]))
}

pub(super) fn tested(test: TextTest, text: &Term, part: &Term, wanted: Wanted, caller: Caller<'_>) -> Predicate {
    let decide = |text: &Value, part: &Value| known::tested(test, text, part);
    let (text, part) = match Sides::of((text, part), wanted, caller, decide) {
        Sides::Open(left, right) => (left, right),
        Sides::Decided(decided) => return decided,
    };
    let (text_path, part_path) = (text.path(), part.path());
    let (text, part) = (text.into_operand(), part.into_operand());
    through_both(text_path, part_path, condition(Condition::Text { test, text, part, is_negated: wanted == Wanted::False }))
}
