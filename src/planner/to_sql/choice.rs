//! The rows that a write chooses by a filter, as SQL.

use crate::planner::RowChoice;
use crate::planner::to_sql::change::{OLD, id_of};
use crate::planner::to_sql::filter::filter_condition;
use crate::sql::{Column, Expr, OrderTerm, Query, RowLock, Select};

/// The ids of the chosen rows for a change of them, locked; one more than there may be, so that too many are noticed. What was
/// changed while the lock was waited for is looked at again, so that the rows still pass the filter when they are changed.
pub fn choose_for_update(choice: &RowChoice) -> Query {
    let Query { ctes, body } = choose_for_delete(choice);
    Query { ctes, body: Select { lock: Some(RowLock::NoKeyUpdate), ..body } }
}

/// The ids of the chosen rows for a deletion. A lock needs the right to update, which whoever deletes may not have.
pub fn choose_for_delete(choice: &RowChoice) -> Query {
    let (from, rule) = choice.source.source(OLD);
    let condition = Expr::all([rule, filter_condition(&choice.filter, OLD, 0)]);
    let mut select = Select::new(vec![Column::fixed(id_of(OLD), "id")], from).filtered(condition);
    select.order = vec![OrderTerm { expr: id_of(OLD), is_descending: false, is_nulls_first: None }];
    select.limit = Some(choice.at_most.saturating_add(1));
    Query::select(select)
}
