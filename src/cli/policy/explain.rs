//! `toolcrib policy explain`

use super::site::{ExaminedRow, ExaminedType, examinations, place, seen, sites, word};
use crate::app::{Storage, Tool};
use crate::auth;
use crate::base::{Actor, ColumnName, RequestContext, Value};
use crate::catalog::{Catalog, Collection, FieldKind, LineColumn, annotate};
use crate::cli::arguments::{PolicyExplainArguments, PolicyOperation};
use crate::cli::{Arguments, render_style};
use crate::config::Settings;
use crate::db::{ConnectOptions, Database, OwnerTrial};
use crate::migrate;
use crate::policy::{Asking, Examination, ExaminedRows, Judged, ROW, SeenValue, Truth, examination, judge};
use crate::sql::{CompareOp, Expr};
use anyhow::{Context, bail};
use chrono::Utc;
use serde_json::{Value as Json, json};
use std::process::ExitCode;
use uuid::Uuid;

/// Says why a user may do something to a row, or may not.
///
/// The data is looked at with the owner's rights, whatever the user may see: whoever has the owner's URL has the data.
pub(super) async fn run(arguments: &Arguments, explain: &PolicyExplainArguments) -> anyhow::Result<ExitCode> {
    let settings = arguments.settings()?;
    let tool = Tool::load(&settings)?;
    let subject = Subject::find(&tool.catalog, explain)?;
    let storage = Storage::open(&settings).await?;
    let explained = explain_subject(&settings, &tool, &storage, explain, &subject).await;
    storage.close().await;
    let Explained { actor, id, truths, values } = explained?;
    let request = RequestContext::internal(Utc::now());
    let asking = Asking { catalog: &tool.catalog, rules: &tool.rules, actor: &actor, request: &request };
    let judged = judge(asking, &subject.examinations, &truths, &values);
    let judged = judged.context("the clauses of the rule and the rule itself do not agree; please report this with the rule")?;
    let told = Told { catalog: &tool.catalog, subject: &subject, actor: &actor, id, judged };
    if explain.json {
        println!("{:#}", told.to_json());
    } else {
        told.print();
    }
    Ok(ExitCode::SUCCESS)
}

/// What is asked about.
struct Subject<'c> {
    collection: &'c Collection,
    /// The row, as it was named.
    key: String,
    /// The rules that have to hold together, in the order in which they are asked.
    examinations: Vec<Examination>,
    /// That nothing can be allowed, because exports are not offered.
    is_closed: bool,
}

impl<'c> Subject<'c> {
    fn find(catalog: &'c Catalog, explain: &PolicyExplainArguments) -> anyhow::Result<Self> {
        let (name, key) = explain.on.split_once(':').context("`--on` is a type and a row of it, as in `TYPE:ID`")?;
        let collection = catalog.find_collection(name).with_context(|| format!("the schema has no collection `{name}`"))?;
        let field = match &explain.field {
            None => None,
            Some(name) => {
                let field = collection.find_field(name);
                Some(field.with_context(|| format!("`{}` has no field `{name}`", collection.name))?.id)
            }
        };
        let sites = sites(collection, field, explain.operation)?;
        let is_closed = explain.operation == PolicyOperation::Export && collection.export.is_none();
        Ok(Self { collection, key: key.to_owned(), examinations: examinations(catalog, sites), is_closed })
    }

    /// The row by its id, or by a unique text.
    fn filter(&self) -> anyhow::Result<Expr> {
        let equal = |column: &ColumnName, value| Expr::compare(CompareOp::Equal, Expr::column(ROW, column), Expr::Value(value));
        if let Ok(id) = self.key.parse::<Uuid>() {
            let column = self.collection.id_field().column().context("every collection has an id")?;
            return Ok(equal(column, Value::Id(id)));
        }
        let is_text = |kind: &FieldKind| matches!(kind, FieldKind::Scalar { scalar, is_list: false, .. } if scalar.is_text());
        let unique = self.collection.fields.iter().filter(|field| field.is_unique && is_text(&field.kind));
        let parts: Vec<Expr> = unique.filter_map(|field| Some(equal(field.column()?, Value::Text(self.key.clone())))).collect();
        if parts.is_empty() {
            bail!("`{}` is no id, and `{}` has no other unique text", self.key, self.collection.name);
        }
        Ok(Expr::Or(parts))
    }
}

/// What the database says.
struct Explained {
    actor: Actor,
    id: Uuid,
    truths: Vec<String>,
    values: Vec<Option<String>>,
}

