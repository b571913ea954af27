//! The fixed statements around every request: BEGIN, role and actor settings, COMMIT, ROLLBACK.

use crate::base::{Actor, RoleName};
use std::sync::Arc;
use uuid::Uuid;

/// Opens a transaction.
pub(crate) const BEGIN: &str = "BEGIN";

/// Ends a transaction for good.
pub(crate) const COMMIT: &str = "COMMIT";

/// Ends a transaction for good, or fails: after a failed statement a bare COMMIT rolls back and says so to nobody.
pub(crate) const COMMIT_OR_FAIL: &str = "SELECT; COMMIT";

/// Gives the transaction back to the server's own login, which has no privilege on collections.
pub(crate) const AS_SERVER: &str = "set local role none";

/// Undoes a transaction.
pub(crate) const ROLLBACK: &str = "ROLLBACK";

/// The transaction-local settings by which PostgreSQL knows who is asking: the database role, and `toolcrib.actor` for policies
/// and triggers.
///
/// `toolcrib.actor` is `USER TEAM SERVICE`, each without blanks and empty where there is none: one setting, because each costs
/// PostgreSQL as much as a tenth of a read by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActorSettings {
    opening: Arc<str>,
    /// For the log of slow statements; PostgreSQL is not told.
    request_id: Option<Uuid>,
}

impl ActorSettings {
    /// The settings of an actor.
    pub fn of(actor: &Actor) -> Self {
        let mut opening = String::with_capacity(160);
        opening.push_str(BEGIN);
        opening.push_str("; set local role \"toolcrib_role_");
        // A service has rights that its user has not; they are the platform's role's alone.
        match &actor.service {
            Some(_) => push_safe(RoleName::platform().as_str(), &mut opening),
            None => push_safe(actor.role.as_str(), &mut opening),
        }
        opening.push_str("\"; set local toolcrib.actor = '");
        push_id(actor.id, &mut opening);
        opening.push(' ');
        push_id(actor.team, &mut opening);
        opening.push(' ');
        push_safe(actor.service.as_deref().unwrap_or_default(), &mut opening);
        opening.push('\'');
        Self { opening: Arc::from(opening), request_id: None }
    }

    /// The same within a request, under whose id slow statements are logged.
    pub fn in_request(self, request_id: Uuid) -> Self {
        Self { request_id: Some(request_id), ..self }
    }

    /// The request that they belong to.
    pub fn request_id(&self) -> Option<Uuid> {
        self.request_id
    }

    /// The settings alone, inside a transaction that is open.
    pub(crate) fn assuming(&self) -> &str {
        self.opening.strip_prefix(BEGIN).map_or("", |rest| rest.trim_start_matches([';', ' ']))
    }

    /// BEGIN with the settings, one simple query.
    pub fn opening(&self) -> &str {
        &self.opening
    }
}

fn push_id(id: Option<Uuid>, out: &mut String) {
    if let Some(id) = id {
        out.push_str(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
    }
}

/// A name between quotes. Injection safety: `SET` takes no bind parameter, but roles are names of the schema, ids are UUIDs and
/// services are names of the program; should anything else ever come here, it arrives without the characters that could end
/// the quotes, and then is no role or service that anything is granted to.
fn push_safe(name: &str, out: &mut String) {
    out.extend(name.chars().filter(|letter| letter.is_ascii_alphanumeric() || "_-.:".contains(*letter)));
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
            "BEGIN; set local role \"toolcrib_role_platform\"; set local toolcrib.actor = '  aresetrole--'"
        );
    }
}
