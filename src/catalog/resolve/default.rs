//! `@default`: a literal that fits the field, or an expression.

use crate::base::{ScalarType, Value};
use crate::catalog::directives::{DefaultDirective, Located};
use crate::catalog::draft::EnumDraft;
use crate::catalog::findings::Findings;
use crate::catalog::nearest::suggestion;
use crate::catalog::resolve::scope::{BaseType, FieldType, Scope};
use crate::catalog::{DefaultValue, Diagnostic, DiagnosticCode, SourceSpan};
use apollo_compiler::Node;
use apollo_compiler::ast::Value as Literal;

/// The default of a field; a literal null is none.
pub(super) fn resolve_default(
    scope: &Scope<'_>,
    directive: DefaultDirective,
    ty: FieldType,
    findings: &mut Findings,
) -> Option<DefaultValue> {
    let refusal = |span, message| Diagnostic::new(DiagnosticCode::WRONG_DEFAULT, span, message);
    match (directive.literal, directive.expression) {
        (Some(literal), None) => {
            if literal.value.is_null() {
                if ty.is_required {
                    let refused = refusal(literal.span, "the field is required, so null is no default of it");
                    findings.add(refused.with_label("null").with_help("give a value, or leave the `!` of the type out"));
                }
                return None;
            }
            let place = (ty, DiagnosticCode::WRONG_DEFAULT);
            resolve_literal(scope, &literal, place, findings).map(DefaultValue::Literal)
        }
        (None, Some(expression)) => Some(DefaultValue::Expression(expression)),
        (literal, _) => {
            let both = literal.is_some();
            let message = if both { "a default is either a value or an expression" } else { "`@default` says no default" };
            let help = "write `@default(value: ...)` with a literal or `@default(expr: \"...\")` with an expression";
            findings.add(refusal(directive.span, message).with_label(if both { "both" } else { "neither" }).with_help(help));
            None
        }
    }
}

/// The text form of a literal that is no null.
pub(super) fn resolve_literal(
    scope: &Scope<'_>,
    literal: &Located<Node<Literal>>,
    (ty, code): (FieldType, DiagnosticCode),
    findings: &mut Findings,
) -> Option<String> {
    let refused = match read_literal(scope, literal, ty) {
        Ok(text) => return Some(text),
        Err((message, help)) => Diagnostic::new(code, literal.span, message).with_label("does not fit").with_help(help),
    };
    findings.add(refused);
    None
}

/// What is wrong with a literal, and what to write.
type Misfit = (String, String);

fn read_literal(scope: &Scope<'_>, literal: &Located<Node<Literal>>, ty: FieldType) -> Result<String, Misfit> {
    let read_one = |value: &Literal| match ty.base {
        BaseType::Scalar(scalar) => read_scalar(value, scalar),
        BaseType::Enum(id) => read_enum(value, &scope.draft.enums[usize::from(id.0)]),
        BaseType::Collection(_) => read_scalar(value, ScalarType::Id),
    };
    if !ty.is_list {
        return read_one(&literal.value);
    }
    let Literal::List(elements) = &*literal.value else {
        return Err(("the field is a list, the value is not".to_owned(), "write `[...]`".to_owned()));
    };
    let texts: Vec<String> = elements.iter().map(|element| read_one(element)).collect::<Result<_, _>>()?;
    Ok(serde_json::Value::from(texts).to_string())
}

fn read_enum(value: &Literal, enum_type: &EnumDraft) -> Result<String, Misfit> {
    let names = enum_type.values.iter().map(|value| value.value.as_str());
    match value {
        Literal::Enum(name) if names.clone().any(|known| known == name.as_str()) => Ok(name.to_string()),
        Literal::Enum(name) => Err((format!("`{name}` is no value of `{}`", enum_type.name), suggestion(name, names))),
        Literal::String(text) if names.clone().any(|known| known == text) => {
            Err((format!("a value of `{}` is written without quotes", enum_type.name), format!("write `{text}`")))
        }
        _ => Err((format!("this is no value of `{}`", enum_type.name), suggestion("", names))),
    }
}

/// The text form of a literal. Numbers beyond GraphQL's own may be written as strings, as on the wire.
fn read_scalar(value: &Literal, scalar: ScalarType) -> Result<String, Misfit> {
    let text = match (scalar, value) {
        (ScalarType::Json, _) => read_json(value).map(|json| json.to_string()),
        (ScalarType::Boolean, Literal::Boolean(boolean)) => Some(boolean.to_string()),
        (ScalarType::Int | ScalarType::Float | ScalarType::Decimal | ScalarType::BigInt, Literal::Int(number)) => {
            Some(number.as_str().to_owned())
        }
        (ScalarType::Float | ScalarType::Decimal, Literal::Float(number)) => Some(number.as_str().to_owned()),
        (ScalarType::Int | ScalarType::Float | ScalarType::Boolean, Literal::String(_)) => None,
        (_, Literal::String(text)) => Some(text.clone()),
        _ => None,
    };
    let Some(text) = text else {
        let name = scalar.graphql_name();
        return Err((format!("the value is not of type `{name}`"), format!("write {}", example(scalar))));
    };
    match Value::parse(scalar, &text) {
        Ok(_) => Ok(text),
        Err(error) => Err((error.to_string(), format!("write {}", example(scalar)))),
    }
}

fn read_json(value: &Literal) -> Option<serde_json::Value> {
    match value {
        Literal::Null => Some(serde_json::Value::Null),
        Literal::Boolean(boolean) => Some((*boolean).into()),
        Literal::String(text) => Some(text.as_str().into()),
        Literal::Int(number) => serde_json::from_str(number.as_str()).ok(),
        Literal::Float(number) => serde_json::from_str(number.as_str()).ok(),
        Literal::List(elements) => elements.iter().map(|element| read_json(element)).collect(),
        Literal::Object(members) => {
            let members = members.iter().map(|(name, value)| Some((name.to_string(), read_json(value)?)));
            members.collect::<Option<serde_json::Map<_, _>>>().map(serde_json::Value::Object)
        }
        Literal::Enum(_) | Literal::Variable(_) => None,
    }
}

fn example(scalar: ScalarType) -> &'static str {
    match scalar {
        ScalarType::Id => "a UUID in quotes",
        ScalarType::String => "a text in quotes",
        ScalarType::Int => "a whole number such as `5`, at most 2147483647",
        ScalarType::Float => "a number such as `0.5`",
        ScalarType::Boolean => "`true` or `false`",
        ScalarType::DateTime => "an instant such as `\"2026-01-31T09:00:00Z\"`; the present one is `@default(expr: \"now()\")`",
        ScalarType::Date => "a date such as `\"2026-01-31\"`",
        ScalarType::Decimal => "a number such as `12.50`",
        ScalarType::BigInt => "a whole number such as `5`",
        ScalarType::Json => "a JSON value such as `{}`, `[]` or `\"text\"`",
        ScalarType::Url => "a URL such as `\"https://example.com\"`",
        ScalarType::Email => "an address such as `\"desk@example.com\"`",
    }
}

/// Refuses a text that is longer than the field allows.
pub(super) fn check_length(default: &DefaultValue, max: u32, span: SourceSpan, findings: &mut Findings) {
    let DefaultValue::Literal(text) = default else { return };
    let length = text.chars().count();
    if u32::try_from(length).is_ok_and(|length| length <= max) {
        return;
    }
    let message = format!("the default has {length} characters, the field holds {max}");
    let refusal = Diagnostic::new(DiagnosticCode::WRONG_DEFAULT, span, message);
    findings.add(refusal.with_label("too long").with_help("shorten the default, or raise `@length(max:)`"));
}
