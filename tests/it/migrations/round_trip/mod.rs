//! Generated pairs of schemas: from one to the other and back, with rows.
//!
//! `TOOLCRIB_MIGRATION_PAIRS` asks for another number of pairs, `TOOLCRIB_MIGRATION_SEED` for others.

mod change;
mod rows;
mod schema;

use super::options;
use crate::support::database::{TestDatabase, compile, connect};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use rand::SeedableRng;
use rand::rngs::StdRng;
use schema::Schema;
use std::collections::BTreeSet;
use std::path::Path;
use tempfile::TempDir;
use tokio_postgres::Client;
use toolcrib::catalog::Catalog;
use toolcrib::db::introspect::{StoredSchema, read_schema};
use toolcrib::migrate::{self, Consent, Plan, Risk, RuleDemands, Step, Tool};

/// Only the platform's tables.
const NO_TOOL: &str = "extend schema @rule(name: \"nobody\", is: \"false\")";

/// How many pairs are under way at once.
const WORKERS: u64 = 4;

#[test]
fn generated_schemas_are_migrated_there_and_back() {
    let pairs = number_from("TOOLCRIB_MIGRATION_PAIRS", 200);
    let seed = number_from("TOOLCRIB_MIGRATION_SEED", 20_260_101);
    let work = move |worker: u64| async move {
        let workplace = Workplace::new().await;
        let mut seen = BTreeSet::new();
        for pair in (worker..pairs).step_by(usize::try_from(WORKERS).unwrap()) {
            seen.extend(workplace.round_trip(seed + pair).await);
        }
        seen
    };
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let workers: Vec<_> = (0..WORKERS).map(|worker| std::thread::spawn(move || runtime().block_on(work(worker)))).collect();
    let seen: BTreeSet<&str> = workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect();
    if pairs >= 200 {
        let all = BTreeSet::from(KINDS);
        let missing: Vec<&&str> = all.difference(&seen).collect();
        assert!(missing.is_empty(), "no pair needs {missing:?}");
    }
}

fn number_from(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is not a number")))
}

/// The kinds of steps that the pairs have to need.
const KINDS: [&str; 25] = [
    "AddCheck",
    "AddColumn",
    "AddForeignKey",
    "AttachUnique",
    "BuildIndex",
    "BuildUniqueIndex",
    "ChangeType",
    "CreateSequence",
    "CreateTable",
    "DropColumn",
    "DropConstraint",
    "DropIndex",
    "DropNotNull",
    "DropTable",
    "OwnSequence",
    "RenameColumn",
    "RenameConstraint",
    "RenameIndex",
    "RenameSequence",
    "RenameTable",
    "Rewrite",
    "SetComment",
    "SetDefault",
    "SetNotNull",
    "Validate",
];

/// A database that one pair after the other uses.
struct Workplace {
    database: TestDatabase,
    client: Client,
}

/// One pair.
struct Trip<'a> {
    workplace: &'a Workplace,
    migrations: TempDir,
    name: String,
}

/// A compiled schema.
struct Compiled {
    catalog: Catalog,
    demands: RuleDemands,
}

impl Compiled {
    fn new(schema: &Schema) -> Self {
        let (catalog, rules) = compile(&schema.to_sdl());
        let demands = RuleDemands::new(&catalog, &rules);
        Self { catalog, demands }
    }
}

impl Workplace {
    async fn new() -> Self {
        let database = TestDatabase::new(NO_TOOL).await;
        let client = connect(&database.owner_url()).await;
        Self { database, client }
    }

    /// Returns the kinds of steps that were taken.
    async fn round_trip(&self, seed: u64) -> BTreeSet<&'static str> {
        let mut random = StdRng::seed_from_u64(seed);
        let first = Schema::generate(&mut random);
        let second = first.changed(&mut random);
        let migrations = tempfile::tempdir().unwrap();
        let name = format!("TOOLCRIB_MIGRATION_SEED={seed} TOOLCRIB_MIGRATION_PAIRS=1\n{}\n{}", first.to_sdl(), second.to_sdl());
        let trip = Trip { workplace: self, migrations, name };
        let seen = trip.run(&first, &second).await;
        self.clear().await;
        seen
    }

    async fn clear(&self) {
        let text = "
            do $$ declare name text; begin
                for name in select oid::regclass::text from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' loop
                    execute 'drop table ' || name || ' cascade';
                end loop;
            end $$;
            delete from toolcrib.tool_migrations";
        self.client.batch_execute(text).await.unwrap();
    }
}

