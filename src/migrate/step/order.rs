//! When a step has its turn, and with which others it shares a transaction.

use crate::base::TableName;
use crate::migrate::step::{Age, Pass, Step};

/// The order of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::migrate) enum Phase {
    Schema,
    Sequence,
    Loosen,
    RenameTable,
    Rename,
    Table,
    Column,
    Own,
    Type,
    FirstRewrite,
    Check,
    ForeignKey,
    PlainIndex,
    SecondRewrite,
    Validate,
    NotNull,
    Index,
    Attach,
    Drop,
}

/// Steps of one room that follow each other share a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::migrate) enum Room {
    /// Changes of the catalog alone: quick, whatever the tables hold.
    Structure,
    /// What reads or rewrites the rows of one table.
    Rows(TableName, Phase),
    /// What is quick because of a step before it.
    Finish(Phase),
    /// Nothing shares its transaction.
    Own,
    /// No transaction at all.
    Outside,
}

impl Step {
    /// When it has its turn.
    pub(in crate::migrate) fn phase(&self) -> Phase {
        match self {
            Self::CreateSchema { .. } => Phase::Schema,
            Self::CreateSequence { .. } => Phase::Sequence,
            Self::SetDefault { .. } | Self::DropNotNull { .. } | Self::DropConstraint { .. } | Self::DropIndex { .. } => {
                Phase::Loosen
            }
            Self::RenameTable { .. } => Phase::RenameTable,
            Self::SetComment { .. }
            | Self::RenameColumn { .. }
            | Self::RenameConstraint { .. }
            | Self::RenameIndex { .. }
            | Self::RenameSequence { .. } => Phase::Rename,
            Self::CreateTable { .. } => Phase::Table,
            Self::AddColumn { .. } => Phase::Column,
            Self::OwnSequence { .. } => Phase::Own,
            Self::ChangeType { .. } => Phase::Type,
            Self::Rewrite { pass: Pass::First, .. } => Phase::FirstRewrite,
            Self::Rewrite { pass: Pass::Second, .. } => Phase::SecondRewrite,
            Self::AddCheck { .. } => Phase::Check,
            Self::AddForeignKey { .. } => Phase::ForeignKey,
            Self::BuildIndex { age: Age::New, .. } => Phase::PlainIndex,
            Self::BuildIndex { .. } | Self::BuildUniqueIndex { .. } => Phase::Index,
            Self::Validate { .. } => Phase::Validate,
            Self::SetNotNull { .. } => Phase::NotNull,
            Self::AttachUnique { .. } => Phase::Attach,
            Self::DropColumn { .. } | Self::DropTable { .. } => Phase::Drop,
        }
    }

    /// With whom it shares a transaction.
    pub(in crate::migrate) fn room(&self) -> Room {
        match self {
            Self::ChangeType { table, .. } | Self::Validate { table, .. } => Room::Rows(table.clone(), self.phase()),
            Self::Rewrite { .. } | Self::BuildUniqueIndex { .. } => Room::Outside,
            Self::BuildIndex { age: Age::Old, .. } => Room::Outside,
            Self::BuildIndex { age: Age::OldInPartitions, .. } | Self::DropColumn { .. } | Self::DropTable { .. } => Room::Own,
            Self::SetNotNull { .. } | Self::AttachUnique { .. } => Room::Finish(self.phase()),
            _ => Room::Structure,
        }
    }
}
