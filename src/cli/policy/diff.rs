//! `toolcrib policy diff`

use super::matrix::parts_of;
use crate::app::{Storage, Tool};
use crate::auth;
use crate::base::{Actor, RequestContext, RoleName};
use crate::catalog::{Catalog, SourceFile};
use crate::cli::Arguments;
use crate::cli::arguments::PolicyDiffArguments;
use crate::config::{Overrides, Settings};
use crate::db::{ConnectOptions, Database, OwnerTrial};
use crate::migrate::{self, AppliedRules};
use crate::policy::{AccessDifference, ComparedRules, RuleBook, differences, plan_counts};
use anyhow::{Context, bail};
use chrono::Utc;
use comfy_table::{ContentArrangement, Table};
use diesel::sql_types::BigInt;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// The exit code of rules that give somebody more, or may.
const WIDER: u8 = 3;

/// Of each role, the rows of so many users are counted.
const MAX_USERS: i64 = 100;

/// Says who gains and who loses what.
pub(super) async fn run(arguments: &Arguments, diff: &PolicyDiffArguments) -> anyhow::Result<ExitCode> {
    let settings = arguments.settings()?;
    let new = match &diff.new {
        Some(path) => read_rules(path)?,
        None => OneVersion::of(Tool::load(&settings)?),
    };
    let storage = if diff.old.is_none() || diff.counts { Some(Storage::open(&settings).await?) } else { None };
    let compared = compare(&settings, diff, storage.as_ref(), &new).await;
    if let Some(storage) = storage {
        storage.close().await;
    }
    let found = compared?;
    if diff.json {
        println!("{:#}", found.iter().map(Counted::to_json).collect::<Json>());
    } else if found.is_empty() {
        println!("nobody gains or loses anything");
    } else {
        println!("{}", to_table(&found));
    }
    let is_wider = found.iter().any(|counted| counted.change.counts_as_wider());
    Ok(if is_wider { ExitCode::from(WIDER) } else { ExitCode::SUCCESS })
}

/// One version of the rules.
struct OneVersion {
    catalog: Arc<Catalog>,
    rules: Arc<RuleBook>,
}

impl OneVersion {
    fn of(Tool { catalog, rules, demands: _ }: Tool) -> Self {
        Self { catalog, rules }
    }

    fn compared(&self) -> ComparedRules<'_> {
        ComparedRules { catalog: &self.catalog, rules: &self.rules }
    }
}

/// A change, and what it is to the users of the role, by mail address.
struct Counted {
    change: AccessDifference,
    /// `None` where nothing was, or could be, counted.
    rows: Option<BTreeMap<String, (i64, i64)>>,
}

async fn compare(
    settings: &Settings,
    diff: &PolicyDiffArguments,
    storage: Option<&Storage>,
    new: &OneVersion,
) -> anyhow::Result<Vec<Counted>> {
    let old = match (&diff.old, storage) {
        (Some(path), _) => read_rules(path)?,
        (None, Some(storage)) => applied(storage).await?,
        (None, None) => bail!("name the rules before, or a database that they were applied to"),
    };
    let sides = (old.compared(), new.compared());
    let changes = differences(sides.0, sides.1);
    match storage.filter(|_| diff.counts) {
        Some(storage) => count(settings, storage, sides, changes).await,
        None => Ok(changes.into_iter().map(|change| Counted { change, rows: None }).collect()),
    }
}

async fn applied(storage: &Storage) -> anyhow::Result<OneVersion> {
    let mut connection = migrate::connect(storage.owner_url.expose()).await?;
    let applied = migrate::applied_rules(&mut connection).await?;
    let AppliedRules { catalog, rules } =
        applied.context("no rules were applied to this database yet; `toolcrib migrate apply` does that")?;
    Ok(OneVersion { catalog: Arc::new(catalog), rules: Arc::new(rules) })
}

/// A schema file, a tool's directory, or `-`.
fn read_rules(path: &Path) -> anyhow::Result<OneVersion> {
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("standard input cannot be read")?;
        return Ok(OneVersion::of(Tool::compile(vec![SourceFile::new("standard input", text)])?));
    }
    let file = if path.is_dir() {
        // Its own file of settings alone: those of the surroundings are about another tool.
        Settings::load(path, std::iter::empty(), &Overrides::default())?.server.schema
    } else {
        path.to_owned()
    };
    let text = std::fs::read_to_string(&file).with_context(|| format!("`{}` cannot be read", file.display()))?;
    Ok(OneVersion::of(Tool::compile(vec![SourceFile::new(&file, text)])?))
}

