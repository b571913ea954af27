//! What a token is good for.

use super::{ScopeOperation, ScopeOperations, ScopedCollection};
use crate::base::RoleName;
use std::collections::BTreeMap;
use std::fmt;

/// What a token is good for. It is written as a list of texts:
///
/// - `Ticket:READ,UPDATE`: operations of a collection,
/// - `*:READ`, `*:*`: of every collection of the tool. Of the platform's own collections it only gives what reads, so that no
///   token makes users or tokens unless somebody said so,
/// - `platform:*`: of every collection of the platform's own,
/// - `act-for:agent`, `act-for:*`: acting for users of a role, with their rights cut down by the rest of the scope,
/// - `scim`: provisioning by `/scim/v2`, and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TokenScope {
    tool: ScopeOperations,
    platform: ScopeOperations,
    collections: BTreeMap<String, ScopeOperations>,
    acting: Vec<ActingScope>,
    is_provisioning: bool,
}

/// For whom a token may act.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum ActingScope {
    Anybody,
    Role(RoleName),
}

/// A text that is no scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoScope(pub String);

impl fmt::Display for NoScope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "`{}` is no scope; write `User:READ,UPDATE` (of READ, CREATE, UPDATE, DELETE, EXPORT), `*:READ`, `platform:*`, \
             `act-for:agent` or `scim`",
            self.0
        )
    }
}

impl std::error::Error for NoScope {}

impl TokenScope {
    /// Reads a list of texts.
    ///
    /// # Errors
    /// The first text that is no scope.
    pub fn parse<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self, NoScope> {
        let mut scope = Self::default();
        for text in texts {
            scope.add(text.trim()).ok_or_else(|| NoScope(text.to_owned()))?;
        }
        Ok(scope)
    }

    fn add(&mut self, text: &str) -> Option<()> {
        if text == "scim" {
            self.is_provisioning = true;
            return Some(());
        }
        let (subject, operations) = text.split_once(':')?;
        let is_name = |name: &str| !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        if subject == "act-for" {
            self.acting.push(match operations {
                "*" => ActingScope::Anybody,
                role if is_name(role) => ActingScope::Role(RoleName::new(role)),
                _ => return None,
            });
            return Some(());
        }
        let operations = ScopeOperations::parse(operations)?;
        let place = match subject {
            "*" => &mut self.tool,
            "platform" => &mut self.platform,
            name if is_name(name) => self.collections.entry(name.to_owned()).or_default(),
            _ => return None,
        };
        *place = place.with(operations);
        Some(())
    }

    /// Whether the scope has an operation of a collection.
    pub fn allows(&self, collection: ScopedCollection<'_>, operation: ScopeOperation) -> bool {
        let ScopedCollection { name, is_platform } = collection;
        let is_general = match is_platform {
            true => self.platform.contain(operation) || operation.is_reading() && self.tool.contain(operation),
            false => self.tool.contain(operation),
        };
        is_general || self.collections.get(name).is_some_and(|operations| operations.contain(operation))
    }

    /// Whether the token may act for users of a role.
    pub fn may_act_for(&self, role: &RoleName) -> bool {
        self.acting.iter().any(|acting| match acting {
            ActingScope::Anybody => true,
            ActingScope::Role(allowed) => allowed == role,
        })
    }

    /// Whether the token may act for anybody at all.
    pub fn is_acting(&self) -> bool {
        !self.acting.is_empty()
    }

    /// Whether the token is for provisioning.
    pub fn is_provisioning(&self) -> bool {
        self.is_provisioning
    }

    /// Whether the token gives any collection.
    pub fn has_collections(&self) -> bool {
        !self.tool.is_empty() || !self.platform.is_empty() || !self.collections.is_empty()
    }

    /// The collections that it names.
    pub fn collections(&self) -> impl Iterator<Item = &str> {
        self.collections.keys().map(String::as_str)
    }

    /// The roles that it names.
    pub fn roles(&self) -> impl Iterator<Item = &RoleName> {
        self.acting.iter().filter_map(|acting| match acting {
            ActingScope::Anybody => None,
            ActingScope::Role(role) => Some(role),
        })
    }

