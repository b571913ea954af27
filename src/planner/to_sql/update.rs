//! A change of rows as SQL.

use crate::base::{ColumnName, Value};
use crate::planner::to_sql::Aliases;
use crate::planner::to_sql::audit::{EventExprs, event_insert, event_type};
use crate::planner::to_sql::change::{
    AUDITED, AfterCheck, BEFORE, CHANGED, ChangeStatement, Checks, INPUT, NEW, OLD, VERDICT, WholeChange, admission, after_query,
    asked_columns, forbidden_field, foreseen_row, holds, id_of, image, is_good_with_all, made, missing_target, same_id, verdicts,
};
use crate::planner::to_sql::input::{StoredRows, changed_value, has_values, is_fresh};
use crate::planner::{Planner, UpdatePlan};
use crate::policy::{Images, UpdateForm};
use crate::sql::{Column, CompareOp, Cte, CteBody, Expr, From, Join, OrderTerm, Query, RowLock, Select, Update};

/// Renders the change of rows, their audit events and their verdicts. Rows that are not there have no verdict.
pub fn update_statement(planner: &Planner<'_>, plan: &UpdatePlan) -> ChangeStatement {
    let after = is_checked_later(plan).then(|| {
        let UpdatePlan { table, rows, columns, rule, guards, .. } = plan;
        after_query(&AfterCheck { table, rows, columns, rule, guards })
    });
    let admission = admission(&plan.readable, plan.is_read_needed);
    ChangeStatement { change: Query { ctes: steps(planner, plan), body: verdicts(checks(plan)) }, after, admission }
}

/// Renders a change of one row that is over with its statement; `None` if there are more, or if something is asked afterwards.
pub fn whole_update(planner: &Planner<'_>, plan: &UpdatePlan) -> Option<WholeChange> {
    let is_whole = plan.rows.len() == 1 && plan.choice.is_none() && plan.is_read_needed && !is_checked_later(plan);
    let change = || Query { ctes: steps(planner, plan), body: made(checks(plan)) };
    is_whole.then(|| WholeChange { change: change(), admission: admission(&plan.readable, true) })
}

fn steps(planner: &Planner<'_>, plan: &UpdatePlan) -> Vec<Cte> {
    let mut aliases = Aliases::default();
    let input = StoredRows(&plan.rows).cte(plan.if_version.as_ref(), &plan.columns);
    let steps =
        [before_cte(plan), verdict_cte(planner, plan), changed_cte(planner, plan, &mut aliases), audited_cte(planner, plan)];
    input.into_iter().chain(steps).collect()
}

/// A rule that looks into its own collection has to see it changed, which only a later statement does.
fn is_checked_later(plan: &UpdatePlan) -> bool {
    plan.is_self_reading && plan.form == UpdateForm::Row
}

/// The names under which a rule speaks of the row before and after the change.
fn images_after() -> Images {
    Images { row: Some(NEW), old: Some(OLD), new: Some(NEW) }
}

/// The stored rows, locked: what the rule sees, what the audit event calls `before`.
fn before_cte(plan: &UpdatePlan) -> Cte {
    let mut select = Select::new(vec![Column::bare(Expr::WholeRow(OLD))], From::Table(plan.table.clone(), OLD));
    select.lock = Some(RowLock::NoKeyUpdate);
    if plan.rows.len() > 1 {
        // Everybody locks in the same order, so that two lists of the same rows do not wait for each other.
        select.order = vec![OrderTerm { expr: id_of(OLD), is_descending: false, is_nulls_first: None }];
    }
    // A row that the caller may not read is not even waited for.
    let readable = if plan.is_read_needed { plan.readable.condition(OLD) } else { Expr::always() };
    Cte { name: BEFORE, body: CteBody::Select(StoredRows(&plan.rows).joined(select, OLD).filtered(readable)) }
}

fn verdict_cte(planner: &Planner<'_>, plan: &UpdatePlan) -> Cte {
    let readable = if plan.is_read_needed && !plan.readable.is_unrestricted() {
        Expr::Call("coalesce", vec![plan.readable.condition(OLD), Expr::Fixed("false")])
    } else {
        Expr::Fixed("true")
    };
    let allowed = match plan.form {
        UpdateForm::Row => holds(&plan.rule, &Images::row(OLD)),
        // A rule over both images is evaluated once, when the new one is known.
        UpdateForm::OldNew => Expr::Fixed("true"),
    };
    let foreseen = foreseen(planner, plan);
    let is_foreseen = match foreseen {
        Some(_) => holds(&plan.rule, &images_after()),
        None => Expr::Fixed("true"),
    };
    let guarded: &[_] = if foreseen.is_some() { &[OLD, NEW] } else { &[OLD] };
    let columns = vec![
        Column::fixed(id_of(OLD), "id"),
        Column::fixed(StoredRows(&plan.rows).event_id(), "event_id"),
        Column::fixed(readable, "is_readable"),
        Column::fixed(allowed, "is_allowed"),
        Column::fixed(is_fresh(plan.if_version.as_ref(), OLD), "is_fresh"),
        Column::fixed(missing_target(&plan.columns, &plan.targets), "missing_target"),
        Column::fixed(forbidden_field(&plan.columns, &plan.guards, guarded), "forbidden_field"),
        Column::fixed(is_foreseen, "is_foreseen"),
    ];
    let mut select = Select::new(columns, From::Cte(BEFORE, OLD));
    select.joins.extend(foreseen);
    // Of one row there is one image.
    let select = if plan.rows.len() > 1 { StoredRows(&plan.rows).joined(select, OLD) } else { select };
    Cte { name: VERDICT, body: CteBody::Select(select) }
}

