//! The fixed statements around every request: BEGIN, role and actor settings, COMMIT, ROLLBACK.

use crate::base::{Actor, RoleName};
use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Text;

/// The transaction-local settings by which PostgreSQL knows who is asking: the database role, and `toolcrib.*` for policies
/// and triggers. An absent id is the empty text, which no uuid equals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActorSettings {
    database_role: String,
    user_id: String,
    team_id: String,
    service: String,
}

impl ActorSettings {
    /// The settings of an actor.
    pub fn of(actor: &Actor) -> Self {
        let id = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
        Self {
            // A service has rights that its user has not; they are the platform's role's alone.
            database_role: match &actor.service {
                Some(_) => format!("toolcrib_role_{}", RoleName::platform()),
                None => format!("toolcrib_role_{}", actor.role),
            },
            user_id: id(actor.id),
            team_id: id(actor.team),
            service: actor.service.clone().unwrap_or_default(),
        }
    }
}

impl QueryId for ActorSettings {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryFragment<Pg> for ActorSettings {
    /// `set_config(.., true)` is `SET LOCAL` with a bind parameter, for the role too.
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let settings = [
            ("select set_config('role', ", &self.database_role),
            (", true), set_config('toolcrib.user_id', ", &self.user_id),
            (", true), set_config('toolcrib.team_id', ", &self.team_id),
            (", true), set_config('toolcrib.service', ", &self.service),
        ];
        for (text, value) in settings {
            out.push_sql(text);
            out.push_bind_param::<Text, _>(value)?;
        }
        out.push_sql(", true)");
        Ok(())
    }
}

/// A statement without parameters, prepared once for each connection.
macro_rules! fixed_statement {
    ($(#[$doc:meta])* $name:ident, $text:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, QueryId)]
        pub(crate) struct $name;

        impl QueryFragment<Pg> for $name {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                out.push_sql($text);
                Ok(())
            }
        }
    };
}

fixed_statement!(
    /// Opens a transaction.
    Begin,
    "BEGIN"
);
fixed_statement!(
    /// Ends a transaction for good. Prepared like the others, because an unprepared one could overtake a statement that is
    /// still being prepared.
    Commit,
    "COMMIT"
);
fixed_statement!(
    /// Undoes a transaction.
    Rollback,
    "ROLLBACK"
);
