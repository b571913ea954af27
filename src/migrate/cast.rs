//! Which types become which: every value keeps its meaning, or the statement fails as a whole.

/// The expressions that take a column from one type to another and back; `$c` stands for the column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Way {
    there: &'static str,
    back: &'static str,
    /// Whether the way back gives up part of what was written since.
    is_lossy_back: bool,
}

/// A change of a column's type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cast {
    /// The type until now.
    pub from: String,
    /// The type from now on.
    pub to: String,
    /// Whether the way back gives up part of what was written since.
    pub is_lossy_back: bool,
    there: String,
    back: String,
}

impl Cast {
    /// The safe way between two types as `format_type` prints them; `None` if there is none.
    pub(super) fn find(from: &str, to: &str) -> Option<Self> {
        let way = find_way(from, to)?;
        let (there, back) = (way.there.replace("$t", to), way.back.replace("$t", from));
        Some(Self { from: from.to_owned(), to: to.to_owned(), is_lossy_back: way.is_lossy_back, there, back })
    }

    /// The expression there, over a quoted column.
    pub(super) fn there(&self, column: &str) -> String {
        self.there.replace("$c", column)
    }

    /// The expression back, over a quoted column.
    pub(super) fn back(&self, column: &str) -> String {
        self.back.replace("$c", column)
    }
}

fn find_way(from: &str, to: &str) -> Option<Way> {
    let way = |there, back, is_lossy_back| Some(Way { there, back, is_lossy_back });
    match (from.strip_suffix("[]"), to.strip_suffix("[]")) {
        (Some(from), Some(to)) => return find_way(from, to).filter(|way| way.there == PLAIN),
        (None, Some(element)) if element == from => {
            return way("case when $c is null then null else array[$c] end", "$c[1]", true);
        }
        (None, None) => {}
        (Some(_), None) | (None, Some(_)) => return None,
    }
    match (from, to) {
        ("integer", "bigint") | ("bigint", "integer") => way(PLAIN, PLAIN, false),
        ("integer", "numeric" | "double precision") | ("bigint", "numeric") => way(PLAIN, PLAIN, true),
        ("timestamp with time zone", "text") => way(INSTANT_AS_TEXT, PLAIN, false),
        ("jsonb" | "integer" | "bigint" | "numeric" | "double precision" | "boolean" | "uuid" | "date", "text") => {
            way(PLAIN, PLAIN, false)
        }
        ("date", "timestamp with time zone") => way("($c::timestamp at time zone 'UTC')", "($c at time zone 'UTC')::date", true),
        ("text" | "integer" | "bigint" | "numeric" | "boolean" | "uuid" | "date", "jsonb") => {
            way("to_jsonb($c)", "($c #>> '{}')::$t", true)
        }
        _ => None,
    }
}

/// PostgreSQL's own cast.
const PLAIN: &str = "$c::$t";

/// As the API shows an instant, whatever the session's time zone.
const INSTANT_AS_TEXT: &str = r#"to_char($c at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_every_value_is_cast_and_what_does_not_is_not() {
        let there = |from, to| Cast::find(from, to).map(|cast| cast.there("c"));
        assert_eq!(there("integer", "bigint").unwrap(), "c::bigint");
        assert_eq!(there("integer[]", "text[]").unwrap(), "c::text[]");
        assert_eq!(there("integer", "integer[]").unwrap(), "case when c is null then null else array[c] end");
        for (from, to) in [
            ("text", "integer"),
            ("numeric", "integer"),
            ("double precision", "numeric"),
            ("timestamp with time zone", "date"),
            ("boolean", "integer"),
            ("date[]", "jsonb[]"),
            ("integer[]", "integer"),
            ("integer", "bigint[]"),
        ] {
            assert_eq!(there(from, to), None, "{from} -> {to}");
        }
    }
}
