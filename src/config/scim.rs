//! `[scim]`

use crate::base::RoleName;
use crate::config::entries::Entries;

/// A group of the company's directory that gives a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRole {
    /// The group's name.
    pub group: String,
    /// The role of its members.
    pub role: RoleName,
}

/// What groups of the company's directory mean, beside teams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScimSettings {
    /// Groups that give a role; of several the first counts.
    pub roles: Vec<GroupRole>,
    /// The role of who is in none of them.
    pub default_role: RoleName,
}

impl ScimSettings {
    pub(super) const KEYS: &'static [&'static str] = &["scim.roles", "scim.default_role"];

    pub(super) fn read(entries: &mut Entries) -> Self {
        let roles =
            entries.read("scim.roles", "groups with their roles, `Crib Admins = admin, Crib Leads = manager`", parse_roles);
        let default_role =
            entries.read("scim.default_role", "the name of a role", |text| is_role(text).then(|| RoleName::new(text)));
        Self { roles: roles.unwrap_or_default(), default_role: default_role.unwrap_or_else(|| RoleName::new("viewer")) }
    }

    /// The role that a group gives; `None` for a group that is a team.
    pub fn role_of(&self, group: &str) -> Option<&RoleName> {
        self.roles.iter().find(|mapped| mapped.group.eq_ignore_ascii_case(group)).map(|mapped| &mapped.role)
    }

    /// The settings that name roles, for whoever knows which roles there are.
    pub fn named_roles(&self) -> impl Iterator<Item = (&'static str, &RoleName)> {
        let mapped = self.roles.iter().map(|mapped| ("scim.roles", &mapped.role));
        mapped.chain([("scim.default_role", &self.default_role)])
    }
}

fn parse_roles(text: &str) -> Option<Vec<GroupRole>> {
    let one = |part: &str| {
        let (group, role) = part.rsplit_once('=')?;
        let (group, role) = (group.trim(), role.trim());
        (!group.is_empty() && is_role(role)).then(|| GroupRole { group: group.to_owned(), role: RoleName::new(role) })
    };
    if text.trim().is_empty() {
        return Some(Vec::new());
    }
    text.split(',').map(one).collect()
}

fn is_role(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_told_with_their_roles() {
        let parsed = parse_roles("Crib Admins = admin, a=b = manager").unwrap();
        let pairs: Vec<_> = parsed.iter().map(|mapped| (mapped.group.as_str(), mapped.role.as_str())).collect();
        assert_eq!(pairs, [("Crib Admins", "admin"), ("a=b", "manager")]);
        assert_eq!(parse_roles(" "), Some(Vec::new()));
        for wrong in ["admin", "= admin", "x =", "x = a b", "x = admin,"] {
            assert_eq!(parse_roles(wrong), None, "{wrong}");
        }
    }
}
