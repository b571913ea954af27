//! Expressions.

use crate::base::{ColumnName, Value};
use crate::sql::{Alias, Select};

/// A binary operator between two expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareOp {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `is distinct from`: `<>` for which null is a value like another.
    DistinctFrom,
    /// `is not distinct from`
    NotDistinctFrom,
    /// `like`
    Like,
    /// `ilike`
    ILike,
    /// `||`
    Concat,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `@>`: holds everything that the other does (arrays, JSON).
    Contains,
    /// `<@`: the other way round.
    ContainedBy,
    /// `&&`: has an element in common with the other array.
    Overlaps,
    /// `?`: the JSON object has this key.
    HasKey,
    /// `?|`: the JSON object has one of these keys.
    HasAnyKey,
    /// `?&`: the JSON object has all of these keys.
    HasAllKeys,
    /// `#>`: the JSON value at a path.
    AtPath,
    /// `@@`: the words of a text match what is searched for.
    Matches,
}

impl CompareOp {
    /// The operator's text with blanks around it.
    pub(crate) fn sql(self) -> &'static str {
        match self {
            Self::Equal => " = ",
            Self::NotEqual => " <> ",
            Self::Less => " < ",
            Self::LessOrEqual => " <= ",
            Self::Greater => " > ",
            Self::GreaterOrEqual => " >= ",
            Self::DistinctFrom => " is distinct from ",
            Self::NotDistinctFrom => " is not distinct from ",
            Self::Like => " like ",
            Self::ILike => " ilike ",
            Self::Concat => " || ",
            Self::Add => " + ",
            Self::Subtract => " - ",
            Self::Contains => " @> ",
            Self::ContainedBy => " <@ ",
            Self::Overlaps => " && ",
            Self::HasKey => " ? ",
            Self::HasAnyKey => " ?| ",
            Self::HasAllKeys => " ?& ",
            Self::AtPath => " #> ",
            Self::Matches => " @@ ",
        }
    }
}

/// An SQL expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// `alias."column"`
    Column(Alias, ColumnName),
    /// A bind parameter.
    Value(Value),
    /// SQL text that is part of the program, `now()`. Injection safety: `&'static str` cannot hold input.
    Fixed(&'static str),
    /// `(left op right)`
    Compare(CompareOp, Box<Expr>, Box<Expr>),
    /// All of them; none is `true`.
    And(Vec<Expr>),
    /// Any of them; none is `false`.
    Or(Vec<Expr>),
    /// `(not expr)`
    Not(Box<Expr>),
    /// `(expr is null)`
    IsNull(Box<Expr>),
    /// `(expr is not null)`
    IsNotNull(Box<Expr>),
    /// `(expr is not true)`: true for false and null.
    IsNotTrue(Box<Expr>),
    /// `(expr = any(list))`
    AnyOf(Box<Expr>, Box<Expr>),
    /// `exists (select ...)`
    Exists(Box<Select>),
    /// `(select ...)` as a value.
    Scalar(Box<Select>),
    /// `array(select ...)`
    ArrayOf(Box<Select>),
    /// `case when .. then .. else .. end`
    Case(Vec<(Expr, Expr)>, Option<Box<Expr>>),
    /// `case expr when 'A' then 1 when 'B' then 2 .. end`: the place of a value in a list of names. Names are part of the text, so that
    /// it is the expression of an index; and `case` tells nobody of a row that a policy hides, so that the index can be used
    /// behind one. Injection safety: whatever is no letter, digit or underscore is left out.
    PlaceIn(Box<Expr>, Vec<String>),
    /// `function(args)`
    Call(&'static str, Vec<Expr>),
    /// `(expr)::type`
    Cast(Box<Expr>, &'static str),
    /// `(a, b, ...)`
    Row(Vec<Expr>),
    /// `array[a, b, ...]`
    Array(Vec<Expr>),
    /// `alias.*`: the whole row of an alias, for `row_to_json`. Never the bare alias: a column of that name would win.
    WholeRow(Alias),
    /// `(array)[index]`, from 1.
    Element(Box<Expr>, Box<Expr>),
    /// `distinct expr`, the argument of an aggregate.
    Distinct(Box<Expr>),
    /// `aggregate(arg order by ...) filter (where ...)`
    Aggregate {
        /// The function, `json_agg`.
        function: &'static str,
        /// Its argument.
        argument: Box<Expr>,
        /// `filter (where ...)`.
        filter: Option<Box<Expr>>,
    },
}

impl Expr {
    /// `alias."column"`
    pub fn column(alias: Alias, column: &ColumnName) -> Self {
        Self::Column(alias, column.clone())
    }

    /// A column with a fixed name, of a subselect that this program labels.
    pub fn labelled(alias: Alias, label: &str) -> Self {
        Self::Column(alias, ColumnName::new(label))
    }

    /// `left op right`
    pub fn compare(op: CompareOp, left: Self, right: Self) -> Self {
        Self::Compare(op, Box::new(left), Box::new(right))
    }

    /// Conjunction that drops `true` and collapses to `false`.
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut kept = Vec::new();
        for part in parts {
            match part {
                Self::And(inner) => kept.extend(inner),
                Self::Or(inner) if inner.is_empty() => return Self::Or(Vec::new()),
                other => kept.push(other),
            }
        }
        if kept.len() == 1 { kept.remove(0) } else { Self::And(kept) }
    }

    /// `true`
    pub fn always() -> Self {
        Self::And(Vec::new())
    }

    /// `false`
    pub fn never() -> Self {
        Self::Or(Vec::new())
    }

    /// Whether this is the constant `true`.
    pub fn is_always(&self) -> bool {
        matches!(self, Self::And(parts) if parts.is_empty())
    }
}
