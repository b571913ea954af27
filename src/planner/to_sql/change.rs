//! What creating, changing and deleting have in common.
//!
//! Every change is one statement of common table expressions: the verdict (may the caller read the row, change it, is it the
//! version that was seen, may the caller read the rows it is pointed to), the change itself for rows with a good verdict, the
//! audit event with both images, and a final SELECT of verdicts. The caller of the statement rolls back on a bad one.

use crate::base::{ColumnName, ScalarType, Value};
use crate::catalog::{Catalog, CollectionId};
use crate::planner::to_sql::Aliases;
use crate::planner::{FieldGuard, TargetCheck};
use crate::policy::{Images, Predicate};
use crate::sql::{Alias, Column, CompareOp, Cte, CteBody, Expr, From, Query, Select};
use uuid::Uuid;

/// The statement of a change, and the check that has to run after it, if the change's own statement cannot see its effect.
///
/// The rows of both are verdicts: `id uuid, is_readable, is_allowed, is_fresh boolean, missing_target, forbidden_field text,
/// is_kept boolean`.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeStatement {
    /// The change.
    pub change: Query,
    /// `select id, ... is_kept` over the changed rows, in a statement that sees them changed.
    pub after: Option<Query>,
}

pub(crate) const INPUT: Alias = Alias::Named("input");
pub(crate) const BEFORE: Alias = Alias::Named("before_image");
pub(crate) const VERDICT: Alias = Alias::Named("verdict");
pub(crate) const CHANGED: Alias = Alias::Named("after_image");
pub(crate) const AUDITED: Alias = Alias::Named("audited");
pub(crate) const OLD: Alias = Alias::Named("old_row");
pub(crate) const NEW: Alias = Alias::Named("new_row");

/// `input(id, event_id)`: the rows to change.
///
/// One row is written as two values and not as two lists of one: for lists PostgreSQL expects ten rows as long as it does not
/// look inside, thinks that a plan for this very list is cheaper, and plans every single change anew, which took longer than
/// the change.
pub(crate) fn input_cte(rows: &[(Uuid, Uuid)]) -> Cte {
    if let [(id, event_id)] = rows {
        let value = |id: Uuid| Expr::Value(Value::Id(id));
        let columns = vec![Column::fixed(value(*id), "id"), Column::fixed(value(*event_id), "event_id")];
        return Cte { name: INPUT, body: CteBody::Select(Select { columns, ..Select::default() }) };
    }
    let list = |ids: Vec<Uuid>| Expr::Value(Value::List(ScalarType::Id, ids.into_iter().map(Value::Id).collect()));
    let ids = rows.iter().map(|(id, _)| *id).collect();
    let events = rows.iter().map(|(_, event)| *event).collect();
    let from = From::Unnest(vec![list(ids), list(events)], INPUT, &["id", "event_id"]);
    Cte { name: INPUT, body: CteBody::Select(Select::new(vec![Column::bare(Expr::Fixed("*"))], from)) }
}

/// `alias.id`
pub(crate) fn id_of(alias: Alias) -> Expr {
    Expr::column(alias, &ColumnName::new("id"))
}

/// `left.id = right.id`
pub(crate) fn same_id(left: Alias, right: Alias) -> Expr {
    Expr::compare(CompareOp::Equal, id_of(left), id_of(right))
}

/// The whole row as JSON for an audit event, by the names of the fields.
pub(crate) fn image(catalog: &Catalog, collection: CollectionId, alias: Alias, aliases: &mut Aliases) -> Expr {
    let collection = catalog.collection(collection);
    let columns = collection.stored_fields().filter_map(|field| {
        let label = crate::sql::Label::new(field.name.as_str())?;
        Some(Column::new(Expr::column(alias, field.column()?), label))
    });
    let object = aliases.next();
    let fields = Select { columns: columns.collect(), ..Select::default() };
    // Straight to what is stored: `row_to_json(...)::jsonb` writes the text only to read it again.
    let json = Expr::Call("to_jsonb", vec![Expr::WholeRow(object)]);
    Expr::Scalar(Box::new(Select::new(vec![Column::bare(json)], From::Subselect(Box::new(fields), object))))
}

/// A predicate as a boolean that is never null.
pub(crate) fn holds(predicate: &Predicate, images: &Images) -> Expr {
    match predicate {
        Predicate::Always => Expr::Fixed("true"),
        Predicate::Never => Expr::Fixed("false"),
        residue => Expr::Call("coalesce", vec![residue.to_sql(images), Expr::Fixed("false")]),
    }
}

