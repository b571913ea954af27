//! Comparisons: both sides get one type.

use super::Checker;
use super::call::steps;
use super::literal::own_kind;
use super::operand::Term;
use super::types::{Kind, Type};
use crate::base::{ScalarType, Value};
use crate::policy::diagnostics::{self, Mistake};
use crate::policy::parse::{Literal, Node, NodeKind, Operator};
use crate::policy::syntax::{KnownValue, Operand, Order, Rule};

impl Checker<'_, '_> {
    /// `left == right` and the other comparisons.
    pub(super) fn compare(&mut self, operator: Operator, left: &Node, right: &Node) -> Option<Rule> {
        if left.is_null() || right.is_null() {
            return self.compare_null(operator, left, right);
        }
        let order = match operator {
            Operator::Equal => return self.equal(left, right),
            Operator::NotEqual => return self.equal(left, right).map(|equal| Rule::Not(Box::new(equal))),
            Operator::Less => Order::Less,
            Operator::LessOrEqual => Order::LessOrEqual,
            Operator::Greater => Order::Greater,
            Operator::GreaterOrEqual => Order::GreaterOrEqual,
        };
        let (left_operand, right_operand, kind) = self.unified(left, right)?;
        if kind.is_ordered() {
            return Some(Rule::Order(order, left_operand, right_operand));
        }
        let message = format!("{} has no order in rules", kind.name(self.catalog()));
        let mistake = Mistake::new(diagnostics::TYPE_MISMATCH, message, "cannot be less or greater")
            .help("numbers, `DateTime` and `Date` have one; of others, name the values: `row.priority in ['HIGH', 'URGENT']`");
        self.refuse(left.range.start..right.range.end, mistake)
    }

    fn compare_null(&mut self, operator: Operator, left: &Node, right: &Node) -> Option<Rule> {
        let other = if left.is_null() { right } else { left };
        let is_null = self.is_null(other)?;
        match operator {
            Operator::Equal => Some(is_null),
            Operator::NotEqual => Some(Rule::Not(Box::new(is_null))),
            _ => {
                let mistake =
                    Mistake::new(diagnostics::INVALID_LITERAL, "nothing is less or greater than null", "an order with null")
                        .help("write `== null` or `!= null`");
                self.refuse(left.range.start..right.range.end, mistake)
            }
        }
    }

    /// `operand == null`.
    pub(super) fn is_null(&mut self, node: &Node) -> Option<Rule> {
        match self.operand(node)? {
            Term::Typed(operand, _) => Some(Rule::IsNull(operand)),
            Term::Literal(_) => {
                let mistake =
                    Mistake::new(diagnostics::INVALID_LITERAL, "a literal beside `null` is always the same", "decided already");
                self.refuse(node.range.clone(), mistake.help("compare a field with `null`"))
            }
        }
    }

    fn equal(&mut self, left: &Node, right: &Node) -> Option<Rule> {
        let (left, right, _) = self.unified(left, right)?;
        Some(Rule::Equal(left, right))
    }

    /// Both sides as values that can be compared, and the type by which they are.
    fn unified(&mut self, left: &Node, right: &Node) -> Option<(Operand, Operand, Kind)> {
        let left_term = self.operand(left);
        let outer = self.depth;
        // The right side's relations are looked into inside the left side's.
        self.depth = outer + left_term.as_ref().map_or(0, term_steps);
        let right_term = self.operand(right);
        self.depth = outer;
        match (left_term?, right_term?) {
            (Term::Literal(left_literal), Term::Literal(right_literal)) => {
                let kind = own_kind(&left_literal)?;
                let value = self.coerce(&left_literal, left, kind, self.quote(left))?;
                let other = self.coerce(&right_literal, right, kind, self.quote(left))?;
                Some((literal_operand(value), literal_operand(other), kind))
            }
            (Term::Literal(literal), Term::Typed(operand, ty)) => {
                let kind = self.single(right, ty)?;
                let value = self.coerce(&literal, left, kind, self.quote(right))?;
                Some((literal_operand(value), operand, kind))
            }
            (Term::Typed(operand, ty), Term::Literal(literal)) => {
                let kind = self.single(left, ty)?;
                let value = self.coerce(&literal, right, kind, self.quote(left))?;
                Some((operand, literal_operand(value), kind))
            }
            (Term::Typed(left_operand, left_type), Term::Typed(right_operand, right_type)) => {
                let (kind, _) = (self.single(left, left_type)?, self.single(right, right_type)?);
                self.comparable((left, left_type), (right, right_type))?;
                Some((left_operand, right_operand, kind))
            }
        }
    }

