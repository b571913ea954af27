//! What PostgreSQL does for the support desk's usual reads on 200,000 tickets: it must never read a large table through to
//! answer a page, whoever asks. Each statement is planned, rendered and run as the server does, under EXPLAIN ANALYZE.

use crate::support::database::TestDatabase;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use diesel::QueryResult;
use diesel::pg::{Pg, PgQueryBuilder};
use diesel::query_builder::{AstPass, Query as DieselQuery, QueryBuilder, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Json, Nullable};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use toolcrib::base::{Actor, AuthMethod, CallerContext, RequestContext, RoleName};
use toolcrib::catalog::{Catalog, RuleText};
use toolcrib::db::ActorSettings;
use toolcrib::graphql::api::{self, RootField};
use toolcrib::graphql::collect::collect;
use toolcrib::migrate::{self, Tool};
use toolcrib::planner::to_sql::read_statement;
use toolcrib::planner::{CursorKey, MaskKey, Planner, PlannerSettings};
use toolcrib::policy::RuleBook;
use toolcrib::sql::{Fetch, Statement, StatementKind};
use uuid::Uuid;

/// As many as the desk of a large company has.
const TICKETS: u32 = 200_000;

/// Tables that no page may be a reason to read through.
const LARGE: [&str; 4] = ["tickets", "ticket_events", "customers", "record_shares"];

