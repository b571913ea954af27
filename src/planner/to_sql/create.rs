//! New rows as SQL.

use crate::base::ColumnName;
use crate::planner::to_sql::Aliases;
use crate::planner::to_sql::audit::{EventExprs, event_insert, event_type};
use crate::planner::to_sql::change::{
    AUDITED, AfterCheck, CHANGED, ChangeStatement, Checks, INPUT, NEW, VERDICT, WholeChange, admission, after_query,
    asked_columns, cross, forbidden_field, foreseen_row, holds, id_of, image, is_good_with_all, made, missing_target, same_id,
    verdicts,
};
use crate::planner::to_sql::input::{given_value, has_values, input_cte, input_id};
use crate::planner::{CreatePlan, Planner};
use crate::policy::{Images, Predicate};
use crate::sql::{Column, Cte, CteBody, Expr, From, Insert, Join, OrderTerm, Query, Select};

/// Renders the insertion of rows, their audit events and their verdicts.
pub fn create_statement(planner: &Planner<'_>, plan: &CreatePlan) -> ChangeStatement {
    let after = plan.is_self_reading.then(|| {
        let CreatePlan { table, rows, columns, rule, .. } = plan;
        after_query(&AfterCheck { table, rows, columns, rule, guards: &[] })
    });
    let admission = admission(&planner.readable(plan.collection), true);
    ChangeStatement { change: Query { ctes: steps(planner, plan), body: verdicts(checks(plan)) }, after, admission }
}

/// Renders the insertion of one row that is over with its statement; `None` if there are more, also inside of it, or if something is
/// asked afterwards.
pub fn whole_create(planner: &Planner<'_>, plan: &CreatePlan) -> Option<WholeChange> {
    let is_alone = plan.rows.len() == 1 && plan.before.is_empty() && plan.after.is_empty();
    let is_whole = is_alone && plan.unique.is_none() && !plan.is_self_reading;
    let change = || Query { ctes: steps(planner, plan), body: made(checks(plan)) };
    is_whole.then(|| WholeChange { change: change(), admission: admission(&planner.readable(plan.collection), true) })
}

fn steps(planner: &Planner<'_>, plan: &CreatePlan) -> Vec<Cte> {
    let mut aliases = Aliases::default();
    let input = input_cte(&plan.rows, None, &plan.columns);
    vec![input, verdict_cte(plan), created_cte(plan), audited_cte(planner, plan, &mut aliases)]
}

/// What the statement itself asks of the new rows.
fn checks(plan: &CreatePlan) -> Checks {
    // Of a row that is not there for another's value nothing is kept, whatever the rule says.
    let is_kept_asked = plan.unique.is_some() || !plan.is_self_reading && !plan.rule.is_always();
    let rule_inside = if plan.is_self_reading { &Predicate::Always } else { &plan.rule };
    Checks {
        forbidden: (!plan.guards.is_empty()).then(|| forbidden_field(&plan.columns, &plan.guards, &[NEW])),
        kept: is_kept_asked.then(|| holds(rule_inside, &Images::row(NEW))),
        from: vec![From::Cte(CHANGED, NEW), From::Cte(INPUT, INPUT)],
        filter: Expr::all([same_id(NEW, VERDICT), same_id(INPUT, VERDICT)]),
    }
}

fn verdict_cte(plan: &CreatePlan) -> Cte {
    let foreseen = foreseen(plan);
    // Said after the targets: one that is hidden is not found, whatever the rule says of the row that points to it.
    let is_foreseen = match foreseen.is_some() && !plan.is_self_reading {
        true => holds(&plan.rule, &Images::row(NEW)),
        false => Expr::Fixed("true"),
    };
    let forbidden = match foreseen {
        Some(_) => forbidden_field(&plan.columns, &plan.guards, &[NEW]),
        None => Expr::Fixed("null::text"),
    };
    let columns = vec![
        Column::fixed(input_id(), "id"),
        Column::fixed(Expr::labelled(INPUT, "event_id"), "event_id"),
        Column::fixed(Expr::Fixed("true"), "is_readable"),
        Column::fixed(Expr::Fixed("true"), "is_allowed"),
        Column::fixed(Expr::Fixed("true"), "is_fresh"),
        Column::fixed(missing_target(&plan.columns, &plan.targets), "missing_target"),
        Column::fixed(forbidden, "forbidden_field"),
        Column::fixed(is_foreseen, "is_foreseen"),
    ];
    let mut select = Select::new(columns, From::Cte(INPUT, INPUT));
    select.joins = foreseen.into_iter().collect();
    Cte { name: VERDICT, body: CteBody::Select(select) }
}

/// The new row as far as the rules ask for it; `None` if they ask nothing, or something that only the stored row can say.
fn foreseen(plan: &CreatePlan) -> Option<Join> {
    let asked = asked_columns(&plan.rule, &plan.guards);
    let absent = plan.foreseen.as_ref().filter(|_| !asked.is_empty())?;
    let value = |column: &ColumnName| {
        if *column == "id" {
            return input_id();
        }
        let absent = || absent.iter().find(|(name, _)| name == column).map(|(_, value)| Expr::Value(value.clone()));
        given_value(&plan.columns, column).or_else(absent).expect("the plan has every column that its rules ask for")
    };
    Some(foreseen_row(asked.iter().map(|column| (column.clone(), value(column))).collect()))
}

fn created_cte(plan: &CreatePlan) -> Cte {
    let mut columns = vec![ColumnName::new("id")];
    let mut values = vec![Column::bare(id_of(VERDICT))];
    for write in &plan.columns {
        columns.push(write.column.clone());
        values.extend(given_value(&plan.columns, &write.column).map(Column::bare));
    }
    let mut source = Select::new(values, From::Cte(VERDICT, VERDICT));
    if has_values(&plan.columns) {
        source.joins = vec![cross(From::Cte(INPUT, INPUT))];
        source = source.filtered(same_id(INPUT, VERDICT));
    }
    if let Some(unique) = plan.unique.as_ref().filter(|_| plan.rows.len() > 1) {
        // Everybody takes the values in the same order, so that two lists of the same do not wait for each other.
        let values = unique.columns.iter().filter_map(|column| given_value(&plan.columns, column));
        source.order = values.map(|expr| OrderTerm { expr, is_descending: false, is_nulls_first: None }).collect();
    }
    let insert = Insert {
        table: plan.table.clone(),
        columns,
        source: source.filtered(is_good_with_all(&plan.rows)),
        on_conflict: plan.unique.iter().flat_map(|unique| unique.columns.clone()).collect(),
        returning: vec![Column::bare(Expr::WholeRow(Insert::ROW))],
    };
    Cte { name: CHANGED, body: CteBody::Insert(insert) }
}

fn audited_cte(planner: &Planner<'_>, plan: &CreatePlan, aliases: &mut Aliases) -> Cte {
    let event = EventExprs {
        id: Expr::labelled(VERDICT, "event_id"),
        event_type: event_type(planner, plan.collection, "CREATE", &plan.columns),
        entity_type: plan.entity_type.to_string(),
        entity_id: id_of(NEW),
        before: Expr::Fixed("null::jsonb"),
        after: image(planner.catalog, plan.collection, NEW, aliases),
        details: Expr::Fixed("null::jsonb"),
        reason: plan.reason.clone(),
    };
    let mut source = Select::new(Vec::new(), From::Cte(CHANGED, NEW));
    source.joins = vec![cross(From::Cte(VERDICT, VERDICT))];
    let source = source.filtered(same_id(NEW, VERDICT));
    Cte { name: AUDITED, body: CteBody::Insert(event_insert(planner, event, source)) }
}