    /// The type of a value that is no list and can be compared at all.
    fn single(&mut self, node: &Node, ty: Type) -> Option<Kind> {
        match ty {
            Type::One(Kind::Scalar(ScalarType::Json)) => {
                let message = format!("`{}` is JSON, which can only be compared with null", self.quote(node));
                self.refuse(
                    node.range.clone(),
                    Mistake::new(diagnostics::TYPE_MISMATCH, message, "JSON has no equality in rules"),
                )
            }
            Type::One(kind) => Some(kind),
            Type::ListOf(_) => {
                let message = format!("`{}` is {}, a list", self.quote(node), ty.name(self.catalog()));
                let help = format!("write `... in {}`", self.quote(node));
                self.refuse(node.range.clone(), Mistake::new(diagnostics::TYPE_MISMATCH, message, "a list").help(help))
            }
        }
    }

    /// Refuses values of types that have nothing in common; of a list, its elements are compared.
    fn comparable(&mut self, (left, left_type): (&Node, Type), (right, right_type): (&Node, Type)) -> Option<()> {
        let catalog = self.catalog();
        if left_type.kind().is_comparable(right_type.kind(), catalog) {
            return Some(());
        }
        let (left_name, right_name) = (left_type.name(catalog), right_type.name(catalog));
        let (left_text, right_text) = (self.quote(left), self.quote(right));
        let message = format!("`{left_text}` is {left_name}, `{right_text}` is {right_name}: they cannot be compared");
        let label = format!("{left_name} beside {right_name}");
        self.refuse(left.range.start..right.range.end, Mistake::new(diagnostics::TYPE_MISMATCH, message, label))
    }

    /// `left in right`.
    pub(super) fn contained(&mut self, left: &Node, right: &Node) -> Option<Rule> {
        match &right.kind {
            NodeKind::List(elements) => self.in_list(left, right, elements),
            NodeKind::Refused => self.operand(left).and(None),
            _ => self.in_stored_list(left, right),
        }
    }

    fn in_list(&mut self, left: &Node, list: &Node, elements: &[Node]) -> Option<Rule> {
        let term = self.operand(left);
        if elements.is_empty() {
            let mistake = Mistake::new(diagnostics::INVALID_LITERAL, "nothing is in an empty list", "an empty list");
            return self.refuse(list.range.clone(), mistake.help("write `false`"));
        }
        if let Some(null) = elements.iter().find(|element| element.is_null()) {
            let mistake = Mistake::new(diagnostics::INVALID_LITERAL, "a list of values holds no null", "null in a list");
            let help = format!("write `|| {} == null`", self.quote(left));
            return self.refuse(null.range.clone(), mistake.help(help));
        }
        let is_literal = |element: &Node| matches!(element.kind, NodeKind::Literal(_));
        match term? {
            Term::Typed(operand, ty) if elements.iter().all(is_literal) => {
                let kind = self.single(left, ty)?;
                let values: Vec<Option<Value>> = elements.iter().map(|element| self.element(left, element, kind)).collect();
                let values = values.into_iter().collect::<Option<Vec<Value>>>()?;
                Some(Rule::In(operand, literal_operand(Value::List(kind.stored_scalar(), values))))
            }
            // A list of fields or of what the actor has: any of them may be the one.
            _ => {
                let parts: Vec<Option<Rule>> = elements.iter().map(|element| self.equal(left, element)).collect();
                Some(Rule::Any(parts.into_iter().collect::<Option<Vec<Rule>>>()?))
            }
        }
    }

    fn element(&mut self, left: &Node, element: &Node, kind: Kind) -> Option<Value> {
        let NodeKind::Literal(literal) = &element.kind else { return None };
        self.coerce(literal, element, kind, self.quote(left))
    }

    fn in_stored_list(&mut self, left: &Node, right: &Node) -> Option<Rule> {
        let left_term = self.operand(left);
        let outer = self.depth;
        self.depth = outer + left_term.as_ref().map_or(0, term_steps);
        let right_term = self.operand(right);
        self.depth = outer;
        let (left_term, right_term) = (left_term?, right_term?);
        let Term::Typed(list, Type::ListOf(element_kind)) = right_term else {
            let message = format!("`{}` is {}, no list", self.quote(right), self.type_name(&right_term));
            let mistake =
                Mistake::new(diagnostics::TYPE_MISMATCH, message, "`in` needs a list").help("write `==`, or a list: `[...]`");
            return self.refuse(right.range.clone(), mistake);
        };
        let operand = match left_term {
            Term::Literal(Literal::Null) => {
                let mistake = Mistake::new(diagnostics::INVALID_LITERAL, "null is in no list", "null");
                return self.refuse(left.range.clone(), mistake);
            }
            Term::Literal(literal) => literal_operand(self.coerce(&literal, left, element_kind, self.quote(right))?),
            Term::Typed(operand, ty) => {
                self.single(left, ty)?;
                self.comparable((left, ty), (right, Type::ListOf(element_kind)))?;
                operand
            }
        };
        Some(Rule::In(operand, list))
    }
}

fn literal_operand(value: Value) -> Operand {
    Operand::Known(KnownValue::Literal(value))
}

fn term_steps(term: &Term) -> u16 {
    match term {
        Term::Typed(operand, _) => steps(operand),
        Term::Literal(_) => 0,
    }
}
