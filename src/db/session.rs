//! The fixed statements around every request: BEGIN, role and actor settings, COMMIT, ROLLBACK.

use crate::base::{CallerContext, ContextUse, RoleName};
use chrono::SecondsFormat;
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;
use uuid::Uuid;

/// Opens a transaction.
const BEGIN: &str = "BEGIN";

/// Opens a transaction of the server's own, which looks callers up: the policies let it see people, tokens and sessions under this
/// name alone.
pub(crate) const BEGIN_SYSTEM: &str = "BEGIN; set local toolcrib.actor = '  server'";

/// Ends a transaction for good, or fails: after a failed statement a bare COMMIT rolls back and says so to nobody.
pub(crate) const COMMIT_OR_FAIL: &str = "SELECT; COMMIT";

/// Gives the transaction back to the server's own login, which has no privilege on a tool's collections.
pub(crate) const AS_SERVER: &str = "set local role none; set local toolcrib.actor = '  server'";

/// What an empty list of ids is.
pub(crate) const ADMIT_NOTHING: &str = "set local toolcrib.admitted = ''; set local toolcrib.taken_along = ''";

/// Marks a point of a transaction.
pub(crate) const SAVEPOINT: &str = "SAVEPOINT toolcrib";

/// Undoes what was done since that point.
pub(crate) const TO_SAVEPOINT: &str = "ROLLBACK TO SAVEPOINT toolcrib";

/// Undoes a transaction.
pub(crate) const ROLLBACK: &str = "ROLLBACK";

/// The transaction-local settings by which PostgreSQL knows who is asking: the database role, and what policies and triggers
/// compare rows with.
///
/// `toolcrib.actor` is `USER TEAM SERVICE`, each without blanks and empty where there is none, and for a service the user's role
/// after it: one setting, because each costs PostgreSQL a thirtieth of a read by id. `toolcrib.context` has as JSON what else the rules
/// ask that the work at hand meets. Neither is sent to a read of which none asks it ([`Self::as_asked`]); `toolcrib.actor_part` and
/// `toolcrib.context_value` in `migrations/platform` read them, and fail where they were not sent, rather than take the caller for nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActorSettings {
    role: RoleName,
    /// The database role that goes with it.
    database_role: Arc<str>,
    actor: Option<Arc<str>>,
    context: Option<Arc<str>>,
    /// For the log of slow statements; PostgreSQL is not told.
    request_id: Option<Uuid>,
}

impl ActorSettings {
    /// The settings of an actor in a request, with what the rules ask of them.
    pub fn of(caller: CallerContext<'_>) -> Self {
        let CallerContext { actor, .. } = caller;
        let role = actor.acting_role();
        let mut database_role = "toolcrib_role_".to_owned();
        push_safe(role.as_str(), &mut database_role);
        let mut setting = String::with_capacity(80);
        push_id(actor.id, &mut setting);
        setting.push(' ');
        push_id(actor.team, &mut setting);
        setting.push(' ');
        push_safe(actor.service.as_deref().unwrap_or_default(), &mut setting);
        if actor.service.is_some() || actor.role == RoleName::platform() {
            setting.push(' ');
            push_safe(actor.role.as_str(), &mut setting);
        }
        let context = context_of(caller).map(Arc::from);
        Self { role, database_role: Arc::from(database_role), actor: Some(Arc::from(setting)), context, request_id: None }
    }

    /// The same for statements that ask no more than is said: where none asks who the caller is, PostgreSQL is told the role alone.
    pub fn as_asked(caller: CallerContext<'_>) -> Self {
        let all = Self::of(caller);
        if caller.asked.names_identity { all } else { Self { actor: None, ..all } }
    }

    /// The same within a request, under whose id slow statements are logged.
    pub fn in_request(self, request_id: Uuid) -> Self {
        Self { request_id: Some(request_id), ..self }
    }

    /// The role under whose database role it runs.
    pub fn role(&self) -> &str {
        self.role.as_str()
    }

    /// The request that they belong to.
    pub fn request_id(&self) -> Option<Uuid> {
        self.request_id
    }

    /// The settings with their values: `role` first.
    pub(crate) fn values(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let role = ("role", &*self.database_role);
        let actor = self.actor.as_deref().map(|actor| ("toolcrib.actor", actor));
        let context = self.context.as_deref().map(|context| ("toolcrib.context", context));
        [Some(role), actor, context].into_iter().flatten()
    }

