//! Running a case, and deciding an invariant.

use super::coverage::Coverage;
use super::file::{Case, Invariant};
use super::rows::World;
use crate::app::Tool;
use crate::auth;
use crate::base::{Actor, ColumnName, RequestContext, RoleName, ScalarType, Value};
use crate::catalog::{Catalog, Collection, FieldId};
use crate::cli::arguments::PolicyOperation;
use crate::cli::policy::site::{ExaminedRow, ExaminedType, examinations, place, seen, sites, word};
use crate::db::OwnerTrial;
use crate::policy::{
    Asking, Examination, ExaminedRows, FieldOperation, Judged, Operation, ROW, Residue, RuleSite, Truth, UpdateForm, examination,
    judge,
};
use crate::sql::Expr;
use anyhow::{Context, bail};
use chrono::Utc;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What was expected of one user and one row, or of one role, and what came of it.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The case.
    pub(super) case: String,
    /// `ana may READ Ticket own`
    pub(super) expectation: String,
    /// Why not, if it is not so.
    pub(super) failure: Option<String>,
}

/// Whether a row is allowed, with the words for why not.
#[derive(Debug, Default)]
struct Answer {
    denials: Vec<String>,
}

/// Runs a case for each of its users and rows.
pub(super) async fn run_case(
    trial: &OwnerTrial,
    tool: &Tool,
    world: &World,
    case: &Case,
    coverage: &mut Coverage,
) -> anyhow::Result<Vec<Outcome>> {
    let plan = Plan::of(tool, world, case)?;
    let mut outcomes = Vec::new();
    for name in &case.actors {
        let id = world.find("User", name)?;
        let actor = auth::find_actor_on(trial.pg(), id).await?;
        let actor = actor.with_context(|| format!("`{name}` is not active, and so never asks for anything"))?;
        let actor = Actor { is_mfa: case.mfa, ..actor };
        let request = RequestContext { ip_address: case.ip, ..RequestContext::internal(Utc::now()) };
        let asking = Asking { catalog: &tool.catalog, rules: &tool.rules, actor: &actor, request: &request };
        let answers = plan.ask(trial, asking, coverage).await?;
        let expected = case.allowed.iter().map(|row| (row, true)).chain(case.denied.iter().map(|row| (row, false)));
        for (row, is_allowed) in expected {
            let answer = answers.get(&world.find(&case.on, row)?).with_context(|| format!("`{row}` was not found"))?;
            outcomes.push(plan.outcome(name, row, is_allowed, answer));
        }
    }
    Ok(outcomes)
}

/// What a case asks.
struct Plan<'a> {
    case: &'a Case,
    catalog: &'a Catalog,
    collection: &'a Collection,
    ids: Vec<Value>,
    /// Of the rows as they are stored.
    stored: Vec<Examination>,
    /// Of the rows as the case would change them.
    changed: Vec<Examination>,
    changes: Vec<(ColumnName, Value)>,
    /// Nobody exports what has no `@export`.
    is_closed: bool,
}

impl<'a> Plan<'a> {
    fn of(tool: &'a Tool, world: &World, case: &'a Case) -> anyhow::Result<Self> {
        let catalog: &Catalog = &tool.catalog;
        let name = &case.on;
        let collection = catalog.find_collection(name).with_context(|| format!("the schema has no collection `{name}`"))?;
        let field = case.field.as_ref().map(|field| find_field(collection, field)).transpose()?;
        if !case.set.is_empty() && case.operation != PolicyOperation::Update {
            bail!("only an `UPDATE` has `set`");
        }
        let mut stored = sites(collection, field, case.operation)?;
        let (mut changed, mut changes) = (Vec::new(), Vec::new());
        for (name, written) in &case.set {
            let id = find_field(collection, name)?;
            let field = catalog.field(id);
            let column = field.column().with_context(|| format!("`{name}` is not stored"))?;
            changes.push((column.clone(), world.value(catalog, field, written)?));
            stored.push(RuleSite::Field(id, FieldOperation::Write));
        }
        let update = RuleSite::Row(collection.id, Operation::Update);
        if !changes.is_empty() {
            changed.push(update);
            // A rule over `old` and `new` is asked once, over both.
            if tool.rules.update_form(collection.id) == UpdateForm::OldNew {
                stored.retain(|site| *site != update);
            }
        }
        let rows = case.allowed.iter().chain(&case.denied).map(|row| world.find(name, row).map(Value::Id));
        let is_closed = case.operation == PolicyOperation::Export && collection.export.is_none();
        let ids = rows.collect::<anyhow::Result<_>>()?;
        let (stored, changed) = (examinations(catalog, stored), examinations(catalog, changed));
        Ok(Self { case, catalog, collection, ids, stored, changed, changes, is_closed })
    }

