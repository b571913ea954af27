//! What a token leaves of its user's rights.

mod operation;
mod token;

pub use operation::{ScopeOperation, ScopeOperations};
pub use token::{NoScope, TokenScope};

use crate::base::Actor;
use std::sync::Arc;

/// What a caller's credential leaves of its user's rights. A collection that is not in it is to the caller as if its rules were
/// `false`: `policy::RuleBook` asks it wherever it solves a rule, and nobody else has to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All of them: a person who signed in, or the platform itself.
    #[default]
    Full,
    /// These: a token.
    Only(Arc<TokenScope>),
    /// What both may: somebody who looks at data as another user would see them, and never sees more than before.
    Within(Arc<Actor>),
}

/// A collection, as a scope sees it.
#[derive(Clone, Copy, Debug)]
pub struct ScopedCollection<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether it is one of the platform's own.
    pub is_platform: bool,
}

impl Scope {
    /// Whether an operation of a collection is left.
    pub fn allows(&self, collection: ScopedCollection<'_>, operation: ScopeOperation) -> bool {
        match self {
            Self::Full => true,
            Self::Only(scope) => scope.allows(collection, operation),
            Self::Within(viewer) => viewer.scope.allows(collection, operation),
        }
    }

    /// The token's scope, if there is a token.
    pub fn of_token(&self) -> Option<&TokenScope> {
        match self {
            Self::Full => None,
            Self::Only(scope) => Some(scope),
            Self::Within(viewer) => viewer.scope.of_token(),
        }
    }

    /// Who looks at data as another user, if somebody does.
    pub fn simulated_by(&self) -> Option<&Actor> {
        match self {
            Self::Full | Self::Only(_) => None,
            Self::Within(viewer) => Some(viewer),
        }
    }
}