    /// The settings as statements, inside a transaction that is open.
    pub(crate) fn assuming(&self) -> String {
        // What is not told now was not told before either.
        let actor = self.actor.as_deref().unwrap_or_default();
        let mut out = format!("set local role \"{}\"; set local toolcrib.actor = '{actor}'", self.database_role);
        if let Some(context) = &self.context {
            out.push_str("; set local toolcrib.context = ");
            push_literal(context, &mut out);
        }
        out
    }

    /// BEGIN with the settings, one simple query.
    pub fn opening(&self) -> String {
        format!("{BEGIN}; {}", self.assuming())
    }
}

/// `toolcrib.context`, if the rules ask for something of it.
fn context_of(CallerContext { actor, request, asked }: CallerContext<'_>) -> Option<String> {
    // Who it is, another setting says.
    if (ContextUse { names_identity: false, ..asked }) == ContextUse::default() {
        return None;
    }
    let mut context = Map::new();
    let mut tell = |is_asked: bool, key: &str, value: Json| {
        if is_asked {
            context.insert(key.to_owned(), value);
        }
    };
    // Whoever has no team has no teams: null, like every other value that is missing.
    let teams: Vec<String> = actor.teams.iter().map(Uuid::to_string).collect();
    let teams = (!teams.is_empty()).then(|| format!("{{{}}}", teams.join(",")));
    let age = actor.authenticated_at.map(|at| (request.time - at).num_seconds().max(0));
    tell(asked.names_email, "email", json!(actor.email));
    tell(asked.names_teams, "teams", json!(teams));
    tell(asked.names_activity, "isActive", json!(actor.is_active));
    tell(asked.names_address, "ip", json!(request.ip_address.map(|address| address.to_string())));
    tell(asked.names_time, "time", json!(request.time.to_rfc3339_opts(SecondsFormat::Micros, true)));
    tell(asked.names_method, "method", json!(actor.auth_method.as_str()));
    tell(asked.names_mfa, "mfa", json!(actor.is_mfa));
    tell(asked.names_age, "age", json!(age));
    Some(Json::Object(context).to_string())
}

/// The setting with the rows that the policies let pass, see `toolcrib.admitted()`.
pub(crate) const ADMITTED: &str = "toolcrib.admitted";

/// Whom the policies let pass in a statement that writes these rows.
pub fn admitting(ids: &[Uuid], rows: WrittenRows) -> String {
    let list = list_of_ids(ids);
    match rows {
        WrittenRows::Asked => format!("set local {ADMITTED} = '{list}'"),
        WrittenRows::TakenAlong => format!("set local {ADMITTED} = '{list}'; set local toolcrib.taken_along = '{list}'"),
    }
}

/// Ids as PostgreSQL writes an array of them.
pub(crate) fn list_of_ids(ids: &[Uuid]) -> String {
    let mut list = String::with_capacity(ids.len() * 37 + 2);
    list.push('{');
    for (index, id) in ids.iter().enumerate() {
        if index > 0 {
            list.push(',');
        }
        push_id(Some(*id), &mut list);
    }
    list.push('}');
    list
}

/// Why rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrittenRows {
    /// Somebody asked for it.
    Asked,
    /// They go along with a deletion, or lose what they point to.
    TakenAlong,
}

/// JSON between quotes. Injection safety: the text has no quote that could end it, because JSON has an escape for one; it has no
/// other use for quotes than within strings.
fn push_literal(json: &str, out: &mut String) {
    out.push('\'');
    out.push_str(&json.replace('\'', "\\u0027"));
    out.push('\'');
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
    use crate::base::{Actor, RequestContext};

    #[test]
    fn nothing_gets_out_of_its_quotes() {
        let actor = Actor { service: Some("a'; reset role; --\\".to_owned()), ..Actor::platform("cli") };
        let request = RequestContext::internal(chrono::DateTime::UNIX_EPOCH);
        let settings = ActorSettings::of(CallerContext { actor: &actor, request: &request, asked: ContextUse::default() });
        assert_eq!(
            settings.opening(),
            "BEGIN; set local role \"toolcrib_role_platform\"; set local toolcrib.actor = '  aresetrole-- platform'"
        );
        let actor = Actor { email: Some("o'hara\\'; reset role; --@example.com".to_owned()), ..actor };
        let settings = ActorSettings::of(CallerContext {
            actor: &actor,
            request: &request,
            asked: ContextUse { names_email: true, ..ContextUse::default() },
        });
        let context = r#"; set local toolcrib.context = '{"email":"o\u0027hara\\\u0027; reset role; --@example.com"}'"#;
        assert!(settings.opening().ends_with(context), "{}", settings.opening());
    }
}
