//! What creating, changing and deleting have in common.
//!
//! Every change is one statement of common table expressions: the verdict (may the caller read the row, change it, is it the
//! version that was seen, may the caller read the rows it is pointed to, would the changed row be allowed), the change itself
//! if all verdicts are good, the audit events with both images, and a final SELECT of verdicts. The caller of the statement
//! rolls back on a bad one.

use crate::base::{ColumnName, ScalarType, TableName, Value};
use crate::catalog::{Catalog, CollectionId};
use crate::planner::to_sql::Aliases;
use crate::planner::to_sql::input::{given_value, input_cte, is_given};
use crate::planner::{ChangedRow, FieldGuard, Readable, TargetCheck, WriteColumn};
use crate::policy::{Images, Predicate};
use crate::sql::{Alias, Column, CompareOp, Expr, From, Join, JoinKind, Label, Query, Select};
use std::collections::BTreeSet;

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
    /// Which rows PostgreSQL's own policies have to let pass meanwhile.
    pub admission: Admission,
}

/// A change of one row that is over with its statement: nothing is asked of it afterwards, and a refusal fails it.
#[derive(Clone, Debug, PartialEq)]
pub struct WholeChange {
    /// The change, whose one row is `(json, rows)`; it fails if the row is not changed as the rules allow.
    pub change: Query,
    /// Whether PostgreSQL's own policies have to let the row pass meanwhile.
    pub admission: Admission,
}

/// Whether the policies have to be told of the rows that a statement writes: PostgreSQL wants whoever writes a row to be able to read
/// what becomes of it, where the rules ask for no such thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// The caller reads every row of the table, or the statement leaves none.
    None,
    /// What becomes of the rows may be hidden from the caller.
    Changed,
    /// The rows go along with another: the caller need not read them at all.
    TakenAlong,
}

/// What a statement that leaves rows behind has to be admitted.
pub(crate) fn admission(readable: &Readable, is_read_needed: bool) -> Admission {
    match is_read_needed {
        _ if readable.is_unrestricted() => Admission::None,
        true => Admission::Changed,
        false => Admission::TakenAlong,
    }
}

pub(crate) const INPUT: Alias = Alias::Named("input");
pub(crate) const BEFORE: Alias = Alias::Named("before_image");
pub(crate) const VERDICT: Alias = Alias::Named("verdict");
pub(crate) const CHANGED: Alias = Alias::Named("after_image");
pub(crate) const AUDITED: Alias = Alias::Named("audited");
pub(crate) const OLD: Alias = Alias::Named("old_row");
pub(crate) const NEW: Alias = Alias::Named("new_row");

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
        let column = Expr::column(alias, field.column()?);
        // As on the wire: clients round what JSON calls a number.
        let shown = match (field.stored_scalar()?, field.is_list()) {
            (ScalarType::Decimal | ScalarType::BigInt, true) => Expr::Cast(Box::new(column), "text[]"),
            (ScalarType::Decimal | ScalarType::BigInt, false) => Expr::Cast(Box::new(column), "text"),
            _ => column,
        };
        Some(Column::new(shown, label))
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
pub(crate) fn missing_target(columns: &[WriteColumn], targets: &[TargetCheck]) -> Expr {
    let arms = targets.iter().filter_map(|check| {
        let value = given_value(columns, &check.column)?;
        let is_old = (!check.created.is_empty()).then(|| {
            let created = check.created.iter().copied().map(Value::Id).collect();
            let list = Expr::Value(Value::List(ScalarType::Id, created));
            Expr::Not(Box::new(Expr::AnyOf(Box::new(value.clone()), Box::new(list))))
        });
        let is_set = match value {
            // What is set in every row alike is set to something, or there would be no check.
            Expr::Value(_) => Expr::always(),
            _ => Expr::IsNotNull(Box::new(value.clone())),
        };
        let is_hidden = match check.target.is_empty() {
            true => Expr::Fixed("true"),
            false => Expr::Not(Box::new(exists_readable(check, value))),
        };
        let condition = Expr::all([Some(is_set), is_old, Some(is_hidden)].into_iter().flatten());
        Some((condition, name(check.field.as_str())))
    });
    first_of(arms.collect())
}

