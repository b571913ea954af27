//! What PostgreSQL does for the support desk's usual reads on 200,000 tickets: it must never read a large table through to
//! answer a page, whoever asks. Each statement is planned, rendered and run as the server does, under EXPLAIN ANALYZE.

use crate::support::database::TestDatabase;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query as DieselQuery, QueryFragment, QueryId};
use diesel::sql_types::Json;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use serde_json::Value;
use std::collections::BTreeMap;
use toolcrib::base::{Actor, AuthMethod, RequestContext, RoleName};
use toolcrib::catalog::CollectionId;
use toolcrib::db::ActorSettings;
use toolcrib::graphql::api::{self, RootField};
use toolcrib::graphql::collect::collect;
use toolcrib::planner::to_sql::read_statement;
use toolcrib::planner::{CursorKey, Planner, PlannerSettings};
use toolcrib::sql::{Fetch, Query, StatementKind};
use uuid::Uuid;

/// As many as the desk of a large company has.
const TICKETS: u32 = 200_000;

/// Tables that no page may be a reason to read through.
const LARGE: [&str; 3] = ["tickets", "ticket_events", "customers"];

/// `explain ...` before a statement, with the statement's own binds.
struct Explain<'q>(Fetch<'q, Json>);

impl QueryId for Explain<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl DieselQuery for Explain<'_> {
    type SqlType = Json;
}

impl QueryFragment<Pg> for Explain<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("explain (analyze, format json) ");
        self.0.walk_ast(out)
    }
}

/// The large support desk.
struct Desk {
    database: TestDatabase,
    connection: AsyncPgConnection,
    schema: Valid<Schema>,
    root_fields: std::collections::HashMap<String, RootField>,
    settings: PlannerSettings,
}

impl Desk {
    async fn open() -> Self {
        let database = TestDatabase::with_demo_data(TICKETS).await;
        let api = api::build(&database.catalog, &database.rules).unwrap();
        let schema = Schema::parse_and_validate(api.schema.sdl(), "api.graphql").unwrap();
        let connection = AsyncPgConnection::establish(&database.server_url()).await.unwrap();
        let settings =
            PlannerSettings { page_size: 50, max_page_size: 500, max_rows: 100_000, cursor_key: CursorKey::new("k".repeat(64)) };
        Self { database, connection, schema, root_fields: api.root_fields, settings }
    }

    async fn actor(&self, email: &str) -> Actor {
        let row = self.database.connect().await;
        let row = row.query_one("select id, role, team_id from toolcrib.users where email = $1", &[&email]).await.unwrap();
        let team: Option<Uuid> = row.get(2);
        Actor {
            id: Some(row.get(0)),
            email: Some(email.to_owned()),
            role: RoleName::new(row.get::<_, String>(1)),
            team,
            teams: team.into_iter().collect(),
            is_active: true,
            auth_method: AuthMethod::Token,
            is_mfa: false,
            service: None,
        }
    }

    /// The statement of a query's only root field.
    fn statement(&self, actor: &Actor, query: &str) -> Query {
        let document = ExecutableDocument::parse_and_validate(&self.schema, query, "query.graphql").unwrap();
        let operation = document.operations.get(None).unwrap();
        let selection = collect(&document, &operation.selection_set, &Default::default()).unwrap();
        let [field] = selection.0.as_slice() else { panic!("one root field: {query}") };
        let request = RequestContext::internal(chrono::Utc::now());
        let (catalog, rules) = (&self.database.catalog, &self.database.rules);
        let planner = Planner { catalog, rules, actor, request: &request, settings: &self.settings };
        let plan = match self.root_fields[&field.name] {
            RootField::One(collection) => planner.plan_read_one(collection, field),
            RootField::Many(collection) => planner.plan_read_many(collection, field),
            other => panic!("{other:?} reads nothing"),
        };
        read_statement(&planner, &plan.unwrap())
    }

    /// What PostgreSQL did. Run twice and rolled back: the first run reads from disk.
    async fn explain(&mut self, actor: &Actor, query: &str) -> Footprint {
        let statement = self.statement(actor, query);
        let settings = ActorSettings::of(actor);
        let connection = &mut self.connection;
        connection.batch_execute(settings.opening()).await.unwrap();
        let explain = Explain(Fetch::new(&statement, StatementKind::Cold));
        let plan: Value = explain.get_result(connection).await.unwrap();
        connection.batch_execute("rollback").await.unwrap();
        Footprint::of(&plan[0])
    }
}

/// What a plan touched.
#[derive(Debug, Default)]
struct Footprint {
    /// Large tables that were read through.
    read_through: Vec<String>,
    /// Rows looked at in each large table.
    rows: BTreeMap<String, f64>,
    duration_ms: f64,
    nodes: Vec<String>,
}

impl Footprint {
    fn of(plan: &Value) -> Self {
        let mut footprint = Self { duration_ms: plan["Execution Time"].as_f64().unwrap(), ..Self::default() };
        footprint.add(&plan["Plan"], 0);
        footprint
    }

    fn add(&mut self, node: &Value, depth: usize) {
        let number = |key: &str| node[key].as_f64().unwrap_or_default();
        let name = node["Node Type"].as_str().unwrap();
        let relation = node["Relation Name"].as_str().unwrap_or_default();
        let rows = (number("Actual Rows") + number("Rows Removed by Filter")) * number("Actual Loops");
        let index = node["Index Name"].as_str().unwrap_or_default();
        self.nodes.push(format!("{}{name} {relation} {index} {} {rows}", "  ".repeat(depth), node["Sort Key"]));
        if LARGE.contains(&relation) && number("Actual Loops") > 0.0 {
            if name == "Seq Scan" {
                self.read_through.push(relation.to_owned());
            }
            *self.rows.entry(relation.to_owned()).or_default() += rows;
        }
        node["Plans"].as_array().into_iter().flatten().for_each(|child| self.add(child, depth + 1));
    }
}

#[tokio::test]
async fn explore() {
    let mut desk = Desk::open().await;
    let text = std::fs::read_to_string("/tmp/queries.txt").unwrap();
    for who in ["agent", "manager", "viewer"] {
        let actor = desk.actor(&format!("{who}@demo.test")).await;
        for query in text.lines().filter(|line| !line.is_empty()) {
            desk.explain(&actor, query).await;
            let f = desk.explain(&actor, query).await;
            println!("{who:8} {:8.1} ms {:?} {:?}  {query}", f.duration_ms, f.rows, f.read_through);
            if f.duration_ms > 5.0 {
                for n in &f.nodes {
                    println!("      {n}");
                }
            }
        }
    }
    let _ = CollectionId::clone;
}
