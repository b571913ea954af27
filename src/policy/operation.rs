//! What rules are for: the operations on rows and on fields.

use crate::base::ScopeOperation;

/// What a row rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Filters what is read.
    Read,
    /// Guards a new row.
    Create,
    /// Guards a change.
    Update,
    /// Guards a deletion.
    Delete,
}

impl Operation {
    /// The word for it in a token's scope.
    pub(crate) fn scoped(self) -> ScopeOperation {
        match self {
            Self::Read => ScopeOperation::Read,
            Self::Create => ScopeOperation::Create,
            Self::Update => ScopeOperation::Update,
            Self::Delete => ScopeOperation::Delete,
        }
    }
}

/// What a field rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldOperation {
    /// Shows the value.
    Read,
    /// Lets the value be set.
    Write,
}

/// Which images of a row an update rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UpdateForm {
    /// `row`: it must hold on the stored row and on the changed one.
    Row,
    /// `old` and `new`: it is asked once, over both.
    OldNew,
}
