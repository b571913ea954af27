//! Reading what PostgreSQL prints of constraints and defaults. Only ever of those that bear a name of ours.

use crate::base::Value;
use crate::migrate::ddl;
use crate::migrate::wanted::{SequenceFormat, WantedColumn, WantedDefault};

/// The text literals, in order: the values of an enum's check.
pub(super) fn texts_in(definition: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut characters = definition.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\'' {
            continue;
        }
        let mut text = String::new();
        while let Some(character) = characters.next() {
            if character != '\'' {
                text.push(character);
            } else if characters.next_if_eq(&'\'').is_some() {
                text.push('\'');
            } else {
                break;
            }
        }
        texts.push(text);
    }
    texts
}

/// The last number: the limit of a length check.
pub(super) fn number_in(definition: &str) -> Option<u64> {
    definition.split(|character: char| !character.is_ascii_digit()).rfind(|digits| !digits.is_empty())?.parse().ok()
}

/// Whether the column's default is the wanted one. A default that nobody asks for is left alone: the server gives every value
/// that a field has.
pub(super) fn is_default_the_same(column: &WantedColumn, stored: Option<&str>) -> bool {
    match (&column.default, stored) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(WantedDefault::Fixed(_)), Some(_)) => true,
        (Some(WantedDefault::Sequence(format)), Some(stored)) => is_sequence_the_same(format, stored),
        (Some(WantedDefault::Literal(value)), Some(stored)) => is_literal_the_same(value, stored),
    }
}

fn is_sequence_the_same(format: &SequenceFormat, stored: &str) -> bool {
    let SequenceFormat { prefix, width, suffix } = format;
    stored.contains(&format!("format_sequence({}::text, {width}, {}::text", ddl::text(prefix), ddl::text(suffix)))
}

/// PostgreSQL prints `'OPEN'::text`, `5`, `'-5'::integer`, `'2026-01-31'::date`.
fn is_literal_the_same(value: &Value, stored: &str) -> bool {
    let texts = texts_in(stored);
    let stored = match texts.as_slice() {
        [] => stored,
        [text, ..] => text,
    };
    // Instants are printed in a form of PostgreSQL's own.
    let stored = match value {
        Value::DateTime(_) => stored.replacen(' ', "T", 1),
        _ => stored.to_owned(),
    };
    let padded = if stored.ends_with("+00") { format!("{stored}:00") } else { stored };
    Value::parse(value.scalar_type(), &padded).is_ok_and(|stored| stored == *value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ScalarType;

    #[test]
    fn literals_are_read_from_definitions() {
        let definition = "CHECK ((status = ANY (ARRAY['OPEN'::text, 'IT''S'::text, ''::text])))";
        assert_eq!(texts_in(definition), ["OPEN", "IT's".to_uppercase().as_str(), ""]);
        assert_eq!(number_in("CHECK ((char_length(line2) <= 200))"), Some(200));
    }

    #[test]
    fn defaults_are_compared_by_value() {
        let same = |scalar, wanted: &str, stored: &str| is_literal_the_same(&Value::parse(scalar, wanted).unwrap(), stored);
        for (scalar, wanted, stored) in [
            (ScalarType::String, "OPEN", "'OPEN'::text"),
            (ScalarType::Int, "-5", "'-5'::integer"),
            (ScalarType::Int, "5", "5"),
            (ScalarType::Boolean, "true", "true"),
            (ScalarType::Decimal, "12.50", "12.50"),
            (ScalarType::Float, "1.5", "'1.5'::double precision"),
            (ScalarType::DateTime, "2026-01-31T09:00:00Z", "'2026-01-31 09:00:00+00'::timestamp with time zone"),
            (ScalarType::Date, "2026-01-31", "'2026-01-31'::date"),
            (ScalarType::Json, "{\"a\":1}", "'{\"a\": 1}'::jsonb"),
        ] {
            assert!(same(scalar, wanted, stored), "{stored}");
        }
        assert!(!same(ScalarType::String, "OPEN", "'CLOSED'::text"));
        assert!(!same(ScalarType::Int, "5", "6"));
    }
}
