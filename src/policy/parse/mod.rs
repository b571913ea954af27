//! CEL text to [`Node`]s with their places.
//!
//! The `cel` crate reads the whole of CEL and keeps one token per expression (a call's is its parenthesis, a selection's its
//! dot). Here the language is cut down to that of rules, and every part gets the range of text that a diagnostic marks.

mod message;
mod node;

pub(super) use node::{Direction, Literal, Node, NodeKind, Operator, Word};

use crate::catalog::{Diagnostic, RuleText};
use crate::policy::diagnostics::{self, Mistake};
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SelectExpr, SourceInfo, operators};
use std::ops::Range;

/// Reads a rule. What is no part of the language is reported and becomes [`NodeKind::Refused`].
pub(super) fn parse(rule: &RuleText, diagnostics: &mut Vec<Diagnostic>) -> Node {
    let refused = || Node { range: 0..rule.text.len(), kind: NodeKind::Refused };
    if rule.text.trim().is_empty() {
        let mistake = Mistake::new(diagnostics::SYNTAX, "the rule is empty", "nothing here")
            .help("write `true` to allow everybody, `false` to allow nobody");
        diagnostics.push(mistake.at(rule, 0..rule.text.len()));
        return refused();
    }
    match cel::parser::Parser::default().parse_with_source_info(&rule.text) {
        Ok((expr, info)) => Reader { rule, info: &info, diagnostics }.node(&expr),
        Err(errors) => {
            // Only the first: what the parser says after it tried to recover is noise.
            diagnostics.extend(errors.errors.first().map(|error| message::syntax_error(rule, error)));
            refused()
        }
    }
}