async fn explain_subject(
    settings: &Settings,
    tool: &Tool,
    storage: &Storage,
    explain: &PolicyExplainArguments,
    subject: &Subject<'_>,
) -> anyhow::Result<Explained> {
    let options = ConnectOptions {
        url: storage.server_url.expose().to_owned(),
        max_connections: 1,
        statement_timeout: settings.database.statement_timeout,
    };
    let database = Database::connect(options).await?;
    let actor = auth::find_actor(&database, &explain.user).await?;
    let request = RequestContext::internal(Utc::now());
    let asking = Asking { catalog: &tool.catalog, rules: &tool.rules, actor: &actor, request: &request };
    let rows = ExaminedRows { collection: subject.collection, filter: subject.filter()?, changes: &[] };
    let query = examination(asking, &subject.examinations, rows);
    let trial = OwnerTrial::read(migrate::connect(storage.owner_url.expose()).await?).await?;
    let rows = trial.rows::<ExaminedType, ExaminedRow>(&query).await;
    trial.undo().await?;
    let rows =
        rows.context("the rows cannot be looked at; `toolcrib migrate apply` brings the database to the schema and its rules")?;
    let Some((id, truths, values)) = rows.into_iter().next() else {
        bail!("there is no `{}` `{}`", subject.collection.name, subject.key);
    };
    Ok(Explained { actor, id, truths, values })
}

/// The explanation.
struct Told<'a> {
    catalog: &'a Catalog,
    subject: &'a Subject<'a>,
    actor: &'a Actor,
    id: Uuid,
    judged: Vec<(&'a Examination, Judged<'a>)>,
}

impl Told<'_> {
    fn is_allowed(&self) -> bool {
        !self.subject.is_closed && self.judged.iter().all(|(_, root)| root.truth == Truth::True)
    }

    fn print(&self) {
        let Self { catalog, subject, actor, id, judged } = self;
        let verdict = if self.is_allowed() { "ALLOWED" } else { "DENIED" };
        let user = actor.email.as_deref().unwrap_or_default();
        println!("{verdict}: {user} ({}) on {} {id}\n", actor.role, subject.collection.name);
        if subject.is_closed {
            println!("nobody exports `{}`: it has no `@export`", subject.collection.name);
        }
        for (examination, root) in judged {
            let verdict = if root.truth == Truth::True { "allows" } else { "denies" };
            println!("{} {verdict}", examination.site.name(catalog));
            let labels: Vec<_> = root.deciding().into_iter().map(|leaf| (leaf.clause.span, label(leaf))).collect();
            print!("{}", annotate(&catalog.sources, &labels, render_style()));
            print_tree(catalog, root, 1);
            println!();
        }
        if let Some(step_up) = subject.collection.access.step_up {
            println!("Whoever writes also has to have proved who they are within {} s (`stepUp`).", step_up.as_secs());
        }
    }

    fn to_json(&self) -> Json {
        let Self { catalog, subject, actor, id, judged } = self;
        let rules = judged.iter().map(|(examination, root)| {
            let site = examination.site.name(catalog);
            json!({ "rule": site, "allows": root.truth == Truth::True, "clause": clause_json(catalog, root) })
        });
        json!({
            "allowed": self.is_allowed(),
            "user": actor.email,
            "role": actor.role.as_str(),
            "collection": subject.collection.name.as_str(),
            "id": id,
            "rules": rules.collect::<Json>(),
        })
    }
}

fn print_tree(catalog: &Catalog, judged: &Judged<'_>, depth: usize) {
    let place = place(catalog, judged.clause);
    let text = judged.clause.text.split_whitespace().collect::<Vec<_>>().join(" ");
    println!("{}{:<8} {text}  ({place})", "  ".repeat(depth), word(judged.truth));
    if !judged.seen.is_empty() {
        println!("{}{:<8} {}", "  ".repeat(depth), "", seen(&judged.seen));
    }
    judged.parts.iter().for_each(|part| print_tree(catalog, part, depth + 1));
}

fn clause_json(catalog: &Catalog, judged: &Judged<'_>) -> Json {
    let span = judged.clause.span;
    let file = &catalog.sources[usize::from(span.source.0)];
    let LineColumn { line, column } = file.line_column(span.offset);
    let values = judged.seen.iter().map(|SeenValue { name, value }| {
        let value: Json = value.as_deref().map_or(Json::Null, |text| serde_json::from_str(text).unwrap_or(Json::Null));
        json!({ "name": name, "value": value })
    });
    json!({
        "truth": word(judged.truth),
        "text": judged.clause.text,
        "path": file.path.display().to_string(),
        "line": line,
        "column": column,
        "values": values.collect::<Json>(),
        "parts": judged.parts.iter().map(|part| clause_json(catalog, part)).collect::<Json>(),
    })
}

/// `false: row.team = "a", user.team = "b"`
fn label(judged: &Judged<'_>) -> String {
    let word = word(judged.truth);
    if judged.seen.is_empty() { word.to_owned() } else { format!("{word}: {}", seen(&judged.seen)) }
}
