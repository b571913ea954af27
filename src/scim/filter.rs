//! `filter=userName eq "ana@example.com" and active eq true`: what directories ask to find whom they know already.

use crate::scim::ScimError;
use serde_json::{Value as Json, json};

/// A longer filter is none that a directory sends.
const MAX_LENGTH: usize = 2048;

/// An attribute that is asked for, and the value that it has to equal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Equal {
    /// In lower case, without the schema in front: attribute names are not case-sensitive.
    pub(crate) attribute: String,
    pub(crate) value: Json,
}

/// Reads a filter: comparisons by `eq` with `and` between them.
///
/// # Errors
/// [`ScimError::Filter`] for anything else.
pub(crate) fn parse(text: &str) -> Result<Vec<Equal>, ScimError> {
    let refuse =
        || ScimError::Filter("only `eq`, and `and` between several, is served: `userName eq \"ana@example.com\"`".into());
    if text.len() > MAX_LENGTH {
        return Err(refuse());
    }
    let mut rest = text.trim();
    let mut equals = Vec::new();
    loop {
        let (attribute, after) = attribute(rest).ok_or_else(refuse)?;
        let after = word(after, "eq").ok_or_else(refuse)?;
        let mut values = serde_json::Deserializer::from_str(after).into_iter::<Json>();
        let value = values.next().and_then(Result::ok).filter(|value| value.is_string() || value.is_boolean());
        let read = values.byte_offset();
        equals.push(Equal { attribute, value: value.ok_or_else(refuse)? });
        rest = after.get(read..).unwrap_or_default().trim_start();
        if rest.is_empty() {
            return Ok(equals);
        }
        rest = word(rest, "and").ok_or_else(refuse)?;
    }
}

/// A path with perhaps a filter of its own in brackets, `emails[type eq "work"].value`; what stands in brackets is taken as said.
fn attribute(text: &str) -> Option<(String, &str)> {
    let end = match (text.find('['), text.find(' ')) {
        (Some(open), Some(blank)) if open < blank => {
            text.find(']').map(|close| close + 1 + text[close + 1..].find(' ').unwrap_or(0))?
        }
        (_, Some(blank)) => blank,
        _ => return None,
    };
    let (path, rest) = text.split_at(end);
    let plain: String = match (path.find('['), path.find(']')) {
        (Some(open), Some(close)) => [&path[..open], &path[close + 1..]].concat(),
        _ => path.to_owned(),
    };
    let name = plain.rsplit_once(':').map_or(plain.as_str(), |(_, name)| name);
    (!name.is_empty()).then(|| (name.to_ascii_lowercase(), rest.trim_start()))
}

/// What follows a word, whatever its case.
fn word<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let (first, rest) = text.split_once(' ')?;
    first.eq_ignore_ascii_case(word).then(|| rest.trim_start())
}

/// A text as a pattern that only equals it, whatever the case.
pub(crate) fn any_case(text: &str) -> Json {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    json!({ "ilike": escaped })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Option<Vec<(String, Json)>> {
        parse(text).ok().map(|equals| equals.into_iter().map(|equal| (equal.attribute, equal.value)).collect())
    }

    #[test]
    fn what_directories_ask_is_understood() {
        let one = |name: &str, value: Json| Some(vec![(name.to_owned(), value)]);
        assert_eq!(pairs(r#"userName eq "ana@x.test""#), one("username", json!("ana@x.test")));
        assert_eq!(pairs(r#"USERNAME EQ "a b \"c\"""#), one("username", json!("a b \"c\"")));
        assert_eq!(pairs(r#"emails[type eq "work"].value eq "a@x""#), one("emails.value", json!("a@x")));
        assert_eq!(pairs(r#"urn:ietf:params:scim:schemas:core:2.0:User:userName eq "a""#), one("username", json!("a")));
        let two = vec![("externalid".to_owned(), json!("7")), ("active".to_owned(), json!(true))];
        assert_eq!(pairs(r#"externalId eq "7" and active eq true"#), Some(two));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "userName",
            "userName eq",
            "userName eq ana",
            r#"userName co "a""#,
            r#"userName eq "a" or active eq true"#,
            r#"not (userName eq "a")"#,
            r#"userName eq "a" and"#,
            r#"emails[type eq "work" eq "a""#,
            "userName eq 7",
            "[",
            "] eq 1",
        ] {
            assert_eq!(pairs(text), None, "{text}");
        }
    }

    #[test]
    fn a_pattern_equals_its_text_alone() {
        assert_eq!(any_case(r"a_b%c\d"), json!({ "ilike": r"a\_b\%c\\d" }));
    }
}
