//! Plans as SQL: one [`crate::sql::Query`] for each.
//!
//! The shape is what measurements taught: `row_to_json` of a subselect whose column names are the response keys (`jsonb` is
//! half as fast), a lateral join for each relation, `limit 1` on to-one relations (without it PostgreSQL may build the JSON of
//! the whole target table after an ANALYZE), the order repeated outside the joins.
//! Aliases are `t0, t1, ...` by depth-first order, so the same plan always gives the same text.

mod aggregate;
mod audit;
mod audit_image;
mod change;
mod choice;
mod connection;
mod create;
mod cursor;
mod cut;
mod delete;
mod export;
mod filter;
mod input;
mod keyset;
mod listed;
mod order;
mod page_info;
mod read;
mod relation;
mod row;
mod search;
mod update;

pub use change::{Admission, ChangeStatement, WholeChange};
pub use choice::{choose_for_delete, choose_for_update, find_by_keys, find_by_keys_for_update};
pub use create::{create_statement, whole_create};
pub use delete::{delete_statement, delete_verdict_statement, referencing_ids_statement};
pub use export::export_statement;
pub use read::read_statement;
pub use update::{update_statement, whole_update};

use crate::planner::MaskKey;
use crate::sql::Alias;

/// Hands out aliases in depth-first order, and the word that marks hidden cells where they are marked.
#[derive(Debug, Default)]
pub(crate) struct Aliases {
    next: u16,
    marker: Option<String>,
}

impl Aliases {
    /// Those of a statement whose hidden cells are marked.
    pub(crate) fn marking(key: &MaskKey) -> Self {
        Self { next: 0, marker: Some(key.marker().to_owned()) }
    }

    /// What marks hidden cells; `None` where they come unmarked.
    pub(crate) fn marker(&self) -> Option<&str> {
        self.marker.as_deref()
    }

    /// The next alias.
    pub(crate) fn next(&mut self) -> Alias {
        let alias = Alias::Table(self.next);
        self.next = self.next.saturating_add(1);
        alias
    }
}
