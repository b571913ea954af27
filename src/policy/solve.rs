//! A rule and a caller to a [`Predicate`] on rows.
//!
//! Each condition is asked for one of its two truths: "the rows for which it is `True`", or below a `!` "the rows for which it
//! is `False`". Kleene's tables then need no third answer: a conjunction is true where all parts are, false where one is; what
//! is unknown is in neither answer. A part that the caller decides becomes `Always` or `Never` and folds away.

use crate::base::Value;
use crate::policy::known::{self, Caller};
use crate::policy::syntax::{Exists, Operand as Term, Order, Path, Rule, Step};
use crate::policy::{Comparison, Condition, Operand, Predicate, RowImage, TextTest, Truth};

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
        (Rule::Flag(Term::Known(known)), _) => wanted.constant(known::flag(&caller.value(known))),
        (Rule::Flag(Term::Stored(path)), _) => {
            through(path, condition(Condition::IsBoolean(column(path), wanted == Wanted::True)))
        }
        (Rule::IsNull(Term::Known(known)), _) => wanted.constant(caller.value(known).is_null().into()),
        (Rule::IsNull(Term::Stored(path)), Wanted::True) => is_null(path),
        (Rule::IsNull(Term::Stored(path)), Wanted::False) => through(path, condition(Condition::IsNotNull(column(path)))),
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

/// Both sides, unless the caller decides: because one side is null there, or because no side is stored.
fn sides<'r>(
    (left, right): (&'r Term, &'r Term),
    wanted: Wanted,
    caller: Caller<'_>,
    decide: impl Fn(&Value, &Value) -> Truth,
) -> Result<(Side<'r>, Side<'r>), Predicate> {
    match (Side::of(left, caller), Side::of(right, caller)) {
        (Side::Known(value), _) | (_, Side::Known(value)) if value.is_null() => Err(Predicate::Never),
        (Side::Known(left), Side::Known(right)) => Err(wanted.constant(decide(&left, &right))),
        sides => Ok(sides),
    }
}

fn equal(left: &Term, right: &Term, wanted: Wanted, caller: Caller<'_>) -> Predicate {
    let (left, right) = match sides((left, right), wanted, caller, known::equal) {
        Ok(sides) => sides,
        Err(decided) => return decided,
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

fn ordered(order: Order, left: &Term, right: &Term, wanted: Wanted, caller: Caller<'_>) -> Predicate {
    let decide = |left: &Value, right: &Value| known::ordered(order, left, right);
    let (left, right) = match sides((left, right), wanted, caller, decide) {
        Ok(sides) => sides,
        Err(decided) => return decided,
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

fn contained(operand: &Term, list: &Term, wanted: Wanted, caller: Caller<'_>) -> Predicate {
    let (operand, list) = match sides((operand, list), wanted, caller, known::contained) {
        Ok(sides) => sides,
        Err(decided) => return decided,
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

fn tested(test: TextTest, text: &Term, part: &Term, wanted: Wanted, caller: Caller<'_>) -> Predicate {
    let decide = |text: &Value, part: &Value| known::tested(test, text, part);
    let (text, part) = match sides((text, part), wanted, caller, decide) {
        Ok(sides) => sides,
        Err(decided) => return decided,
    };
    let (text_path, part_path) = (text.path(), part.path());
    let (text, part) = (text.into_operand(), part.into_operand());
    through_both(text_path, part_path, condition(Condition::Text { test, text, part, is_negated: wanted == Wanted::False }))
}

/// `operand == null`, for which a path that leads nowhere is null like a value that is not there.
fn is_null(path: &Path) -> Predicate {
    negated(through(path, condition(Condition::IsNotNull(column(path)))))
}

fn negated(predicate: Predicate) -> Predicate {
    match predicate {
        Predicate::Condition(Condition::Exists { table, join_column, join_value, depth, body, .. }) => {
            condition(Condition::Exists { table, join_column, join_value, depth, body, is_negated: true })
        }
        Predicate::Condition(Condition::IsNotNull(operand)) => condition(Condition::IsNull(operand)),
        other => Predicate::unless(other),
    }
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
    let is_known = |term: &Term| match term {
        Term::Known(known) => !caller.value(known).is_null(),
        Term::Stored(path) => !path.may_lead_nowhere(),
    };
    let has_no_null = |term: &Term| is_known(term) && !matches!(term, Term::Stored(path) if path.is_nullable);
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

/// That no relation which a column stands for leads nowhere.
fn known_ends(paths: [Option<&Path>; 2]) -> Predicate {
    let gaps = paths.into_iter().flatten().filter(|path| path.is_null_a_gap && path.is_nullable);
    Predicate::all(gaps.map(|path| condition(Condition::IsNotNull(column(path)))))
}

/// The rows whose paths lead to rows for which `inner` holds. The right path is looked into inside the left one, as its
/// depths say.
fn through_both(left: Option<&Path>, right: Option<&Path>, inner: Predicate) -> Predicate {
    let through_one = |path: Option<&Path>, inner| match path {
        Some(path) => through(path, inner),
        None => inner,
    };
    through_one(left, through_one(right, inner))
}

/// The rows whose path leads to a row for which `inner` holds.
fn through(path: &Path, inner: Predicate) -> Predicate {
    let mut predicate = inner;
    for (index, step) in path.steps.iter().enumerate().rev() {
        let from = index.checked_sub(1).map_or(path.image, |before| RowImage::Member(path.steps[before].depth));
        predicate = look(from, step, predicate);
    }
    predicate
}

/// The rows of `from` whose relation leads to a row for which `inner` holds.
fn look(from: RowImage, step: &Step, inner: Predicate) -> Predicate {
    let key = Operand::Column(from, step.key.clone());
    match inner {
        Predicate::Never => Predicate::Never,
        // The foreign key vouches for the row.
        Predicate::Always if step.is_nullable => condition(Condition::IsNotNull(key)),
        Predicate::Always => Predicate::Always,
        inner => condition(Condition::Exists {
            table: step.table.clone(),
            join_column: step.target_column.clone(),
            join_value: key,
            depth: step.depth,
            body: Box::new(inner),
            is_negated: false,
        }),
    }
}

fn column(path: &Path) -> Operand {
    Operand::Column(path.last_image(), path.column.clone())
}

fn condition(condition: Condition) -> Predicate {
    Predicate::Condition(condition)
}
