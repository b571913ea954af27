//! Lists of roles: `all`, `none`, or names.

use crate::base::RoleName;

/// Some of the roles. Which roles there are is the schema's affair, so names are checked when both are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Roles {
    /// Every one, also those that the schema will add.
    All,
    /// These; the empty list is nobody.
    Only(Vec<RoleName>),
}

impl Roles {
    /// What a setting of this kind has to look like.
    pub(super) const EXPECTED: &'static str = "`all`, `none` or names of roles, `admin, manager`";

    /// Reads `all`, `none`, or names with commas between them.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text.trim() {
            "all" => return Some(Self::All),
            "none" => return Some(Self::Only(Vec::new())),
            _ => {}
        }
        let is_name = |name: &str| !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        let names: Vec<&str> = text.split(',').map(str::trim).collect();
        names.iter().all(|name| is_name(name)).then(|| Self::Only(names.into_iter().map(RoleName::new).collect()))
    }

    /// Whether a role is among them.
    pub fn contain(&self, role: &RoleName) -> bool {
        match self {
            Self::All => true,
            Self::Only(roles) => roles.contains(role),
        }
    }

    /// The roles that are named.
    pub fn named(&self) -> &[RoleName] {
        match self {
            Self::All => &[],
            Self::Only(roles) => roles,
        }
    }
}
