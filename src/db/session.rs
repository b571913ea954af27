//! The fixed statements around every request: BEGIN, role and actor settings, COMMIT, ROLLBACK.

use crate::base::{Actor, RoleName};

/// Opens a transaction.
pub(crate) const BEGIN: &str = "BEGIN";

/// Ends a transaction for good.
pub(crate) const COMMIT: &str = "COMMIT";

/// Undoes a transaction.
pub(crate) const ROLLBACK: &str = "ROLLBACK";

/// The transaction-local settings by which PostgreSQL knows who is asking: the database role, and `toolcrib.*` for policies
/// and triggers. An absent id is the empty text, which no uuid equals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActorSettings {
    opening: String,
}

impl ActorSettings {
    /// The settings of an actor.
    pub fn of(actor: &Actor) -> Self {
        let id = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
        // A service has rights that its user has not; they are the platform's role's alone.
        let role = match &actor.service {
            Some(_) => format!("toolcrib_role_{}", RoleName::platform()),
            None => format!("toolcrib_role_{}", actor.role),
        };
        let opening = format!(
            "{BEGIN}; set local role {}; set local toolcrib.user_id = {}; set local toolcrib.team_id = {}; \
             set local toolcrib.service = {}",
            quoted(&role, '"'),
            quoted(&id(actor.id), '\''),
            quoted(&id(actor.team), '\''),
            quoted(actor.service.as_deref().unwrap_or_default(), '\''),
        );
        Self { opening }
    }

    /// BEGIN with the settings, one simple query.
    pub fn opening(&self) -> &str {
        &self.opening
    }
}

/// A name or literal in its quotes. Injection safety: `SET` takes no bind parameter, but roles are names of the schema, ids are
/// UUIDs and services are names of the program; should anything else ever come here, it arrives without the characters that
/// could end the quotes, and then is no role or service that anything is granted to.
fn quoted(text: &str, quote: char) -> String {
    let is_safe = |letter: &char| letter.is_ascii_alphanumeric() || "_-.:".contains(*letter);
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(quote);
    quoted.extend(text.chars().filter(is_safe));
    quoted.push(quote);
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_quotes() {
        let actor = Actor { service: Some("a'; reset role; --\\".to_owned()), ..Actor::platform("cli") };
        let settings = ActorSettings::of(&actor);
        assert_eq!(
            settings.opening(),
            "BEGIN; set local role \"toolcrib_role_platform\"; set local toolcrib.user_id = ''; set local toolcrib.team_id = ''; \
             set local toolcrib.service = 'aresetrole--'"
        );
    }
}
