//! Conditions: connectives, named rules, booleans that stand alone.

use super::Checker;
use super::operand::Term;
use super::types::{Kind, Type};
use crate::base::ScalarType;
use crate::policy::diagnostics::{self, Mistake};
use crate::policy::parse::{LANGUAGE, Literal, Node, NodeKind};
use crate::policy::syntax::Rule;
use std::ops::Range;

impl Checker<'_, '_> {
    /// Checks a part that has to be true or false.
    pub(super) fn condition(&mut self, node: &Node) -> Option<Rule> {
        match &node.kind {
            NodeKind::And(left, right) => self.both(left, right).map(|parts| Rule::All(flatten(parts, conjuncts))),
            NodeKind::Or(left, right) => self.both(left, right).map(|parts| Rule::Any(flatten(parts, disjuncts))),
            NodeKind::Not(inner) => self.condition(inner).map(|inner| Rule::Not(Box::new(inner))),
            NodeKind::Compare(operator, left, right) => self.compare(*operator, left, right),
            NodeKind::In(left, right) => self.contained(left, right),
            NodeKind::Has(inner) => self.is_null(inner).map(|is_null| Rule::Not(Box::new(is_null))),
            NodeKind::Name(name) => match self.environment.library.find(name) {
                Some(index) => self.expand(index),
                None => self.flag(node),
            },
            NodeKind::Literal(Literal::Boolean(is_true)) => Some(Self::constant(*is_true)),
            NodeKind::Call(function, arguments) if function.text == "exists" => self.exists(node, arguments),
            NodeKind::Call(function, arguments) if function.text == "inTeam" => self.in_team(node, arguments),
            NodeKind::Call(function, arguments) if function.text == "shared" => self.shared(node, arguments),
            NodeKind::Call(function, arguments) if function.text == "mayShare" => self.may_share(node, arguments),
            NodeKind::Method(target, method, arguments) => self.text_test(node, target, method, arguments),
            NodeKind::Select(..) | NodeKind::Call(..) => self.flag(node),
            NodeKind::Literal(_) | NodeKind::List(_) | NodeKind::Shift(..) => self.not_a_condition(node, None),
            NodeKind::Choose(token, _) => self.no_choice(token),
            NodeKind::Refused => None,
        }
    }

    /// `a ? b : c` has a meaning where a value is made, in masks.
    pub(super) fn no_choice<T>(&mut self, token: &Range<usize>) -> Option<T> {
        let mistake =
            Mistake::new(diagnostics::UNSUPPORTED, "this operator is not part of the rule language", "not understood here");
        self.refuse(token.clone(), mistake.help(LANGUAGE))
    }

    /// Both sides of a connective; the right one is checked even where the left one is wrong.
    fn both(&mut self, left: &Node, right: &Node) -> Option<[Rule; 2]> {
        let (left, right) = (self.condition(left), self.condition(right));
        Some([left?, right?])
    }

    /// A named rule in the place of its name. It does not see the variables around the name.
    fn expand(&mut self, index: usize) -> Option<Rule> {
        let library = self.environment.library;
        let entry = library.entry(index);
        if entry.is_cyclic {
            return None;
        }
        let members = std::mem::take(&mut self.members);
        let text = std::mem::replace(&mut self.text, entry.rule);
        self.expanding.push(index);
        let rule = self.condition(&entry.node);
        self.expanding.pop();
        self.text = text;
        self.members = members;
        rule
    }

    /// A boolean value that stands alone.
    fn flag(&mut self, node: &Node) -> Option<Rule> {
        match self.operand(node)? {
            Term::Typed(operand, Type::One(Kind::Scalar(ScalarType::Boolean))) => Some(Rule::Flag(operand)),
            term => {
                let given = self.type_name(&term);
                self.not_a_condition(node, Some(given))
            }
        }
    }

    fn not_a_condition(&mut self, node: &Node, given: Option<String>) -> Option<Rule> {
        let quoted = self.quote(node);
        let message = match &given {
            Some(given) => format!("`{quoted}` is {given}, where a condition is needed"),
            None => format!("`{quoted}` is a value, where a condition is needed"),
        };
        let help = match node.kind {
            NodeKind::List(_) => format!("look for something in it: `... in {quoted}`"),
            _ => format!("compare it with something: `{quoted} == ...`"),
        };
        self.refuse(node.range.clone(), Mistake::new(diagnostics::NOT_A_CONDITION, message, "neither true nor false").help(help))
    }
}

/// Takes nested conjunctions or disjunctions apart: the parser gives a balanced tree of them.
fn flatten(parts: [Rule; 2], open: fn(Rule) -> Vec<Rule>) -> Vec<Rule> {
    parts.into_iter().flat_map(open).collect()
}

fn conjuncts(rule: Rule) -> Vec<Rule> {
    match rule {
        Rule::All(parts) => parts,
        other => vec![other],
    }
}

fn disjuncts(rule: Rule) -> Vec<Rule> {
    match rule {
        Rule::Any(parts) => parts,
        other => vec![other],
    }
}
