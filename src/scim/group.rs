//! A group in SCIM's words.

use crate::planner::SelectedField;
use crate::scim::directory::{Scimmed, leaf, node};
use crate::scim::patch::{Edit, Op, find};
use crate::scim::user::with_meta;
use crate::scim::{ResourceKind, ScimError};
use serde_json::{Value as Json, json};
use uuid::Uuid;

/// The schema of groups.
pub(crate) const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// What is read of a group.
pub(crate) fn fields() -> Vec<SelectedField> {
    let plain = ["id", "displayName", "externalId", "memberCount", "version", "createdAt", "updatedAt"];
    let mut fields: Vec<SelectedField> = plain.into_iter().map(leaf).collect();
    fields.push(node("team", vec![leaf("id"), leaf("name")]));
    fields
}

/// What is read of a membership of a group.
pub(crate) fn member_fields() -> Vec<SelectedField> {
    vec![leaf("id"), node("user", vec![leaf("id"), leaf("name")])]
}

/// A group's resource; `None` for members that nobody wants.
pub(crate) fn resource(base: &str, row: &Json, members: Option<&[Json]>) -> Scimmed {
    let mut body = json!({ "schemas": [SCHEMA], "id": row["id"], "displayName": row["displayName"] });
    if row["externalId"].is_string() {
        body["externalId"] = row["externalId"].clone();
    }
    if let Some(members) = members {
        let shown = members.iter().map(|membership| {
            let user = &membership["user"];
            let location = format!("{base}/{}/{}", ResourceKind::User.path(), user["id"].as_str().unwrap_or_default());
            json!({ "value": user["id"], "display": user["name"], "$ref": location, "type": "User" })
        });
        body["members"] = shown.collect();
    }
    with_meta(base, ResourceKind::Group, row, body)
}

/// What is done to the members.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum MemberEdit {
    /// These come.
    Add(Vec<Uuid>),
    /// These go.
    Remove(Vec<Uuid>),
    /// These are all.
    Set(Vec<Uuid>),
}

/// What a request says of a group.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct GroupValues {
    pub(crate) display_name: Option<String>,
    /// Whether there is one, and which.
    pub(crate) external_id: Option<Option<String>>,
    pub(crate) members: Vec<MemberEdit>,
}

impl GroupValues {
    /// Reads edits. What is not kept is ignored.
    ///
    /// # Errors
    /// [`ScimError::Value`] of an attribute that is kept.
    pub(crate) fn read(edits: &[Edit]) -> Result<Self, ScimError> {
        let mut values = Self::default();
        for edit in edits {
            let Edit { op, attribute, value, .. } = edit;
            let text = value.as_str().map(str::trim).filter(|text| !text.is_empty() && *op != Op::Remove);
            match attribute.as_str() {
                "displayname" => {
                    let name = text.ok_or_else(|| ScimError::Value("a group has a `displayName`".to_owned()))?;
                    values.display_name = Some(name.to_owned());
                }
                "externalid" => values.external_id = Some(text.map(str::to_owned)),
                "members" => values.members.push(member_edit(edit)?),
                _ => {}
            }
        }
        Ok(values)
    }
}

fn member_edit(edit: &Edit) -> Result<MemberEdit, ScimError> {
    let Edit { op, selected, value, .. } = edit;
    Ok(match (op, selected) {
        (Op::Remove, Some(id)) => MemberEdit::Remove(vec![member_id(id)?]),
        // All of them, where none is named.
        (Op::Remove, None) if value.is_null() => MemberEdit::Set(Vec::new()),
        (Op::Remove, None) => MemberEdit::Remove(member_ids(value)?),
        (Op::Add, _) => MemberEdit::Add(member_ids(value)?),
        (Op::Replace, _) => MemberEdit::Set(member_ids(value)?),
    })
}

fn member_ids(value: &Json) -> Result<Vec<Uuid>, ScimError> {
    let one = |member: &Json| {
        let id = member.as_str().or_else(|| find(member.as_object()?, "value")?.as_str());
        member_id(id.unwrap_or_default())
    };
    match value {
        Json::Array(members) => members.iter().map(one).collect(),
        Json::Null => Ok(Vec::new()),
        single => Ok(vec![one(single)?]),
    }
}

fn member_id(text: &str) -> Result<Uuid, ScimError> {
    text.parse().map_err(|_| ScimError::Value("a member is `{\"value\": ...}` with the id of a user".to_owned()))
}
