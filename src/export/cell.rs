//! A value as a cell of a CSV file.

use crate::base::ScalarType;
use crate::catalog::Field;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Characters with which a spreadsheet begins a formula; the wide ones do so in East Asian versions.
const FORMULA_STARTS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Characters before which a spreadsheet may still see a formula, beside white space.
const INVISIBLE: [char; 4] = ['\u{feff}', '\u{200b}', '\u{200e}', '\u{200f}'];

/// What ends a cell where the list separator is no comma, as in most of Europe: a spreadsheet there tears our cells apart, quoted
/// or not, because for it the quotes stand in the middle of one. A formula then begins behind any of these.
const FOREIGN_SEPARATORS: [char; 4] = [';', '\t', '\n', '\r'];

/// How the values of a column become text. Decided by the column's type, never by a value's looks: a number stays a number,
/// also a negative one, and a text that looks like a formula never is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CellKind {
    /// Numbers, times, ids: nobody can put a formula into them.
    Bare,
    /// Text that somebody wrote.
    Text,
    /// Lists and JSON: their JSON text.
    Json,
}

impl CellKind {
    /// How a field's values become text.
    pub(crate) fn of(field: &Field) -> Self {
        match field.stored_scalar() {
            _ if field.is_list() => Self::Json,
            Some(ScalarType::Json) => Self::Json,
            Some(ScalarType::String | ScalarType::Url | ScalarType::Email) | None => Self::Text,
            Some(
                ScalarType::Id
                | ScalarType::Int
                | ScalarType::Float
                | ScalarType::Boolean
                | ScalarType::DateTime
                | ScalarType::Date
                | ScalarType::Decimal
                | ScalarType::BigInt,
            ) => Self::Bare,
        }
    }

    /// The cell of a value; empty for null.
    ///
    /// # Errors
    /// If the JSON is no string where it begins like one, which PostgreSQL does not write.
    pub(crate) fn cell(self, value: &RawValue) -> Result<Cow<'_, str>, serde_json::Error> {
        let json = value.get();
        if json == "null" {
            return Ok(Cow::Borrowed(""));
        }
        let text = match self {
            Self::Bare | Self::Text if json.starts_with('"') => Cow::Owned(serde_json::from_str::<String>(json)?),
            Self::Bare | Self::Text | Self::Json => Cow::Borrowed(json),
        };
        Ok(if self == Self::Bare { text } else { escaped(text) })
    }
}

/// The text with a `'` before everything that a spreadsheet could take for a formula.
fn escaped(text: Cow<'_, str>) -> Cow<'_, str> {
    let begins = std::iter::once(0).filter(|_| is_formula(&text) || text.starts_with(['\t', '\r', '\n']));
    let later = text.match_indices(FOREIGN_SEPARATORS).map(|(index, separator)| index + separator.len());
    let places: Vec<usize> = begins.chain(later.filter(|place| is_formula_torn_off(&text[*place..]))).collect();
    if places.is_empty() {
        return text;
    }
    let mut escaped = String::with_capacity(text.len() + places.len());
    let mut from = 0;
    for place in places {
        escaped.push_str(&text[from..place]);
        escaped.push('\'');
        from = place;
    }
    escaped.push_str(&text[from..]);
    Cow::Owned(escaped)
}

/// Whether a spreadsheet could take what begins here for a formula.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches(is_passed).starts_with(FORMULA_STARTS)
}

/// The same of what a spreadsheet has torn off, where the quotes have lost their meaning.
fn is_formula_torn_off(text: &str) -> bool {
    text.trim_start_matches(|c| is_passed(c) || c == '"').starts_with(FORMULA_STARTS)
}

fn is_passed(c: char) -> bool {
    c.is_whitespace() || c.is_control() || INVISIBLE.contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: CellKind, json: &str, expected: &str) {
        let value: &RawValue = serde_json::from_str(json).unwrap();
        assert_eq!(kind.cell(value).unwrap(), expected, "{kind:?} {json}");
    }

    #[test]
    fn text_that_looks_like_a_formula_is_escaped() {
        for (json, expected) in [
            (r#""=1+1""#, "'=1+1"),
            (r#""+49 30 1234""#, "'+49 30 1234"),
            (r#""-2""#, "'-2"),
            (r#""@SUM(A1)""#, "'@SUM(A1)"),
            (r#""\tx""#, "'\tx"),
            (r#""\rx""#, "'\rx"),
            (r#""\n=1""#, "'\n'=1"),
            (r#""  =1""#, "'  =1"),
            (r#"" \t\u00a0=1""#, "' \t'\u{a0}=1"),
            (r#""\ufeff=1""#, "'\u{feff}=1"),
            (r#""\u0001=1""#, "'\u{1}=1"),
            (r#""＝1""#, "'＝1"),
        ] {
            check(CellKind::Text, json, expected);
        }
    }

    #[test]
    fn formulas_behind_foreign_separators_are_escaped() {
        for (json, expected) in [
            (r#""a;=1+1""#, "a;'=1+1"),
            (r#""a; \"=1;b;-2""#, "a;' \"=1;b;'-2"),
            (r#"";=1""#, ";'=1"),
            (r#""=1;=2""#, "'=1;'=2"),
            (r#""a\n@SUM(A1)""#, "a\n'@SUM(A1)"),
            (r#""a\t+1""#, "a\t'+1"),
        ] {
            check(CellKind::Text, json, expected);
        }
        check(CellKind::Json, r#"["a;=1"]"#, r#"["a;'=1"]"#);
    }

    #[test]
    fn other_text_stays_as_it_is() {
        for (json, expected) in [
            (r#""\"=1\"""#, "\"=1\""),
            (r#""a=b""#, "a=b"),
            (r#""a, =b; c=d; e\nf-g""#, "a, =b; c=d; e\nf-g"),
            (r#""it's - fine""#, "it's - fine"),
            (r#""  indented""#, "  indented"),
            (r#""say \"hi\", twice\r\n""#, "say \"hi\", twice\r\n"),
            (r#""""#, ""),
            ("null", ""),
        ] {
            check(CellKind::Text, json, expected);
        }
    }

    #[test]
    fn numbers_and_times_stay_what_they_are() {
        for (json, expected) in [
            ("-17", "-17"),
            ("-1.5e-7", "-1.5e-7"),
            (r#""-Infinity""#, "-Infinity"),
            (r#""-12.50""#, "-12.50"),
            (r#""2026-11-22T10:00:00.123456+00:00""#, "2026-11-22T10:00:00.123456+00:00"),
            ("true", "true"),
            ("null", ""),
        ] {
            check(CellKind::Bare, json, expected);
        }
    }

    #[test]
    fn lists_and_json_are_json_text() {
        for (json, expected) in [
            (r#"["a","=1"]"#, r#"["a","=1"]"#),
            (r#"{"a": 12345678901234567890123}"#, r#"{"a": 12345678901234567890123}"#),
            (r#""=1""#, r#""=1""#),
            ("-5", "'-5"),
            ("null", ""),
        ] {
            check(CellKind::Json, json, expected);
        }
    }
}
