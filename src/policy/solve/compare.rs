//! Conditions with two sides.

use super::path::{column, known_ends, through_both};
use super::{Wanted, condition};
use crate::base::Value;
use crate::policy::known::{self, Asker, Given};
use crate::policy::syntax::{Operand as Term, Order, Path};
use crate::policy::{CallerValue, Comparison, Condition, Operand, Predicate, TextTest, Truth};

/// A side of a condition once as much of the caller is known as there is to know.
enum Side<'r> {
    Known(Value),
    Open(CallerValue),
    Stored(&'r Path),
}

impl<'r> Side<'r> {
    fn of(term: &'r Term, asker: Asker<'_>) -> Self {
        match term {
            Term::Known(known) => match asker.value(known) {
                Given::Decided(value) => Self::Known(value),
                Given::Open(open) => Self::Open(open),
            },
            Term::Stored(path) => Self::Stored(path),
        }
    }

    fn path(&self) -> Option<&'r Path> {
        match self {
            Self::Known(_) | Self::Open(_) => None,
            Self::Stored(path) => Some(path),
        }
    }

    /// Whether it is a null that counts as a value: one that is stored. What the caller has not, never gets this far, and a
    /// relation that leads nowhere is excluded by [`known_ends`].
    fn is_nullable(&self) -> bool {
        self.path().is_some_and(|path| path.is_nullable && !path.is_null_a_gap)
    }

    /// That the caller has this value at all, for conditions that SQL finds true of a null.
    fn is_given(&self) -> Predicate {
        match self {
            Self::Open(open) => condition(Condition::IsNotNull(Operand::Caller(*open))),
            Self::Known(_) | Self::Stored(_) => Predicate::Always,
        }
    }

    fn into_operand(self) -> Operand {
        match self {
            Self::Known(value) => Operand::Value(value),
            Self::Open(open) => Operand::Caller(open),
            Self::Stored(path) => column(path),
        }
    }
}

/// Both sides of a condition.
enum Sides<'r> {
    /// The caller decides, because one side is null there or because no side is stored.
    Decided(Predicate),
    /// The caller does not decide it alone, and no side is known to be the caller's null.
    Open(Side<'r>, Side<'r>),
}

impl<'r> Sides<'r> {
    fn of(
        (left, right): (&'r Term, &'r Term),
        wanted: Wanted,
        asker: Asker<'_>,
        decide: impl Fn(&Value, &Value) -> Truth,
    ) -> Self {
        match (Side::of(left, asker), Side::of(right, asker)) {
            (Side::Known(value), _) | (_, Side::Known(value)) if value.is_null() => Self::Decided(Predicate::Never),
            (Side::Known(left), Side::Known(right)) => Self::Decided(wanted.constant(decide(&left, &right))),
            (left, right) => Self::Open(left, right),
        }
    }
}

pub(super) fn equal(left: &Term, right: &Term, wanted: Wanted, asker: Asker<'_>) -> Predicate {
    let (left, right) = match Sides::of((left, right), wanted, asker, known::equal) {
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
    // `=` and `<>` select no null by themselves; `is distinct from` has to be kept from relations that lead nowhere, and from
    // what the caller has not.
    let ends = if comparison == Comparison::Distinct {
        Predicate::all([known_ends([left_path, right_path]), left.is_given(), right.is_given()])
    } else {
        Predicate::Always
    };
    let compared = condition(Condition::Compare(comparison, left.into_operand(), right.into_operand()));
    through_both(left_path, right_path, Predicate::all([ends, compared]))
}

pub(super) fn ordered(order: Order, left: &Term, right: &Term, wanted: Wanted, asker: Asker<'_>) -> Predicate {
    let decide = |left: &Value, right: &Value| known::ordered(order, left, right);
    let (left, right) = match Sides::of((left, right), wanted, asker, decide) {
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

pub(super) fn contained(operand: &Term, list: &Term, wanted: Wanted, asker: Asker<'_>) -> Predicate {
    let (operand, list) = match Sides::of((operand, list), wanted, asker, known::contained) {
        Sides::Open(left, right) => (left, right),
        Sides::Decided(decided) => return decided,
    };
    let (operand_path, list_path) = (operand.path(), list.path());
    let is_negated = wanted == Wanted::False;
    let given = if is_negated { Predicate::all([operand.is_given(), list.is_given()]) } else { Predicate::Always };
    let is_empty = matches!(&list, Side::Known(Value::List(_, elements)) if elements.is_empty());
    let inner = if is_empty {
        Predicate::constant(is_negated)
    } else {
        condition(Condition::InList { operand: operand.into_operand(), list: list.into_operand(), is_negated })
    };
    let ends = if is_negated { known_ends([operand_path, list_path]) } else { Predicate::Always };
    through_both(operand_path, list_path, Predicate::all([ends, given, inner]))
}

pub(super) fn tested(test: TextTest, text: &Term, part: &Term, wanted: Wanted, asker: Asker<'_>) -> Predicate {
    let decide = |text: &Value, part: &Value| known::tested(test, text, part);
    let (text, part) = match Sides::of((text, part), wanted, asker, decide) {
        Sides::Open(left, right) => (left, right),
        Sides::Decided(decided) => return decided,
    };
    let (text_path, part_path) = (text.path(), part.path());
    let is_negated = wanted == Wanted::False;
    let given = if is_negated { Predicate::all([text.is_given(), part.is_given()]) } else { Predicate::Always };
    let (text, part) = (text.into_operand(), part.into_operand());
    let tested = condition(Condition::Text { test, text, part, is_negated });
    through_both(text_path, part_path, Predicate::all([given, tested]))
}
