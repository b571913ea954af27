//! An export as SQL: one JSON object for each row, by field name, streamed.

use crate::base::{ColumnName, Value};
use crate::planner::to_sql::Aliases;
use crate::planner::to_sql::audit_image::audit_image;
use crate::planner::to_sql::filter::filter_condition;
use crate::planner::to_sql::order::{Sorted, order_terms};
use crate::planner::to_sql::row::json_rows;
use crate::planner::{ExportColumn, ExportPlan, Travel};
use crate::sql::{Column, CompareOp, Expr, Label, Query, Select};

/// Renders an export: rows of one column `j`, a JSON object whose keys are the field names in the order of the plan.
pub fn export_statement(plan: &ExportPlan) -> Query {
    let mut aliases = Aliases::default();
    let row = aliases.next();
    let columns = plan.columns.iter().map(|column| {
        let expr = match column {
            ExportColumn::Value(_, output) => output.expr(row),
            ExportColumn::AuditImage(_, image) => audit_image(image, row, &mut aliases),
            ExportColumn::Reference(_, _, target) if target.is_empty() => Expr::Fixed("null::uuid"),
            ExportColumn::Reference(_, output, target) if target.is_unrestricted() => output.expr(row),
            ExportColumn::Reference(_, output, target) => {
                let inner = aliases.next();
                let (from, rule) = target.source(inner);
                let id = Expr::column(inner, &ColumnName::new("id"));
                let is_row = Expr::compare(CompareOp::Equal, id.clone(), output.expr(row));
                Expr::Scalar(Box::new(Select::new(vec![Column::bare(id)], from).filtered(Expr::all([is_row, rule]))))
            }
        };
        Column { expr, label: Label::new(column.name().as_str()) }
    });
    let columns: Vec<Column> = columns.collect();
    if plan.source.is_empty() {
        let nothing = Column::fixed(Expr::Cast(Box::new(Expr::Value(Value::Text("{}".to_owned()))), "json"), "j");
        return Query::select(Select { columns: vec![nothing], filter: Some(Expr::never()), ..Select::default() });
    }
    let (from, rule) = plan.source.source(row);
    let mut select = Select::new(Vec::new(), from).filtered(Expr::all([rule, filter_condition(&plan.filter, row, 0)]));
    select.order = order_terms(&plan.order, Sorted::Inside(row), Travel::Forward);
    select.limit = Some(plan.max_rows.saturating_add(1));
    Query::select(json_rows(select, columns, None, &mut aliases))
}
