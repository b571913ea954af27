//! `/Groups`

use crate::scim::directory::{Listed, Session, id_of, leaf, node};
use crate::scim::filter::{Equal, any_case};
use crate::scim::group::{GroupValues, MemberEdit, fields, member_fields, resource};
use crate::scim::patch;
use crate::scim::standing::{settle_roles, settle_teams};
use crate::scim::users::here;
use crate::scim::{Aim, Answer, Ask, ListRequest, ScimError};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const GROUPS: &str = "DirectoryGroup";
const MEMBERSHIPS: &str = "DirectoryMembership";
const TEAMS: &str = "Team";

/// Users that are looked up at once.
const LOOKED_UP: usize = 500;

/// Answers a request.
pub(crate) async fn answer(session: &Session<'_>, base: &str, ask: &Ask) -> Result<Answer, ScimError> {
    match ask {
        Ask::List(request) => list(session, base, request).await,
        Ask::Create(body) => create(session, base, GroupValues::read(&patch::attributes(body))?).await,
        Ask::Read(id, request) => {
            let row = find(session, id).await?;
            let members = match request.excludes("members") {
                true => None,
                false => Some(list_members(session, id_of(&row)).await?),
            };
            Ok(Answer::Resource(resource(base, &row, members.as_deref())))
        }
        Ask::Replace(aim, body) => {
            let mut values = GroupValues::read(&patch::attributes(body))?;
            values.external_id.get_or_insert(None);
            if values.members.is_empty() {
                values.members.push(MemberEdit::Set(Vec::new()));
            }
            change(session, base, aim, values).await
        }
        Ask::Patch(aim, body) => change(session, base, aim, GroupValues::read(&patch::parse(body)?)?).await,
        Ask::Remove(aim) => remove(session, base, aim).await,
    }
}

async fn list(session: &Session<'_>, base: &str, request: &ListRequest) -> Result<Answer, ScimError> {
    let mut conditions = Vec::new();
    for equal in request.conditions()? {
        match condition(&equal)? {
            Some(condition) => conditions.push(condition),
            None => return Ok(Answer::Page(request.response(Vec::new(), 0))),
        }
    }
    let listed = Listed {
        collection: GROUPS,
        filter: json!({ "and": conditions }),
        fields: &fields(),
        offset: request.offset(),
        first: request.count(session.page_size()),
    };
    let (rows, total) = session.list(listed).await?;
    let mut resources = Vec::with_capacity(rows.len());
    for row in &rows {
        let members = match request.excludes("members") {
            true => None,
            false => Some(list_members(session, id_of(row)).await?),
        };
        resources.push(resource(base, row, members.as_deref()).body);
    }
    Ok(Answer::Page(request.response(resources, total)))
}

/// A comparison as a filter; `None` if no group can equal it.
fn condition(equal: &Equal) -> Result<Option<Json>, ScimError> {
    let Equal { attribute, value } = equal;
    let text = value.as_str().unwrap_or_default();
    let id = || text.parse::<Uuid>().ok();
    Ok(match attribute.as_str() {
        "displayname" => Some(json!({ "displayName": any_case(text) })),
        "externalid" => Some(json!({ "externalId": { "eq": text } })),
        "id" => id().map(|id| json!({ "id": { "eq": id } })),
        "members" | "members.value" => id().map(|id| json!({ "memberships": { "some": { "user": { "id": { "eq": id } } } } })),
        other => return Err(ScimError::Filter(format!("groups are not found by `{other}`"))),
    })
}

async fn find(session: &Session<'_>, id: &str) -> Result<Json, ScimError> {
    let id: Uuid = id.parse().map_err(|_| ScimError::NotFound)?;
    first(session, json!({ "id": { "eq": id } })).await?.ok_or(ScimError::NotFound)
}

async fn first(session: &Session<'_>, filter: Json) -> Result<Option<Json>, ScimError> {
    let listed = Listed { collection: GROUPS, filter, fields: &fields(), offset: 0, first: 1 };
    Ok(session.list(listed).await?.0.into_iter().next())
}

async fn list_members(session: &Session<'_>, group: Uuid) -> Result<Vec<Json>, ScimError> {
    session.list_all(MEMBERSHIPS, json!({ "group": { "id": { "eq": group } } }), &member_fields()).await
}

