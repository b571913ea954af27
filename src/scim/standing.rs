//! What being in groups means for a user: the role, and the team.

use crate::scim::ScimError;
use crate::scim::directory::{Session, id_of, leaf, node};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Users that are settled at once.
const AT_ONCE: usize = 500;

/// Gives users the role of the first group in `scim.roles` that they are in, or the default role.
pub(crate) async fn settle_roles(session: &Session<'_>, users: &[Uuid]) -> Result<(), ScimError> {
    for users in users.chunks(AT_ONCE) {
        let groups = groups_of(session, users).await?;
        let mut sets = Vec::new();
        for user in rows_of(session, users).await? {
            let names: Vec<&str> =
                groups.get(&id_of(&user)).into_iter().flatten().filter_map(|group| group["displayName"].as_str()).collect();
            let mapped =
                session.settings.roles.iter().find(|mapped| names.iter().any(|name| mapped.group.eq_ignore_ascii_case(name)));
            let role = mapped.map_or(&session.settings.default_role, |mapped| &mapped.role);
            if user["role"] != role.as_str() {
                sets.push((text(&user["id"]), json!({ "role": role.as_str() })));
            }
        }
        session.update_all("User", &sets).await?;
    }
    Ok(())
}

/// Gives users their team: the one they have while they are in its group, else that of the group they have been in longest. A team
/// that no group gave stays, unless it is `left`, the team of the group that they have just left.
pub(crate) async fn settle_teams(session: &Session<'_>, users: &[Uuid], left: Option<Uuid>) -> Result<(), ScimError> {
    for users in users.chunks(AT_ONCE) {
        let groups = groups_of(session, users).await?;
        let mut sets = Vec::new();
        for user in rows_of(session, users).await? {
            let groups = groups.get(&id_of(&user)).map(Vec::as_slice).unwrap_or_default();
            let teams: Vec<&str> = groups.iter().filter_map(|group| group["team"]["id"].as_str()).collect();
            let current = user["team"]["id"].as_str();
            let is_left = current.is_some() && current == left.map(|left| left.to_string()).as_deref();
            let team = match (current, teams.first()) {
                (Some(current), _) if teams.contains(&current) => continue,
                (_, Some(first)) => json!({ "id": first }),
                (Some(_), None) if is_left => Json::Null,
                (_, None) => continue,
            };
            sets.push((text(&user["id"]), json!({ "team": team })));
        }
        session.update_all("User", &sets).await?;
    }
    Ok(())
}

/// The groups of each user, those first that the user has been in longest.
async fn groups_of(session: &Session<'_>, users: &[Uuid]) -> Result<BTreeMap<Uuid, Vec<Json>>, ScimError> {
    let group = node("group", vec![leaf("displayName"), node("team", vec![leaf("id")])]);
    let fields = [node("user", vec![leaf("id")]), group];
    let filter = json!({ "user": { "id": { "in": users } } });
    let mut groups: BTreeMap<Uuid, Vec<Json>> = BTreeMap::new();
    for mut membership in session.list_all("DirectoryMembership", filter, &fields).await? {
        groups.entry(id_of(&membership["user"])).or_default().push(membership["group"].take());
    }
    Ok(groups)
}

async fn rows_of(session: &Session<'_>, users: &[Uuid]) -> Result<Vec<Json>, ScimError> {
    let fields = [leaf("id"), leaf("role"), node("team", vec![leaf("id")])];
    session.list_all("User", json!({ "id": { "in": users } }), &fields).await
}

fn text(value: &Json) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
