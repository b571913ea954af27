//! What a mask shows: a value of the field's type, made of the row's own fields, the caller and literals.
//!
//! The functions are those that cannot fail on any row: an error would tell of a value, and take the whole answer away.

use super::operand::Term;
use super::types::{Kind, Type};
use super::{Checker, Slot};
use crate::base::{ScalarType, Value};
use crate::catalog::Field;
use crate::policy::RowImage;
use crate::policy::diagnostics::{self, Mistake};
use crate::policy::parse::{Direction, Literal, Node, NodeKind, Word};
use crate::policy::syntax::{KnownValue, MaskRule, Operand};
use bigdecimal::num_bigint::Sign;

const FUNCTIONS: &str =
    "a mask has `text.substring(0, 3)`, `text + text`, `roundDown(row.number, 1000)` and `condition ? value : value`";

/// The longest text that a part is taken of, far beyond what anybody shows of a masked one.
const MAX_POSITION: i64 = 10_000;

/// What the mask has to be.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'f> {
    pub(super) kind: Kind,
    pub(super) field: &'f Field,
}

impl Checker<'_, '_> {
    /// Checks a mask, or a part of one, that has to be of the field's type.
    pub(super) fn mask(&mut self, node: &Node, wanted: Wanted<'_>) -> Option<MaskRule> {
        debug_assert!(matches!(self.slot, Slot::Row(_)), "a mask is made of one row");
        match &node.kind {
            NodeKind::Literal(Literal::Null) => Some(MaskRule::Null(wanted.kind.stored_scalar())),
            NodeKind::Choose(_, parts) => {
                let [condition, then, otherwise] = &**parts;
                let (condition, then) = (self.condition(condition), self.mask(then, wanted));
                let otherwise = self.mask(otherwise, wanted);
                Some(MaskRule::Choose(condition?, Box::new(then?), Box::new(otherwise?)))
            }
            NodeKind::Shift(Direction::Later, left, right) if wanted.kind.is_text() => {
                // Pieces are texts of any form; only the whole has to be one of the field's.
                let piece = Wanted { kind: Kind::Scalar(ScalarType::String), ..wanted };
                let (left, right) = (self.mask(left, piece), self.mask(right, piece));
                Some(MaskRule::Join(Box::new(left?), Box::new(right?)))
            }
            NodeKind::Method(text, method, arguments) => self.substring(node, text, (method, arguments), wanted),
            NodeKind::Call(function, arguments) if function.text == "roundDown" => self.round_down(node, arguments, wanted),
            NodeKind::Call(function, _) if function.text != "now" => {
                let message = format!("unknown function `{}`", function.text);
                let mistake = Mistake::new(diagnostics::UNKNOWN_FUNCTION, message, "not a function of masks");
                self.refuse(function.range.clone(), mistake.help(FUNCTIONS))
            }
            _ => self.mask_value(node, wanted),
        }
    }

    /// A literal, something of the caller, or a field of the row.
    fn mask_value(&mut self, node: &Node, wanted: Wanted<'_>) -> Option<MaskRule> {
        match self.operand(node)? {
            Term::Literal(literal) => {
                let value = self.coerce(&literal, node, wanted.kind, wanted.field.name.as_str())?;
                Some(MaskRule::Value(Operand::Known(KnownValue::Literal(value))))
            }
            Term::Typed(Operand::Stored(path), _) if !path.steps.is_empty() || path.image != RowImage::Row => {
                let message = format!("`{}` is a field of another row", self.quote(node));
                let mistake = Mistake::new(diagnostics::NOT_A_PATH, message, "not of the row itself").help(
                    "a mask is made of the row's own fields; conditions may look further: `row.team.name == 'HR' ? ... : ...`",
                );
                self.refuse(node.range.clone(), mistake)
            }
            Term::Typed(operand, Type::One(given)) if fits(given, wanted.kind) => Some(MaskRule::Value(operand)),
            term => {
                let (given, needed) = (self.type_name(&term), wanted.kind.name(self.catalog()));
                let message = format!("`{}` is {needed}, `{}` is {given}", wanted.field.name, self.quote(node));
                let label = format!("{given} where {needed} is needed");
                self.refuse(node.range.clone(), Mistake::new(diagnostics::TYPE_MISMATCH, message, label))
            }
        }
    }