async fn create(session: &Session<'_>, base: &str, values: GroupValues) -> Result<Answer, ScimError> {
    let name = values.display_name.clone().ok_or_else(|| ScimError::Value("a group has a `displayName`".to_owned()))?;
    refuse_taken(session, &name, None).await?;
    let mut row = json!({ "displayName": name });
    if let Some(Some(external_id)) = &values.external_id {
        row["externalId"] = Json::from(external_id.as_str());
    }
    if session.settings.role_of(&name).is_none() {
        row["team"] = json!({ "id": find_or_create_team(session, &name).await? });
    }
    let id = session.create(GROUPS, row).await?.to_string();
    edit_members(session, &find(session, &id).await?, &values.members).await?;
    Ok(Answer::Created(shown(session, base, &id).await?))
}

async fn change(session: &Session<'_>, base: &str, aim: &Aim, values: GroupValues) -> Result<Answer, ScimError> {
    let row = find(session, &aim.id).await?;
    aim.check(&resource(base, &row, None))?;
    let mut set = Map::new();
    if let Some(external_id) = values.external_id.map(Json::from).filter(|value| *value != row["externalId"]) {
        set.insert("externalId".to_owned(), external_id);
    }
    session.update(GROUPS, id_of(&row), &set).await?;
    if let Some(name) = values.display_name.filter(|name| row["displayName"] != name.as_str()) {
        rename(session, &row, &name).await?;
    }
    edit_members(session, &find(session, &aim.id).await?, &values.members).await?;
    Ok(Answer::Resource(shown(session, base, &aim.id).await?))
}

async fn remove(session: &Session<'_>, base: &str, aim: &Aim) -> Result<Answer, ScimError> {
    let row = find(session, &aim.id).await?;
    aim.check(&resource(base, &row, None))?;
    edit_members(session, &row, &[MemberEdit::Set(Vec::new())]).await?;
    session.delete_all(GROUPS, &[&aim.id]).await?;
    Ok(Answer::Gone)
}

async fn shown(session: &Session<'_>, base: &str, id: &str) -> Result<crate::scim::Scimmed, ScimError> {
    let row = find(session, id).await?;
    let members = list_members(session, id_of(&row)).await?;
    Ok(resource(base, &row, Some(&members)))
}

async fn refuse_taken(session: &Session<'_>, name: &str, own: Option<Uuid>) -> Result<(), ScimError> {
    let mut filter = json!({ "displayName": any_case(name) });
    if let Some(own) = own {
        filter["id"] = json!({ "neq": own });
    }
    match first(session, filter).await? {
        Some(_) => Err(ScimError::Taken("displayName")),
        None => Ok(()),
    }
}

/// Another name is another team's name, and may make a team of what gave a role, or the other way round: then its members are
/// settled as if they left the one and came to the other.
async fn rename(session: &Session<'_>, row: &Json, name: &str) -> Result<(), ScimError> {
    let group = id_of(row);
    refuse_taken(session, name, Some(group)).await?;
    let gives_role = session.settings.role_of(name).is_some();
    let mut set = json!({ "displayName": name });
    match (&row["team"]["id"], gives_role) {
        (Json::String(team), false) => {
            let team: Uuid = team.parse().unwrap_or_default();
            session.update(TEAMS, team, json!({ "name": name }).as_object().unwrap_or(&Map::new())).await?;
        }
        (Json::String(_), true) => set["team"] = Json::Null,
        (_, false) => set["team"] = json!({ "id": find_or_create_team(session, name).await? }),
        (_, true) => {}
    }
    session.update(GROUPS, group, set.as_object().unwrap_or(&Map::new())).await?;
    let users = users_of(&list_members(session, group).await?);
    let gave_role = row["displayName"].as_str().is_some_and(|name| session.settings.role_of(name).is_some());
    if gave_role || gives_role {
        settle_roles(session, &users).await?;
    }
    if gave_role != gives_role {
        settle_teams(session, &users, team_of(row)).await?;
    }
    Ok(())
}