/// The name of the first field whose target the caller cannot read, or null.
pub(crate) fn missing_target(targets: &[TargetCheck]) -> Expr {
    let arms = targets.iter().filter(|check| !(check.target.is_empty())).map(|check| {
        let row = Alias::Filter(0);
        let (from, rule) = check.target.source(row);
        let is_row = Expr::compare(CompareOp::Equal, id_of(row), Expr::Value(Value::Id(check.id)));
        let exists = Expr::Exists(Box::new(Select::new(Vec::new(), from).filtered(Expr::all([is_row, rule]))));
        (Expr::Not(Box::new(exists)), name(check.field.as_str()))
    });
    let hidden =
        targets.iter().filter(|check| check.target.is_empty()).map(|check| (Expr::Fixed("true"), name(check.field.as_str())));
    first_of(hidden.chain(arms).collect())
}

/// The name of the first field whose write rule does not hold for the row that `alias` names, or null.
pub(crate) fn forbidden_field(guards: &[FieldGuard], alias: Alias) -> Expr {
    let images = Images { row: Some(alias), old: None, new: None };
    let arms = guards.iter().map(|guard| (Expr::Not(Box::new(holds(&guard.rule, &images))), name(guard.field.as_str())));
    first_of(arms.collect())
}

/// `if_version` against the row that `alias` names.
pub(crate) fn is_fresh(if_version: Option<i32>, alias: Alias) -> Expr {
    match if_version {
        Some(version) => {
            let stored = Expr::column(alias, &ColumnName::new("version"));
            Expr::compare(CompareOp::Equal, stored, Expr::Value(Value::Int(version)))
        }
        None => Expr::Fixed("true"),
    }
}

/// The conditions under which a row with this verdict is changed.
pub(crate) fn is_good() -> Expr {
    let column = |name| Expr::labelled(VERDICT, name);
    Expr::all([
        column("is_readable"),
        column("is_allowed"),
        column("is_fresh"),
        Expr::IsNull(Box::new(column("missing_target"))),
        Expr::IsNull(Box::new(column("forbidden_field"))),
    ])
}

/// The name of the first guarded field that the changed row may not have, or null; beside what was found before the change.
pub(crate) fn forbidden_after(guards: &[FieldGuard]) -> Expr {
    let before = Expr::labelled(VERDICT, "forbidden_field");
    if guards.is_empty() {
        return before;
    }
    let changed = Select::new(vec![Column::bare(forbidden_field(guards, NEW))], From::Cte(CHANGED, NEW));
    Expr::Call("coalesce", vec![before, Expr::Scalar(Box::new(changed.filtered(same_id(NEW, VERDICT))))])
}

/// The final SELECT: one verdict for each row that was found, `forbidden` and `kept` being checks on the row after the change.
pub(crate) fn verdicts(forbidden: Expr, kept: Expr) -> Select {
    let column = |name: &'static str| Column::fixed(Expr::labelled(VERDICT, name), name);
    let columns = vec![
        column("id"),
        column("is_readable"),
        column("is_allowed"),
        column("is_fresh"),
        column("missing_target"),
        Column::fixed(forbidden, "forbidden_field"),
        Column::fixed(kept, "is_kept"),
    ];
    Select::new(columns, From::Cte(VERDICT, VERDICT))
}

/// The same form of row for a check that runs after the change.
pub(crate) fn after_query(table: &crate::base::TableName, ids: &[Uuid], rule: &Predicate, guards: &[FieldGuard]) -> Query {
    let images = Images { row: Some(NEW), old: None, new: None };
    let list = Value::List(ScalarType::Id, ids.iter().copied().map(Value::Id).collect());
    let columns = vec![
        Column::fixed(id_of(NEW), "id"),
        Column::fixed(Expr::Fixed("true"), "is_readable"),
        Column::fixed(Expr::Fixed("true"), "is_allowed"),
        Column::fixed(Expr::Fixed("true"), "is_fresh"),
        Column::fixed(Expr::Fixed("null::text"), "missing_target"),
        Column::fixed(forbidden_field(guards, NEW), "forbidden_field"),
        Column::fixed(holds(rule, &images), "is_kept"),
    ];
    let is_row = Expr::AnyOf(Box::new(id_of(NEW)), Box::new(Expr::Value(list)));
    Query::select(Select::new(columns, From::Table(table.clone(), NEW)).filtered(is_row))
}

fn name(field: &str) -> Expr {
    Expr::Value(Value::Text(field.to_owned()))
}

fn first_of(arms: Vec<(Expr, Expr)>) -> Expr {
    if arms.is_empty() { Expr::Fixed("null::text") } else { Expr::Case(arms, None) }
}
