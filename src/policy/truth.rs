//! Three-valued truth, with Kleene's tables.

use std::ops::Not;

/// What a condition is for one actor and one row. Only [`Truth::True`] allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Truth {
    /// The condition holds.
    True,
    /// The condition does not hold, so its opposite does.
    False,
    /// It cannot be said, and neither can its opposite: a side that the actor or the request has no value for, an ordering
    /// with a null, a path through a null.
    Unknown,
}

impl Truth {
    /// All three.
    pub const ALL: [Self; 3] = [Self::True, Self::False, Self::Unknown];

    /// Conjunction: one `False` decides, then one `Unknown`.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::True, Self::True) => Self::True,
        }
    }

    /// Disjunction: one `True` decides, then one `Unknown`.
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::True, _) | (_, Self::True) => Self::True,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::False, Self::False) => Self::False,
        }
    }
}

impl Not for Truth {
    type Output = Self;

    /// Negation: the opposite of `Unknown` is `Unknown`.
    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl From<bool> for Truth {
    fn from(is_true: bool) -> Self {
        if is_true { Self::True } else { Self::False }
    }
}

/// The truths that a condition may have while only a part of what decides it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TruthSet(u8);

impl TruthSet {
    /// Nothing is known.
    pub(super) const ANY: Self = Self(0b111);

    /// Exactly this one.
    pub(super) fn only(truth: Truth) -> Self {
        Self(1 << truth as u8)
    }

    /// Whether the truth is possible.
    pub(super) fn has(self, truth: Truth) -> bool {
        self.0 & Self::only(truth).0 != 0
    }

    /// What a connective may give for any two possible truths.
    pub(super) fn combine(self, other: Self, connective: impl Fn(Truth, Truth) -> Truth) -> Self {
        let mut possible = 0;
        for left in Truth::ALL.into_iter().filter(|truth| self.has(*truth)) {
            for right in Truth::ALL.into_iter().filter(|truth| other.has(*truth)) {
                possible |= Self::only(connective(left, right)).0;
            }
        }
        Self(possible)
    }

    /// What either of the two sets holds.
    pub(super) fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What the negation may be.
    pub(super) fn negate(self) -> Self {
        self.combine(Self::only(Truth::True), |truth, _| !truth)
    }
}

#[cfg(test)]
mod tests {
    use super::{Truth, TruthSet};
    use Truth::{False, True, Unknown};

    #[test]
    fn connectives_follow_kleene() {
        let rows = [
            (True, True, True, True),
            (True, False, False, True),
            (True, Unknown, Unknown, True),
            (False, False, False, False),
            (False, Unknown, False, Unknown),
            (Unknown, Unknown, Unknown, Unknown),
        ];
        for (left, right, conjunction, disjunction) in rows {
            for (left, right) in [(left, right), (right, left)] {
                assert_eq!(left.and(right), conjunction, "{left:?} && {right:?}");
                assert_eq!(left.or(right), disjunction, "{left:?} || {right:?}");
                assert_eq!(!left.and(right), (!left).or(!right), "De Morgan for {left:?}, {right:?}");
            }
        }
        assert_eq!([!True, !False, !Unknown], [False, True, Unknown]);
    }

    #[test]
    fn sets_hold_what_is_possible() {
        let never = TruthSet::only(False);
        assert_eq!(TruthSet::ANY.combine(never, Truth::and), never);
        assert_eq!(TruthSet::ANY.combine(TruthSet::only(True), Truth::or), TruthSet::only(True));
        assert_eq!(TruthSet::ANY.negate(), TruthSet::ANY);
        assert_eq!(TruthSet::only(True).negate(), never);
        let any = TruthSet::ANY.combine(TruthSet::only(Unknown), Truth::and);
        assert!(any.has(Unknown) && any.has(False) && !any.has(True));
    }
}
