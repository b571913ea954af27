//! How many rows one actor gains and loses.

use super::comparison::ComparedRules;
use super::difference::{AccessDifference, ComparedAction};
use super::pairs::{former_collection, former_field};
use crate::base::{Actor, RequestContext};
use crate::catalog::{Collection, Field};
use crate::policy::{Action, FieldOperation, Images, Operation, Predicate};
use crate::sql::{Alias, Column, Expr, From, Query, Select};

/// Plans the counts of the rows that an actor may do this to now and could not before, and the other way round, of what is
/// stored. `None` where no stored row is meant: new rows, exports, masks, and collections that are not in both versions.
///
/// Of a change, the row as it is stored decides: what is asked of the changed one counts as granted.
pub fn plan_counts(
    (old, new): (ComparedRules<'_>, ComparedRules<'_>),
    change: &AccessDifference,
    actor: &Actor,
    request: &RequestContext,
) -> Option<Query> {
    let ComparedAction::Access(action) = change.action else { return None };
    let after = new.catalog.find_collection(&change.collection)?;
    let before = former_collection(old.catalog, after)?;
    let fields = match &change.field {
        None => (None, None),
        Some(name) => {
            let field = after.find_field(name)?;
            (Some(former_field(before, field)?), Some(field))
        }
    };
    let has_role = |side: ComparedRules<'_>| side.catalog.roles().contains(&actor.role);
    let given = |side: ComparedRules<'_>, collection: &Collection, field: Option<&Field>| {
        if !has_role(side) {
            return Some(Predicate::Never);
        }
        let row = |operation| side.rules.solve(collection.id, operation, actor, request).of_stored_row();
        let guard = |operation| field.map(|field| side.rules.solve_field(field.id, operation, actor, request));
        let read = row(Operation::Read);
        Some(match action {
            Action::Row(Operation::Create) | Action::Export | Action::Aggregate => return None,
            Action::Row(Operation::Read) => read,
            Action::Row(operation) => Predicate::all([read, row(operation)]),
            Action::Field(FieldOperation::Read) => Predicate::all([read, guard(FieldOperation::Read)?]),
            Action::Field(FieldOperation::Write) => {
                Predicate::all([read, row(Operation::Update), guard(FieldOperation::Write)?.of_stored_row()])
            }
        })
    };
    let row = Alias::Table(0);
    let images = Images { row: Some(row), old: Some(row), new: Some(row) };
    let (before_rule, after_rule) = (given(old, before, fields.0)?.to_sql(&images), given(new, after, fields.1)?.to_sql(&images));
    let beyond = |rule: &Expr, other: &Expr| Expr::Aggregate {
        function: "count",
        argument: Box::new(Expr::Fixed("1")),
        filter: Some(Box::new(Expr::all([rule.clone(), Expr::IsNotTrue(Box::new(other.clone()))]))),
    };
    let columns = vec![
        Column::fixed(beyond(&after_rule, &before_rule), "gained"),
        Column::fixed(beyond(&before_rule, &after_rule), "lost"),
    ];
    Some(Query::select(Select::new(columns, From::Table(before.table.clone(), row))))
}