/// How many rows of one table a page may look at: most rules and filters keep a good part of what an index gives.
const MOST_ROWS: f64 = 10_000.0;

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
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn to_sql(&self, out: &mut PgQueryBuilder, backend: &Pg) -> QueryResult<()> {
        out.push_sql("explain (analyze, timing off, format json) ");
        self.0.to_sql(out, backend)
    }

    fn is_safe_to_cache_prepared(&self, _backend: &Pg) -> QueryResult<bool> {
        Ok(false)
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
        let settings = PlannerSettings {
            page_size: 50,
            max_page_size: 500,
            max_rows: 100_000,
            cursor_key: CursorKey::new("k".repeat(64)),
            mask_key: MaskKey::new(b"key"),
        };
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
            authenticated_at: None,
            service: None,
            scope: toolcrib::base::Scope::Full,
            acted_by: None,
        }
    }

    /// The statement of a query's only root field.
    fn statement(&self, actor: &Actor, query: &str) -> Statement {
        let document = ExecutableDocument::parse_and_validate(&self.schema, query, "query.graphql").unwrap();
        let operation = document.operations.get(None).unwrap();
        let selection = collect(&document, &operation.selection_set, &Default::default()).unwrap();
        let [field] = selection.0.as_slice() else { panic!("one root field: {query}") };
        let request = RequestContext::internal(chrono::Utc::now());
        let (catalog, rules) = (&self.database.catalog, &self.database.rules);
        let planner = Planner { catalog, rules, actor, request: &request, settings: &self.settings };
        let plan = match self.root_fields[&field.name] {
            RootField::One(collection) => planner.plan_read_one(collection, field),
            RootField::By(collection) => planner.plan_read_by(collection, field),
            RootField::Many(collection) => planner.plan_read_many(collection, field),
            RootField::Aggregate(collection) => planner.plan_read_aggregate(collection, field),
            other => panic!("{other:?} reads nothing"),
        };
        Statement::of(&read_statement(&planner, &plan.unwrap())).unwrap()
    }

    /// What PostgreSQL is told before a statement.
    fn opening(&self, actor: &Actor, statement: &Statement) -> String {
        let request = RequestContext::internal(chrono::Utc::now());
        let asked = self.database.rules.context_use_of_tables(actor, statement.tables());
        ActorSettings::as_asked(CallerContext { actor, request: &request, asked }).opening()
    }

    /// The cursor of one row in an order.
    async fn cursor(&mut self, actor: &Actor, order: &str, id: &str) -> String {
        let query = format!(r#"{{ tickets(orderBy: {order}, where: {{id: {{eq: "{id}"}}}}) {{ pageInfo {{ endCursor }} }} }}"#);
        let statement = self.statement(actor, &query);
        let opening = self.opening(actor, &statement);
        let connection = &mut self.connection;
        connection.batch_execute(&opening).await.unwrap();
        let fetch = Fetch::<(Nullable<Json>, BigInt)>::new(&statement, StatementKind::Cold);
        let (answer, _) = fetch.get_result::<(Option<Value>, i64)>(connection).await.unwrap();
        connection.batch_execute("rollback").await.unwrap();
        let marked = answer.unwrap()["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
        self.settings.cursor_key.seal(marked)
    }

    /// What PostgreSQL does for a query; rolled back, with the event of the view.
    async fn explain(&mut self, actor: &Actor, query: &str) -> Footprint {
        let statement = self.statement(actor, query);
        let opening = self.opening(actor, &statement);
        let connection = &mut self.connection;
        connection.batch_execute(&opening).await.unwrap();
        let explain = Explain(Fetch::new(&statement, StatementKind::Cold));
        let plan: Value = explain.get_result(connection).await.unwrap();
        connection.batch_execute("rollback").await.unwrap();
        Footprint::of(&plan[0])
    }
}

/// What PostgreSQL did.
#[derive(Debug, Default)]
struct Footprint {
    /// Large tables that were read through.
    read_through: Vec<String>,
    /// Rows looked at in each large table, kept or not.
    rows: BTreeMap<String, f64>,
    /// The plan's nodes, for people.
    nodes: String,
}

impl Footprint {
    fn of(plan: &Value) -> Self {
        let mut footprint = Self::default();
        footprint.add(&plan["Plan"], 0);
        footprint
    }

    fn add(&mut self, node: &Value, depth: usize) {
        let number = |key: &str| node[key].as_f64().unwrap_or_default();
        let text = |key: &str| node[key].as_str().unwrap_or_default();
        let (name, relation) = (text("Node Type"), text("Relation Name"));
        let rows = (number("Actual Rows") + number("Rows Removed by Filter")) * number("Actual Loops");
        self.nodes += &format!("{}{name} {relation} {} {rows}\n", "  ".repeat(depth), text("Index Name"));
        // A branch that was planned and never run has no loops.
        if LARGE.contains(&relation) && number("Actual Loops") > 0.0 {
            // The demo has a handful of shares, for which no index is worth it.
            if name == "Seq Scan" && (relation != "record_shares" || rows > 1_000.0) {
                self.read_through.push(relation.to_owned());
            }
            *self.rows.entry(relation.to_owned()).or_default() += rows;
        }
        node["Plans"].as_array().into_iter().flatten().for_each(|child| self.add(child, depth + 1));
    }

    /// Why this is too much; `None` if it is not.
    fn excess(&self, most_rows: f64) -> Option<String> {
        let most = self.rows.values().copied().fold(0.0, f64::max);
        let is_modest = self.read_through.is_empty() && most <= most_rows;
        (!is_modest).then(|| format!("read through: {:?}, rows: {:?}\n{}", self.read_through, self.rows, self.nodes))
    }
}

/// Lists, filters, orders and relations as an agent, a manager and a viewer ask for them.
const PAGES: [&str; 46] = [
    "{ tickets { nodes { id } } }",
    "{ tickets { nodes { caseId subject customer { name } assignedTo { name } events(first: 3) { kind } } } }",
    "{ tickets { nodes { caseId events(first: 3, orderBy: [{createdAt: DESC}]) { kind author { name } } } } }",
    "{ tickets(orderBy: [{status: ASC}]) { nodes { id } } }",
    "{ tickets(orderBy: [{status: DESC}]) { nodes { id } } }",
    "{ tickets(orderBy: [{priority: ASC}]) { nodes { id } } }",
    "{ tickets(orderBy: [{priority: DESC}]) { nodes { id } } }",
    "{ tickets(orderBy: [{dueAt: ASC}]) { nodes { id } } }",
    "{ tickets(orderBy: [{dueAt: DESC}]) { nodes { id } } }",
    "{ tickets(orderBy: [{caseId: DESC}]) { nodes { id } } }",
    "{ tickets(orderBy: [{createdAt: ASC}]) { nodes { id } } }",
    "{ tickets(orderBy: [{createdAt: DESC}]) { nodes { id } pageInfo { hasNextPage endCursor } } }",
    "{ tickets(where: {status: {eq: PENDING}}) { nodes { id } } }",
    "{ tickets(where: {status: {in: [OPEN, PENDING]}}, orderBy: [{dueAt: ASC}]) { nodes { id } } }",
    "{ tickets(where: {status: {in: [OPEN, PENDING]}}, orderBy: [{priority: DESC}]) { nodes { id } } }",
    "{ tickets(where: {status: {neq: CLOSED}}, orderBy: [{createdAt: DESC}]) { nodes { id } } }",
    "{ tickets(where: {priority: {eq: URGENT}}) { nodes { id } } }",
    r#"{ tickets(where: {dueAt: {lt: "2024-12-01T00:00:00Z"}}) { nodes { id } } }"#,
    r#"{ tickets(where: {dueAt: {gt: "2025-10-20T00:00:00Z"}}, orderBy: [{dueAt: ASC}]) { nodes { id } } }"#,
    "{ tickets(where: {dueAt: {isNull: true}}) { nodes { id } } }",
    r#"{ tickets(where: {caseId: {eq: "CASE-000017"}}) { nodes { id } } }"#,
    r#"{ tickets(where: {caseId: {in: ["CASE-000017", "CASE-170000"]}}) { nodes { id } } }"#,
    r#"{ tickets(where: {customer: {name: {eq: "CUSTOMER"}}}) { nodes { caseId } } }"#,
    r#"{ tickets(where: {customer: {email: {eq: "EMAIL"}}}) { nodes { caseId } } }"#,
    r#"{ tickets(where: {assignedTo: {email: {eq: "agent@demo.test"}}}) { nodes { caseId } } }"#,
    "{ customers(orderBy: [{name: ASC}]) { nodes { name } } }",
    "{ customers(orderBy: [{name: DESC}]) { nodes { name tickets(first: 3) { caseId events(first: 3) { kind } } } } }",
    r#"{ customers(where: {name: {gt: "M"}}, orderBy: [{name: ASC}]) { nodes { name } } }"#,
    "{ ticketEvents { nodes { kind ticket { caseId } } } }",
    "{ ticketEvents(orderBy: [{createdAt: DESC}]) { nodes { kind author { name } } } }",
    r#"{ ticketBy(by: {caseId: "CASE-000017"}) { subject customer { name } } }"#,
    "{ tickets(where: {events: {some: {kind: {eq: COMMENT}}}}) { nodes { id } } }",
    "{ customers(where: {tickets: {some: {priority: {eq: HIGH}}}}, first: 5) { nodes { id } } }",
    "{ tickets(last: 20, orderBy: [{dueAt: ASC}]) { nodes { id } pageInfo { hasPreviousPage } } }",
    "{ tickets(offset: 100, orderBy: [{createdAt: DESC}]) { nodes { id } pageInfo { hasPreviousPage hasNextPage } } }",
    r#"{ tickets(search: "CASE-170000") { nodes { caseId } pageInfo { hasNextPage endCursor } totalCount } }"#,
    r#"{ tickets(search: "invoice 140007 or order 140123", orderBy: [{createdAt: DESC}]) { nodes { caseId } } }"#,
    r#"{ tickets(search: "invoice 140007", where: {status: {eq: CLOSED}}) { nodes { caseId customer { name } } } }"#,
    r#"{ ticketsAggregate(search: "CASE-170000") { count } }"#,
    r#"{ tickets(where: {assignedTo: {email: {eq: "agent@demo.test"}}, status: {eq: OPEN}}, orderBy: [{customer: {name: ASC}}]) {
        nodes { id customer { name } } } }"#,
    r#"{ tickets(where: {customer: {name: {eq: "CUSTOMER"}}}, orderBy: [{assignedTo: {name: DESC}}]) { nodes { id } } }"#,
    r#"{ ticketsAggregate(where: {dueAt: {gt: "2025-10-20T00:00:00Z"}}, groupBy: [{field: priority}]) { keys { priority } count } }"#,
    r#"{ customers(where: {name: {gte: "M"}}, orderBy: [{name: ASC}], first: 10) {
        nodes { name ticketsAggregate(groupBy: [{field: priority}]) { keys { priority } count max { createdAt } } } } }"#,
    r#"{ customers(where: {name: {gte: "M"}}, orderBy: [{name: ASC}], first: 10) { nodes { name
        ticketsConnection(first: 3, orderBy: [{createdAt: DESC}]) { nodes { caseId } pageInfo { hasNextPage endCursor } totalCount }
    } } }"#,
    "{ tickets(orderBy: [{createdAt: DESC}]) { nodes { caseId eventsConnection(last: 2) { nodes { kind } pageInfo { hasPreviousPage } } } } }",
    "{ tickets(orderBy: [{createdAt: DESC}]) { nodes { caseId viewerCan { update delete } } } }",
];