fn exists_readable(check: &TargetCheck, id: Expr) -> Expr {
    let row = Alias::Filter(0);
    let (from, rule) = check.target.source(row);
    let is_row = Expr::compare(CompareOp::Equal, id_of(row), id);
    Expr::Exists(Box::new(Select::new(Vec::new(), from).filtered(Expr::all([is_row, rule]))))
}

/// The name of the first field whose write rule does not hold for one of the rows that `aliases` name, or null.
pub(crate) fn forbidden_field(columns: &[WriteColumn], guards: &[FieldGuard], aliases: &[Alias]) -> Expr {
    let arms = aliases.iter().flat_map(|alias| {
        guards.iter().map(|guard| {
            let refused = Expr::Not(Box::new(holds(&guard.rule, &Images::row(*alias))));
            let is_refused = Expr::all(is_given(columns, &guard.column).into_iter().chain([refused]));
            (is_refused, name(guard.field.as_str()))
        })
    });
    first_of(arms.collect())
}

/// The row as it would be, `new_row`: what the rules ask of it, without looking at what is stored.
///
/// The rules are asked of it before the change, so that a refusal comes before a constraint could tell the caller anything.
pub(crate) fn foreseen_row(columns: Vec<(ColumnName, Expr)>) -> Join {
    let columns = columns.into_iter().map(|(column, value)| Column { expr: value, label: Label::new(column.as_str()) });
    let row = Select { columns: columns.collect(), ..Select::default() };
    Join { kind: JoinKind::LeftLateral, from: From::Subselect(Box::new(row), NEW) }
}

/// The columns that the rules ask of the changed row.
pub(crate) fn asked_columns(rule: &Predicate, guards: &[FieldGuard]) -> BTreeSet<ColumnName> {
    std::iter::once(rule).chain(guards.iter().map(|guard| &guard.rule)).flat_map(Predicate::columns).collect()
}

/// The conditions under which a row with this verdict is changed.
fn is_good(verdict: Alias) -> Expr {
    let column = |name| Expr::labelled(verdict, name);
    Expr::all([
        column("is_readable"),
        column("is_allowed"),
        column("is_fresh"),
        Expr::IsNull(Box::new(column("missing_target"))),
        Expr::IsNull(Box::new(column("forbidden_field"))),
        column("is_foreseen"),
    ])
}

/// The conditions under which the row of a verdict is changed: its own verdict is good, and so is that of every other row. One
/// row's refusal must not come after the complaint of a constraint about another's value.
pub(crate) fn is_good_with_all(rows: &[ChangedRow]) -> Expr {
    const EVERY: Alias = Alias::Named("every_verdict");
    if rows.len() == 1 {
        return is_good(VERDICT);
    }
    let all_good = Column::bare(Expr::Call("bool_and", vec![is_good(EVERY)]));
    Expr::all([is_good(VERDICT), Expr::Scalar(Box::new(Select::new(vec![all_good], From::Cte(VERDICT, EVERY))))])
}

/// What is asked of a row once it is changed.
pub(crate) struct Checks {
    /// The first field whose write rule does not hold for it; `None` if none is asked.
    pub forbidden: Option<Expr>,
    /// Whether the rule holds for it; `None` if that is not asked here.
    pub kept: Option<Expr>,
    /// The tables of the check, the first of them the changed rows.
    pub from: Vec<From>,
    /// How they meet the verdict.
    pub filter: Expr,
}

