//! What may be written into a token: scopes and networks.

use crate::base::{ScopedCollection, TokenScope, parse_network};
use crate::planner::{PlanError, Planner};
use ipnet::IpNet;
use std::net::IpAddr;

/// The most scopes, and the most networks, of a token.
const MAX_ENTRIES: usize = 100;

/// Reads the scopes of a token that is to be made.
///
/// # Errors
/// [`PlanError`] for a text that is no scope, for a collection or role that is not there, and for what the caller's own token
/// does not have.
pub(crate) fn check_scopes(planner: &Planner<'_>, scopes: &[String]) -> Result<TokenScope, PlanError> {
    let refuse = |problem: String| PlanError::argument("input.scopes", problem);
    if scopes.is_empty() || scopes.len() > MAX_ENTRIES {
        return Err(refuse(format!("give 1 to {MAX_ENTRIES} scopes, `User:READ` for instance")));
    }
    let scope = TokenScope::parse(scopes.iter().map(String::as_str)).map_err(|wrong| refuse(wrong.to_string()))?;
    if let Some(unknown) = scope.collections().find(|name| planner.catalog.find_collection(name).is_none()) {
        return Err(refuse(format!("there is no collection `{unknown}`")));
    }
    let roles = planner.catalog.roles();
    if let Some(unknown) = scope.roles().find(|role| !roles.contains(role)) {
        return Err(refuse(format!("there is no role `{unknown}`")));
    }
    if scope.is_provisioning() && scopes.len() > 1 {
        return Err(refuse("`scim` stands alone: a token that provisions does nothing else".to_owned()));
    }
    if scope.is_acting() && !scope.has_collections() {
        return Err(refuse("`act-for` needs something to do: add a collection, `User:READ`".to_owned()));
    }
    let collections = planner.catalog.collections.iter();
    let collections =
        collections.map(|collection| ScopedCollection { name: collection.name.as_str(), is_platform: collection.is_platform });
    if planner.actor.scope.of_token().is_some_and(|own| !own.covers(&scope, collections)) {
        return Err(PlanError::FieldForbidden { field: "scopes".to_owned(), collection: "ServiceToken".to_owned() });
    }
    Ok(scope)
}

/// Checks the networks of a token that is to be made.
///
/// # Errors
/// [`PlanError`] for a text that is no network.
pub(crate) fn check_networks(networks: &[String]) -> Result<(), PlanError> {
    let refuse = |problem: String| PlanError::argument("input.ipAllowList", problem);
    if networks.len() > MAX_ENTRIES {
        return Err(refuse(format!("give at most {MAX_ENTRIES} networks")));
    }
    match networks.iter().find(|network| parse_network(network).is_none()) {
        Some(wrong) => Err(refuse(format!("`{wrong}` is no network; write `10.1.0.0/16`, `2001:db8::/32` or an address"))),
        None => Ok(()),
    }
}

/// From where a token may be used.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum AllowList {
    /// From anywhere.
    Anywhere,
    /// From these networks. A stored text that is no network lets nobody in.
    Networks(Vec<IpNet>),
}

impl AllowList {
    /// As it is stored.
    pub(crate) fn of(networks: Option<Vec<Option<String>>>) -> Self {
        match networks {
            None => Self::Anywhere,
            Some(networks) => Self::Networks(networks.iter().flatten().filter_map(|network| parse_network(network)).collect()),
        }
    }

    /// Whether an address may use the token. One that nobody knows may not, where it matters.
    pub(crate) fn admits(&self, address: Option<IpAddr>) -> bool {
        let Self::Networks(networks) = self else { return true };
        // A socket that takes both protocols shows an IPv4 address as `::ffff:10.1.2.3`.
        address.is_some_and(|address| networks.iter().any(|network| network.contains(&address.to_canonical())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(networks: &[&str]) -> AllowList {
        AllowList::of(Some(networks.iter().map(|network| Some((*network).to_owned())).collect()))
    }

    #[test]
    fn only_the_networks_of_the_list_are_let_in() {
        let networks = list(&["10.1.0.0/16", "192.0.2.7", "2001:db8::/32"]);
        for address in ["10.1.200.3", "192.0.2.7", "2001:db8:1::1", "::ffff:10.1.2.3"] {
            assert!(networks.admits(address.parse().ok()), "{address}");
        }
        for address in ["10.2.0.1", "192.0.2.8", "2001:db9::1", "::ffff:10.2.0.1"] {
            assert!(!networks.admits(address.parse().ok()), "{address}");
        }
        assert!(!networks.admits(None));
    }

    #[test]
    fn a_list_of_nothing_lets_nobody_in_and_no_list_everybody() {
        assert!(!list(&[]).admits("10.1.0.1".parse().ok()) && !list(&["10.1/16"]).admits("10.1.0.1".parse().ok()));
        assert!(AllowList::of(None).admits(None));
    }
}
