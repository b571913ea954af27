//! Literals take the type of what they are compared with.

use super::Checker;
use super::types::Kind;
use crate::base::{AuthMethod, RoleName, ScalarType, Value};
use crate::policy::diagnostics::{self, Mistake};
use crate::policy::parse::{Literal, Node};
use chrono::TimeDelta;

/// A literal's type in messages.
pub(super) fn type_name(literal: &Literal) -> &'static str {
    match literal {
        Literal::Text(_) => "String",
        Literal::Integer(_) => "Int",
        Literal::Number(_) => "Float",
        Literal::Boolean(_) => "Boolean",
        Literal::Null => "null",
    }
}

/// The type of a literal that nothing but other literals decides.
pub(super) fn own_kind(literal: &Literal) -> Option<Kind> {
    let scalar = match literal {
        Literal::Text(_) => ScalarType::String,
        Literal::Integer(_) => ScalarType::BigInt,
        Literal::Number(_) => ScalarType::Float,
        Literal::Boolean(_) => ScalarType::Boolean,
        Literal::Null => return None,
    };
    Some(Kind::Scalar(scalar))
}

impl Checker<'_, '_> {
    /// The literal as a value of `kind`; `other` names what it is compared with.
    pub(super) fn coerce(&mut self, literal: &Literal, node: &Node, kind: Kind, other: &str) -> Option<Value> {
        match (literal, kind) {
            (Literal::Text(text), Kind::Enum(enum_id)) => {
                let values = self.catalog().enum_type(enum_id).values.iter();
                let names: Vec<String> = values.map(|value| value.name.to_string()).collect();
                self.one_of(text, node, kind, &names)
            }
            (Literal::Text(text), Kind::Role) => {
                let roles = self.catalog().roles().into_iter().chain([RoleName::platform()]);
                let names: Vec<String> = roles.map(|role| role.to_string()).collect();
                self.one_of(text, node, kind, &names)
            }
            (Literal::Text(text), Kind::AuthMethod) => {
                let methods = [AuthMethod::Token, AuthMethod::Session, AuthMethod::Platform];
                let names = methods.map(|method| method.as_str().to_owned());
                self.one_of(text, node, kind, &names)
            }
            (Literal::Text(text), kind) if is_written_as_text(kind.stored_scalar()) => self.parsed(kind, text, node),
            (Literal::Integer(number), Kind::Scalar(scalar)) if is_number(scalar) => self.parsed(kind, &number.to_string(), node),
            (Literal::Number(number), Kind::Scalar(ScalarType::Float | ScalarType::Decimal)) => {
                self.parsed(kind, &number.to_string(), node)
            }
            (Literal::Boolean(boolean), Kind::Scalar(ScalarType::Boolean)) => Some(Value::Boolean(*boolean)),
            _ => {
                let (wanted, given) = (kind.name(self.catalog()), type_name(literal));
                let message = format!("`{other}` is {wanted}, `{}` is {given}", self.quote(node));
                let label = format!("{given} beside {wanted}");
                self.refuse(node.range.clone(), Mistake::new(diagnostics::TYPE_MISMATCH, message, label))
            }
        }
    }

    fn one_of(&mut self, text: &str, node: &Node, kind: Kind, names: &[String]) -> Option<Value> {
        if names.iter().any(|name| name == text) {
            return Some(Value::Text(text.to_owned()));
        }
        let message = format!("`{text}` is no {}", kind.name(self.catalog()));
        let help = diagnostics::suggest(text, names.iter().map(String::as_str));
        self.refuse(node.range.clone(), Mistake::new(diagnostics::UNKNOWN_VALUE, message, "unknown value").help(help))
    }

    fn parsed(&mut self, kind: Kind, text: &str, node: &Node) -> Option<Value> {
        match Value::parse(kind.stored_scalar(), text) {
            Ok(value) => Some(value),
            Err(error) => {
                let mistake = Mistake::new(diagnostics::INVALID_LITERAL, error.to_string(), "cannot be read");
                self.refuse(node.range.clone(), mistake)
            }
        }
    }
}

/// The scalars that a rule writes as a text.
fn is_written_as_text(scalar: ScalarType) -> bool {
    match scalar {
        ScalarType::Id | ScalarType::String | ScalarType::Url | ScalarType::Email => true,
        ScalarType::DateTime | ScalarType::Date | ScalarType::Decimal | ScalarType::BigInt => true,
        ScalarType::Int | ScalarType::Float | ScalarType::Boolean | ScalarType::Json => false,
    }
}

fn is_number(scalar: ScalarType) -> bool {
    matches!(scalar, ScalarType::Int | ScalarType::BigInt | ScalarType::Float | ScalarType::Decimal)
}

/// A duration in CEL's form, `1h30m`, of at most a thousand years, so that moving a time by it cannot overflow.
pub(super) fn parse_duration(text: &str) -> Option<TimeDelta> {
    const LONGEST_SECONDS: f64 = 1000.0 * 366.0 * 24.0 * 3600.0;
    let (is_negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    if rest.is_empty() {
        return None;
    }
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let after = &rest[digits..];
        let unit = after.find(|character: char| !character.is_alphabetic()).unwrap_or(after.len());
        seconds += number
            * match &after[..unit] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "us" => 1e-6,
                _ => return None,
            };
        rest = &after[unit..];
    }
    if seconds > LONGEST_SECONDS {
        return None;
    }
    // A millionth of a second is as fine as PostgreSQL's times are.
    let microseconds = TimeDelta::microseconds((seconds * 1e6).round() as i64);
    Some(if is_negative { -microseconds } else { microseconds })
}

#[cfg(test)]
mod tests {
    use super::parse_duration;
    use chrono::TimeDelta;

    #[test]
    fn durations_are_read_as_cel_writes_them() {
        let seconds = |text| parse_duration(text).map(|duration| duration.as_seconds_f64());
        assert_eq!(seconds("24h"), Some(86_400.0));
        assert_eq!(seconds("1h30m5s"), Some(5_405.0));
        assert_eq!(seconds("1.5h"), Some(5_400.0));
        assert_eq!(seconds("-90s"), Some(-90.0));
        assert_eq!(parse_duration("250ms"), Some(TimeDelta::milliseconds(250)));
        for wrong in ["", "-", "24", "h", "1d", "1 h", "1h-3m", "1..5h", "9000000h", "1hours", "é"] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }
}
