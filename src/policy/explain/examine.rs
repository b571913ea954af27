//! Asking PostgreSQL what each clause is.

use super::clause::{Clause, ClauseKind, Condition, RuleSite};
use crate::base::{Actor, ColumnName, RequestContext, Value};
use crate::catalog::{Catalog, Collection, Field};
use crate::policy::known::{Asker, Caller};
use crate::policy::syntax::{Exists, KnownValue, Operand, Path, Rule};
use crate::policy::{Images, Predicate, RuleBook, Truth, residue, rule_view, solve};
use crate::sql::{Alias, Column, CompareOp, Expr, From, Join, JoinKind, Label, Query, Select};

const TRUE: &str = "true";
const FALSE: &str = "false";

/// Who is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// The schema.
    pub catalog: &'a Catalog,
    /// Its rules.
    pub rules: &'a RuleBook,
    /// Whose rights.
    pub actor: &'a Actor,
    /// In which request.
    pub request: &'a RequestContext,
}

/// A rule that is asked about, with its parts.
#[derive(Clone, Debug)]
pub struct Examination {
    /// Where it stands.
    pub site: RuleSite,
    /// Its parts.
    pub root: Clause,
}

/// A value that a clause looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenValue {
    /// Its name in the rule; of an `exists`, that of its rows, whose number is the value.
    pub name: String,
    /// It, as JSON; `None` is null.
    pub value: Option<String>,
}

/// A clause with what it is for one caller and one row.
#[derive(Clone, Debug)]
pub struct Judged<'c> {
    /// The clause.
    pub clause: &'c Clause,
    /// What it is.
    pub truth: Truth,
    /// What it looked at, of a condition.
    pub seen: Vec<SeenValue>,
    /// Its parts.
    pub parts: Vec<Judged<'c>>,
}

impl Judged<'_> {
    /// The conditions that decide: those by which the whole is true, or all those by which it is not.
    pub fn deciding(&self) -> Vec<&Self> {
        let is_true = self.truth == Truth::True;
        match &self.clause.kind {
            ClauseKind::Leaf(_) => vec![self],
            ClauseKind::Not(_) | ClauseKind::Named(_) => self.parts.iter().flat_map(Self::deciding).collect(),
            ClauseKind::All(_) if is_true => self.parts.iter().flat_map(Self::deciding).collect(),
            ClauseKind::Any(_) if !is_true => self.parts.iter().flat_map(Self::deciding).collect(),
            ClauseKind::Any(_) => {
                self.parts.iter().filter(|part| part.truth == Truth::True).take(1).flat_map(Self::deciding).collect()
            }
            ClauseKind::All(_) => self.parts.iter().filter(|part| part.truth != Truth::True).flat_map(Self::deciding).collect(),
        }
    }
}

/// The rows that are asked about.
#[derive(Clone, Debug)]
pub struct ExaminedRows<'a> {
    /// Their collection.
    pub collection: &'a Collection,
    /// Which: a condition over [`ROW`].
    pub filter: Expr,
    /// What would be changed of them: `new`, and `row`, are what they would be then, and `old` what is stored. Without changes all
    /// three are what is stored.
    pub changes: &'a [(ColumnName, Value)],
}