/// Behind row-level security PostgreSQL asks no statistics for what could tell of a row, as `ilike` could, and guesses that few
/// customers fit; then it reads them all, which are a tenth of the tickets, rather than go through the tickets in their order.
const GUESSED: &str = r#"{ tickets(where: {customer: {name: {ilike: "%birch%"}}}) { nodes { caseId customer { name } } } }"#;

/// Where a rule says `|| shared('read')`, what it hides might still be shared: tickets of other teams are looked at one by one, by an
/// index, and PostgreSQL cannot begin with those of the caller's team.
const SHARED: [&str; 2] = [
    "{ teams { nodes { name tickets(first: 5) { caseId } } } }",
    "{ ticketEvents(where: {ticket: {status: {eq: OPEN}}}) { nodes { kind } } }",
];

/// The orders in which a list is paged through to its middle, and the same in SQL.
const ORDERS: [(&str, &str); 8] = [
    ("[]", "id"),
    ("[{id: DESC}]", "id desc"),
    ("[{createdAt: DESC}]", "created_at desc, id desc"),
    ("[{dueAt: ASC}]", "due_at, id"),
    ("[{dueAt: DESC}]", "due_at desc nulls last, id desc"),
    ("[{caseId: ASC}]", "case_id, id"),
    ("[{priority: DESC}]", "array_position(array['LOW', 'NORMAL', 'HIGH', 'URGENT'], priority) desc, id desc"),
    ("[{status: ASC}]", "array_position(array['OPEN', 'PENDING', 'RESOLVED', 'CLOSED'], status), id"),
];

