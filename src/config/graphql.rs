//! `[graphql]`

use crate::base::RoleName;
use crate::config::Roles;
use crate::config::entries::Entries;

/// Who may ask for what besides the data.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphqlSettings {
    /// Who may introspect, and is told names of the schema in messages.
    pub introspection_for: Roles,
}

impl GraphqlSettings {
    pub(super) const KEYS: &'static [&'static str] = &["graphql.introspection_for"];

    pub(super) fn read(entries: &mut Entries) -> Self {
        let staff = || Roles::Only(["admin", "manager"].map(RoleName::new).to_vec());
        Self { introspection_for: entries.read("graphql.introspection_for", Roles::EXPECTED, Roles::parse).unwrap_or_else(staff) }
    }

    /// The same for a demo, where everybody shall look around.
    pub fn for_demo(self) -> Self {
        Self { introspection_for: Roles::All }
    }

    /// The settings that name roles, for whoever knows which roles there are.
    pub fn role_lists(&self) -> [(&'static str, &Roles); 1] {
        [("graphql.introspection_for", &self.introspection_for)]
    }
}