/// The query that asks, for each of the rows, for its id, the truth of each rule and of each of their conditions, and what the
/// conditions looked at. Its columns are `uuid`, `text[]`, `text[]`.
pub fn examination(asking: Asking<'_>, examinations: &[Examination], rows: ExaminedRows<'_>) -> Query {
    let ExaminedRows { collection, filter, changes } = rows;
    let row = ROW;
    let new = if changes.is_empty() { row } else { CHANGED };
    let images = Images { row: Some(new), old: Some(row), new: Some(new) };
    let mut truths: Vec<Expr> = examinations
        .iter()
        .map(|examination| {
            let whole = whole(asking, examination.site).to_sql(&images);
            Expr::Case(vec![(whole, Expr::Fixed("'true'"))], Some(Box::new(Expr::Fixed("'false'"))))
        })
        .collect();
    let mut values = Vec::new();
    for condition in examinations.iter().flat_map(|examination| conditions(&examination.root)) {
        let caller = Asker::Caller(Caller { actor: asking.actor, request: asking.request });
        let holds = solve::solve(condition, caller).to_sql(&images);
        let fails = solve::solve(&Rule::Not(Box::new(condition.clone())), caller).to_sql(&images);
        let arms = vec![(holds, Expr::Fixed("'true'")), (fails, Expr::Fixed("'false'"))];
        truths.push(Expr::Case(arms, Some(Box::new(Expr::Fixed("'unknown'")))));
        values.extend(looked_at(condition).into_iter().filter_map(|looked| match looked {
            Looked::Known(_) => None,
            Looked::Path(path) => Some(as_json(path_value(path, &images))),
            Looked::Rows(exists) => Some(as_json(row_count(exists, &images))),
        }));
    }
    let texts = |parts: Vec<Expr>| Expr::Cast(Box::new(Expr::Array(parts)), "text[]");
    let columns = vec![
        Column::fixed(Expr::labelled(row, "id"), "id"),
        Column::fixed(texts(truths), "truths"),
        Column::fixed(texts(values), "values"),
    ];
    let mut select = Select::new(columns, From::Table(collection.table.clone(), row)).filtered(filter);
    if !changes.is_empty() {
        select.joins.push(Join { kind: JoinKind::Cross, from: changed_image(collection, changes) });
        let is_same = Expr::compare(CompareOp::Equal, Expr::labelled(CHANGED, "id"), Expr::labelled(row, "id"));
        select = select.filtered(is_same);
    }
    Query::select(select)
}

/// The rows with other values in some columns.
fn changed_image(collection: &Collection, changes: &[(ColumnName, Value)]) -> From {
    let inside = Alias::Table(1);
    let columns = collection.stored_fields().filter_map(Field::column).map(|column| {
        let change = changes.iter().find(|(changed, _)| changed == column);
        let value = change.map_or_else(|| Expr::column(inside, column), |(_, value)| Expr::Value(value.clone()));
        Column { expr: value, label: Label::new(column.as_str()) }
    });
    From::Subselect(Box::new(Select::new(columns.collect(), From::Table(collection.table.clone(), inside))), CHANGED)
}

/// The name of the row in the filter of an [`examination`].
pub const ROW: Alias = Alias::Table(0);

/// The row as it would be.
const CHANGED: Alias = Alias::Named("changed");

/// Reads an answer of [`examination`]: each rule with whether it allows, and its judged clauses. `None` if the answer has another
/// shape, or if the clauses and the rule do not agree, which would be a mistake of this program.
pub fn judge<'c>(
    asking: Asking<'_>,
    examinations: &'c [Examination],
    truths: &[String],
    values: &[Option<String>],
) -> Option<Vec<(&'c Examination, Judged<'c>)>> {
    let (wholes, truths) = truths.split_at_checked(examinations.len())?;
    let mut answers = Answers { asking, truths: truths.iter(), values: values.iter() };
    let mut judged = Vec::new();
    for (examination, whole) in examinations.iter().zip(wholes) {
        let root = answers.judge(&examination.root)?;
        if (root.truth == Truth::True) != (whole == TRUE) {
            return None;
        }
        judged.push((examination, root));
    }
    Some(judged)
}

/// The rule as every request is judged by it.
fn whole(asking: Asking<'_>, site: RuleSite) -> Predicate {
    let Asking { rules, actor, request, .. } = asking;
    match site {
        RuleSite::Row(collection, operation) => rules.solve(collection, operation, actor, request),
        RuleSite::Export(collection) => rules.solve_export(collection, actor, request),
        RuleSite::Field(field, operation) => rules.solve_field(field, operation, actor, request),
    }
}

fn conditions(clause: &Clause) -> Vec<&Rule> {
    let leaves = clause.leaves().into_iter().filter_map(|leaf| match &leaf.kind {
        ClauseKind::Leaf(Condition(rule)) => Some(rule),
        _ => None,
    });
    leaves.collect()
}

