//! `@length(min:)`, `@range` and `@pattern`: what values have to keep to.

use crate::base::{ScalarType, Value};
use crate::catalog::directives::{FieldDirectives, LengthDirective, Located, PatternDirective, RangeDirective};
use crate::catalog::findings::Findings;
use crate::catalog::resolve::default;
use crate::catalog::resolve::scope::{FieldType, Scope};
use crate::catalog::{DefaultValue, Diagnostic, DiagnosticCode, SourceSpan, ValueLimits};
use apollo_compiler::Node;
use apollo_compiler::ast::Value as Literal;
use std::cmp::Ordering;

/// Whether values of the scalar have a least and a greatest that a check can name.
pub(super) fn has_range(scalar: ScalarType) -> bool {
    matches!(scalar, ScalarType::Int | ScalarType::BigInt | ScalarType::Float | ScalarType::Decimal | ScalarType::Date)
}

/// The limits of a field.
pub(super) fn resolve_limits(
    scope: &Scope<'_>,
    directives: &FieldDirectives,
    ty: FieldType,
    findings: &mut Findings,
) -> ValueLimits {
    let mut limits = ValueLimits::default();
    if let Some(length) = &directives.length {
        limits.min_length = checked_min_length(length, findings);
    }
    if let Some(range) = directives.range.as_ref().filter(|_| ty.single_scalar().is_some_and(has_range)) {
        (limits.min, limits.max) = checked_range(scope, range, ty, findings);
    }
    limits.pattern = directives.pattern.as_ref().and_then(|pattern| checked_pattern(pattern, findings));
    limits
}

fn checked_min_length(directive: &LengthDirective, findings: &mut Findings) -> Option<u32> {
    let min = directive.min.as_ref()?;
    if (1..=directive.max.value).contains(&min.value) {
        return u32::try_from(min.value).ok();
    }
    let refusal = Diagnostic::new(DiagnosticCode::WRONG_VALUE, min.span, "`min` has to be a number from 1 to `max`");
    findings.add(refusal.with_label("does not fit").with_help("leave it out where any length up to `max` will do"));
    None
}

fn checked_range(
    scope: &Scope<'_>,
    directive: &RangeDirective,
    ty: FieldType,
    findings: &mut Findings,
) -> (Option<Value>, Option<Value>) {
    let mut bound = |literal: &Option<Located<Node<Literal>>>| {
        let literal = literal.as_ref().filter(|literal| !literal.value.is_null())?;
        let text = default::resolve_literal(scope, literal, (ty, DiagnosticCode::WRONG_VALUE), findings)?;
        Value::parse(ty.single_scalar()?, &text).ok()
    };
    let (min, max) = (bound(&directive.min), bound(&directive.max));
    let refuse = |message: &str, label, help: &str| {
        Diagnostic::new(DiagnosticCode::WRONG_VALUE, directive.span, message).with_label(label).with_help(help)
    };
    if directive.min.is_none() && directive.max.is_none() {
        findings.add(refuse("`@range` says no limit", "neither", "write `@range(min: 0)`, `@range(max: 100)` or both"));
    }
    if let (Some(min), Some(max)) = (&min, &max)
        && min.order(max) == Some(Ordering::Greater)
    {
        findings.add(refuse("no value is that great at least and that small at most", "empty", "swap `min` and `max`"));
    }
    (min, max)
}

fn checked_pattern(directive: &PatternDirective, findings: &mut Findings) -> Option<String> {
    let regex = &directive.regex.value;
    let Err(problem) = check_regex(regex) else { return Some(regex.clone()) };
    let refusal = Diagnostic::new(DiagnosticCode::WRONG_VALUE, directive.regex.span, problem).with_label("not a pattern");
    let help =
        "write literals, `.`, `[...]`, `(...)`, `|`, `*`, `+`, `?`, `{2,3}` and `\\d`, `\\w`, `\\s`; the whole text is compared";
    findings.add(refusal.with_help(help));
    None
}

