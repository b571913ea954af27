//! The tree of a rule's text: what CEL's parser gives, cut down to the rule language, each part with its place in the text.

use std::ops::Range;

/// A part of a rule with the bytes of the text that it stands in.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::policy) struct Node {
    /// The bytes, from the first to after the last.
    pub(in crate::policy) range: Range<usize>,
    /// What it is.
    pub(in crate::policy) kind: NodeKind,
}

/// A name with its place.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::policy) struct Word {
    /// The bytes.
    pub(in crate::policy) range: Range<usize>,
    /// The name.
    pub(in crate::policy) text: String,
}

/// What a part of a rule is.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::policy) enum NodeKind {
    /// `a && b`
    And(Box<Node>, Box<Node>),
    /// `a || b`
    Or(Box<Node>, Box<Node>),
    /// `!a`
    Not(Box<Node>),
    /// `a == b` and the other comparisons
    Compare(Operator, Box<Node>, Box<Node>),
    /// `a in b`
    In(Box<Node>, Box<Node>),
    /// `a + b`, `a - b`
    Shift(Direction, Box<Node>, Box<Node>),
    /// `a`
    Name(String),
    /// `a.b`
    Select(Box<Node>, Word),
    /// `has(a.b)`, with `a.b` inside
    Has(Box<Node>),
    /// `f(...)`
    Call(Word, Vec<Node>),
    /// `a.f(...)`
    Method(Box<Node>, Word, Vec<Node>),
    /// `a ? b : c`, with the place of the question mark
    Choose(Range<usize>, Box<[Node; 3]>),
    /// `[a, b]`
    List(Vec<Node>),
    /// A literal
    Literal(Literal),
    /// Something that was refused while reading; nothing more is said of it.
    Refused,
}

/// A literal as it is written; what it is compared with gives it its type.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::policy) enum Literal {
    /// `'text'`
    Text(String),
    /// `12`
    Integer(i64),
    /// `1.5`
    Number(f64),
    /// `true`, `false`
    Boolean(bool),
    /// `null`
    Null,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::policy) enum Operator {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// Where a duration moves a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::policy) enum Direction {
    /// `+`
    Later,
    /// `-`
    Earlier,
}

impl Node {
    /// Whether the part is the literal `null`.
    pub(in crate::policy) fn is_null(&self) -> bool {
        matches!(self.kind, NodeKind::Literal(Literal::Null))
    }
}

impl Node {
    /// Calls `visit` with this part and every one inside it.
    pub(in crate::policy) fn walk<'n>(&'n self, visit: &mut impl FnMut(&'n Node)) {
        visit(self);
        match &self.kind {
            NodeKind::And(left, right)
            | NodeKind::Or(left, right)
            | NodeKind::Compare(_, left, right)
            | NodeKind::In(left, right)
            | NodeKind::Shift(_, left, right) => {
                left.walk(visit);
                right.walk(visit);
            }
            NodeKind::Not(inner) | NodeKind::Has(inner) | NodeKind::Select(inner, _) => inner.walk(visit),
            NodeKind::Choose(_, parts) => parts.iter().for_each(|part| part.walk(visit)),
            NodeKind::Call(_, parts) | NodeKind::List(parts) => parts.iter().for_each(|part| part.walk(visit)),
            NodeKind::Method(target, _, arguments) => {
                target.walk(visit);
                arguments.iter().for_each(|argument| argument.walk(visit));
            }
            NodeKind::Name(_) | NodeKind::Literal(_) | NodeKind::Refused => {}
        }
    }
}
