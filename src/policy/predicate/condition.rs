//! A condition on one row, and what it tests.

use crate::base::{ColumnName, TableName};
use crate::policy::{Operand, Predicate};

/// A condition on one row, already in the positive: true in SQL exactly when it is `True`. Otherwise it is false or null there,
/// which select alike; whoever needs the opposite asks for it while solving or uses [`Condition::Not`], never SQL's `not`.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// A comparison of two operands.
    Compare(Comparison, Operand, Operand),
    /// `operand is null`.
    IsNull(Operand),
    /// `operand is not null`.
    IsNotNull(Operand),
    /// The operand equals one of the values of a list; `is_negated`: equals none of them (null equals none, and a list that
    /// is null holds none).
    InList {
        /// What is looked for.
        operand: Operand,
        /// A [`crate::base::Value::List`] without nulls, bound as one array; or a column that holds a list.
        list: Operand,
        /// Whether it must not be there.
        is_negated: bool,
    },
    /// A boolean column that must be exactly this; null is neither.
    IsBoolean(Operand, bool),
    /// A text operand starts with, ends with or contains another; null does neither.
    Text {
        /// The test.
        test: TextTest,
        /// The text that is looked at.
        text: Operand,
        /// What it has to start with, end with or contain.
        part: Operand,
        /// Whether it must not.
        is_negated: bool,
    },
    /// There is a row of `table` with `join_column = join_value` for which `body` holds; `is_negated`: there is none.
    /// Used for to-one paths (`join_column` is `id`) and for `exists(row.members, m, ...)` (`join_column` is the foreign key).
    Exists {
        /// The table looked into.
        table: TableName,
        /// Its column that joins.
        join_column: ColumnName,
        /// What it has to equal.
        join_value: Operand,
        /// The nesting depth: the row inside is [`crate::policy::RowImage::Member`] of this depth.
        depth: u16,
        /// What must hold of the row inside.
        body: Box<Predicate>,
        /// Whether there must be none.
        is_negated: bool,
    },
    /// The operand is the value of `column` in a row of `table` for which `body` holds, which says nothing of any other row;
    /// `is_negated`: in none. Used for `shared(...)`: the rows of the table are found once for the statement, and not for each row.
    Among {
        /// What is looked for.
        operand: Operand,
        /// The table looked into.
        table: TableName,
        /// Its column, which is never null.
        column: ColumnName,
        /// The nesting depth: the row inside is [`crate::policy::RowImage::Member`] of this depth.
        depth: u16,
        /// What must hold of the row inside.
        body: Box<Predicate>,
        /// Whether it must be in none.
        is_negated: bool,
    },
    /// The inner predicate does not select. Only below a negated `exists`.
    Not(Box<Predicate>),
}

impl Condition {
    /// What it compares, and the condition inside it.
    pub(super) fn parts(&self) -> (Vec<&Operand>, Option<&Predicate>) {
        match self {
            Self::Compare(_, left, right) => (vec![left, right], None),
            Self::IsNull(operand) | Self::IsNotNull(operand) | Self::IsBoolean(operand, _) => (vec![operand], None),
            Self::InList { operand, list, .. } => (vec![operand, list], None),
            Self::Text { text, part, .. } => (vec![text, part], None),
            Self::Exists { join_value, body, .. } => (vec![join_value], Some(body)),
            Self::Among { operand, body, .. } => (vec![operand], Some(body)),
            Self::Not(inner) => (Vec::new(), Some(inner)),
        }
    }

    pub(super) fn names_new_row(&self) -> bool {
        let (operands, inner) = self.parts();
        operands.into_iter().any(Operand::is_of_new_row) || inner.is_some_and(Predicate::names_new_row)
    }
}

/// A comparison in the positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`, true only if neither side is null.
    Equal,
    /// `is not distinct from`: two nulls are equal.
    EqualOrBothNull,
    /// `<>`, true only if neither side is null.
    NotEqual,
    /// `is distinct from`: a null differs from a value.
    Distinct,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// A test on texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextTest {
    /// `startsWith`
    StartsWith,
    /// `endsWith`
    EndsWith,
    /// `contains`
    Contains,
}
