//! The CEL parser's complaints in the words of our diagnostics.

use crate::catalog::{Diagnostic, RuleText};
use crate::policy::diagnostics::{self, Mistake};
use cel::ParseError;
use std::ops::Range;

/// A syntax error with its place.
pub(super) fn syntax_error(rule: &RuleText, error: &ParseError) -> Diagnostic {
    let range = place(&rule.text, error.pos);
    let found = rule.text[range.clone()].to_owned();
    let raw = error.msg.strip_prefix("Syntax error: ").unwrap_or(&error.msg);
    let (message, label) = if range.start >= rule.text.trim_end().len() {
        ("the rule ends too early".to_owned(), "something is missing here")
    } else if let Some(name) = raw.strip_prefix("reserved identifier: ") {
        (format!("`{name}` is a reserved word of CEL"), "choose another name")
    } else if raw.starts_with("invalid argument to has") {
        ("`has` asks for a field".to_owned(), "not a field")
    } else if raw.starts_with("invalid ") {
        (raw.split(':').next().unwrap_or(raw).to_owned(), "cannot be read")
    } else {
        (format!("unexpected `{found}`"), "not expected here")
    };
    let help = match found.as_str() {
        "=" => "two values are compared with `==`",
        _ if raw.starts_with("invalid argument to has") => "write `has(row.assignedTo)`",
        _ => "rules are CEL conditions, such as `user.role == 'admin' || row.team == user.team`",
    };
    Mistake::new(diagnostics::SYNTAX, message, label).help(help).at(rule, range)
}

/// The token at a line and column, both from 1; the end of the text if there is none.
fn place(text: &str, (line, column): (isize, isize)) -> Range<usize> {
    let line = usize::try_from(line - 1).unwrap_or(0);
    let column = usize::try_from(column - 1).unwrap_or(0);
    let before: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let in_line: usize = text[before..].chars().take(column).map(char::len_utf8).sum();
    let start = before + in_line;
    let mut rest = text[start..].chars();
    let Some(first) = rest.next() else { return start..start };
    let is_word = |character: &char| character.is_alphanumeric() || *character == '_';
    let word: usize = if is_word(&first) { rest.take_while(is_word).map(char::len_utf8).sum() } else { 0 };
    start..start + first.len_utf8() + word
}
