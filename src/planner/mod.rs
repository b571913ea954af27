//! What to read or write, decided: selection + actor + rules → plain data → one SQL statement.
//!
//! Purpose: the one place that turns a request into a plan. Every table in a plan comes with the predicate of its read rule,
//! because [`Readable`] can be made in no other way.
//! Flow: `graphql` collects a [`Selection`] → [`Planner`] → [`ReadPlan`], [`CreatePlan`], ... → `to_sql` → `sql::Query`.
//! Invariants: pure; plans are plain data (`Debug`, `PartialEq`); the same plan gives the same SQL text. A text of a request
//! that is not blank, not long and of its scalar's form decides nothing of a plan but its own bind, which may be made of it:
//! `graphql::plan_cache` relies on it, and its debug check finds where it does not hold.
//! Deliberately unknown: connections, HTTP, GraphQL documents, how an answer is encoded.

mod access;
mod access_preview;
pub mod aggregate;
mod audit_image;
mod column;
mod connection;
mod cursor;
mod error;
mod export_plan;
mod filter;
mod hidden_cells;
mod input;
mod lookup;
mod mask;
mod node_id;
mod order;
mod place;
mod read_plan;
mod row;
mod search;
mod selection;
pub mod to_sql;
mod viewed;
mod viewer;
mod window;
mod write_plan;

pub use access::Readable;
pub use access_preview::{AccessOperation, Extent, MAX_COUNTED, RowCount, UserAccess};
pub use aggregate::AggregatePlan;
pub use audit_image::{AskedField, AuditImagePlan, ImageField, ShownImage};
pub use column::{ColumnOutput, ColumnShape, GuardedColumn};
pub use connection::{ConnectionField, ConnectionPlan, EdgeField, PageInfoField};
pub use cursor::{CursorKey, CursorPosition};
pub use error::PlanError;
pub use export_plan::{ExportColumn, ExportPlan};
pub use filter::{Filter, FilterTest, JsonKind, JsonPathTest, Quantifier};
pub use mask::{CellMask, FieldHashKey, MaskKey};
pub use node_id::NodeId;
pub use order::{Order, OrderBy, OrderJoin, OrderSource};
pub use read_plan::{ReadPlan, ReadRoot, ViewRecord};
pub use row::{Output, OutputField, RowPlan, ToManyAggregate, ToManyPlan, ToOnePlan};
pub use search::{Search, SearchText};
pub use selection::{SelectedField, Selection};
pub use viewer::{CanField, ViewerPlan};
pub use window::{Travel, Window};
pub use write_plan::{
    ChangedRow, CreatePlan, DeletePlan, EachRow, FieldGuard, KeyColumn, KeySearch, MAX_WRITE_ROWS, Reference, RowChoice,
    RowPlaces, RowUpdate, ShareRequest, TargetCheck, UniqueKey, UpdatePlan, UpsertBranches, UpsertPlan, UpsertRequest,
    UpsertValues, WriteColumn, WriteValue, is_upsertable, is_upsertable_together,
};

use crate::base::{Actor, CallerContext, ContextUse, RequestContext};
use crate::catalog::Catalog;
use crate::policy::RuleBook;

/// Sizes that bound a plan, the key that seals cursors, and the one that masks values.
#[derive(Clone, Debug)]
pub struct PlannerSettings {
    /// Rows of a list when `first` is not given.
    pub page_size: u32,
    /// The largest `first`.
    pub max_page_size: u32,
    /// The most rows that one operation could show, nested lists multiplied.
    pub max_rows: u32,
    /// Encrypts cursors, so that a client can only resume where the server left it, and reads nothing in them.
    pub cursor_key: CursorKey,
    /// Keys the hashes that stand for values which a caller may not read.
    pub mask_key: MaskKey,
}

/// Everything that decides a plan besides the request's own words.
#[derive(Clone, Copy)]
pub struct Planner<'a> {
    /// What there is.
    pub catalog: &'a Catalog,
    /// Who may do what with it.
    pub rules: &'a RuleBook,
    /// Who is asking.
    pub actor: &'a Actor,
    /// In which request.
    pub request: &'a RequestContext,
    /// Sizes and keys.
    pub settings: &'a PlannerSettings,
}

impl<'a> Planner<'a> {
    /// What PostgreSQL is told of whoever asks.
    pub fn caller(&self) -> CallerContext<'a> {
        self.caller_asked(self.rules.context_use_for(self.actor))
    }

    /// The same for statements that ask no more than this.
    pub fn caller_asked(&self, asked: ContextUse) -> CallerContext<'a> {
        CallerContext { actor: self.actor, request: self.request, asked }
    }
}