struct Reader<'a> {
    rule: &'a RuleText,
    info: &'a SourceInfo,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn node(&mut self, expr: &IdedExpr) -> Node {
        let token = self.token(expr.id);
        match &expr.expr {
            Expr::Call(call) => self.call(token, call),
            Expr::Ident(name) => Node { range: token, kind: NodeKind::Name(name.clone()) },
            Expr::Select(select) => self.select(token, select),
            Expr::Literal(literal) => self.literal(token, literal),
            Expr::List(list) => {
                let elements: Vec<Node> = list.elements.iter().map(|element| self.node(element)).collect();
                let end = self.closing(']', elements.last().map_or(token.end, |last| last.range.end));
                Node { range: token.start..end, kind: NodeKind::List(elements) }
            }
            Expr::Comprehension(_) => self.refuse(
                token,
                "loops of this form are not part of the rule language",
                "write `exists(row.members, m, m.user == user.id)`",
            ),
            Expr::Map(_) | Expr::Struct(_) => self.refuse(token, "maps are not part of the rule language", LANGUAGE),
            Expr::Unspecified => self.refuse(token, "this is not part of the rule language", LANGUAGE),
        }
    }

    fn call(&mut self, token: Range<usize>, call: &CallExpr) -> Node {
        let CallExpr { func_name, target, args } = call;
        match (func_name.as_str(), target, args.as_slice()) {
            (operators::LOGICAL_NOT, None, [inner]) => {
                let inner = self.node(inner);
                Node { range: token.start..inner.range.end, kind: NodeKind::Not(Box::new(inner)) }
            }
            (operators::CONDITIONAL, None, [condition, then, otherwise]) => {
                let parts = [self.node(condition), self.node(then), self.node(otherwise)];
                let range = parts[0].range.start..parts[2].range.end;
                Node { range, kind: NodeKind::Choose(token, Box::new(parts)) }
            }
            (name, None, [left, right]) if is_infix(name) => self.infix(token, name, left, right),
            (name, None, _) if name.contains('_') && !name.starts_with(|first: char| first.is_ascii_alphabetic()) => {
                self.refuse(token, "this operator is not part of the rule language", LANGUAGE)
            }
            (_, None, args) => {
                let function = self.word_before(token.start, func_name);
                let (arguments, end) = self.arguments(token.end, args);
                Node { range: function.range.start..end, kind: NodeKind::Call(function, arguments) }
            }
            (_, Some(target), args) => {
                let target = self.node(target);
                let function = self.word_before(token.start, func_name);
                let (arguments, end) = self.arguments(token.end, args);
                Node { range: target.range.start..end, kind: NodeKind::Method(Box::new(target), function, arguments) }
            }
        }
    }

    fn arguments(&mut self, after_parenthesis: usize, args: &[IdedExpr]) -> (Vec<Node>, usize) {
        let arguments: Vec<Node> = args.iter().map(|argument| self.node(argument)).collect();
        let end = self.closing(')', arguments.last().map_or(after_parenthesis, |last| last.range.end));
        (arguments, end)
    }

    fn infix(&mut self, token: Range<usize>, name: &str, left: &IdedExpr, right: &IdedExpr) -> Node {
        let (left, right) = (Box::new(self.node(left)), Box::new(self.node(right)));
        let range = left.range.start..right.range.end;
        let compare = |operator, left, right| NodeKind::Compare(operator, left, right);
        let kind = match name {
            operators::LOGICAL_AND => NodeKind::And(left, right),
            operators::LOGICAL_OR => NodeKind::Or(left, right),
            operators::IN => NodeKind::In(left, right),
            operators::ADD => NodeKind::Shift(Direction::Later, left, right),
            operators::SUBSTRACT => NodeKind::Shift(Direction::Earlier, left, right),
            operators::EQUALS => compare(Operator::Equal, left, right),
            operators::NOT_EQUALS => compare(Operator::NotEqual, left, right),
            operators::LESS => compare(Operator::Less, left, right),
            operators::LESS_EQUALS => compare(Operator::LessOrEqual, left, right),
            operators::GREATER => compare(Operator::Greater, left, right),
            operators::GREATER_EQUALS => compare(Operator::GreaterOrEqual, left, right),
            _ => return self.refuse(token, "this operator is not part of the rule language", LANGUAGE),
        };
        Node { range, kind }
    }

    fn select(&mut self, token: Range<usize>, select: &SelectExpr) -> Node {
        let operand = self.node(&select.operand);
        // The token of `has(a.b)` is its parenthesis, so the field is looked for behind the operand.
        let after = operand.range.end;
        let found = self.rule.text[after..].find(select.field.as_str()).map_or(after, |offset| after + offset);
        let field = Word { range: found..found + select.field.len(), text: select.field.clone() };
        let range = operand.range.start..field.range.end;
        let selected = Node { range, kind: NodeKind::Select(Box::new(operand), field) };
        if !select.test {
            return selected;
        }
        let start = self.word_before(token.start, operators::HAS).range.start;
        let end = self.closing(')', selected.range.end);
        Node { range: start..end, kind: NodeKind::Has(Box::new(selected)) }
    }

    fn literal(&mut self, token: Range<usize>, literal: &LiteralValue) -> Node {
        let is_negative = match literal {
            LiteralValue::Double(number) => *number.inner() < 0.0,
            LiteralValue::Int(number) => *number.inner() < 0,
            _ => false,
        };
        let token = if is_negative { self.with_sign(token) } else { token };
        let literal = match literal {
            LiteralValue::Boolean(boolean) => Literal::Boolean(*boolean.inner()),
            LiteralValue::Double(number) => Literal::Number(*number.inner()),
            LiteralValue::Int(number) => Literal::Integer(*number.inner()),
            LiteralValue::String(text) => Literal::Text(text.inner().to_owned()),
            LiteralValue::Null => Literal::Null,
            LiteralValue::Bytes(_) => {
                return self.refuse(token, "bytes are not part of the rule language", "write a text: `'...'`");
            }
            LiteralValue::UInt(_) => {
                return self.refuse(token, "unsigned numbers are not part of the rule language", "leave the `u` out");
            }
        };
        Node { range: token, kind: NodeKind::Literal(literal) }
    }

    fn refuse(&mut self, range: Range<usize>, message: &str, help: &str) -> Node {
        let mistake = Mistake::new(diagnostics::UNSUPPORTED, message, "not understood here").help(help);
        self.diagnostics.push(mistake.at(self.rule, range.clone()));
        Node { range, kind: NodeKind::Refused }
    }

    /// The bytes of the token that the parser kept for an expression.
    fn token(&self, id: u64) -> Range<usize> {
        let length = self.rule.text.len();
        match self.info.offset_for(id) {
            // The parser's end is the token's last byte.
            Some((start, last)) => (start as usize).min(length)..(last as usize + 1).min(length),
            None => 0..length,
        }
    }

    /// The token of a number with the sign before it, which the parser leaves out.
    fn with_sign(&self, token: Range<usize>) -> Range<usize> {
        match self.rule.text[..token.start].trim_end().strip_suffix('-') {
            Some(before) => before.len()..token.end,
            None => token,
        }
    }

    /// The word that ends before `end`, blanks between them aside.
    fn word_before(&self, end: usize, word: &str) -> Word {
        let end = self.rule.text[..end].trim_end().len();
        Word { range: end.saturating_sub(word.len())..end, text: word.to_owned() }
    }

    /// After the next `bracket` from `from` on.
    fn closing(&self, bracket: char, from: usize) -> usize {
        self.rule.text[from..].find(bracket).map_or(from, |offset| from + offset + bracket.len_utf8())
    }
}

/// What the rule language has, for the help of whatever it does not have.
pub(super) const LANGUAGE: &str =
    "rules have `&& || ! == != < <= > >= in`, texts, numbers, `true`, `false`, `null` and lists of them";

fn is_infix(name: &str) -> bool {
    name == operators::IN || (name.starts_with('_') && name.ends_with('_') && name != operators::CONDITIONAL)
}
