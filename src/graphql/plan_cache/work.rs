//! What is run for a root field, and where a request's own values may stand in it.

use crate::base::{ContextUse, Value};
use crate::planner::{ChangedRow, SelectedField};
use crate::read::PreparedRead;
use crate::sql::Statement;
use crate::write::PreparedChange;
use uuid::Uuid;

/// A root field as it was planned.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PlannedRoot {
    /// Its response key.
    pub(crate) key: String,
    /// Its name.
    pub(crate) name: String,
    /// What is run for it.
    pub(crate) work: PlannedWork,
    /// The ids that were made for it, which no two plans share: those of its events, and of its row, if it makes one.
    pub(crate) ids: Vec<Uuid>,
    /// Which paths may be masked.
    pub(crate) masked: Vec<String>,
}

/// What is run for a root field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PlannedWork {
    /// It reads.
    Read(PreparedRead),
    /// It changes a row.
    Change(PreparedChange),
}

/// What a change answers with.
#[derive(Clone, Debug)]
pub(crate) struct KeptPayload {
    /// The root field; the values of its arguments are those of some request.
    pub(crate) field: SelectedField,
    /// The type of the payload.
    pub(crate) type_name: String,
    /// The name of the field that shows the row.
    pub(crate) node_name: String,
}

impl PlannedWork {
    /// What the policies that it meets ask of the caller.
    pub(crate) fn asked(&self) -> ContextUse {
        match self {
            Self::Read(read) => read.asked(),
            Self::Change(change) => change.asked(),
        }
    }

    /// The values that may be a request's own, in lists: the binds of each statement, and behind them the ids of a changed row.
    pub(super) fn values(&self) -> Vec<Vec<Value>> {
        let binds = |statement: &Statement| statement.binds().to_vec();
        match self {
            Self::Read(read) => read.statement().map(binds).into_iter().collect(),
            Self::Change(change) => {
                let ids = vec![Value::Id(change.row.id), Value::Id(change.row.event_id)];
                change.statements().map(binds).chain([ids]).collect()
            }
        }
    }

    /// The same with other values; `None` if they are not as many, or of another kind.
    pub(super) fn with_values(&self, mut lists: Vec<Vec<Value>>) -> Option<Self> {
        Some(match self {
            Self::Read(read) => {
                let (statement, [binds]) = (read.statement()?, <[_; 1]>::try_from(lists).ok()?);
                Self::Read(read.with_statement(statement.with_binds(binds)))
            }
            Self::Change(change) => {
                let [Value::Id(id), Value::Id(event_id)] = <[Value; 2]>::try_from(lists.pop()?).ok()? else { return None };
                let row = ChangedRow { id, event_id };
                let statements = change.statements().zip(lists).map(|(statement, binds)| statement.with_binds(binds));
                Self::Change(change.with_statements(row, statements.collect()))
            }
        })
    }

    /// About how many bytes it takes.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Read(read) => read.statement().map_or(0, Statement::weight),
            Self::Change(change) => change.statements().map(Statement::weight).sum(),
        }
    }
}
