//! What a field shows where its rule hides it, once the actor has decided its part.
//!
//! A mask sees its row as the rule's author, not through the caller's guards: whatever it is made of, it shows on purpose.

use crate::base::{ColumnName, Value};
use crate::policy::known::{Asker, Caller};
use crate::policy::solve::solve;
use crate::policy::syntax::{MaskRule, Operand};
use crate::policy::{Images, Predicate};
use crate::sql::{CompareOp, Expr};
use std::collections::BTreeSet;

/// A solved mask: a value made of columns of the row. No row makes it fail.
#[derive(Clone, Debug, PartialEq)]
pub enum MaskValue {
    /// The same for every row.
    Value(Value),
    /// A column of the row.
    Column(ColumnName),
    /// One text after another.
    Join(Box<MaskValue>, Box<MaskValue>),
    /// A part of a text, in characters from 0.
    Part {
        /// The text.
        text: Box<MaskValue>,
        /// Where the part begins.
        start: i32,
        /// Before which character it ends.
        end: Option<i32>,
    },
    /// A number without what is above a multiple of the step.
    RoundDown(Box<MaskValue>, Value),
    /// One of two, row by row.
    Choose(Predicate, Box<MaskValue>, Box<MaskValue>),
}

/// What the mask is for this caller.
pub(super) fn solve_mask(mask: &MaskRule, caller: Caller<'_>) -> MaskValue {
    let solved = |mask: &MaskRule| Box::new(solve_mask(mask, caller));
    match mask {
        MaskRule::Null(scalar) => MaskValue::Value(Value::Null(*scalar)),
        MaskRule::Value(Operand::Known(known)) => MaskValue::Value(caller.value(known)),
        MaskRule::Value(Operand::Stored(path)) => MaskValue::Column(path.column.clone()),
        MaskRule::Join(left, right) => MaskValue::Join(solved(left), solved(right)),
        MaskRule::Part { text, start, end } => MaskValue::Part { text: solved(text), start: *start, end: *end },
        MaskRule::RoundDown(number, step) => MaskValue::RoundDown(solved(number), step.clone()),
        MaskRule::Choose(condition, then, otherwise) => match solve(condition, Asker::Caller(caller)) {
            Predicate::Always => solve_mask(then, caller),
            Predicate::Never => solve_mask(otherwise, caller),
            condition => MaskValue::Choose(condition, solved(then), solved(otherwise)),
        },
    }
}

impl MaskValue {
    /// The value over the images' aliases.
    ///
    /// # Panics
    /// When `images` gives no `row`.
    pub fn to_sql(&self, images: &Images) -> Expr {
        let int = |number: i32| Expr::Value(Value::Int(number));
        match self {
            Self::Value(value) => Expr::Value(value.clone()),
            Self::Column(column) => Expr::column(images.row.expect("a mask is of one row"), column),
            Self::Join(left, right) => Expr::compare(CompareOp::Concat, left.to_sql(images), right.to_sql(images)),
            Self::Part { text, start, end } => {
                let length = end.map(|end| int(end - start));
                let arguments = [text.to_sql(images), int(start + 1)].into_iter().chain(length);
                Expr::Call("substr", arguments.collect())
            }
            Self::RoundDown(number, step) => {
                let rest = Expr::Call("mod", vec![number.to_sql(images), Expr::Value(step.clone())]);
                Expr::compare(CompareOp::Subtract, number.to_sql(images), rest)
            }
            Self::Choose(condition, then, otherwise) => {
                Expr::Case(vec![(condition.to_sql(images), then.to_sql(images))], Some(Box::new(otherwise.to_sql(images))))
            }
        }
    }

    /// The columns of the row that it is made of.
    pub fn columns(&self) -> BTreeSet<ColumnName> {
        match self {
            Self::Value(_) => BTreeSet::new(),
            Self::Column(column) => BTreeSet::from([column.clone()]),
            Self::Join(left, right) => &left.columns() | &right.columns(),
            Self::Part { text: inner, .. } | Self::RoundDown(inner, _) => inner.columns(),
            Self::Choose(condition, then, otherwise) => &condition.columns() | &(&then.columns() | &otherwise.columns()),
        }
    }
}
