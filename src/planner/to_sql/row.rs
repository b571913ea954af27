//! One row as SQL: its columns by response key, a lateral join for each relation, and the note of what was viewed.

use crate::base::{ColumnName, TypeName, Value};
use crate::planner::hidden_cells::marked_null;
use crate::planner::to_sql::Aliases;
use crate::planner::to_sql::audit_image::audit_image;
use crate::planner::to_sql::change::holds;
use crate::planner::to_sql::relation::{aggregate_join, connection_join, to_many_join, to_one_join};
use crate::planner::{CanField, GuardedColumn, NodeId, Output, OutputField, RowPlan};
use crate::policy::Images;
use crate::sql::{Alias, Column, CompareOp, Expr, Join, Label, Select};

/// The rendered parts of a row.
pub(crate) struct RowParts {
    /// The value of each response key.
    pub columns: Vec<Column>,
    /// A lateral join for each relation.
    pub joins: Vec<Join>,
    /// The text `Ticket:id,User:id` of what a caller views here, if reads are audited.
    pub seen: Option<Expr>,
}

/// Renders what `row` shows of the row that `alias` names.
pub(crate) fn row_parts(row: &RowPlan, alias: Alias, aliases: &mut Aliases) -> RowParts {
    let seen = row.view_name.iter().map(|name| seen_row(name, alias)).collect();
    field_parts(&row.fields, seen, alias, aliases)
}

/// Renders fields of what `alias` names, beside what is seen already.
pub(crate) fn field_parts(fields: &[OutputField], mut seen: Vec<Expr>, alias: Alias, aliases: &mut Aliases) -> RowParts {
    let mut parts = RowParts { columns: Vec::with_capacity(fields.len()), joins: Vec::new(), seen: None };
    for field in fields {
        let expr = match &field.output {
            Output::Typename(name) => Expr::Cast(Box::new(Expr::Value(Value::Text(name.to_string()))), "text"),
            Output::NodeId(name) => NodeId::sql(name, alias),
            Output::Column(column) => column.marked_expr(alias, aliases.marker()),
            Output::AuditImage(image) => audit_image(image, alias, aliases),
            Output::ToOne(relation) if relation.row.source.is_empty() => {
                shown_or_marked(&relation.key, alias, Expr::Fixed("null::json"), aliases)
            }
            Output::ToOne(relation) => {
                let joined = to_one_join(relation, alias, aliases);
                parts.joins.push(joined.join);
                seen.extend(joined.seen);
                shown_or_marked(&relation.key, alias, joined.json, aliases)
            }
            Output::ToMany(relation) if relation.row.source.is_empty() => Expr::Fixed("'[]'::json"),
            Output::ToMany(relation) => {
                let joined = to_many_join(relation, alias, aliases);
                parts.joins.push(joined.join);
                seen.extend(joined.seen);
                joined.json
            }
            Output::ViewerCan(fields) => viewer_can(fields, alias, aliases),
            Output::Connection(connection) => {
                let joined = connection_join(connection, alias, aliases);
                parts.joins.push(joined.join);
                seen.extend(joined.seen);
                joined.json
            }
            Output::Aggregate(relation) => {
                let joined = aggregate_join(relation, alias, aliases);
                parts.joins.push(joined.join);
                seen.extend(joined.seen);
                joined.json
            }
        };
        parts.columns.push(Column::new(expr, field.key.clone()));
    }
    if !seen.is_empty() {
        parts.seen = Some(Expr::Call("concat_ws", [vec![Expr::Fixed("','")], seen].concat()));
    }
    parts
}

/// The row behind a foreign key, or a marked null where the key is hidden in the row that `alias` names.
fn shown_or_marked(key: &GuardedColumn, alias: Alias, json: Expr, aliases: &Aliases) -> Expr {
    match aliases.marker().filter(|_| key.is_partly_hidden()) {
        Some(marker) => Expr::Case(vec![(key.guard(alias), json)], Some(Box::new(marked_null(marker)))),
        None => json,
    }
}

/// What the caller may do with the row that `alias` names.
fn viewer_can(fields: &[(Label, CanField)], alias: Alias, aliases: &mut Aliases) -> Expr {
    // An update rule may speak of the row as `row` or as `old`.
    let images = Images { row: Some(alias), old: Some(alias), new: None };
    let columns = fields.iter().map(|(label, field)| {
        let expr = match field {
            CanField::Typename(name) => Expr::Cast(Box::new(Expr::Value(Value::Text((*name).to_owned()))), "text"),
            CanField::Allowed(rule) => holds(rule, &images),
        };
        Column::new(expr, label.clone())
    });
    row_object(columns.collect(), aliases)
}

/// The columns of one row as one JSON object, beside other columns of the same FROM.
pub(crate) fn row_object(columns: Vec<Column>, aliases: &mut Aliases) -> Expr {
    let object = aliases.next();
    let fields = Select { columns, ..Select::default() };
    let json = Expr::Call("row_to_json", vec![Expr::WholeRow(object)]);
    let from = crate::sql::From::Subselect(Box::new(fields), object);
    Expr::Scalar(Box::new(Select::new(vec![Column::bare(json)], from)))
}

/// A SELECT whose columns are response keys becomes a SELECT of one JSON object for each row, labelled `j`, with `seen` beside
/// it where reads are audited.
pub(crate) fn json_rows(mut select: Select, columns: Vec<Column>, seen: Option<Expr>, aliases: &mut Aliases) -> Select {
    match seen {
        None => {
            let object = aliases.next();
            select.columns = columns;
            let json = Expr::Call("row_to_json", vec![Expr::WholeRow(object)]);
            Select::new(vec![Column::fixed(json, "j")], crate::sql::From::Subselect(Box::new(select), object))
        }
        Some(seen) => {
            select.columns = vec![Column::fixed(row_object(columns, aliases), "j"), Column::fixed(seen, "seen")];
            select
        }
    }
}

/// The text by which a VIEW event names a row, `Ticket:id`.
pub(crate) fn seen_row(name: &TypeName, alias: Alias) -> Expr {
    let prefix = Expr::Value(Value::Text(format!("{name}:")));
    let id = Expr::Cast(Box::new(Expr::column(alias, &ColumnName::new("id"))), "text");
    Expr::compare(CompareOp::Concat, prefix, id)
}
