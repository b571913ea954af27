//! Reading what PostgreSQL prints of constraints and defaults. Only ever of those that bear a name of ours.

use crate::base::{ColumnName, Value};
use crate::migrate::ddl;
use crate::migrate::wanted::{SequenceFormat, WantedColumn, WantedDefault};

/// The literals of a condition or expression, in order, numbers and texts alike. The name of a check or index says of what kind it
/// is; its literals say everything else, and they alone look the same in what we write and in what PostgreSQL prints.
pub(super) fn literals_in(definition: &str) -> Vec<String> {
    let mut literals = Vec::new();
    let mut rest = definition;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' => {
                let (text, length) = read_text(rest);
                literals.push(text);
                length
            }
            '0'..='9' | '-' if rest[1..].starts_with(|next: char| next.is_ascii_digit()) || first != '-' => {
                let end = |character: char| !character.is_ascii_alphanumeric() && character != '.';
                let length = rest[1..].find(end).map_or(rest.len(), |end| end + 1);
                literals.push(rest[..length].to_owned());
                length
            }
            '"' => rest[1..].find('"').map_or(rest.len(), |end| end + 2),
            _ if first.is_alphabetic() || first == '_' => {
                let end = |character: char| !character.is_alphanumeric() && character != '_';
                rest.find(end).unwrap_or(rest.len())
            }
            _ => first.len_utf8(),
        };
        rest = &rest[length..];
    }
    literals
}

/// The text literal at the beginning, and how many bytes it takes.
fn read_text(definition: &str) -> (String, usize) {
    let mut text = String::new();
    let mut characters = definition.char_indices().skip(1).peekable();
    while let Some((index, character)) = characters.next() {
        if character != '\'' {
            text.push(character);
        } else if characters.next_if(|(_, next)| *next == '\'').is_some() {
            text.push('\'');
        } else {
            return (text, index + 1);
        }
    }
    (text, definition.len())
}

/// The columns of an index for full-text search, in their order: what stands in each `COALESCE(column, ''::text)`.
pub(super) fn searched_columns(definition: &str) -> Vec<ColumnName> {
    let read = |rest: &str| match rest.strip_prefix('"') {
        // A quote within a name is written twice; names of the catalog have none.
        Some(quoted) => quoted.split('"').next().unwrap_or_default().to_owned(),
        None => rest.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect(),
    };
    let is_search = definition.contains("USING gin") && definition.contains("to_tsvector(");
    let columns = definition.split("COALESCE(").skip(1).filter(|_| is_search);
    columns.map(|rest| ColumnName::new(read(rest))).collect()
}

/// Whether the column's default is the wanted one. Columns of the platform may have defaults that no field shows.
pub(super) fn is_default_the_same(column: &WantedColumn, stored: Option<&str>) -> bool {
    match (&column.default, stored) {
        (None, stored) => stored.is_none() || column.is_platform,
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
    let texts = literals_in(stored);
    let stored = match texts.as_slice() {
        [text, ..] if stored.starts_with('\'') => text,
        _ => stored,
    };
    // Instants are printed in a form of PostgreSQL's own: `2026-01-31 09:00:00+00`.
    let stored = match value {
        Value::DateTime(_) => {
            let stored = stored.replacen(' ', "T", 1);
            if stored.ends_with("+00") { format!("{stored}:00") } else { stored }
        }
        _ => stored.to_owned(),
    };
    Value::parse(value.scalar_type(), &stored).is_ok_and(|stored| stored == *value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ScalarType;

    #[test]
    fn literals_are_read_from_definitions() {
        let definition = "CHECK ((status = ANY (ARRAY['OPEN'::text, 'IT''S'::text, ''::text])))";
        assert_eq!(literals_in(definition), ["OPEN", "IT'S", ""]);
        assert_eq!(literals_in("CHECK ((char_length(line2) <= 200))"), ["200"]);
        assert_eq!(literals_in("CHECK (((\"2'nd\" >= 1.50) AND (b1 < '-5'::integer)))"), ["1.50", "-5"]);
        assert_eq!(literals_in("\"2'nd\" >= 1.50 and b1 < -5 - 7"), ["1.50", "-5", "7"]);
    }

    #[test]
    fn searched_columns_are_read_in_their_order() {
        let vector = |column: &str, weight: &str| {
            format!("setweight(to_tsvector('english'::regconfig, COALESCE({column}, ''::text)), '{weight}'::\"char\")")
        };
        let both = format!("({} || {})", vector("subject", "A"), vector("\"case\"", "B"));
        let definition = format!("CREATE INDEX t_search_idx ON public.t USING gin ({both})");
        assert_eq!(searched_columns(&definition), ["subject", "case"].map(ColumnName::new));
        assert_eq!(literals_in(&definition), ["english", "", "A", "english", "", "B"]);
        let other = "CREATE INDEX t_search_idx ON public.t USING btree (COALESCE(a, ''::text))";
        assert_eq!(searched_columns(other), Vec::<ColumnName>::new());
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