impl Trip<'_> {
    async fn run(&self, first: &Schema, second: &Schema) -> BTreeSet<&'static str> {
        let (before, after) = (Compiled::new(first), Compiled::new(second));
        self.migrate(&before, "2026-01-01T00:00:00Z").await;
        self.execute(&rows::inserts(first, &before.catalog)).await;
        let (shape, rows) = (self.shape().await, self.rows().await);

        let plan = self.migrate(&after, "2026-01-02T00:00:00Z").await;
        assert!(self.plan(&after).await.is_empty(), "{}", self.explain(&plan));
        if plan.is_empty() {
            return BTreeSet::new();
        }
        let is_destructive = plan.warnings().iter().any(|warning| warning.risk == Risk::Destructive);
        if !plan.steps.iter().any(|step| matches!(step, Step::DropTable { .. })) {
            assert_eq!(ids(&self.rows().await), ids(&rows), "{}", self.explain(&plan));
        }
        if plan.steps.iter().any(needs_empty_tables) {
            self.empty_tables().await;
        }
        let reverted = migrate::revert(self.connect().await, self.tool(&before), 1, &options(Consent::Given)).await;
        assert!(
            reverted.unwrap_or_else(|error| panic!("{error:?}\n{}", self.explain(&plan))).fits_schema,
            "{}",
            self.explain(&plan)
        );
        assert_eq!(self.shape().await, shape, "{}", self.explain(&plan));
        if !is_destructive {
            assert!(is_kept(&rows, &self.rows().await), "{}", self.explain(&plan));
        }
        plan.steps.iter().map(kind).collect()
    }

    async fn migrate(&self, schema: &Compiled, time: &str) -> Plan {
        let plan = self.plan(schema).await;
        assert_eq!(plan.refusals, [], "{}", self.name);
        if !plan.is_empty() {
            migrate::write(&plan, self.migrations.path(), "change", time.parse().unwrap()).unwrap();
        }
        let applied = migrate::apply_with(self.connect().await, self.tool(schema), &options(Consent::Given)).await;
        applied.unwrap_or_else(|error| panic!("{error:?}\n{}", self.explain(&plan)));
        plan
    }

    async fn plan(&self, schema: &Compiled) -> Plan {
        migrate::plan(self.connect().await, self.tool(schema)).await.unwrap_or_else(|error| panic!("{error:?}\n{}", self.name))
    }

    fn tool<'t>(&'t self, schema: &'t Compiled) -> Tool<'t> {
        let migrations: &Path = self.migrations.path();
        Tool { catalog: &schema.catalog, demands: &schema.demands, migrations }
    }

    fn explain(&self, plan: &Plan) -> String {
        format!("{}\n{}\n{}", self.name, plan.up_sql(), plan.down_sql())
    }

    async fn connect(&self) -> AsyncPgConnection {
        migrate::connect(&self.workplace.database.owner_url()).await.unwrap()
    }

    async fn execute(&self, text: &str) {
        let outcome = self.workplace.client.batch_execute(text).await;
        outcome.unwrap_or_else(|error| panic!("{error:?}\n{text}\n{}", self.name));
    }

    /// Columns that were dropped come back as the last ones.
    async fn shape(&self) -> StoredSchema {
        let mut connection = AsyncPgConnection::establish(&self.workplace.database.owner_url()).await.unwrap();
        let mut stored = read_schema(&mut connection).await.unwrap();
        stored.tables.values_mut().for_each(|table| table.columns.sort_by(|left, right| left.name.cmp(&right.name)));
        stored
    }

    /// Every row as text, by id.
    async fn rows(&self) -> Vec<(String, String)> {
        let mut rows = Vec::new();
        for table in self.tables().await {
            let query = format!("select id::text, to_jsonb(t)::text from {table} t");
            let found = self.workplace.client.query(&query, &[]).await.unwrap();
            rows.extend(found.iter().map(|row| (row.get(0), row.get(1))));
        }
        rows.sort();
        rows
    }

    async fn empty_tables(&self) {
        for table in self.tables().await {
            self.execute(&format!("truncate {table} cascade")).await;
        }
    }

    async fn tables(&self) -> Vec<String> {
        let query = "select oid::regclass::text from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'";
        self.workplace.client.query(query, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }
}

fn ids(rows: &[(String, String)]) -> Vec<&str> {
    rows.iter().map(|(id, _)| id.as_str()).collect()
}

/// Whether every value of before is there; what was null may have been filled.
fn is_kept(before: &[(String, String)], after: &[(String, String)]) -> bool {
    let parse = |text: &str| serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).unwrap();
    let is_same = |before: &str, after: &str| {
        let after = parse(after);
        parse(before).iter().all(|(name, value)| value.is_null() || after.get(name) == Some(value))
    };
    ids(before) == ids(after) && before.iter().zip(after).all(|((_, before), (_, after))| is_same(before, after))
}

/// Nobody knows what the rows held of a column that is gone, nor can two of them share the default that it comes back with.
fn needs_empty_tables(step: &Step) -> bool {
    match step {
        Step::DropColumn { column, .. } => column.is_required,
        _ => false,
    }
}

/// `RenameTable`.
fn kind(step: &Step) -> &'static str {
    let name = format!("{step:?}");
    let name = name.split([' ', '{']).next().unwrap();
    KINDS.iter().find(|kind| **kind == name).copied().unwrap_or("CreateSchema")
}
