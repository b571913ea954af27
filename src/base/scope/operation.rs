//! The operations of scopes.

/// What may be done to a collection, one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScopeOperation {
    /// Reading rows.
    Read,
    /// Making rows.
    Create,
    /// Changing rows.
    Update,
    /// Deleting rows.
    Delete,
    /// Exporting rows, beside reading them.
    Export,
}

impl ScopeOperation {
    /// Every operation.
    pub const ALL: [Self; 5] = [Self::Read, Self::Create, Self::Update, Self::Delete, Self::Export];

    /// The word in a scope.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "READ",
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Export => "EXPORT",
        }
    }

    fn bit(self) -> u8 {
        1 << (self as u8)
    }

    /// Whether it changes nothing.
    pub(super) fn is_reading(self) -> bool {
        matches!(self, Self::Read | Self::Export)
    }
}

/// Some of the operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ScopeOperations(u8);

impl ScopeOperations {
    /// Whether an operation is among them.
    pub fn contain(self, operation: ScopeOperation) -> bool {
        self.0 & operation.bit() != 0
    }

    /// Whether there are none.
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// These and others.
    pub(super) fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Reads `READ,UPDATE` or `*`; `None` if a word is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self(ScopeOperation::ALL.iter().fold(0, |bits, operation| bits | operation.bit())));
        }
        text.split(',').try_fold(Self::default(), |Self(bits), word| {
            let operation = ScopeOperation::ALL.into_iter().find(|operation| operation.as_str() == word.trim())?;
            Some(Self(bits | operation.bit()))
        })
    }
}
