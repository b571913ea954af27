//! A new row as SQL.

use crate::base::{ColumnName, Value};
use crate::planner::to_sql::Aliases;
use crate::planner::to_sql::audit::{EventExprs, event_insert};
use crate::planner::to_sql::change::{
    AUDITED, CHANGED, ChangeStatement, NEW, VERDICT, after_query, forbidden_after, holds, id_of, image, is_good, missing_target,
    verdicts,
};
use crate::planner::{CreatePlan, Planner};
use crate::policy::{Images, Predicate};
use crate::sql::{Column, Cte, CteBody, Expr, From, Insert, Select};

/// Renders the insertion of one row, its audit event and its verdict.
pub fn create_statement(planner: &Planner<'_>, plan: &CreatePlan) -> ChangeStatement {
    let mut aliases = Aliases::default();
    let (rule_inside, after) = if plan.is_self_reading {
        (Predicate::Always, Some(after_query(&plan.table, &[plan.id], &plan.rule, &[])))
    } else {
        (plan.rule.clone(), None)
    };
    let images = Images { row: Some(NEW), old: None, new: None };
    let kept = holds(&rule_inside, &images);
    let kept = Expr::Scalar(Box::new(Select::new(vec![Column::bare(kept)], From::Cte(CHANGED, NEW))));
    let ctes = vec![verdict_cte(plan), created_cte(plan), audited_cte(planner, plan, &mut aliases)];
    ChangeStatement { change: crate::sql::Query { ctes, body: verdicts(forbidden_after(&plan.guards), kept) }, after }
}

fn verdict_cte(plan: &CreatePlan) -> Cte {
    let columns = vec![
        Column::fixed(Expr::Value(Value::Id(plan.id)), "id"),
        Column::fixed(Expr::Fixed("true"), "is_readable"),
        Column::fixed(Expr::Fixed("true"), "is_allowed"),
        Column::fixed(Expr::Fixed("true"), "is_fresh"),
        Column::fixed(missing_target(&plan.targets), "missing_target"),
        // The new row does not exist yet; its field rules are checked afterwards.
        Column::fixed(Expr::Fixed("null::text"), "forbidden_field"),
    ];
    Cte { name: VERDICT, body: CteBody::Select(Select { columns, ..Select::default() }) }
}

fn created_cte(plan: &CreatePlan) -> Cte {
    let mut columns = vec![ColumnName::new("id")];
    let mut values = vec![Column::bare(id_of(VERDICT))];
    for write in &plan.values {
        columns.push(write.column.clone());
        values.push(Column::bare(Expr::Value(write.value.clone())));
    }
    let insert = Insert {
        table: plan.table.clone(),
        columns,
        source: Select::new(values, From::Cte(VERDICT, VERDICT)).filtered(is_good()),
        returning: vec![Column::bare(Expr::WholeRow(Insert::ROW))],
    };
    Cte { name: CHANGED, body: CteBody::Insert(insert) }
}

fn audited_cte(planner: &Planner<'_>, plan: &CreatePlan, aliases: &mut Aliases) -> Cte {
    let event = EventExprs {
        id: Expr::Value(Value::Id(plan.event_id)),
        event_type: "CREATE",
        entity_type: plan.entity_type.to_string(),
        entity_id: id_of(NEW),
        before: Expr::Fixed("null::jsonb"),
        after: image(planner.catalog, plan.collection, NEW, aliases),
        details: Expr::Fixed("null::jsonb"),
        reason: plan.reason.clone(),
    };
    let source = Select::new(Vec::new(), From::Cte(CHANGED, NEW));
    Cte { name: AUDITED, body: CteBody::Insert(event_insert(planner, event, source)) }
}