/// Asks for each user of a role what the changes are to them.
async fn count(
    settings: &Settings,
    storage: &Storage,
    sides: (ComparedRules<'_>, ComparedRules<'_>),
    changes: Vec<AccessDifference>,
) -> anyhow::Result<Vec<Counted>> {
    let options = ConnectOptions {
        url: storage.server_url.expose().to_owned(),
        max_connections: 1,
        statement_timeout: settings.database.statement_timeout,
    };
    let database = Database::connect(options).await?;
    let mut users: BTreeMap<RoleName, Vec<Actor>> = BTreeMap::new();
    let mut trial = OwnerTrial::read(migrate::connect(storage.owner_url.expose()).await?).await?;
    let request = RequestContext::internal(Utc::now());
    let mut counted = Vec::new();
    for change in changes {
        if !users.contains_key(&change.role) {
            users.insert(change.role.clone(), auth::list_actors(&database, &change.role, MAX_USERS).await?);
        }
        let mut rows = BTreeMap::new();
        for actor in &users[&change.role] {
            let Some(query) = plan_counts(sides, &change, actor, &request) else { continue };
            // A rule may name columns that are not there yet, or no more.
            let Ok(found) = trial.try_rows::<(BigInt, BigInt), (i64, i64)>(&query).await else { continue };
            rows.insert(actor.email.clone().unwrap_or_default(), found.into_iter().next().unwrap_or_default());
        }
        counted.push(Counted { change, rows: (!rows.is_empty()).then_some(rows) });
    }
    trial.undo().await?;
    Ok(counted)
}

impl Counted {
    fn to_json(&self) -> Json {
        let Self { change, rows } = self;
        let AccessDifference { collection, field, action, role, direction, before, after, gained, lost } = change;
        let given = |residue| {
            let (answer, condition) = parts_of(residue);
            json!({ "answer": answer, "condition": condition })
        };
        let rows = rows.as_ref().map(|rows| {
            let of_user =
                |(user, (gained, lost)): (&String, &(i64, i64))| json!({ "user": user, "gained": gained, "lost": lost });
            rows.iter().map(of_user).collect::<Json>()
        });
        json!({
            "collection": collection,
            "field": field,
            "operation": action.as_str(),
            "role": role.as_str(),
            "direction": direction.as_str(),
            "countsAsWider": change.counts_as_wider(),
            "before": given(before),
            "after": given(after),
            "gained": gained,
            "lost": lost,
            "rows": rows,
        })
    }

    /// `2 of 3 users gain up to 40 rows`
    fn summary(&self) -> String {
        let Some(rows) = &self.rows else { return String::new() };
        let of = |verb: &str, pick: fn(&(i64, i64)) -> i64| {
            let users = rows.values().filter(|counts| pick(counts) > 0).count();
            let most = rows.values().map(pick).max().unwrap_or_default();
            (users > 0).then(|| format!("{users} of {} {verb} up to {most} rows", rows.len()))
        };
        let parts: Vec<String> = [of("gain", |counts| counts.0), of("lose", |counts| counts.1)].into_iter().flatten().collect();
        if parts.is_empty() { format!("no row for {} users", rows.len()) } else { parts.join("\n") }
    }
}

fn to_table(found: &[Counted]) -> Table {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    let is_counted = found.iter().any(|counted| counted.rows.is_some());
    let counts = is_counted.then_some("users");
    table.set_header(["", "operation", "role", "change", "gains", "loses"].into_iter().chain(counts));
    for counted in found {
        let AccessDifference { collection, field, action, role, direction, gained, lost, .. } = &counted.change;
        let name = field.as_ref().map_or_else(|| collection.clone(), |field| format!("{collection}.{field}"));
        let cells = [
            name,
            action.as_str().to_owned(),
            role.to_string(),
            direction.as_str().to_lowercase(),
            gained.join("\n|| "),
            lost.join("\n|| "),
        ];
        table.add_row(cells.into_iter().chain(is_counted.then(|| counted.summary())));
    }
    table
}
