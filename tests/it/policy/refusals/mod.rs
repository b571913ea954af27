//! The refusal matrix: role × collection × operation × channel over the support desk, through the router.
//!
//! `tests/cases/policy/refusals.txt` says who may do what with which row, once. Every channel is asked about every row by every
//! caller and has to agree with it, so that each permission stands beside its refusal. Writes are dry runs: all callers ask
//! about the same rows.

mod cells;
mod reads;
mod table;
mod writes;

use crate::support::app::TestApp;
use crate::support::caller::{Caller, Response};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use table::{Grid, Table};
use toolcrib::catalog::{Catalog, Collection};
use toolcrib::config::LimitSettings;

const CASES: &str = include_str!("../../../cases/policy/refusals.txt");

/// The desk, and what is asked of it.
struct Desk {
    app: TestApp,
    catalog: Arc<Catalog>,
    table: Table,
    /// Every row of the grids as it is stored, by id.
    stored: BTreeMap<String, Json>,
}

/// What was found wrong, and how often each channel said yes and no. What is asked is a channel, and who asks.
#[derive(Default)]
struct Findings {
    wrong: Vec<String>,
    counts: BTreeMap<String, [usize; 2]>,
}

impl Findings {
    /// Compares what a channel shows with what it has to: the rows of `all` that are in `expected`, and no others.
    fn compare(&mut self, asked: (&str, &str), all: &[String], expected: &[&str], shown: &BTreeSet<String>) {
        for row in all {
            self.note(asked, row, expected.contains(&row.as_str()), shown.contains(row));
        }
        let strange: Vec<&String> = shown.iter().filter(|row| !all.contains(row)).collect();
        if !strange.is_empty() {
            self.wrong.push(format!("{}: {} is shown {strange:?}", asked.0, asked.1));
        }
    }

    /// One answer of a channel about a row.
    fn note(&mut self, (channel, who): (&str, &str), row: &str, expected: bool, shown: bool) {
        self.counts.entry(channel.to_owned()).or_default()[usize::from(!expected)] += 1;
        if expected != shown {
            let verb = if shown { "is shown" } else { "is not shown" };
            self.wrong.push(format!("{channel}: {who} {verb} {}", &row[row.len().saturating_sub(3)..]));
        }
    }

    /// One code.
    fn code(&mut self, (channel, who): (&str, &str), what: &str, expected: &str, answer: &Response) {
        let codes = answer.codes();
        let found = codes.first().map_or("ok", String::as_str);
        // A constraint is looked at when the rule has allowed.
        let found = if found == "CONSTRAINT_VIOLATION" { "ok" } else { found };
        self.counts.entry(channel.to_owned()).or_default()[usize::from(expected != "ok")] += 1;
        if found != expected {
            self.wrong.push(format!("{channel}: {who}, {what}: expected {expected}, not {found}: {:?}", answer.messages()));
        }
    }

    /// Nothing is wrong, and every channel but those of `one_sided` said both yes and no.
    #[expect(clippy::print_stdout, reason = "the matrix is large, and this says how large")]
    fn check(self, channels: usize, one_sided: &[&str]) {
        for (channel, [yes, no]) in &self.counts {
            println!("{channel}: {yes} allowed, {no} refused");
        }
        assert!(self.wrong.is_empty(), "{} are wrong:\n{}", self.wrong.len(), self.wrong.join("\n"));
        assert_eq!(self.counts.len(), channels, "{:?}", self.counts.keys());
        let found = self.counts.iter().filter(|(_, counts)| counts.contains(&0)).map(|(channel, _)| channel.as_str());
        assert_eq!(found.collect::<Vec<_>>(), one_sided, "without a twin");
    }
}

impl Desk {
    async fn open() -> Self {
        let app = TestApp::support_desk().with_limits(lift).start().await;
        let table = Table::parse(CASES);
        let catalog = Arc::clone(&app.database.catalog);
        let mut stored = BTreeMap::new();
        for grid in &table.grids {
            let collection = catalog.find_collection(&grid.ty).unwrap();
            for row in app.rows(&format!("select * from {}", collection.table)).await {
                stored.insert(row["id"].as_str().unwrap().to_owned(), row);
            }
            assert!(grid.rows.iter().all(|row| stored.contains_key(row)), "{}", grid.ty);
        }
        Self { app, catalog, table, stored }
    }

