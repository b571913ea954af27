//! Whether a caller may learn the schema's names.

use crate::base::Actor;
use crate::config::Roles;

/// Whether messages may say names of the schema that the caller has not said first.
///
/// Security: whoever may not introspect must not learn the schema from mistakes either, name by name. That a name which was
/// guessed is none is still told: a client that may not introspect has to find its own mistakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// They may, and the nearest one is told where one is misspelt.
    Told,
    /// They may not.
    Withheld,
}

impl Names {
    /// What a caller may learn.
    pub(crate) fn for_actor(actor: &Actor, introspection_for: &Roles) -> Self {
        if introspection_for.contain(&actor.role) { Self::Told } else { Self::Withheld }
    }

    /// One of two messages: the one that says names, or the one that says none.
    pub(crate) fn choose(self, told: impl FnOnce() -> String, withheld: impl FnOnce() -> String) -> String {
        match self {
            Self::Told => told(),
            Self::Withheld => withheld(),
        }
    }
}

/// As many names are told at once; more are the business of introspection.
const MOST_TOLD: usize = 8;

/// `; did you mean "name"?`, where a known name is near; else all of them, where they are few.
pub(crate) fn choices<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let nearest = suggestion(written, known.iter().copied());
    if !nearest.is_empty() || known.is_empty() || known.len() > MOST_TOLD {
        return nearest;
    }
    format!("; it has `{}`", known.join("`, `"))
}

/// `; did you mean "name"?`, where a known name is near.
pub(crate) fn suggestion<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    crate::catalog::nearest(written, known).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}