/// The final SELECT: one verdict for each row that was found. A row that was not changed has no `is_kept`.
pub(crate) fn verdicts(checks: Checks) -> Select {
    const CHECKED: Alias = Alias::Named("checked");
    let Checks { forbidden, kept, from, filter } = checks;
    let column = |name: &'static str| Column::fixed(Expr::labelled(VERDICT, name), name);
    let checked = |name| Expr::labelled(CHECKED, name);
    let before = Expr::labelled(VERDICT, "forbidden_field");
    let forbidden_field = match forbidden {
        Some(_) => Expr::Call("coalesce", vec![before, checked("forbidden_field")]),
        None => before,
    };
    let is_kept = if kept.is_some() { checked("is_kept") } else { Expr::Fixed("true") };
    let columns = vec![
        column("id"),
        column("is_readable"),
        column("is_allowed"),
        column("is_fresh"),
        column("missing_target"),
        Column::fixed(forbidden_field, "forbidden_field"),
        Column::fixed(Expr::all([Expr::labelled(VERDICT, "is_foreseen"), is_kept]), "is_kept"),
    ];
    let asked: Vec<Column> = forbidden
        .map(|expr| Column::fixed(expr, "forbidden_field"))
        .into_iter()
        .chain(kept.map(|expr| Column::fixed(expr, "is_kept")))
        .collect();
    let mut select = Select::new(columns, From::Cte(VERDICT, VERDICT));
    if !asked.is_empty() {
        // A join, not a subselect for each verdict: that would look through all changed rows for each of them.
        let mut sources = from.into_iter();
        let mut check = Select { columns: asked, from: sources.next(), ..Select::default() };
        check.joins = sources.map(cross).collect();
        let check = From::Subselect(Box::new(check.filtered(filter)), CHECKED);
        select.joins = vec![Join { kind: JoinKind::LeftLateral, from: check }];
    }
    select
}

/// The final SELECT of a change of one row that is over with its statement: one row of `(json, rows)`. A row that was not changed,
/// or comes out as the rules do not allow, fails the statement, and so undoes whatever was sent with it.
pub(crate) fn made(checks: Checks) -> Select {
    let Checks { forbidden, kept, from, .. } = checks;
    let is_allowed = forbidden.map(|field| Expr::IsNull(Box::new(field)));
    let mut sources = from.into_iter();
    // Of one row there is nothing to join by.
    let changed = Select { from: sources.next(), joins: sources.map(cross).collect(), ..Select::default() };
    let is_made = Expr::Exists(Box::new(changed.filtered(Expr::all(is_allowed.into_iter().chain(kept)))));
    let refusal = Expr::Call("toolcrib.refuse_change", Vec::new());
    let rows = Expr::Case(vec![(is_made, Expr::Fixed("1::bigint"))], Some(Box::new(refusal)));
    Select { columns: vec![Column::fixed(Expr::Fixed("null::json"), "j"), Column::fixed(rows, "rows")], ..Select::default() }
}

/// `cross join from`
pub(crate) fn cross(from: From) -> Join {
    Join { kind: JoinKind::Cross, from }
}

/// A later statement that sees the rows changed and asks the rules of them.
pub(crate) struct AfterCheck<'p> {
    /// The table.
    pub table: &'p TableName,
    /// The changed rows.
    pub rows: &'p [ChangedRow],
    /// What was written.
    pub columns: &'p [WriteColumn],
    /// The rule.
    pub rule: &'p Predicate,
    /// The field rules.
    pub guards: &'p [FieldGuard],
}

/// The same form of verdict for a check that runs after the change.
pub(crate) fn after_query(check: &AfterCheck<'_>) -> Query {
    let AfterCheck { table, rows, columns, rule, guards } = check;
    let verdict = vec![
        Column::fixed(id_of(NEW), "id"),
        Column::fixed(Expr::Fixed("true"), "is_readable"),
        Column::fixed(Expr::Fixed("true"), "is_allowed"),
        Column::fixed(Expr::Fixed("true"), "is_fresh"),
        Column::fixed(Expr::Fixed("null::text"), "missing_target"),
        Column::fixed(forbidden_field(columns, guards, &[NEW]), "forbidden_field"),
        Column::fixed(holds(rule, &Images::row(NEW)), "is_kept"),
    ];
    let mut select = Select::new(verdict, From::Table((*table).clone(), NEW));
    select.joins = vec![cross(From::Cte(INPUT, INPUT))];
    Query { ctes: vec![input_cte(rows, None, columns)], body: select.filtered(same_id(NEW, INPUT)) }
}

fn name(field: &str) -> Expr {
    Expr::Value(Value::Text(field.to_owned()))
}

fn first_of(arms: Vec<(Expr, Expr)>) -> Expr {
    if arms.is_empty() { Expr::Fixed("null::text") } else { Expr::Case(arms, None) }
}