    fn caller(&self, name: &str) -> Caller<'_> {
        self.app.user(name)
    }

    fn collection(&self, ty: &str) -> &Collection {
        self.catalog.find_collection(ty).unwrap()
    }

    /// The answer's `data`; reads are never refused as a whole.
    async fn data(&self, caller: &str, query: &str) -> Json {
        self.caller(caller).graphql(query, json!({})).await.data()
    }

    /// The stored value of a field.
    fn value(&self, row: &str, ty: &str, field: &str) -> &Json {
        let column = self.collection(ty).find_field(field).unwrap().column().unwrap();
        &self.stored[row][column.as_str()]
    }

    /// Whether the caller reads a row; `None` of a row that the case file does not have.
    fn reads(&self, caller: &str, ty: &str, row: &str) -> Option<bool> {
        let grid = self.table.grid(ty)?;
        grid.rows.iter().any(|other| other == row).then(|| grid.letters(caller, row).contains('r'))
    }
}

/// Of rows at any depth, the ids.
fn ids(json: &Json) -> BTreeSet<String> {
    match json {
        Json::Array(elements) => elements.iter().flat_map(ids).collect(),
        Json::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| match value {
                Json::String(id) if name == "id" => BTreeSet::from([id.clone()]),
                other => ids(other),
            })
            .collect(),
        _ => BTreeSet::new(),
    }
}

/// What keeps a list to the case file's rows: the log grows while it is read.
fn before_the_test(grid: &Grid) -> &'static str {
    if grid.ty == "AuditEvent" { "where: {createdAt: {lt: \"2026-02-01T00:00:00Z\"}}, " } else { "" }
}

/// Many rows are asked for at once.
fn lift(limits: &mut LimitSettings) {
    limits.max_aliases = 10_000;
    limits.max_root_fields = 10_000;
    limits.max_fields = 10_000;
    limits.max_rows = 1_000_000_000;
    limits.max_cost = usize::MAX;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_channel_shows_the_rows_that_the_rules_allow_and_no_others() {
    let desk = Desk::open().await;
    let mut findings = Findings::default();
    for caller in desk.table.callers() {
        for grid in &desk.table.grids {
            reads::check(&desk, grid, caller, &mut findings).await;
        }
    }
    reads::check_exports(&desk, &mut findings).await;
    // Whoever reads a row of the desk reads what it points to.
    findings.check(15, &["relation to one"]);
    desk.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_write_is_done_or_refused_as_the_rules_say() {
    let desk = Desk::open().await;
    let mut findings = Findings::default();
    writes::check(&desk, &mut findings).await;
    findings.check(11, &[]);
    desk.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_channel_shows_the_cells_that_the_guards_allow_and_no_others() {
    let desk = Desk::open().await;
    let mut findings = Findings::default();
    cells::check(&desk, &mut findings).await;
    findings.check(9, &[]);
    desk.app.finish().await;
}

#[tokio::test]
async fn whoever_does_not_say_who_they_are_is_told_nothing() {
    let desk = Desk::open().await;
    for grid in &desk.table.grids {
        let query = format!("{{ {} {{ totalCount }} }}", desk.collection(&grid.ty).plural);
        let answer = desk.app.anonymous().graphql(&query, json!({})).await;
        assert_eq!((answer.status, answer.codes()), (401, vec!["UNAUTHENTICATED".to_owned()]), "{query}");
        desk.data("ada", &query).await;
    }
    desk.app.finish().await;
}

#[test]
fn the_case_file_has_every_collection_and_every_guarded_field_of_the_desk() {
    let table = Table::parse(CASES);
    let (catalog, _) = crate::support::database::compile(crate::support::database::SUPPORT_DESK);
    for collection in catalog.collections.iter().filter(|collection| !collection.is_platform) {
        assert!(table.grid(collection.name.as_str()).is_some(), "{}", collection.name);
        for field in collection.fields.iter().filter(|field| field.access.read.is_some()) {
            let is_there =
                table.cells.iter().any(|cells| collection.name == cells.ty.as_str() && field.name == cells.field.as_str());
            assert!(is_there, "{}.{}", collection.name, field.name);
        }
    }
}