    /// Whether everything that `other` gives of these collections is in this scope, too: nobody gives out what it has not.
    pub fn covers<'c>(&self, other: &Self, mut collections: impl Iterator<Item = ScopedCollection<'c>>) -> bool {
        let is_acting_covered = other.acting.iter().all(|acting| match acting {
            ActingScope::Anybody => self.acting.contains(acting),
            ActingScope::Role(role) => self.may_act_for(role),
        });
        let is_covered = |collection: ScopedCollection<'_>| {
            let operations = ScopeOperation::ALL.into_iter();
            operations
                .filter(|operation| other.allows(collection, *operation))
                .all(|operation| self.allows(collection, operation))
        };
        is_acting_covered && (self.is_provisioning || !other.is_provisioning) && collections.all(is_covered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICKET: ScopedCollection<'_> = ScopedCollection { name: "Ticket", is_platform: false };
    const USER: ScopedCollection<'_> = ScopedCollection { name: "User", is_platform: true };

    fn scope(texts: &[&str]) -> TokenScope {
        TokenScope::parse(texts.iter().copied()).unwrap()
    }

    fn allowed(texts: &[&str], collection: ScopedCollection<'_>) -> Vec<&'static str> {
        let scope = scope(texts);
        let operations = ScopeOperation::ALL.into_iter().filter(|operation| scope.allows(collection, *operation));
        operations.map(ScopeOperation::as_str).collect()
    }

    #[test]
    fn a_scope_has_what_it_says() {
        const ALL: [&str; 5] = ["READ", "CREATE", "UPDATE", "DELETE", "EXPORT"];
        assert_eq!(allowed(&["Ticket:READ, UPDATE"], TICKET), ["READ", "UPDATE"]);
        assert_eq!(allowed(&["Ticket:READ", "Ticket:EXPORT"], TICKET), ["READ", "EXPORT"]);
        assert_eq!(allowed(&["Ticket:*"], USER), [""; 0]);
        assert_eq!(allowed(&["*:*"], TICKET), ALL);
        assert_eq!(allowed(&["*:*"], USER), ["READ", "EXPORT"], "people and tokens are written by those who are told to");
        assert_eq!(allowed(&["*:UPDATE", "User:UPDATE"], USER), ["UPDATE"]);
        assert_eq!(allowed(&["platform:*"], USER), ALL);
        assert_eq!(allowed(&["platform:*"], TICKET), [""; 0]);
        assert_eq!(allowed(&["scim", "act-for:*"], TICKET), [""; 0]);
        assert_eq!(allowed(&[], USER), [""; 0]);
    }

    #[test]
    fn what_is_no_scope_is_said() {
        for text in
            ["", "Ticket", "Ticket:", "Ticket:read", "Ticket:READ,", ":READ", "a b:READ", "act-for:", "act-for:a b", "SCIM"]
        {
            assert_eq!(TokenScope::parse([text]), Err(NoScope(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn acting_is_for_the_roles_that_are_named() {
        let agent = RoleName::new("agent");
        assert!(scope(&["act-for:agent"]).may_act_for(&agent) && scope(&["act-for:*"]).may_act_for(&agent));
        assert!(!scope(&["act-for:viewer"]).may_act_for(&agent) && !scope(&["*:*", "platform:*"]).may_act_for(&agent));
    }

    #[test]
    fn nobody_gives_out_what_it_has_not() {
        let covers = |own: &[&str], given: &[&str]| scope(own).covers(&scope(given), [TICKET, USER].into_iter());
        assert!(covers(&["*:*"], &["Ticket:UPDATE", "User:READ"]));
        assert!(!covers(&["*:*"], &["User:UPDATE"]) && !covers(&["*:*"], &["platform:*"]));
        assert!(!covers(&["Ticket:READ"], &["Ticket:READ,UPDATE"]) && !covers(&["Ticket:READ"], &["*:READ"]));
        assert!(covers(&["act-for:*"], &["act-for:agent"]) && !covers(&["act-for:agent"], &["act-for:*"]));
        assert!(covers(&["scim"], &["scim"]) && !covers(&["*:*", "platform:*"], &["scim"]));
    }
}