/// Who asks, which tickets the rules give them, and how many rows of one table a page may look at.
const CALLERS: [(&str, &str, f64); 3] = [
    ("manager@demo.test", "true", MOST_ROWS),
    ("agent@demo.test", "team_id = (select team_id from toolcrib.users where email = 'agent@demo.test')", MOST_ROWS),
    // A viewer may ask for exactly the statuses that the rule hides; then an order is read to its end, by its index.
    ("viewer@demo.test", "status in ('RESOLVED', 'CLOSED')", TICKETS as f64),
];

#[tokio::test]
async fn no_page_reads_a_large_table_through() {
    let mut desk = Desk::open().await;
    let owner = desk.database.connect().await;
    let row =
        owner.query_one("select name, email from public.customers where email is not null order by id offset 9000 limit 1", &[]);
    let customer = row.await.unwrap();
    let mut excesses = Vec::new();
    for (email, _, most_rows) in CALLERS {
        let actor = desk.actor(email).await;
        for page in PAGES {
            let query = page.replace("CUSTOMER", customer.get(0)).replace("EMAIL", customer.get(1));
            let footprint = desk.explain(&actor, &query).await;
            excesses.extend(footprint.excess(most_rows).map(|excess| format!("{email}: {query}\n{excess}")));
        }
    }
    assert!(excesses.is_empty(), "{}", excesses.join("\n"));
    let manager = desk.actor("manager@demo.test").await;
    let footprint = desk.explain(&manager, GUESSED).await;
    assert!(footprint.rows.values().all(|rows| *rows < 25_000.0), "{}", footprint.nodes);
    for email in ["manager@demo.test", "agent@demo.test", "viewer@demo.test"] {
        let actor = desk.actor(email).await;
        for query in SHARED {
            let footprint = desk.explain(&actor, query).await;
            assert_eq!(footprint.excess(TICKETS as f64), None, "{email}: {query}");
        }
    }
}