    /// `text.substring(from)`, `text.substring(from, to)`: what is beyond the end is empty.
    fn substring(
        &mut self,
        node: &Node,
        text: &Node,
        (method, arguments): (&Word, &[Node]),
        wanted: Wanted<'_>,
    ) -> Option<MaskRule> {
        if method.text != "substring" {
            let message = format!("unknown function `{}`", method.text);
            let mistake = Mistake::new(diagnostics::UNKNOWN_FUNCTION, message, "not a function of masks");
            return self.refuse(method.range.clone(), mistake.help(FUNCTIONS));
        }
        if !wanted.kind.is_text() {
            return self.no_such_mask(node, wanted, "`substring` gives a text");
        }
        let positions: Option<Vec<i32>> = arguments.iter().map(position).collect();
        let (start, end) = match positions.as_deref() {
            Some([start]) => (*start, None),
            Some([start, end]) if start <= end => (*start, Some(*end)),
            _ => {
                let message = "`substring` takes where the part begins and perhaps where it ends, as numbers from 0";
                let mistake = Mistake::new(diagnostics::ARGUMENTS, message, "wrong arguments");
                return self.refuse(node.range.clone(), mistake.help("write `row.phone.substring(0, 3)`"));
            }
        };
        let piece = Wanted { kind: Kind::Scalar(ScalarType::String), ..wanted };
        let text = self.mask(text, piece)?;
        Some(MaskRule::Part { text: Box::new(text), start, end })
    }

    /// `roundDown(number, step)`: the next multiple of the step towards zero.
    fn round_down(&mut self, node: &Node, arguments: &[Node], wanted: Wanted<'_>) -> Option<MaskRule> {
        use ScalarType::{BigInt, Decimal, Int};
        if !matches!(wanted.kind, Kind::Scalar(Int | BigInt | Decimal)) {
            return self.no_such_mask(node, wanted, "`roundDown` gives an Int, BigInt or Decimal");
        }
        let wrong = || {
            let message = "`roundDown` takes a number and the step that it is rounded to, a number above 0";
            Mistake::new(diagnostics::ARGUMENTS, message, "wrong arguments").help("write `roundDown(row.salary, 10000)`")
        };
        let [number, step] = arguments else { return self.refuse(node.range.clone(), wrong()) };
        let NodeKind::Literal(literal @ (Literal::Integer(_) | Literal::Number(_))) = &step.kind else {
            return self.refuse(step.range.clone(), wrong());
        };
        let number = self.mask(number, wanted);
        let step_value = self.coerce(literal, step, wanted.kind, wanted.field.name.as_str())?;
        let is_positive = match &step_value {
            Value::Int(step) => *step > 0,
            Value::BigInt(step) => *step > 0,
            Value::Decimal(step) => step.sign() == Sign::Plus,
            _ => false,
        };
        if !is_positive {
            return self.refuse(step.range.clone(), wrong());
        }
        Some(MaskRule::RoundDown(Box::new(number?), step_value))
    }

    fn no_such_mask<T>(&mut self, node: &Node, wanted: Wanted<'_>, what: &str) -> Option<T> {
        let needed = wanted.kind.name(self.catalog());
        let message = format!("`{}` is {needed}; {what}", wanted.field.name);
        let label = format!("{needed} is needed");
        self.refuse(node.range.clone(), Mistake::new(diagnostics::TYPE_MISMATCH, message, label))
    }
}

/// Whether a value can be shown as one of another type as it is.
fn fits(given: Kind, wanted: Kind) -> bool {
    match (given, wanted) {
        _ if given == wanted => true,
        (Kind::Role | Kind::AuthMethod, text) => text.is_text(),
        (Kind::Reference(_), Kind::Scalar(ScalarType::Id)) => true,
        (left, right) => left.is_text() && right.is_text(),
    }
}

fn position(node: &Node) -> Option<i32> {
    match node.kind {
        NodeKind::Literal(Literal::Integer(position @ 0..=MAX_POSITION)) => i32::try_from(position).ok(),
        _ => None,
    }
}
