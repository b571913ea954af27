//! What else the directives of a collection say: what is recorded, and who may export and compute over its rows.

use crate::catalog::{MutationKind, RuleText};

/// `@audit`.
#[derive(Clone, Debug, Default)]
pub struct AuditSettings {
    /// Whether reads record a VIEW event.
    pub is_read_audited: bool,
    /// The mutations that need a reason.
    pub reasons: Vec<MutationKind>,
}

/// `@export`.
#[derive(Clone, Debug)]
pub struct ExportSettings {
    /// Who may export at all; a right of its own beside read.
    pub allow: RuleText,
    /// The most rows in one export.
    pub max_rows: u32,
}

/// `@aggregate`.
#[derive(Clone, Debug)]
pub struct AggregateSettings {
    /// Who may count and compute over rows; everybody if absent.
    pub allow: Option<RuleText>,
    /// The fewest rows, or values, that anything is told of.
    pub min_group: GroupFloor,
}

/// The fewest rows that an aggregate tells anything of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupFloor(u32);

impl GroupFloor {
    /// Every group tells, one of no rows too.
    pub const NONE: Self = Self(0);

    /// At least this many; `None` for a number that protects no row.
    pub fn new(rows: u32) -> Option<Self> {
        (rows > 1).then_some(Self(rows))
    }

    /// The number of rows, where there is a floor.
    pub fn rows(self) -> Option<u32> {
        (self.0 > 0).then_some(self.0)
    }

    /// Whether something is kept back.
    pub fn is_set(self) -> bool {
        self.0 > 0
    }
}