/// Whether a regular expression means the same to everybody who may have to evaluate it, PostgreSQL first of all.
fn check_regex(regex: &str) -> Result<(), String> {
    let mut characters = regex.chars().peekable();
    let (mut open, mut is_in_class, mut can_repeat) = (0_usize, false, false);
    if regex.is_empty() || regex.contains('\0') {
        return Err("the pattern is empty, or holds what no text can".to_owned());
    }
    while let Some(character) = characters.next() {
        let is_repetition = matches!(character, '*' | '+' | '?' | '{') && !is_in_class;
        if is_repetition && !can_repeat {
            return Err(format!("`{character}` repeats nothing here"));
        }
        can_repeat = !is_repetition;
        match character {
            '\\' => match characters.next() {
                Some('d' | 'w' | 's' | 'D' | 'W' | 'S') => {}
                Some(escaped) if escaped.is_ascii_punctuation() => {}
                other => return Err(format!("`\\{}` means different things to different programs", other.unwrap_or(' '))),
            },
            ']' if is_in_class => is_in_class = false,
            '[' if is_in_class => return Err("`[` inside of `[...]` needs a backslash".to_owned()),
            _ if is_in_class => {}
            '[' => {
                characters.next_if_eq(&'^');
                if characters.peek() == Some(&']') {
                    return Err("`[]` holds nothing".to_owned());
                }
                is_in_class = true;
            }
            '(' => {
                open += 1;
                can_repeat = false;
                if characters.next_if_eq(&'?').is_some() && characters.next() != Some(':') {
                    return Err("of the groups that begin with `(?` only `(?:` is understood".to_owned());
                }
            }
            ')' => open = open.checked_sub(1).ok_or("a `)` closes nothing")?,
            '|' => can_repeat = false,
            '{' => check_count(&mut characters)?,
            '^' | '$' => return Err(format!("`{character}` is not needed: the whole text is compared")),
            _ => {}
        }
    }
    if is_in_class || open > 0 {
        return Err(format!("a `{}` is not closed", if is_in_class { '[' } else { '(' }));
    }
    Ok(())
}

/// `2}`, `2,}` or `2,3}`, after the brace.
fn check_count(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<(), String> {
    let inside: String = characters.by_ref().take_while(|character| *character != '}').collect();
    let (least, most) = inside.split_once(',').map_or((inside.as_str(), None), |(least, most)| (least, Some(most)));
    // PostgreSQL repeats 255 times at most.
    let number = |text: &str| text.parse::<u8>().ok();
    let is_count = match (number(least), most) {
        (Some(_), None | Some("")) => true,
        (Some(least), Some(most)) => number(most).is_some_and(|most| least <= most),
        (None, _) => false,
    };
    if is_count { Ok(()) } else { Err(format!("`{{{inside}}}` is no count from 0 to 255")) }
}

/// Refuses a default that does not keep to the limits. Patterns are PostgreSQL's to evaluate.
pub(super) fn check_default(
    default: &DefaultValue,
    limits: &ValueLimits,
    ty: FieldType,
    (span, findings): (SourceSpan, &mut Findings),
) {
    let (DefaultValue::Literal(text), Some(scalar)) = (default, ty.single_scalar()) else { return };
    let Ok(value) = Value::parse(scalar, text) else { return };
    let is_below = limits.min.as_ref().is_some_and(|min| value.order(min) == Some(Ordering::Less));
    let is_above = limits.max.as_ref().is_some_and(|max| value.order(max) == Some(Ordering::Greater));
    let is_short = limits.min_length.is_some_and(|min| text.chars().count() < min as usize);
    if is_below || is_above || is_short {
        let refusal = Diagnostic::new(DiagnosticCode::WRONG_DEFAULT, span, "the default does not keep to the field's own limits");
        findings.add(refusal.with_label("out of the limits").with_help("change the default, or `@range` or `@length`"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_one_thing() {
        for regex in ["[A-Z]{2}\\d+", "a|b", "(?:ab)*c?", "[^a-z\\-]{1,3}", "\\(x\\)", "a{2,}", ".", "[*+?{]"] {
            assert_eq!(check_regex(regex), Ok(()), "{regex}");
        }
        let refused = [
            "",
            "*a",
            "a**",
            "(",
            "a)",
            "[a",
            "[]",
            "(?=a)",
            "(?i)a",
            "\\bx",
            "\\1",
            "\\",
            "^a",
            "a$",
            "a{x}",
            "a{3,2}",
            "a{256}",
            "|*",
            "(+a)",
            "[[:alpha:]]",
        ];
        for regex in refused {
            assert!(check_regex(regex).is_err(), "{regex}");
        }
    }
}
