//! What another user may do, beside what it may do as somebody else: the ground for a preview of a change of role or team.

use crate::base::{Actor, TableName};
use crate::catalog::{Collection, CollectionId};
use crate::planner::Planner;
use crate::planner::access::row_image;
use crate::policy::{Operation, Predicate, RoleAnswer};
use crate::sql::{Alias, Column, Expr, From, Query, Select};
use std::collections::BTreeSet;

/// Rows are counted up to here: a preview shows how wide a change is, not how wide exactly.
pub const MAX_COUNTED: u32 = 10_000;

/// How much a rule gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// No row.
    None,
    /// Some rows.
    Some,
    /// Every row.
    All,
}

/// What is done to a collection, exports included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessOperation {
    /// One of the operations on rows.
    Row(Operation),
    /// Exporting.
    Export,
}

impl AccessOperation {
    /// Every operation.
    pub const ALL: [Self; 5] = [
        Self::Row(Operation::Read),
        Self::Row(Operation::Create),
        Self::Row(Operation::Update),
        Self::Row(Operation::Delete),
        Self::Export,
    ];

    /// The word in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Row(Operation::Read) => "READ",
            Self::Row(Operation::Create) => "CREATE",
            Self::Row(Operation::Update) => "UPDATE",
            Self::Row(Operation::Delete) => "DELETE",
            Self::Export => "EXPORT",
        }
    }
}

/// What a user may do to a collection.
#[derive(Clone, Debug, PartialEq)]
pub struct UserAccess(Predicate);

impl UserAccess {
    /// How much that is.
    pub fn extent(&self) -> Extent {
        match &self.0 {
            Predicate::Never => Extent::None,
            Predicate::Always => Extent::All,
            _ => Extent::Some,
        }
    }
}

/// How to count rows.
#[derive(Clone, Debug, PartialEq)]
pub enum RowCount {
    /// There are none, whatever is stored.
    Nothing,
    /// By this statement of one number, at most [`MAX_COUNTED`].
    Counted(Box<Query>),
    /// Not with the rights of whoever asks.
    Unknown,
}

impl Planner<'_> {
    /// What a user may do to a collection; `None` is somebody who may not sign in.
    pub fn user_access(&self, collection: CollectionId, operation: AccessOperation, user: Option<&Actor>) -> UserAccess {
        let Some(user) = user else { return UserAccess(Predicate::Never) };
        UserAccess(match operation {
            AccessOperation::Row(operation) => self.rules.solve(collection, operation, user, self.request),
            AccessOperation::Export => self.rules.solve_export(collection, user, self.request),
        })
    }

    /// Plans the count of the rows that the user may read, among those that the caller may read: nobody learns from a preview how
    /// many rows there are beyond the own reach. A rule that looks where none of the caller's own does is not counted: the caller's
    /// database role may not look there.
    pub fn plan_access_count(&self, collection: CollectionId, access: &UserAccess) -> RowCount {
        let readable = self.readable(collection);
        if access.0.is_never() {
            return RowCount::Nothing;
        }
        if readable.is_empty() || !self.may_look_into(&access.0.tables()) {
            return RowCount::Unknown;
        }
        let row = Alias::Table(0);
        let (from, own) = readable.source(row);
        let condition = Expr::all([own, access.0.to_sql(&row_image(row))]);
        let mut rows = Select::new(vec![Column::fixed(Expr::Fixed("1"), "seen")], from).filtered(condition);
        rows.limit = Some(MAX_COUNTED);
        let count = vec![Column::fixed(Expr::Fixed("count(*)"), "count")];
        RowCount::Counted(Box::new(Query::select(Select::new(count, From::Subselect(Box::new(rows), Alias::Table(1))))))
    }

    /// Whether the caller's database role may look into all of these tables: whether some rule of its own does.
    fn may_look_into(&self, tables: &BTreeSet<TableName>) -> bool {
        let operations = [Operation::Read, Operation::Create, Operation::Update, Operation::Delete];
        let offered = |collection: &Collection| {
            let id = collection.id;
            let operations = operations.into_iter().take(if collection.is_append_only { 2 } else { 4 });
            operations.map(move |operation| (id, operation))
        };
        let looked_into = |(id, operation)| match self.rules.answer_for_role(id, operation, &self.actor.role) {
            RoleAnswer::Never => Vec::new(),
            _ => self.rules.sub_reads_for_role(id, operation, &self.actor.role),
        };
        let is_looked_into = |table: &TableName| {
            let mut looked_into = self.catalog.collections.iter().flat_map(offered).flat_map(looked_into);
            looked_into.any(|collection| self.catalog.collection(collection).table == *table)
        };
        tables.iter().all(is_looked_into)
    }
}
