//! What a difference between two versions of the rules is.

use crate::base::RoleName;
use crate::policy::{Action, Residue};
use std::fmt;

/// What is given otherwise than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparedAction {
    /// An operation.
    Access(Action),
    /// What is shown of a field in the place of its value.
    Mask,
    /// The fewest rows that an aggregate tells anything of.
    MinGroup,
}

impl ComparedAction {
    /// `READ`, ..., `MASK`, `MIN_GROUP`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Access(action) => action.as_str(),
            Self::Mask => "MASK",
            Self::MinGroup => "MIN_GROUP",
        }
    }
}

/// Where a change leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Everything that was allowed is, and perhaps more.
    Wider,
    /// Nothing is allowed that was not.
    Narrower,
    /// Neither can be shown: some may gain and some may lose. Counts as wider.
    Unclear,
    /// What it is about was not there before, so nobody gains what was kept from them.
    New,
}

impl Direction {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wider => "WIDER",
            Self::Narrower => "NARROWER",
            Self::Unclear => "UNCLEAR",
            Self::New => "NEW",
        }
    }
}

/// What one role may do otherwise than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessDifference {
    /// The collection, by its new name.
    pub collection: String,
    /// The field, for a rule of its own.
    pub field: Option<String>,
    /// What is done.
    pub action: ComparedAction,
    /// By whom.
    pub role: RoleName,
    /// Where the change leads.
    pub direction: Direction,
    /// What the role was given.
    pub before: Residue,
    /// What it is given now.
    pub after: Residue,
    /// Conditions that are enough now and were not, as far as can be shown.
    pub gained: Vec<String>,
    /// Conditions that were enough and are no more, as far as can be shown.
    pub lost: Vec<String>,
}

impl AccessDifference {
    /// Whether somebody has to answer for it: what cannot be decided counts as wider.
    pub fn counts_as_wider(&self) -> bool {
        matches!(self.direction, Direction::Wider | Direction::Unclear)
    }
}

/// `agent READ Ticket: gains row.status == 'OPEN'`
impl fmt::Display for AccessDifference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { collection, field, action, role, direction, gained, lost, .. } = self;
        let field = field.as_ref().map(|field| format!(".{field}")).unwrap_or_default();
        write!(formatter, "{role} {} {collection}{field}:", action.as_str())?;
        if !gained.is_empty() {
            write!(formatter, " gains {}", gained.join(" || "))?;
        }
        if !lost.is_empty() {
            write!(formatter, "{} loses {}", if gained.is_empty() { "" } else { "," }, lost.join(" || "))?;
        }
        if *direction == Direction::Unclear {
            formatter.write_str(" (cannot be decided, so it counts as wider)")?;
        }
        Ok(())
    }
}
