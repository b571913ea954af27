//! What has to be known of a row for a rule to hold: conditions that are true or false, joined without any `!`.

use crate::base::Value;
use crate::policy::TextTest;
use crate::policy::residue;
use crate::policy::syntax::Order;
use chrono::TimeDelta;

/// A rule for a role, asked for one of its two truths.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Formula {
    /// Whatever the row.
    Always,
    /// For no row.
    Never,
    /// Every part.
    All(Vec<Formula>),
    /// Some part.
    Any(Vec<Formula>),
    /// One condition.
    Known(Fact),
}

/// A condition that is true, or false; what is unknown is neither.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    /// The condition.
    pub(super) test: Test,
    /// Which of the two it is.
    pub(super) is_true: bool,
    /// How people write it.
    pub(super) text: String,
}

/// The words may differ where names have changed.
impl PartialEq for Fact {
    fn eq(&self, other: &Self) -> bool {
        self.test == other.test && self.is_true == other.is_true
    }
}

/// A condition whose values have names that mean the same in both versions.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    /// The value is one of these; `==` is a list of one.
    Member(Term, Vec<Value>),
    /// `== null`
    IsNull(Term),
    /// A boolean that stands alone.
    Flag(Term),
    /// `==` of two values that are not in the rule's text.
    Equal(Term, Term),
    /// `<` and its kin.
    Order(Order, Term, Term),
    /// `in` a list that is not in the rule's text.
    In(Term, Term),
    /// A test on texts.
    Text(TextTest, Term, Term),
    /// `exists`: a row of this relation for which the body holds; false where the body is false of every row.
    Exists {
        /// The relation.
        relation: String,
        /// The body, true.
        holds: Box<Formula>,
        /// The body, false.
        fails: Box<Formula>,
    },
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Term {
    /// In the rule's text.
    Literal(Value),
    /// The time of the request, moved.
    Time(TimeDelta),
    /// Of the caller, the request or the row.
    Named(Named),
}

/// A value by its name.
#[derive(Clone, Debug)]
pub(super) struct Named {
    /// The same in both versions where it means the same.
    pub(super) key: String,
    /// As the rule says it.
    pub(super) shown: String,
}

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Formula {
    /// Every part, constants folded.
    pub(super) fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut kept = Vec::new();
        for part in parts {
            match part {
                Self::Always => {}
                Self::Never => return Self::Never,
                Self::All(inner) => kept.extend(inner),
                other => kept.push(other),
            }
        }
        single(kept, Self::Always, Self::All)
    }

    /// Some part, constants folded, and lists of values of the same thing made one.
    pub(super) fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut kept: Vec<Self> = Vec::new();
        let mut waiting: Vec<Self> = parts.into_iter().collect();
        waiting.reverse();
        while let Some(part) = waiting.pop() {
            match part {
                Self::Never => {}
                Self::Always => return Self::Always,
                Self::Any(inner) => waiting.extend(inner.into_iter().rev()),
                Self::Known(fact) => match kept.iter_mut().find_map(|other| joined(other, &fact)) {
                    Some((place, both)) => *place = Self::Known(both),
                    None => kept.push(Self::Known(fact)),
                },
                other => kept.push(other),
            }
        }
        single(kept, Self::Never, Self::Any)
    }

    /// The parts of which each is enough by itself.
    pub(super) fn disjuncts(&self) -> &[Self] {
        match self {
            Self::Any(parts) => parts,
            other => std::slice::from_ref(other),
        }
    }

    /// In the words of the rule language.
    pub(super) fn show(&self) -> String {
        match self {
            Self::Always => "true".to_owned(),
            Self::Never => "false".to_owned(),
            Self::All(parts) => {
                let parts = parts.iter().map(|part| match part {
                    Self::Any(_) => format!("({})", part.show()),
                    other => other.show(),
                });
                parts.collect::<Vec<_>>().join(" && ")
            }
            Self::Any(parts) => parts.iter().map(Self::show).collect::<Vec<_>>().join(" || "),
            Self::Known(fact) => fact.text.clone(),
        }
    }
}

impl Fact {
    /// A value that is, or is not, one of these.
    pub(super) fn member(term: Term, values: Vec<Value>, is_true: bool) -> Self {
        let name = term.show();
        let text = match (values.as_slice(), is_true) {
            ([value], true) => format!("{name} == {}", residue::literal(value)),
            ([value], false) => format!("{name} != {}", residue::literal(value)),
            (values, is_true) => {
                let list = values.iter().map(residue::literal).collect::<Vec<_>>().join(", ");
                if is_true { format!("{name} in [{list}]") } else { format!("!({name} in [{list}])") }
            }
        };
        Self { test: Test::Member(term, values), is_true, text }
    }
}

impl Term {
    fn show(&self) -> String {
        match self {
            Self::Literal(value) => residue::literal(value),
            Self::Time(_) => "now()".to_owned(),
            Self::Named(named) => named.shown.clone(),
        }
    }
}

/// Two lists of what may be, of the same value, as one.
fn joined<'f>(formula: &'f mut Formula, fact: &Fact) -> Option<(&'f mut Formula, Fact)> {
    let Formula::Known(other) = &*formula else { return None };
    let (Test::Member(left, values), Test::Member(right, more)) = (&other.test, &fact.test) else { return None };
    if left != right || !other.is_true || !fact.is_true {
        return None;
    }
    let new = more.iter().filter(|value| !values.contains(value));
    let values = values.iter().chain(new).cloned().collect();
    let both = Fact::member(left.clone(), values, true);
    Some((formula, both))
}

fn single(mut parts: Vec<Formula>, none: Formula, several: fn(Vec<Formula>) -> Formula) -> Formula {
    match parts.len() {
        0 => none,
        1 => parts.remove(0),
        _ => several(parts),
    }
}
