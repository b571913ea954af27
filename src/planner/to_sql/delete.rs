//! Deletions as SQL.

use crate::base::{ScalarType, Value};
use crate::planner::to_sql::Aliases;
use crate::planner::to_sql::audit::{EventExprs, event_insert};
use crate::planner::to_sql::change::{
    AUDITED, Admission, CHANGED, ChangeStatement, Checks, OLD, VERDICT, admission, holds, id_of, image, is_good_with_all,
    same_id, verdicts,
};
use crate::planner::to_sql::filter::filter_condition;
use crate::planner::to_sql::input::{StoredRows, is_fresh};
use crate::planner::{DeletePlan, Planner, Reference, WriteValue};
use crate::policy::{Images, rule_view};
use crate::sql::{Column, Cte, CteBody, Delete, Expr, From, Query, Select};
use uuid::Uuid;

/// Renders the deletion of rows, their audit events and their verdicts. Rows that are not there have no verdict.
///
/// No lock is taken first (a role may delete without the right to update, which a lock needs): the deletion repeats the
/// verdict's conditions on the row version that it deletes, and `is_kept` says whether it did.
pub fn delete_statement(planner: &Planner<'_>, plan: &DeletePlan) -> ChangeStatement {
    let mut aliases = Aliases::default();
    let steps = [verdict_cte(plan), deleted_cte(planner, plan, &mut aliases), audited_cte(planner, plan)];
    let ctes = StoredRows(&plan.rows).cte(None, &[]).into_iter().chain(steps).collect();
    let kept = Some(Expr::Fixed("true"));
    ChangeStatement { change: Query { ctes, body: verdicts(checks(kept)) }, after: None, admission: along(plan) }
}

/// Renders the verdicts alone: asked before anything that goes along is touched, so that a caller who may not delete a row
/// learns nothing of what points to it.
pub fn delete_verdict_statement(plan: &DeletePlan) -> ChangeStatement {
    let ctes = StoredRows(&plan.rows).cte(None, &[]).into_iter().chain([verdict_cte(plan)]).collect();
    ChangeStatement { change: Query { ctes, body: verdicts(checks(None)) }, after: None, admission: along(plan) }
}

/// A deletion leaves no row, so only one that goes along with another has to be let pass.
fn along(plan: &DeletePlan) -> Admission {
    if plan.is_read_needed { Admission::None } else { admission(&plan.readable, false) }
}

fn checks(kept: Option<Expr>) -> Checks {
    Checks { forbidden: None, kept, from: vec![From::Cte(CHANGED, CHANGED)], filter: same_id(CHANGED, VERDICT) }
}

/// The rows whose foreign key points to any of `targets`: their ids, and where they point. Through the view of rules: whoever
/// deletes may not see them.
pub fn referencing_ids_statement(reference: &Reference, targets: &[Uuid]) -> Query {
    let list = Value::List(ScalarType::Id, targets.iter().copied().map(Value::Id).collect());
    let target = Column::fixed(Expr::column(OLD, &reference.column), "target");
    let points = Expr::AnyOf(Box::new(Expr::column(OLD, &reference.column)), Box::new(Expr::Value(list)));
    let select = Select::new(vec![Column::fixed(id_of(OLD), "id"), target], From::Table(rule_view(&reference.table), OLD));
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

fn fresh(plan: &DeletePlan) -> Expr {
    is_fresh(plan.if_version.map(|version| WriteValue::Same(Value::Int(version))).as_ref(), OLD)
}

/// What the caller's filter said when the rows were chosen.
fn chosen(plan: &DeletePlan) -> Expr {
    plan.choice.as_ref().map_or_else(Expr::always, |choice| filter_condition(&choice.filter, OLD, 0))
}

fn verdict_cte(plan: &DeletePlan) -> Cte {
    let columns = vec![
        Column::fixed(id_of(OLD), "id"),
        Column::fixed(StoredRows(&plan.rows).event_id(), "event_id"),
        Column::fixed(readable(plan), "is_readable"),
        Column::fixed(allowed(plan), "is_allowed"),
        Column::fixed(fresh(plan), "is_fresh"),
        Column::fixed(Expr::Fixed("null::text"), "missing_target"),
        Column::fixed(Expr::Fixed("null::text"), "forbidden_field"),
        Column::fixed(Expr::Fixed("true"), "is_foreseen"),
    ];
    let select = Select::new(columns, From::Table(plan.table.clone(), OLD));
    Cte { name: VERDICT, body: CteBody::Select(StoredRows(&plan.rows).joined(select, OLD)) }
}

/// The deletion. It returns what its event records.
fn deleted_cte(planner: &Planner<'_>, plan: &DeletePlan, aliases: &mut Aliases) -> Cte {
    let delete = Delete {
        table: plan.table.clone(),
        alias: OLD,
        using: vec![From::Cte(VERDICT, VERDICT)],
        filter: Expr::all([
            same_id(OLD, VERDICT),
            is_good_with_all(&plan.rows),
            readable(plan),
            allowed(plan),
            fresh(plan),
            chosen(plan),
        ]),
        returning: vec![
            Column::fixed(id_of(OLD), "id"),
            Column::fixed(Expr::labelled(VERDICT, "event_id"), "event_id"),
            Column::fixed(image(planner.catalog, plan.collection, OLD, aliases), "before"),
        ],
    };
    Cte { name: CHANGED, body: CteBody::Delete(delete) }
}

fn audited_cte(planner: &Planner<'_>, plan: &DeletePlan) -> Cte {
    let event = EventExprs {
        id: Expr::labelled(CHANGED, "event_id"),
        event_type: "DELETE",
        entity_type: plan.entity_type.to_string(),
        entity_id: id_of(CHANGED),
        before: Expr::labelled(CHANGED, "before"),
        after: Expr::Fixed("null::jsonb"),
        details: Expr::Fixed("null::jsonb"),
        reason: plan.reason.clone(),
    };
    let source = Select::new(Vec::new(), From::Cte(CHANGED, CHANGED));
    Cte { name: AUDITED, body: CteBody::Insert(event_insert(planner, event, source)) }
}