/// What a condition looks at.
enum Looked<'r> {
    Known(&'r KnownValue),
    Path(&'r Path),
    Rows(&'r Exists),
}

/// The values of a condition that are not written in it.
fn looked_at(rule: &Rule) -> Vec<Looked<'_>> {
    match rule {
        Rule::Exists(exists) => vec![Looked::Rows(exists)],
        Rule::Not(inner) => looked_at(inner),
        Rule::All(parts) | Rule::Any(parts) => parts.iter().flat_map(looked_at).collect(),
        other => {
            let looked = other.operands().into_iter().filter_map(|operand| match operand {
                Operand::Known(KnownValue::Literal(_)) => None,
                Operand::Known(known) => Some(Looked::Known(known)),
                Operand::Stored(path) => Some(Looked::Path(path)),
            });
            looked.collect()
        }
    }
}

fn as_json(value: Expr) -> Expr {
    Expr::Cast(Box::new(Expr::Call("to_jsonb", vec![value])), "text")
}

/// The value at the end of a path; null where it leads nowhere. Through the views of the rules: as their author sees it.
fn path_value(path: &Path, images: &Images) -> Expr {
    stepped(path, path.steps.len(), &path.column, images)
}

/// A column of the row that the first steps of a path lead to.
fn stepped(path: &Path, steps: usize, column: &ColumnName, images: &Images) -> Expr {
    let Some(index) = steps.checked_sub(1) else { return images.column(path.image, column) };
    let step = &path.steps[index];
    let inside = Alias::Rule(step.depth);
    let key = stepped(path, index, &step.key, images);
    let joined = Expr::compare(CompareOp::Equal, Expr::column(inside, &step.target_column), key);
    let columns = vec![Column::bare(Expr::column(inside, column))];
    Expr::Scalar(Box::new(Select::new(columns, From::Table(rule_view(&step.table), inside)).filtered(joined)))
}

/// How many rows an `exists` looks through.
fn row_count(exists: &Exists, images: &Images) -> Expr {
    let Exists { owner, table, join_column, depth, .. } = exists;
    let inside = Alias::Rule(*depth);
    let joined = Expr::compare(CompareOp::Equal, Expr::column(inside, join_column), path_value(owner, images));
    let columns = vec![Column::bare(Expr::Fixed("count(*)"))];
    Expr::Scalar(Box::new(Select::new(columns, From::Table(rule_view(table), inside)).filtered(joined)))
}

/// The answers, read in the order in which they were asked for.
struct Answers<'a> {
    asking: Asking<'a>,
    truths: std::slice::Iter<'a, String>,
    values: std::slice::Iter<'a, Option<String>>,
}

impl Answers<'_> {
    fn judge<'c>(&mut self, clause: &'c Clause) -> Option<Judged<'c>> {
        let mut judged = |parts: &'c [Clause]| parts.iter().map(|part| self.judge(part)).collect::<Option<Vec<_>>>();
        let (truth, seen, parts) = match &clause.kind {
            ClauseKind::All(parts) => {
                let parts = judged(parts)?;
                (parts.iter().fold(Truth::True, |so_far, part| so_far.and(part.truth)), Vec::new(), parts)
            }
            ClauseKind::Any(parts) => {
                let parts = judged(parts)?;
                (parts.iter().fold(Truth::False, |so_far, part| so_far.or(part.truth)), Vec::new(), parts)
            }
            ClauseKind::Not(inner) => {
                let inner = self.judge(inner)?;
                (!inner.truth, Vec::new(), vec![inner])
            }
            ClauseKind::Named(inner) => {
                let inner = self.judge(inner)?;
                (inner.truth, Vec::new(), vec![inner])
            }
            ClauseKind::Leaf(Condition(rule)) => {
                let truth = match self.truths.next()?.as_str() {
                    TRUE => Truth::True,
                    FALSE => Truth::False,
                    _ => Truth::Unknown,
                };
                (truth, self.seen(rule)?, Vec::new())
            }
        };
        Some(Judged { clause, truth, seen, parts })
    }

    fn seen(&mut self, rule: &Rule) -> Option<Vec<SeenValue>> {
        let Asking { catalog, actor, request, .. } = self.asking;
        let mut seen: Vec<SeenValue> = Vec::new();
        for looked in looked_at(rule) {
            let (name, value) = match looked {
                Looked::Known(known) => {
                    let value = match (Caller { actor, request }).value(known) {
                        value if value.is_null() => None,
                        Value::List(_, values) => {
                            Some(values.iter().map(Value::to_json).collect::<serde_json::Value>().to_string())
                        }
                        value => Some(value.to_json().to_string()),
                    };
                    (residue::known_name(known), value)
                }
                Looked::Path(path) => (residue::path_words(catalog, path), self.values.next()?.clone()),
                Looked::Rows(exists) => {
                    let name = format!("rows of {}", catalog.collection(exists.collection).name);
                    (name, self.values.next()?.clone())
                }
            };
            if !seen.iter().any(|other| other.name == name) {
                seen.push(SeenValue { name, value });
            }
        }
        Some(seen)
    }
}
