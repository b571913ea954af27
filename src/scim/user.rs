//! A user in SCIM's words.

use crate::planner::SelectedField;
use crate::scim::directory::{Scimmed, leaf, node};
use crate::scim::patch::{Edit, Op};
use crate::scim::{ResourceKind, ScimError};
use serde_json::{Map, Value as Json, json};

/// The schema of users.
pub(crate) const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// Groups that are shown of a user.
const GROUPS: i64 = 100;

/// What is read of a user.
pub(crate) fn fields() -> Vec<SelectedField> {
    let plain = ["id", "email", "name", "isActive", "externalId", "version", "createdAt", "updatedAt"];
    let mut fields: Vec<SelectedField> = plain.into_iter().map(leaf).collect();
    let group = node("group", vec![leaf("id"), leaf("displayName")]);
    let arguments = Map::from_iter([("first".to_owned(), json!(GROUPS))]);
    fields.push(SelectedField { arguments, ..node("directoryMemberships", vec![group]) });
    fields
}

/// A user's resource.
pub(crate) fn resource(base: &str, row: &Json) -> Scimmed {
    let groups = row["directoryMemberships"].as_array().into_iter().flatten().map(|membership| {
        let group = &membership["group"];
        let location = format!("{base}/{}/{}", ResourceKind::Group.path(), group["id"].as_str().unwrap_or_default());
        json!({ "value": group["id"], "display": group["displayName"], "$ref": location, "type": "direct" })
    });
    let mut body = json!({
        "schemas": [SCHEMA],
        "id": row["id"],
        "userName": row["email"],
        "displayName": row["name"],
        "name": { "formatted": row["name"] },
        "active": row["isActive"],
        "emails": [{ "value": row["email"], "type": "work", "primary": true }],
        "groups": groups.collect::<Vec<_>>(),
    });
    if row["externalId"].is_string() {
        body["externalId"] = row["externalId"].clone();
    }
    with_meta(base, ResourceKind::User, row, body)
}

/// Adds what every resource has.
pub(crate) fn with_meta(base: &str, kind: ResourceKind, row: &Json, mut body: Json) -> Scimmed {
    let name = match kind {
        ResourceKind::User => "User",
        ResourceKind::Group => "Group",
    };
    let etag = format!("W/\"{}\"", row["version"]);
    let location = format!("{base}/{}/{}", kind.path(), row["id"].as_str().unwrap_or_default());
    body["meta"] = json!({
        "resourceType": name,
        "created": row["createdAt"],
        "lastModified": row["updatedAt"],
        "version": etag,
        "location": location,
    });
    Scimmed { body, etag, location }
}

/// What a request says of a user.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct UserValues {
    pub(crate) user_name: Option<String>,
    /// Whether there is one, and which.
    pub(crate) external_id: Option<Option<String>>,
    pub(crate) active: Option<bool>,
    display_name: Option<String>,
    formatted: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
}

impl UserValues {
    /// Reads edits. What is not kept is ignored.
    ///
    /// # Errors
    /// [`ScimError::Value`] of an attribute that is kept.
    pub(crate) fn read(edits: &[Edit]) -> Result<Self, ScimError> {
        let mut values = Self::default();
        for edit in edits {
            values.add(edit)?;
        }
        Ok(values)
    }

    fn add(&mut self, edit: &Edit) -> Result<(), ScimError> {
        let Edit { op, attribute, value, .. } = edit;
        let text = || value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        match attribute.as_str() {
            "username" if *op == Op::Remove => return Err(ScimError::Value("a user has a `userName`".to_owned())),
            "username" => {
                let name = text().ok_or_else(|| ScimError::Value("`userName` is a mail address".to_owned()))?;
                self.user_name = Some(name);
            }
            "externalid" => self.external_id = Some(text().filter(|_| *op != Op::Remove)),
            "active" if *op != Op::Remove => self.active = Some(flag(value)?),
            "displayname" => self.display_name = text(),
            "name.formatted" => self.formatted = text(),
            "name.givenname" => self.given_name = text(),
            "name.familyname" => self.family_name = text(),
            _ => {}
        }
        Ok(())
    }

    /// The name, if enough of it is said.
    pub(crate) fn name(&self) -> Option<String> {
        let parts = || Some(format!("{} {}", self.given_name.as_deref()?, self.family_name.as_deref()?));
        self.display_name.clone().or_else(|| self.formatted.clone()).or_else(parts)
    }
}

/// `true`, and Entra's `"True"`.
fn flag(value: &Json) -> Result<bool, ScimError> {
    let word = value.as_str().map(str::to_ascii_lowercase);
    match (value, word.as_deref()) {
        (Json::Bool(is_so), _) => Ok(*is_so),
        (_, Some("true")) => Ok(true),
        (_, Some("false")) => Ok(false),
        _ => Err(ScimError::Value("`active` is `true` or `false`".to_owned())),
    }
}