#[tokio::test]
async fn a_page_in_the_middle_costs_what_the_first_one_does() {
    let mut desk = Desk::open().await;
    let owner = desk.database.connect().await;
    let mut excesses = Vec::new();
    for (email, rule, _) in CALLERS {
        let actor = desk.actor(email).await;
        for (order, sql) in ORDERS {
            let middle = format!(
                "select id::text from public.tickets where {rule} order by {sql}
                offset (select count(*) from public.tickets where {rule}) / 2 limit 1"
            );
            let id: String = owner.query_one(&middle, &[]).await.unwrap().get(0);
            let after = desk.cursor(&actor, order, &id).await;
            for place in [format!(r#"after: "{after}""#), format!(r#"last: 50, before: "{after}""#)] {
                let query = format!(
                    "{{ tickets(orderBy: {order}, {place}) {{ nodes {{ id }} pageInfo {{ hasPreviousPage hasNextPage endCursor }} }} }}"
                );
                let footprint = desk.explain(&actor, &query).await;
                excesses.extend(footprint.excess(MOST_ROWS).map(|excess| format!("{email}: {order} {place}\n{excess}")));
            }
        }
    }
    assert!(excesses.is_empty(), "{}", excesses.join("\n"));
}

#[tokio::test]
async fn parents_without_children_are_not_looked_for_in_the_whole_table() {
    let mut desk = Desk::open().await;
    for email in ["manager@demo.test", "viewer@demo.test"] {
        let actor = desk.actor(email).await;
        // Most users have no tickets assigned.
        let footprint = desk.explain(&actor, "{ users { nodes { name assignedTickets(first: 5) { caseId } } } }").await;
        assert_eq!(footprint.excess(MOST_ROWS), None, "{email}");
    }
}

#[tokio::test]
async fn words_are_found_by_their_indexes() {
    let mut desk = Desk::open().await;
    for (email, is_note_searched) in [("manager@demo.test", true), ("viewer@demo.test", false)] {
        let actor = desk.actor(email).await;
        let footprint = desk.explain(&actor, r#"{ tickets(search: "CASE-170000") { nodes { caseId } } }"#).await;
        assert!(footprint.nodes.contains("tickets_search_idx"), "{email}: {}", footprint.nodes);
        // What the field's rule hides is not even looked at.
        assert_eq!(footprint.nodes.contains("tickets_internal_note_search_idx"), is_note_searched, "{email}");
        assert!(footprint.rows["tickets"] < 10.0, "{email}: {}", footprint.nodes);
    }
}

/// Many shares, few of them with each: of the first 50,000 tickets, with users, teams and roles in turn.
const SHARES: &str = "
    insert into toolcrib.record_shares (record_type, record_id, user_id, level, shared_by_id)
        select 'Ticket', ticket.id, person.ids[1 + ticket.number % cardinality(person.ids)],
            case when ticket.number % 3 = 0 then 'WRITE' else 'READ' end, person.ids[1]
        from (select id, row_number() over (order by md5(id::text)) as number from public.tickets limit 50000) as ticket,
            (select array_agg(id order by id) as ids from toolcrib.users where email not like '%agent@%' and email not like '%viewer@%')
                as person;
    insert into toolcrib.record_shares (record_type, record_id, user_id, level)
        select 'Ticket', ticket.id, person.id, 'READ'
        from (select id from public.tickets order by md5(id::text || 'x') limit 100) as ticket, toolcrib.users as person
        where person.email in ('agent@demo.test', 'viewer@demo.test');
    analyze toolcrib.record_shares";

#[tokio::test]
async fn shared_rows_are_found_by_indexes() {
    let mut desk = Desk::open().await;
    let owner = desk.database.connect().await;
    owner.batch_execute(SHARES).await.unwrap();
    // An agent without a team has nothing but shares.
    owner.batch_execute("update toolcrib.users set team_id = null where email = 'agent@demo.test'").await.unwrap();
    let mut excesses = Vec::new();
    for email in ["agent@demo.test", "viewer@demo.test"] {
        let actor = desk.actor(email).await;
        for query in [
            "{ tickets { nodes { id subject customer { name } events(first: 3) { kind } } } }",
            "{ tickets(orderBy: [{createdAt: DESC}]) { nodes { id } } }",
            "{ tickets(where: {priority: {eq: URGENT}}) { nodes { id } } }",
            "{ ticketEvents { nodes { kind ticket { caseId } } } }",
            "{ tickets(first: 20, orderBy: [{createdAt: DESC}]) { nodes { id recordShares { level user { name } } viewerCan { update } } } }",
            r#"{ tickets(where: {recordShares: {some: {user: {email: {eq: "agent@demo.test"}}}}}) { nodes { id } } }"#,
            r#"{ recordShares(where: {user: {email: {eq: "agent@demo.test"}}, level: {eq: READ}}) { nodes { reason sharedBy { name } } } }"#,
        ] {
            let footprint = desk.explain(&actor, query).await;
            let most = if email.starts_with("viewer") { TICKETS as f64 } else { MOST_ROWS };
            excesses.extend(footprint.excess(most).map(|excess| format!("{email}: {query}\n{excess}")));
        }
        let by_id = desk.explain(&actor, "{ tickets(where: {priority: {eq: HIGH}}, first: 5) { nodes { id } } }").await;
        assert!(by_id.nodes.contains("record_shares_user_id_id_idx"), "{email}: {}", by_id.nodes);
    }
    let actor = desk.actor("agent@demo.test").await;
    // What only shares give is looked up by its ids, and nothing else is looked at.
    let footprint = desk.explain(&actor, "{ tickets { nodes { id } totalCount } }").await;
    assert!(footprint.rows["tickets"] < 1_000.0, "{}", footprint.nodes);
    assert!(excesses.is_empty(), "{}", excesses.join("\n"));
}

/// Rules over relations, instead of the support desk's own read rule of tickets.
const RELATIONSHIP_RULES: [&str; 4] = [
    "exists(row.events, e, e.author == user.id)",
    "row.team == user.team || exists(row.events, e, e.author == user.id)",
    "exists(row.customer.tickets, t, t.assignedTo == user.id && exists(t.events, e, e.author == user.id))",
    "exists(row.team.members, m, m.id == user.id) || shared('read')",
];

#[tokio::test]
async fn relationship_rules_use_indexes() {
    let mut desk = Desk::open().await;
    let mut excesses = Vec::new();
    for rule in RELATIONSHIP_RULES {
        let mut catalog = Catalog::clone(&desk.database.catalog);
        let ticket = catalog.collections.iter_mut().find(|collection| collection.name == "Ticket").unwrap();
        ticket.access.read = RuleText { text: rule.to_owned(), ..ticket.access.read.clone() };
        desk.database.rules = Arc::new(RuleBook::compile(&catalog).unwrap_or_else(|mistakes| panic!("{rule}: {mistakes:#?}")));
        let demands = desk.database.demands();
        let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/support_desk");
        let tool = Tool { catalog: &catalog, demands: &demands, migrations: &migrations };
        migrate::apply(migrate::connect(&desk.database.owner_url()).await.unwrap(), tool).await.unwrap();
        let actor = desk.actor("agent@demo.test").await;
        for query in [
            "{ tickets { nodes { id subject } } }",
            "{ tickets(orderBy: [{createdAt: DESC}]) { nodes { id events(first: 3) { kind } } } }",
            r#"{ tickets(where: {caseId: {eq: "CASE-000017"}}) { nodes { id } } }"#,
            r#"{ tickets(where: {assignedTo: {email: {eq: "agent@demo.test"}}}) { nodes { caseId } } }"#,
        ] {
            let footprint = desk.explain(&actor, query).await;
            // A policy asks each row for itself, also where the rule leads to many: of a customer's tickets for each of them.
            let most = if rule.contains("row.customer.tickets") { 10.0 } else { 1.0 } * TICKETS as f64;
            excesses.extend(footprint.excess(most).map(|excess| format!("{rule}: {query}\n{excess}")));
        }
    }
    assert!(excesses.is_empty(), "{}", excesses.join("\n"));
}
