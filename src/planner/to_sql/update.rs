//! A change of rows as SQL.

use crate::base::{ColumnName, Value};
use crate::planner::to_sql::Aliases;
use crate::planner::to_sql::audit::{EventExprs, event_insert};
use crate::planner::to_sql::change::{
    AUDITED, BEFORE, CHANGED, ChangeStatement, INPUT, NEW, OLD, VERDICT, after_query, forbidden_after, forbidden_field, holds,
    id_of, image, input_cte, is_fresh, is_good, missing_target, same_id, verdicts,
};
use crate::planner::{Planner, UpdatePlan};
use crate::policy::{Images, UpdateForm};
use crate::sql::{Column, CompareOp, Cte, CteBody, Expr, From, Join, JoinKind, Query, RowLock, Select, Update};
use uuid::Uuid;

/// Renders the change of rows, their audit events and their verdicts. Rows that are not there have no verdict.
pub fn update_statement(planner: &Planner<'_>, plan: &UpdatePlan) -> ChangeStatement {
    let mut aliases = Aliases::default();
    let ctes = vec![
        input_cte(&plan.rows),
        before_cte(plan),
        verdict_cte(plan),
        changed_cte(planner, plan),
        audited_cte(planner, plan, &mut aliases),
    ];
    let (kept, after) = kept(plan);
    // A later statement that checks the changed row checks its field rules, too.
    let guards = if after.is_some() { &[] } else { plan.guards.as_slice() };
    ChangeStatement { change: Query { ctes, body: verdicts(forbidden_after(guards), kept) }, after }
}

/// The stored rows, locked: what the rule sees, what the audit event calls `before`.
fn before_cte(plan: &UpdatePlan) -> Cte {
    let mut select = Select::new(vec![Column::bare(Expr::WholeRow(OLD))], From::Table(plan.table.clone(), OLD));
    select.joins = vec![Join { kind: JoinKind::Cross, from: From::Cte(INPUT, INPUT) }];
    select.lock = Some(RowLock::NoKeyUpdate);
    // A row that the caller may not read is not even waited for.
    let readable = if plan.is_read_needed { plan.readable.condition(OLD) } else { Expr::always() };
    Cte { name: BEFORE, body: CteBody::Select(select.filtered(Expr::all([same_id(OLD, INPUT), readable]))) }
}

fn verdict_cte(plan: &UpdatePlan) -> Cte {
    let readable = if plan.is_read_needed && !plan.readable.is_unrestricted() {
        Expr::Call("coalesce", vec![plan.readable.condition(OLD), Expr::Fixed("false")])
    } else {
        Expr::Fixed("true")
    };
    let allowed = match plan.form {
        UpdateForm::Row => holds(&plan.rule, &Images { row: Some(OLD), old: None, new: None }),
        // A rule over both images is evaluated once, when the new one is known.
        UpdateForm::OldNew => Expr::Fixed("true"),
    };
    let columns = vec![
        Column::fixed(id_of(OLD), "id"),
        Column::fixed(Expr::labelled(INPUT, "event_id"), "event_id"),
        Column::fixed(readable, "is_readable"),
        Column::fixed(allowed, "is_allowed"),
        Column::fixed(is_fresh(plan.if_version, OLD), "is_fresh"),
        Column::fixed(missing_target(&plan.targets), "missing_target"),
        Column::fixed(forbidden_field(&plan.guards, OLD), "forbidden_field"),
    ];
    let mut select = Select::new(columns, From::Cte(BEFORE, OLD));
    select.joins = vec![Join { kind: JoinKind::Cross, from: From::Cte(INPUT, INPUT) }];
    Cte { name: VERDICT, body: CteBody::Select(select.filtered(same_id(OLD, INPUT))) }
}

fn changed_cte(planner: &Planner<'_>, plan: &UpdatePlan) -> Cte {
    let mut set: Vec<(ColumnName, Expr)> =
        plan.set.iter().map(|write| (write.column.clone(), Expr::Value(write.value.clone()))).collect();
    if !planner.catalog.collection(plan.collection).is_append_only {
        let version = ColumnName::new("version");
        let next = Expr::compare(CompareOp::Add, Expr::column(NEW, &version), Expr::Fixed("1"));
        set.push((version, next));
        set.push((ColumnName::new("updated_at"), Expr::Value(Value::DateTime(planner.request.time))));
    }
    let update = Update {
        table: plan.table.clone(),
        alias: NEW,
        set,
        from: vec![From::Cte(BEFORE, OLD), From::Cte(VERDICT, VERDICT)],
        filter: Expr::all([same_id(NEW, OLD), same_id(OLD, VERDICT), is_good()]),
        returning: vec![Column::bare(Expr::WholeRow(NEW))],
    };
    Cte { name: CHANGED, body: CteBody::Update(update) }
}

fn audited_cte(planner: &Planner<'_>, plan: &UpdatePlan, aliases: &mut Aliases) -> Cte {
    let event = EventExprs {
        id: Expr::labelled(VERDICT, "event_id"),
        event_type: "UPDATE",
        entity_type: plan.entity_type.to_string(),
        entity_id: id_of(NEW),
        before: image(planner.catalog, plan.collection, OLD, aliases),
        after: image(planner.catalog, plan.collection, NEW, aliases),
        details: Expr::Fixed("null::jsonb"),
        reason: plan.reason.clone(),
    };
    let mut source = Select::new(Vec::new(), From::Cte(CHANGED, NEW));
    let cross = |from| Join { kind: JoinKind::Cross, from };
    source.joins = vec![cross(From::Cte(BEFORE, OLD)), cross(From::Cte(VERDICT, VERDICT))];
    let source = source.filtered(Expr::all([same_id(NEW, OLD), same_id(NEW, VERDICT)]));
    Cte { name: AUDITED, body: CteBody::Insert(event_insert(planner, event, source)) }
}

/// The check on the changed row: inside the statement, or in one of its own when the rule looks into the same collection.
fn kept(plan: &UpdatePlan) -> (Expr, Option<Query>) {
    let row = Images { row: Some(NEW), old: Some(OLD), new: Some(NEW) };
    if plan.is_self_reading && plan.form == UpdateForm::Row {
        let ids: Vec<Uuid> = plan.rows.iter().map(|(id, _)| *id).collect();
        return (Expr::Fixed("true"), Some(after_query(&plan.table, &ids, &plan.rule, &plan.guards)));
    }
    if plan.rule.is_always() {
        return (Expr::Fixed("true"), None);
    }
    let mut select = Select::new(vec![Column::bare(holds(&plan.rule, &row))], From::Cte(CHANGED, NEW));
    let mut condition = same_id(NEW, VERDICT);
    if plan.form == UpdateForm::OldNew {
        select.joins = vec![Join { kind: JoinKind::Cross, from: From::Cte(BEFORE, OLD) }];
        condition = Expr::all([condition, same_id(NEW, OLD)]);
    }
    (Expr::Scalar(Box::new(select.filtered(condition))), None)
}
