//! `/Users`

use crate::scim::directory::{Listed, Scimmed, Session, id_of};
use crate::scim::filter::{Equal, any_case};
use crate::scim::patch::{self, Edit};
use crate::scim::user::{UserValues, fields, resource};
use crate::scim::{Aim, Answer, Ask, ListRequest, ScimError, groups};
use chrono::SecondsFormat;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

/// The collection.
const USERS: &str = "User";

/// Answers a request.
pub(crate) async fn answer(session: &Session<'_>, base: &str, ask: &Ask) -> Result<Answer, ScimError> {
    match ask {
        Ask::List(request) => list(session, base, request).await,
        Ask::Create(body) => create(session, base, &UserValues::read(&patch::attributes(body))?).await,
        Ask::Read(id, _) => Ok(Answer::Resource(resource(base, &find(session, id).await?))),
        Ask::Replace(aim, body) => {
            let mut values = UserValues::read(&patch::attributes(body))?;
            // What a replacement leaves out is no more; who is active is said, never guessed.
            values.external_id.get_or_insert(None);
            change(session, base, aim, &values).await
        }
        Ask::Patch(aim, body) => {
            let edits: Vec<Edit> = patch::parse(body)?;
            change(session, base, aim, &UserValues::read(&edits)?).await
        }
        Ask::Remove(aim) => remove(session, base, aim).await,
    }
}

async fn list(session: &Session<'_>, base: &str, request: &ListRequest) -> Result<Answer, ScimError> {
    let mut conditions = vec![here()];
    for equal in request.conditions()? {
        match condition(&equal)? {
            Some(condition) => conditions.push(condition),
            None => return Ok(Answer::Page(request.response(Vec::new(), 0))),
        }
    }
    let listed = Listed {
        collection: USERS,
        filter: json!({ "and": conditions }),
        fields: &fields(),
        offset: request.offset(),
        first: request.count(session.page_size()),
    };
    let (rows, total) = session.list(listed).await?;
    let resources = rows.iter().map(|row| resource(base, row).body).collect();
    Ok(Answer::Page(request.response(resources, total)))
}

/// The people whom SCIM knows. The service reads its own account as well, which is none of them.
pub(crate) fn here() -> Json {
    json!({ "kind": { "eq": "PERSON" }, "deprovisionedAt": { "isNull": true } })
}

/// A comparison as a filter; `None` if nobody can equal it.
fn condition(equal: &Equal) -> Result<Option<Json>, ScimError> {
    let Equal { attribute, value } = equal;
    let text = value.as_str().unwrap_or_default();
    Ok(match attribute.as_str() {
        "username" | "emails" | "emails.value" => Some(json!({ "email": any_case(text) })),
        "externalid" => Some(json!({ "externalId": { "eq": text } })),
        "displayname" | "name.formatted" => Some(json!({ "name": any_case(text) })),
        "active" => Some(json!({ "isActive": { "eq": value.as_bool().unwrap_or(text.eq_ignore_ascii_case("true")) } })),
        "id" => text.parse::<Uuid>().ok().map(|id| json!({ "id": { "eq": id } })),
        other => return Err(ScimError::Filter(format!("users are not found by `{other}`"))),
    })
}

/// The row of a user whom SCIM knows.
async fn find(session: &Session<'_>, id: &str) -> Result<Json, ScimError> {
    let id: Uuid = id.parse().map_err(|_| ScimError::NotFound)?;
    first(session, json!({ "and": [here(), { "id": { "eq": id } }] })).await?.ok_or(ScimError::NotFound)
}

async fn first(session: &Session<'_>, filter: Json) -> Result<Option<Json>, ScimError> {
    let listed = Listed { collection: USERS, filter, fields: &fields(), offset: 0, first: 1 };
    Ok(session.list(listed).await?.0.into_iter().next())
}

async fn create(session: &Session<'_>, base: &str, values: &UserValues) -> Result<Answer, ScimError> {
    let email = values.user_name.clone().ok_or_else(|| ScimError::Value("a user has a `userName`".to_owned()))?;
    if first(session, json!({ "and": [here(), { "email": any_case(&email) }] })).await?.is_some() {
        return Err(ScimError::Taken("userName"));
    }
    let role = session.settings.default_role.as_str();
    let mut row = json!({
        "email": email,
        "name": values.name().unwrap_or_else(|| email.clone()),
        "role": role,
        "isActive": values.active.unwrap_or(true),
    });
    if let Some(Some(external_id)) = &values.external_id {
        row["externalId"] = Json::from(external_id.as_str());
    }
    let id = match first(session, json!({ "email": any_case(&email), "kind": { "eq": "PERSON" } })).await? {
        Some(gone) => {
            row["deprovisionedAt"] = Json::Null;
            row["team"] = Json::Null;
            let id = id_of(&gone);
            session.update(USERS, id, row.as_object().unwrap_or(&Map::new())).await?;
            id
        }
        None => session.create(USERS, row).await?,
    };
    Ok(Answer::Created(resource(base, &find(session, &id.to_string()).await?)))
}

async fn change(session: &Session<'_>, base: &str, aim: &Aim, values: &UserValues) -> Result<Answer, ScimError> {
    let row = seen(session, base, aim).await?.0;
    let mut set = Map::new();
    let mut put = |field: &str, value: Option<Json>| {
        if let Some(value) = value.filter(|value| *value != row[field]) {
            set.insert(field.to_owned(), value);
        }
    };
    put("email", values.user_name.clone().map(Json::from));
    put("name", values.name().map(Json::from));
    put("externalId", values.external_id.clone().map(Json::from));
    put("isActive", values.active.map(Json::from));
    if let Some(email) = set.get("email").and_then(Json::as_str) {
        let other = first(session, json!({ "email": any_case(email), "id": { "neq": row["id"] } })).await?;
        if other.is_some() {
            return Err(ScimError::Taken("userName"));
        }
    }
    session.update(USERS, id_of(&row), &set).await?;
    Ok(Answer::Resource(resource(base, &find(session, &aim.id).await?)))
}

async fn remove(session: &Session<'_>, base: &str, aim: &Aim) -> Result<Answer, ScimError> {
    let (row, _) = seen(session, base, aim).await?;
    groups::leave_all(session, id_of(&row)).await?;
    let now = session.planner.request.time.to_rfc3339_opts(SecondsFormat::Micros, true);
    let gone = json!({ "isActive": false, "externalId": null, "deprovisionedAt": now });
    session.update(USERS, id_of(&row), gone.as_object().unwrap_or(&Map::new())).await?;
    Ok(Answer::Gone)
}

async fn seen(session: &Session<'_>, base: &str, aim: &Aim) -> Result<(Json, Scimmed), ScimError> {
    let row = find(session, &aim.id).await?;
    let resource = resource(base, &row);
    aim.check(&resource)?;
    Ok((row, resource))
}
