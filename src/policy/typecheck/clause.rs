//! A rule's text once more, taken apart for people.

use super::{Checker, Environment, Slot};
use crate::catalog::{Diagnostic, RuleText};
use crate::policy::explain::{Clause, ClauseKind, Condition};
use crate::policy::parse::{self, Node, NodeKind};
use std::ops::Range;

impl<'c> Environment<'c> {
    /// The parts of a rule that was checked before.
    pub(in crate::policy) fn clauses(self, text: &'c RuleText, slot: Slot, diagnostics: &mut Vec<Diagnostic>) -> Option<Clause> {
        let node = parse::parse(text, diagnostics);
        Checker::new(self, text, slot, diagnostics).clause(&node)
    }
}

impl Checker<'_, '_> {
    /// A connective with its parts; everything else is compiled as it is in the whole rule.
    fn clause(&mut self, node: &Node) -> Option<Clause> {
        let kind = match &node.kind {
            NodeKind::And(..) => ClauseKind::All(self.parts(node, |kind| match kind {
                NodeKind::And(left, right) => Some([left, right]),
                _ => None,
            })?),
            NodeKind::Or(..) => ClauseKind::Any(self.parts(node, |kind| match kind {
                NodeKind::Or(left, right) => Some([left, right]),
                _ => None,
            })?),
            NodeKind::Not(inner) => ClauseKind::Not(Box::new(self.clause(inner)?)),
            NodeKind::Name(name) => match self.environment.library.find(name) {
                Some(index) => ClauseKind::Named(Box::new(self.named(index)?)),
                None => ClauseKind::Leaf(Condition(self.condition(node)?)),
            },
            _ => ClauseKind::Leaf(Condition(self.condition(node)?)),
        };
        let range = with_parentheses(&self.text.text, node.range.clone());
        let span = self.text.span_of(range.start, range.len());
        Some(Clause { span, text: self.text.text[range].to_owned(), kind })
    }

    fn parts(&mut self, node: &Node, open: fn(&NodeKind) -> Option<[&Box<Node>; 2]>) -> Option<Vec<Clause>> {
        let Some([left, right]) = open(&node.kind) else { return Some(vec![self.clause(node)?]) };
        let mut parts = self.parts(left, open)?;
        parts.extend(self.parts(right, open)?);
        Some(parts)
    }

    fn named(&mut self, index: usize) -> Option<Clause> {
        let entry = self.environment.library.entry(index);
        let text = std::mem::replace(&mut self.text, entry.rule);
        let clause = self.clause(&entry.node);
        self.text = text;
        clause
    }
}

/// The range with the parentheses that open or close only outside of it: a part's range ends with its last word.
fn with_parentheses(text: &str, range: Range<usize>) -> Range<usize> {
    let (mut open, mut unopened) = (0_usize, 0_usize);
    let mut quote = None;
    let mut is_escaped = false;
    for letter in text[range.clone()].chars() {
        match (quote, letter) {
            (Some(_), _) if is_escaped => is_escaped = false,
            (Some(_), '\\') => is_escaped = true,
            (Some(mark), letter) if letter == mark => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(letter),
            (None, '(') => open += 1,
            (None, ')') if open > 0 => open -= 1,
            (None, ')') => unopened += 1,
            (None, _) => {}
        }
    }
    let start = text[..range.start].char_indices().rev().filter(|(_, letter)| *letter == '(').take(unopened).last();
    let end = text[range.end..].char_indices().filter(|(_, letter)| *letter == ')').take(open).last();
    start.map_or(range.start, |(at, _)| at)..end.map_or(range.end, |(at, _)| range.end + at + 1)
}

#[cfg(test)]
mod tests {
    use super::with_parentheses;

    #[test]
    fn parentheses_belong_to_the_part_that_they_are_around() {
        let whole = |text: &str, part: &str| {
            let start = text.find(part).unwrap();
            text[with_parentheses(text, start..start + part.len())].to_owned()
        };
        assert_eq!(whole("(a || b) && c", "a || b) && c"), "(a || b) && c");
        assert_eq!(whole("x && !(a && b)", "!(a && b"), "!(a && b)");
        assert_eq!(whole("((a || b) && c) || d", "a || b) && c"), "(a || b) && c");
        assert_eq!(whole("(a == ')')", "a == ')'"), "a == ')'");
        assert_eq!(whole("f(a) || b", "f(a) || b"), "f(a) || b");
    }
}