    async fn ask(
        &self,
        trial: &OwnerTrial,
        asking: Asking<'_>,
        coverage: &mut Coverage,
    ) -> anyhow::Result<BTreeMap<Uuid, Answer>> {
        let mut answers: BTreeMap<Uuid, Answer> = BTreeMap::new();
        for (asked, changes) in [(&self.stored, &[][..]), (&self.changed, &self.changes)] {
            if asked.is_empty() {
                continue;
            }
            let id = self.collection.id_field().column().context("every collection has an id")?;
            let wanted = Expr::Value(Value::List(ScalarType::Id, self.ids.clone()));
            let filter = Expr::AnyOf(Box::new(Expr::column(ROW, id)), Box::new(wanted));
            let query = examination(asking, asked, ExaminedRows { collection: self.collection, filter, changes });
            for (id, truths, values) in trial.rows::<ExaminedType, ExaminedRow>(&query).await? {
                let judged = judge(asking, asked, &truths, &values).context("a rule and its clauses do not agree")?;
                let answer = answers.entry(id).or_default();
                for (examination, root) in judged {
                    coverage.add(&root);
                    if root.truth != Truth::True {
                        answer.denials.push(self.denial(examination, &root));
                    }
                }
                if self.is_closed {
                    answer.denials.push(format!("`{}` has no `@export`", self.collection.name));
                }
            }
        }
        Ok(answers)
    }

    fn denial(&self, examination: &Examination, root: &Judged<'_>) -> String {
        let leaves = root.deciding().into_iter().map(|leaf| {
            let text = leaf.clause.text.split_whitespace().collect::<Vec<_>>().join(" ");
            format!("\n      {} {text} ({}) {}", word(leaf.truth), place(self.catalog, leaf.clause), seen(&leaf.seen))
        });
        format!("{} denies:{}", examination.site.name(self.catalog), leaves.collect::<String>())
    }

    fn outcome(&self, actor: &str, row: &str, is_allowed: bool, answer: &Answer) -> Outcome {
        let Case { name, operation, on, field, .. } = self.case;
        let may = if is_allowed { "may" } else { "may not" };
        let field = field.as_ref().map(|field| format!(".{field}")).unwrap_or_default();
        let operation = format!("{operation:?}").to_uppercase();
        let failure = match (is_allowed, answer.denials.is_empty()) {
            (true, true) | (false, false) => None,
            (true, false) => Some(answer.denials.join("\n    ")),
            (false, true) => Some("every rule allows it".to_owned()),
        };
        Outcome { case: name.clone(), expectation: format!("{actor} {may} {operation} {on}{field} {row}"), failure }
    }
}

fn find_field(collection: &Collection, name: &str) -> anyhow::Result<FieldId> {
    let field = collection.find_field(name).with_context(|| format!("`{}` has no field `{name}`", collection.name))?;
    Ok(field.id)
}

/// Decides an invariant by the rules alone, for each role, operation and subject.
pub(super) fn decide(tool: &Tool, invariant: &Invariant) -> anyhow::Result<Vec<Outcome>> {
    let catalog: &Catalog = &tool.catalog;
    let known = catalog.roles();
    let mut outcomes = Vec::new();
    for role in &invariant.roles {
        let role =
            known.iter().find(|known| known.as_str() == role).with_context(|| format!("the schema has no role `{role}`"))?;
        for (subjects, wanted) in [(&invariant.never, Residue::Never), (&invariant.always, Residue::Always)] {
            for subject in expand(catalog, subjects) {
                for operation in &invariant.operations {
                    outcomes.push(decide_one(tool, invariant, role, (&subject, *operation), &wanted)?);
                }
            }
        }
    }
    Ok(outcomes)
}

/// `*` is every type of the tool's own.
fn expand(catalog: &Catalog, subjects: &[String]) -> Vec<String> {
    let own =
        || catalog.collections.iter().filter(|collection| !collection.is_platform).map(|collection| collection.name.to_string());
    subjects.iter().flat_map(|subject| if subject == "*" { own().collect() } else { vec![subject.clone()] }).collect()
}

fn decide_one(
    tool: &Tool,
    invariant: &Invariant,
    role: &RoleName,
    (subject, operation): (&str, PolicyOperation),
    wanted: &Residue,
) -> anyhow::Result<Outcome> {
    let (name, field) = subject.split_once('.').map_or((subject, None), |(name, field)| (name, Some(field)));
    let collection = tool.catalog.find_collection(name).with_context(|| format!("the schema has no collection `{name}`"))?;
    let field = field.map(|field| find_field(collection, field)).transpose()?;
    let given: Vec<(RuleSite, Residue)> =
        sites(collection, field, operation)?.into_iter().map(|site| (site, residue(tool, site, role))).collect();
    // One rule that never holds is enough for never; for always all have to.
    let is_so = match wanted {
        Residue::Never => given.iter().any(|(_, residue)| *residue == Residue::Never),
        _ => given.iter().all(|(_, residue)| residue == wanted),
    };
    let never = if *wanted == Residue::Never { "never" } else { "always" };
    let told = given.iter().map(|(site, residue)| {
        let condition = match residue {
            Residue::Always => "always",
            Residue::Never => "never",
            Residue::If(condition) => condition,
        };
        format!("{}: {condition}", site.name(&tool.catalog))
    });
    let operation = format!("{operation:?}").to_uppercase();
    Ok(Outcome {
        case: invariant.name.clone(),
        expectation: format!("{role} {never} {operation} {subject}"),
        failure: (!is_so).then(|| told.collect::<Vec<_>>().join("\n    ")),
    })
}

fn residue(tool: &Tool, site: RuleSite, role: &RoleName) -> Residue {
    let Tool { catalog, rules, .. } = tool;
    match site {
        RuleSite::Row(collection, operation) => rules.residue(catalog, collection, operation, role),
        RuleSite::Export(collection) => rules.export_residue(catalog, collection, role),
        RuleSite::Field(field, operation) => rules.field_residue(catalog, field, operation, role),
    }
}
