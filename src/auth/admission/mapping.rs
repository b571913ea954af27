//! What a provider's claims give: role and team.

use crate::auth::identity::Identity;

/// What claims give. `None` where no rule of the settings gives any, so that administrators here decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    /// The role.
    pub(crate) role: Option<String>,
    /// The team's name; `Some(None)` for no team.
    pub(crate) team: Option<Option<String>>,
}

/// Asks the rules in their order. Where rules give roles, whoever meets none has the provider's least one: a person who left a
/// group must not keep what it gave.
pub(crate) fn map(identity: &Identity) -> Given {
    let settings = &identity.provider;
    let mut met = settings.rules.iter().filter(|rule| {
        let claim = rule.claim.as_ref().unwrap_or(&settings.groups_claim);
        identity.has(claim, &rule.value)
    });
    let role = met.clone().find_map(|rule| rule.role.clone());
    let team = met.find_map(|rule| rule.team.clone());
    let gives_roles = settings.rules.iter().any(|rule| rule.role.is_some());
    let gives_teams = settings.rules.iter().any(|rule| rule.team.is_some());
    Given { role: gives_roles.then(|| role.unwrap_or_else(|| settings.role.clone())), team: gives_teams.then_some(team) }
}