/// The row as it would be, as far as the rules ask for it; `None` if they ask nothing, or have to see it stored.
fn foreseen(planner: &Planner<'_>, plan: &UpdatePlan) -> Option<Join> {
    let asked = asked_columns(&plan.rule, &plan.guards);
    if asked.is_empty() || is_checked_later(plan) {
        return None;
    }
    let touched = touched(planner, plan);
    let value = |column: &ColumnName| {
        let stored = Expr::column(OLD, column);
        let touch = || touched.iter().find(|(name, _)| name == column).map(|(_, value)| value(OLD));
        changed_value(&plan.columns, column, stored.clone()).or_else(touch).unwrap_or(stored)
    };
    Some(foreseen_row(asked.iter().map(|column| (column.clone(), value(column))).collect()))
}

/// A column that every change sets, and its value from the row that an alias names.
type Touched = (ColumnName, Box<dyn Fn(crate::sql::Alias) -> Expr>);

/// The columns that say that and when a row was changed.
fn touched(planner: &Planner<'_>, plan: &UpdatePlan) -> Vec<Touched> {
    if planner.catalog.collection(plan.collection).is_append_only {
        return Vec::new();
    }
    let version = |alias| Expr::compare(CompareOp::Add, Expr::labelled(alias, "version"), Expr::Fixed("1"));
    let time = planner.request.time;
    vec![
        (ColumnName::new("version"), Box::new(version)),
        (ColumnName::new("updated_at"), Box::new(move |_| Expr::Value(Value::DateTime(time)))),
    ]
}

/// The change. It returns what its event records and what is still asked of the row, so that nothing has to be put together again.
fn changed_cte(planner: &Planner<'_>, plan: &UpdatePlan, aliases: &mut Aliases) -> Cte {
    let given = plan.columns.iter().filter_map(|write| {
        let stored = Expr::column(NEW, &write.column);
        Some((write.column.clone(), changed_value(&plan.columns, &write.column, stored)?))
    });
    let touched = touched(planner, plan).into_iter().map(|(column, value)| (column, value(NEW)));
    let mut from = vec![From::Cte(BEFORE, OLD), From::Cte(VERDICT, VERDICT)];
    let mut filter = vec![same_id(NEW, OLD), same_id(OLD, VERDICT)];
    if has_values(&plan.columns) {
        from.push(From::Cte(INPUT, INPUT));
        filter.push(same_id(INPUT, VERDICT));
    }
    filter.push(is_good_with_all(&plan.rows));
    let update = Update {
        table: plan.table.clone(),
        alias: NEW,
        set: given.chain(touched).collect(),
        from,
        filter: Expr::all(filter),
        returning: returning(planner, plan, aliases),
    };
    Cte { name: CHANGED, body: CteBody::Update(update) }
}

fn returning(planner: &Planner<'_>, plan: &UpdatePlan, aliases: &mut Aliases) -> Vec<Column> {
    let mut columns = vec![
        Column::fixed(id_of(NEW), "id"),
        Column::fixed(Expr::labelled(VERDICT, "event_id"), "event_id"),
        Column::fixed(image(planner.catalog, plan.collection, OLD, aliases), "before"),
        Column::fixed(image(planner.catalog, plan.collection, NEW, aliases), "after"),
    ];
    let AskedLast { forbidden, kept } = AskedLast::of(plan);
    columns.extend(forbidden.map(|expr| Column::fixed(expr, "forbidden_field")));
    columns.extend(kept.map(|expr| Column::fixed(expr, "is_kept")));
    columns
}

/// What the statement itself asks of a row that it has changed.
struct AskedLast {
    forbidden: Option<Expr>,
    kept: Option<Expr>,
}

impl AskedLast {
    fn of(plan: &UpdatePlan) -> Self {
        if is_checked_later(plan) {
            // A later statement that checks the changed row checks its field rules, too.
            return Self { forbidden: None, kept: None };
        }
        Self {
            forbidden: (!plan.guards.is_empty()).then(|| forbidden_field(&plan.columns, &plan.guards, &[NEW])),
            kept: (!plan.rule.is_always()).then(|| holds(&plan.rule, &images_after())),
        }
    }
}

fn audited_cte(planner: &Planner<'_>, plan: &UpdatePlan) -> Cte {
    let changed = |name| Expr::labelled(CHANGED, name);
    let event = EventExprs {
        id: changed("event_id"),
        event_type: event_type(planner, plan.collection, "UPDATE", &plan.columns),
        entity_type: plan.entity_type.to_string(),
        entity_id: id_of(CHANGED),
        before: changed("before"),
        after: changed("after"),
        details: Expr::Fixed("null::jsonb"),
        reason: plan.reason.clone(),
    };
    let source = Select::new(Vec::new(), From::Cte(CHANGED, CHANGED));
    Cte { name: AUDITED, body: CteBody::Insert(event_insert(planner, event, source)) }
}

fn checks(plan: &UpdatePlan) -> Checks {
    let AskedLast { forbidden, kept } = AskedLast::of(plan);
    Checks {
        forbidden: forbidden.map(|_| Expr::labelled(CHANGED, "forbidden_field")),
        kept: kept.map(|_| Expr::labelled(CHANGED, "is_kept")),
        from: vec![From::Cte(CHANGED, CHANGED)],
        filter: same_id(CHANGED, VERDICT),
    }
}
