//! The rows that a write chooses by a filter or by keys, as SQL.

use crate::planner::to_sql::change::{INPUT, OLD, cross, id_of};
use crate::planner::to_sql::filter::filter_condition;
use crate::planner::to_sql::input::{given_value, input_cte, input_id};
use crate::planner::{KeyColumn, KeySearch, RowChoice};
use crate::sql::{Alias, Column, CompareOp, Expr, From, OrderTerm, Query, RowLock, Select};

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
    select.order = vec![by_id()];
    select.limit = Some(choice.at_most.saturating_add(1));
    Query::select(select)
}

/// The rows that keys stand for, each with the handle of its key.
pub fn find_by_keys(search: &KeySearch) -> Query {
    let (from, rule) = search.source.source(OLD);
    let keys = search.columns.iter().map(|column| key_condition(search, column));
    let columns = vec![Column::fixed(input_id(), "handle"), Column::fixed(id_of(OLD), "id")];
    let mut select = Select::new(columns, from).filtered(Expr::all(std::iter::once(rule).chain(keys)));
    select.joins = vec![cross(From::Cte(INPUT, INPUT))];
    select.order = vec![by_id()];
    Query { ctes: vec![input_cte(&search.handles, None, &search.values)], body: select }
}

/// The same rows, locked for a change of them. Everybody locks in the same order, so that two lists of the same rows do not wait
/// for each other.
pub fn find_by_keys_for_update(search: &KeySearch) -> Query {
    let Query { ctes, body } = find_by_keys(search);
    Query { ctes, body: Select { lock: Some(RowLock::NoKeyUpdate), ..body } }
}

fn key_condition(search: &KeySearch, KeyColumn { column, target }: &KeyColumn) -> Expr {
    const TARGET: Alias = Alias::Filter(0);
    let value = given_value(&search.values, column.name()).expect("a key has a value for each of its columns");
    let is_equal = Expr::compare(CompareOp::Equal, column.value(OLD), value.clone());
    let leads = target.as_ref().map(|target| {
        if target.is_empty() {
            return Expr::never();
        }
        let (from, rule) = target.source(TARGET);
        let is_target = Expr::compare(CompareOp::Equal, id_of(TARGET), value);
        Expr::Exists(Box::new(Select::new(Vec::new(), from).filtered(Expr::all([is_target, rule]))))
    });
    Expr::all([Some(is_equal), leads].into_iter().flatten())
}

fn by_id() -> OrderTerm {
    OrderTerm { expr: id_of(OLD), is_descending: false, is_nulls_first: None }
}
