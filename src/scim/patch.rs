//! `PATCH`: operations on paths, in the forms that Okta and Entra ID send.
//!
//! RFC 7644 has `{"op": "replace", "path": "active", "value": false}`. Entra writes `Replace` and `"False"`; Okta leaves the path out
//! and gives an object. All of them are read as the same list of settings.

use crate::scim::ScimError;
use serde_json::{Map, Value as Json};

/// More operations in one request are none that a directory sends.
const MAX_OPERATIONS: usize = 1000;

/// What is done to an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Add,
    Replace,
    Remove,
}

/// One attribute's part of a patch.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Edit {
    pub(crate) op: Op,
    /// In lower case, without the schema in front: `displayname`, `name.formatted`, `members`.
    pub(crate) attribute: String,
    /// The value in brackets behind the attribute: `members[value eq "7"]`.
    pub(crate) selected: Option<String>,
    pub(crate) value: Json,
}

/// Reads the operations of a body.
///
/// # Errors
/// [`ScimError::Syntax`], [`ScimError::Path`].
pub(crate) fn parse(body: &Map<String, Json>) -> Result<Vec<Edit>, ScimError> {
    let operations = find(body, "operations").and_then(Json::as_array);
    let operations = operations.ok_or_else(|| ScimError::Syntax("a patch has a list of `Operations`".to_owned()))?;
    if operations.len() > MAX_OPERATIONS {
        return Err(ScimError::Syntax(format!("a patch has at most {MAX_OPERATIONS} operations")));
    }
    let mut edits = Vec::new();
    for operation in operations {
        let malformed = || ScimError::Syntax("an operation has an `op`: `add`, `replace` or `remove`".to_owned());
        let operation = operation.as_object().ok_or_else(malformed)?;
        let op = match find(operation, "op").and_then(Json::as_str).unwrap_or_default().to_ascii_lowercase().as_str() {
            "add" => Op::Add,
            "replace" => Op::Replace,
            "remove" => Op::Remove,
            _ => return Err(malformed()),
        };
        let value = find(operation, "value").cloned().unwrap_or(Json::Null);
        match find(operation, "path").and_then(Json::as_str) {
            Some(path) => edits.push(edit_at(op, path, value)?),
            None if op == Op::Remove => return Err(ScimError::Path(String::new())),
            None => {
                let attributes = value.as_object().ok_or_else(malformed)?;
                add_attributes(op, "", attributes, &mut edits);
            }
        }
    }
    Ok(edits)
}

/// The attributes of a whole resource, as edits that set each of them.
pub(crate) fn attributes(body: &Map<String, Json>) -> Vec<Edit> {
    let mut edits = Vec::new();
    add_attributes(Op::Replace, "", body, &mut edits);
    edits
}

/// The member of an object, whatever the case of its name.
pub(crate) fn find<'j>(object: &'j Map<String, Json>, name: &str) -> Option<&'j Json> {
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// An object of attributes as one edit for each; `name: {formatted}` is `name.formatted`.
fn add_attributes(op: Op, prefix: &str, attributes: &Map<String, Json>, edits: &mut Vec<Edit>) {
    for (name, value) in attributes {
        let attribute = format!("{prefix}{}", without_schema(name)).to_ascii_lowercase();
        match value {
            Json::Object(inner) if attribute == "name" => add_attributes(op, "name.", inner, edits),
            _ => edits.push(Edit { op, attribute, selected: None, value: value.clone() }),
        }
    }
}

fn edit_at(op: Op, path: &str, value: Json) -> Result<Edit, ScimError> {
    let path = without_schema(path.trim());
    let wrong = || ScimError::Path(path.chars().take(100).collect());
    let Some((attribute, rest)) = path.split_once('[') else {
        let is_path = !path.is_empty() && path.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-$".contains(letter));
        return match is_path {
            true => Ok(Edit { op, attribute: path.to_ascii_lowercase(), selected: None, value }),
            false => Err(wrong()),
        };
    };
    let (condition, after) = rest.split_once(']').ok_or_else(wrong)?;
    let mut words = condition.splitn(3, ' ');
    let (Some(_), Some(compared), Some(literal)) = (words.next(), words.next(), words.next()) else { return Err(wrong()) };
    let selected = serde_json::from_str::<String>(literal.trim()).ok().filter(|_| compared.eq_ignore_ascii_case("eq"));
    let attribute = format!("{attribute}{after}").to_ascii_lowercase();
    Ok(Edit { op, attribute, selected: Some(selected.ok_or_else(wrong)?), value })
}

/// `urn:ietf:params:scim:schemas:core:2.0:User:displayName` → `displayName`. An extension's attribute keeps a colon, and so is none
/// that is kept.
fn without_schema(path: &str) -> &str {
    const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:";
    let is_core = path.get(..CORE.len()).is_some_and(|start| start.eq_ignore_ascii_case(CORE));
    match is_core {
        true => path[CORE.len()..].split_once(':').map_or(path, |(_, attribute)| attribute),
        false if path.starts_with("urn:") => "extension",
        false => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn edits(operations: Json) -> Option<Vec<Edit>> {
        parse(json!({ "Operations": operations }).as_object().unwrap()).ok()
    }

    fn edit(op: Op, attribute: &str, selected: Option<&str>, value: Json) -> Edit {
        Edit { op, attribute: attribute.to_owned(), selected: selected.map(str::to_owned), value }
    }

    #[test]
    fn okta_and_entra_say_the_same_in_their_own_words() {
        let okta = edits(json!([{ "op": "replace", "value": { "active": false, "name": { "formatted": "A" } } }]));
        let expected =
            vec![edit(Op::Replace, "active", None, json!(false)), edit(Op::Replace, "name.formatted", None, json!("A"))];
        assert_eq!(okta, Some(expected));
        let entra = edits(json!([{ "op": "Replace", "path": "active", "value": "False" }]));
        assert_eq!(entra, Some(vec![edit(Op::Replace, "active", None, json!("False"))]));
        let work = edits(json!([{ "op": "Add", "path": "emails[type eq \"work\"].value", "value": "a@x" }]));
        assert_eq!(work, Some(vec![edit(Op::Add, "emails.value", Some("work"), json!("a@x"))]));
        let member = edits(json!([{ "op": "remove", "path": "members[value eq \"7\"]" }]));
        assert_eq!(member, Some(vec![edit(Op::Remove, "members", Some("7"), Json::Null)]));
        let long =
            edits(json!([{ "op": "add", "path": "urn:ietf:params:scim:schemas:core:2.0:User:displayName", "value": "A" }]));
        assert_eq!(long, Some(vec![edit(Op::Add, "displayname", None, json!("A"))]));
        let extension = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
        let extension = edits(json!([{ "op": "add", "path": extension, "value": "A" }]));
        assert_eq!(extension, Some(vec![edit(Op::Add, "extension", None, json!("A"))]));
    }

    #[test]
    fn what_is_no_patch_is_refused() {
        for wrong in [
            json!("x"),
            json!([{ "op": "move", "path": "active" }]),
            json!([{ "op": "remove" }]),
            json!([{ "op": "replace", "value": 7 }]),
            json!([{ "op": "replace", "path": "members[value", "value": 7 }]),
            json!([{ "op": "replace", "path": "members[value ne \"7\"]", "value": 7 }]),
            json!([{ "op": "replace", "path": "a b", "value": 7 }]),
        ] {
            assert_eq!(edits(wrong.clone()), None, "{wrong}");
        }
        assert!(parse(&Map::new()).is_err());
    }
}