/// Lets members come and go, and gives them what that means.
async fn edit_members(session: &Session<'_>, group: &Json, edits: &[MemberEdit]) -> Result<(), ScimError> {
    if edits.is_empty() {
        return Ok(());
    }
    let before: BTreeMap<Uuid, String> = list_members(session, id_of(group)).await?.iter().map(membership).collect();
    let mut after: BTreeSet<Uuid> = before.keys().copied().collect();
    for edit in edits {
        match edit {
            MemberEdit::Add(users) => after.extend(users),
            MemberEdit::Remove(users) => after.retain(|user| !users.contains(user)),
            MemberEdit::Set(users) => after = users.iter().copied().collect(),
        }
    }
    let came: Vec<Uuid> = after.iter().filter(|user| !before.contains_key(user)).copied().collect();
    let went: Vec<Uuid> = before.keys().filter(|user| !after.contains(user)).copied().collect();
    if came.is_empty() && went.is_empty() {
        return Ok(());
    }
    refuse_strangers(session, &came).await?;
    let left: Vec<&str> = went.iter().map(|user| before[user].as_str()).collect();
    session.delete_all(MEMBERSHIPS, &left).await?;
    let joined: Vec<Json> = came.iter().map(|user| json!({ "group": { "id": group["id"] }, "user": { "id": user } })).collect();
    session.create_all(MEMBERSHIPS, &joined).await?;
    // Its version is the group's as a whole, members included.
    let count = json!({ "memberCount": after.len() });
    session.update(GROUPS, id_of(group), count.as_object().unwrap_or(&Map::new())).await?;
    settle(session, group, &[came, went].concat()).await
}

async fn settle(session: &Session<'_>, group: &Json, users: &[Uuid]) -> Result<(), ScimError> {
    match group["displayName"].as_str().and_then(|name| session.settings.role_of(name)) {
        Some(_) => settle_roles(session, users).await,
        None => settle_teams(session, users, team_of(group)).await,
    }
}

/// Takes a user out of every group, without a thought for role and team: the account is no more.
pub(crate) async fn leave_all(session: &Session<'_>, user: Uuid) -> Result<(), ScimError> {
    let fields = [leaf("id"), node("group", vec![leaf("id"), leaf("memberCount")])];
    let memberships = session.list_all(MEMBERSHIPS, json!({ "user": { "id": { "eq": user } } }), &fields).await?;
    let ids: Vec<&str> = memberships.iter().filter_map(|membership| membership["id"].as_str()).collect();
    session.delete_all(MEMBERSHIPS, &ids).await?;
    for membership in &memberships {
        let count = membership["group"]["memberCount"].as_i64().unwrap_or(1) - 1;
        let set = json!({ "memberCount": count.max(0) });
        session.update(GROUPS, id_of(&membership["group"]), set.as_object().unwrap_or(&Map::new())).await?;
    }
    Ok(())
}

/// Members have to be people whom SCIM knows.
async fn refuse_strangers(session: &Session<'_>, users: &[Uuid]) -> Result<(), ScimError> {
    for users in users.chunks(LOOKED_UP) {
        let filter = json!({ "and": [here(), { "id": { "in": users } }] });
        let (_, found) = session.list(Listed { collection: "User", filter, fields: &[], offset: 0, first: 0 }).await?;
        if usize::try_from(found).ok() != Some(users.len()) {
            return Err(ScimError::Value("a member is no user that is provisioned here".to_owned()));
        }
    }
    Ok(())
}

async fn find_or_create_team(session: &Session<'_>, name: &str) -> Result<Uuid, ScimError> {
    let filter = json!({ "name": any_case(name) });
    let (teams, _) = session.list(Listed { collection: TEAMS, filter, fields: &[leaf("id")], offset: 0, first: 1 }).await?;
    match teams.first() {
        Some(team) => Ok(id_of(team)),
        None => session.create(TEAMS, json!({ "name": name })).await,
    }
}

fn team_of(group: &Json) -> Option<Uuid> {
    group["team"]["id"].as_str().and_then(|id| id.parse().ok())
}

fn membership(row: &Json) -> (Uuid, String) {
    (id_of(&row["user"]), row["id"].as_str().unwrap_or_default().to_owned())
}

fn users_of(memberships: &[Json]) -> Vec<Uuid> {
    memberships.iter().map(|membership| id_of(&membership["user"])).collect()
}
