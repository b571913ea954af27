//! Deletions as SQL.

use crate::base::{ScalarType, Value};
use crate::planner::to_sql::Aliases;
use crate::planner::to_sql::audit::{EventExprs, event_insert};
use crate::planner::to_sql::change::{
    AUDITED, CHANGED, ChangeStatement, INPUT, OLD, VERDICT, forbidden_after, holds, id_of, image, input_cte, is_fresh, is_good,
    same_id, verdicts,
};
use crate::planner::{DeletePlan, Planner, Reference};
use crate::policy::Images;
use crate::sql::{Column, Cte, CteBody, Delete, Expr, From, Join, JoinKind, Query, Select};
use uuid::Uuid;

/// Renders the deletion of rows, their audit events and their verdicts. Rows that are not there have no verdict.
///
/// No lock is taken first (a role may delete without the right to update, which a lock needs): the deletion repeats the
/// verdict's conditions on the row version that it deletes, and `is_kept` says whether it did.
pub fn delete_statement(planner: &Planner<'_>, plan: &DeletePlan) -> ChangeStatement {
    let mut aliases = Aliases::default();
    let ctes = vec![input_cte(&plan.rows), verdict_cte(plan), deleted_cte(plan), audited_cte(planner, plan, &mut aliases)];
    let gone = Select::new(Vec::new(), From::Cte(CHANGED, OLD)).filtered(same_id(OLD, VERDICT));
    ChangeStatement { change: Query { ctes, body: verdicts(forbidden_after(&[]), Expr::Exists(Box::new(gone))) }, after: None }
}

/// Renders the verdicts alone: asked before anything that goes along is touched, so that a caller who may not delete a row
/// learns nothing of what points to it.
pub fn delete_verdict_statement(plan: &DeletePlan) -> ChangeStatement {
    let ctes = vec![input_cte(&plan.rows), verdict_cte(plan)];
    ChangeStatement { change: Query { ctes, body: verdicts(forbidden_after(&[]), Expr::Fixed("true")) }, after: None }
}

/// The ids of the rows whose foreign key points to any of `targets`.
pub fn referencing_ids_statement(reference: &Reference, targets: &[Uuid]) -> Query {
    let list = Value::List(ScalarType::Id, targets.iter().copied().map(Value::Id).collect());
    let points = Expr::AnyOf(Box::new(Expr::column(OLD, &reference.column)), Box::new(Expr::Value(list)));
    let select = Select::new(vec![Column::fixed(id_of(OLD), "id")], From::Table(reference.table.clone(), OLD));
    Query::select(select.filtered(points))
}

fn readable(plan: &DeletePlan) -> Expr {
    if plan.is_read_needed && !plan.readable.is_unrestricted() {
        Expr::Call("coalesce", vec![plan.readable.condition(OLD), Expr::Fixed("false")])
    } else {
        Expr::Fixed("true")
    }
}

fn allowed(plan: &DeletePlan) -> Expr {
    holds(&plan.rule, &Images { row: Some(OLD), old: None, new: None })
}

fn verdict_cte(plan: &DeletePlan) -> Cte {
    let columns = vec![
        Column::fixed(id_of(OLD), "id"),
        Column::fixed(Expr::labelled(INPUT, "event_id"), "event_id"),
        Column::fixed(readable(plan), "is_readable"),
        Column::fixed(allowed(plan), "is_allowed"),
        Column::fixed(is_fresh(plan.if_version, OLD), "is_fresh"),
        Column::fixed(Expr::Fixed("null::text"), "missing_target"),
        Column::fixed(Expr::Fixed("null::text"), "forbidden_field"),
    ];
    let mut select = Select::new(columns, From::Table(plan.table.clone(), OLD));
    select.joins = vec![Join { kind: JoinKind::Cross, from: From::Cte(INPUT, INPUT) }];
    Cte { name: VERDICT, body: CteBody::Select(select.filtered(same_id(OLD, INPUT))) }
}

fn deleted_cte(plan: &DeletePlan) -> Cte {
    let delete = Delete {
        table: plan.table.clone(),
        alias: OLD,
        using: vec![From::Cte(VERDICT, VERDICT)],
        filter: Expr::all([same_id(OLD, VERDICT), is_good(), readable(plan), allowed(plan), is_fresh(plan.if_version, OLD)]),
        returning: vec![Column::bare(Expr::WholeRow(OLD))],
    };
    Cte { name: CHANGED, body: CteBody::Delete(delete) }
}

fn audited_cte(planner: &Planner<'_>, plan: &DeletePlan, aliases: &mut Aliases) -> Cte {
    let event = EventExprs {
        id: Expr::labelled(VERDICT, "event_id"),
        event_type: "DELETE",
        entity_type: plan.entity_type.to_string(),
        entity_id: id_of(OLD),
        before: image(planner.catalog, plan.collection, OLD, aliases),
        after: Expr::Fixed("null::jsonb"),
        details: Expr::Fixed("null::jsonb"),
        reason: plan.reason.clone(),
    };
    let mut source = Select::new(Vec::new(), From::Cte(CHANGED, OLD));
    source.joins = vec![Join { kind: JoinKind::Cross, from: From::Cte(VERDICT, VERDICT) }];
    let source = source.filtered(same_id(OLD, VERDICT));
    Cte { name: AUDITED, body: CteBody::Insert(event_insert(planner, event, source)) }
}
