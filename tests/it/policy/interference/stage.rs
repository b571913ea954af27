//! A server with rows of which some are hidden, and a caller who asks before and after the hidden ones change.

use crate::policy::interference::change::{Changer, Changes};
use crate::policy::interference::pools::Pools;
use crate::policy::interference::scene::{Asker, Scene, Sight};
use crate::policy::interference::tally::Tally;
use crate::policy::interference::writer::{Form, Operation, Writer};
use crate::policy::world::{Datum, Row, World};
use crate::support::app::TestApp;
use crate::support::database::compile;
use apollo_compiler::Schema;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::Value as Json;
use tokio::io::AsyncReadExt;
use tokio_postgres::Client;
use toolcrib::base::{Actor, AuthMethod, RequestContext, RoleName, Scope};
use toolcrib::config::LimitSettings;
use toolcrib::graphql::{GraphqlRequest, Variables};
use uuid::Uuid;

/// Rows of the platform's collections, some for each user: nobody but an admin sees those of others.
const PLATFORM_ROWS: &str = include_str!("platform_rows.sql");

/// What asking leaves behind: records of reads, denials and exports, and the exports.
const FORGET: &str = "
    delete from toolcrib.audit_events where id not in (select id from toolcrib.test_events)
        and (event_type in ('VIEW', 'DENIED') or event_type like 'EXPORT%' or entity_type = 'Export');
    delete from toolcrib.exports where id not in (select id from toolcrib.test_exports);
    truncate toolcrib.test_changes";

/// An agent whom the rules give no team's rows.
pub const TEAMLESS_AGENT: &str = "agent without a team";

/// How many pages of a list are asked for.
const PAGES: usize = 3;

/// A server, and what the oracle knows of it.
pub struct Stage {
    app: TestApp,
    scene: Scene,
    types: Schema,
    owner: Client,
}

/// What came of asking twice.
pub struct Outcome {
    pub queries: usize,
    /// Queries whose answer says something of a row.
    pub telling: usize,
    /// Answers that the server could not give, or that say the request is none.
    pub broken: Vec<String>,
    /// Answers that differ, with what was asked.
    pub differences: Vec<String>,
    pub tally: Tally,
    pub changes: Changes,
}

/// How much is asked.
#[derive(Clone, Copy)]
pub struct Extent {
    pub queries: usize,
    pub dry_runs: usize,
    pub exports: usize,
    pub changes: usize,
    pub seed: u64,
}

impl Stage {
    /// A server of `served`, with rows; what is hidden is decided by `judged`, which is the same unless a leak is planted.
    pub async fn new(served: &str, judged: &str, rows: &str) -> Self {
        let app = TestApp::with_schema(served).with_rows(rows).with_rows(PLATFORM_ROWS).with_limits(lift).start().await;
        app.execute(
            "create table toolcrib.test_events as select id from toolcrib.audit_events;
            create table toolcrib.test_exports as select id from toolcrib.exports",
        )
        .await;
        let types = Schema::parse(app.app.engine.sdl(), "api.graphql").unwrap();
        let owner = app.database.connect().await;
        Self { scene: Scene::new(compile(judged).0), types, owner, app }
    }

    /// All rows, as they are.
    pub async fn rows(&self) -> World {
        self.scene.load(&self.owner).await
    }

    /// Somebody of these rows, by the part of the mail address before the `@`.
    pub fn asker(world: &World, name: &str) -> Asker {
        let is_meant = |user: &&Row| match name {
            TEAMLESS_AGENT => user.values["team"] == Datum::Null && user.values["role"] == Datum::Text("agent".to_owned()),
            name => user.values["email"] == Datum::Text(format!("{name}@demo.test")),
        };
        let user = world.rows_of("User").find(is_meant).unwrap_or_else(|| panic!("there is no {name}"));
        let Datum::Text(email) = user.values["email"].clone() else { panic!("a user has a mail address") };
        let id = |datum: &Datum| if let Datum::Id(id) = datum { Some(*id) } else { None };
        let Datum::Text(role) = &user.values["role"] else { panic!("a user has a role") };
        let team = id(&user.values["team"]);
        let actor = Actor {
            id: Some(user.id()),
            email: Some(email),
            role: RoleName::new(role),
            team,
            teams: team.map(|team| world.teams_below(team)).unwrap_or_default(),
            is_active: true,
            auth_method: AuthMethod::Token,
            is_mfa: false,
            authenticated_at: None,
            service: None,
            scope: Scope::Full,
            acted_by: None,
        };
        let time = "2026-03-02T12:00:00Z".parse().unwrap();
        Asker { actor, request: RequestContext { request_id: Uuid::nil(), ..RequestContext::internal(time) } }
    }

    /// What the asker may know.
    pub fn sight(&self, world: &World, asker: &Asker) -> Sight {
        self.scene.sight(world, asker)
    }

    /// Of a row that is seen, what is not.
    pub fn unknown_cells(&self, world: &World, sight: &Sight) -> usize {
        let seen = world.rows.iter().filter_map(|row| Some((row, sight.get(&(row.collection.name, row.id()))?)));
        seen.map(|(row, seen)| self.scene.unknown_cells(row, seen).len()).sum()
    }

    /// Asks, changes what is hidden, and asks the same again.
    ///
    /// The changes are tried out first, so that the requests can ask about rows and values of before and after.
    pub async fn run(&self, name: &str, extent: Extent) -> Outcome {
        let before = self.rows().await;
        let asker = Self::asker(&before, name);
        let sight = self.sight(&before, &asker);
        let mut random = StdRng::seed_from_u64(extent.seed);
        self.owner.batch_execute("begin").await.unwrap();
        let mut changer = Changer { scene: &self.scene, asker: &asker, owner: &self.owner, random: &mut random };
        let (after, changes, statements) = changer.run(&before, &sight, extent.changes).await;
        self.owner.batch_execute("rollback").await.unwrap();
        let pools = Pools::new(&before, &after, &sight);
        let (operations, tally) = self.write(&pools, &sight, random, extent);

        let first = self.ask(&operations, &asker).await;
        for statement in &statements {
            self.owner.batch_execute(statement).await.unwrap();
        }
        let second = self.ask(&operations, &asker).await;
        assert_eq!(self.sight(&self.rows().await, &asker), sight, "the change itself is seen");

        let telling = operations.iter().zip(&first).filter(|(operation, answer)| is_telling(operation, answer)).count();
        let is_broken = |answer: &&String| answer.contains("INTERNAL_SERVER_ERROR") || answer.contains("GRAPHQL_");
        let broken = operations.iter().zip(&first).filter(|(_, answer)| is_broken(answer));
        let broken = broken.map(|(operation, answer)| format!("{}\n{answer}\n", operation.text)).collect();
        let pairs = operations.iter().zip(first.iter().zip(&second)).filter(|(_, (first, second))| first != second);
        let differences =
            pairs.map(|(operation, (first, second))| format!("{}\n--- before\n{first}\n--- after\n{second}\n", operation.text));
        Outcome { queries: extent.queries, telling, broken, differences: differences.collect(), tally, changes }
    }

    /// Queries first, then changes that are undone, then exports, which leave their records.
    fn write(&self, pools: &Pools, sight: &Sight, random: StdRng, extent: Extent) -> (Vec<Operation>, Tally) {
        // Where reads are recorded, those who may read the log find every one of these requests in it.
        let catalog = &self.scene.catalog;
        let is_recorded = catalog.collections.iter().any(|collection| collection.audit.is_read_audited);
        let reads_log = sight.keys().any(|(ty, _)| *ty == "AuditEvent");
        let outside: &[&'static str] = if is_recorded && reads_log { &["AuditEvent"] } else { &[] };
        let mut writer = Writer { types: &self.types, catalog, pools, outside, random, tally: Tally::default() };
        let mut operations: Vec<Operation> = (0..extent.queries).map(|_| writer.query()).collect();
        operations.extend((0..extent.dry_runs).map(|_| writer.dry_run()));
        operations.extend((0..extent.exports).filter_map(|_| writer.export()));
        (operations, writer.tally)
    }

    /// The answers; afterwards nothing of the asking is left.
    async fn ask(&self, operations: &[Operation], asker: &Asker) -> Vec<String> {
        let mut answers = Vec::new();
        for operation in operations {
            answers.push(match operation.form {
                Form::Plain => self.answer(&operation.text, Json::Null, asker).await,
                Form::Paged => self.pages(&operation.text, asker).await,
                Form::Export => self.exported(&operation.text, asker).await,
            });
        }
        let kept = self.app.rows("select operation, entity_type from toolcrib.test_changes where entity_type <> 'Export'").await;
        assert!(kept.is_empty(), "a dry run leaves something: {kept:?}");
        self.app.execute(FORGET).await;
        answers
    }

    async fn answer(&self, text: &str, cursor: Json, asker: &Asker) -> String {
        let mut variables = Variables::default();
        if !cursor.is_null() {
            variables.insert("cursor", serde_json_bytes::to_value(cursor).unwrap());
        }
        let request = GraphqlRequest {
            query: text.to_owned(),
            document_id: None,
            operation_name: None,
            variables,
            extensions: Variables::default(),
        };
        self.app.app.engine.execute(&request, &asker.actor, &asker.request).await.body
    }

    async fn pages(&self, text: &str, asker: &Asker) -> String {
        let mut pages = String::new();
        let mut cursor = Json::Null;
        for _ in 0..PAGES {
            let page = self.answer(text, cursor, asker).await;
            let json: Json = serde_json::from_str(&page).unwrap();
            pages += &page;
            pages.push('\n');
            cursor = json["data"]["page"]["pageInfo"]["cursor"].clone();
            if cursor.is_null() {
                break;
            }
        }
        pages
    }

    /// The answer and the file, without what names the export: its id, and the mark in the last column of every row.
    async fn exported(&self, text: &str, asker: &Asker) -> String {
        let answer = self.answer(text, Json::Null, asker).await;
        let json: Json = serde_json::from_str(&answer).unwrap();
        let Some(id) = json["data"]["done"]["export"]["id"].as_str() else { return answer };
        let exporter = self.app.app.engine.exporter();
        let mut download = exporter.download(&asker.actor, &asker.request, id.parse().unwrap()).await.unwrap();
        let mut file = String::new();
        download.file.read_to_string(&mut file).await.unwrap();
        let mut rows = csv::ReaderBuilder::new().has_headers(false).from_reader(file.as_bytes());
        let rows = rows.records().map(|row| {
            let row = row.unwrap();
            row.iter().take(row.len() - 1).collect::<Vec<_>>().join("|")
        });
        format!("{}\n{}", answer.replace(id, "[id]"), rows.collect::<Vec<_>>().join("\n"))
    }

    /// Ends the server. The events that were made up in hiding have no change of their own.
    pub async fn finish(self) {
        self.app.execute("delete from toolcrib.audit_events where id not in (select id from toolcrib.test_events)").await;
        self.app.finish().await;
    }
}

/// Large operations are what is wanted here.
fn lift(limits: &mut LimitSettings) {
    limits.max_aliases = 100_000;
    limits.max_fields = 100_000;
    limits.max_rows = 1_000_000_000;
    limits.max_cost = usize::MAX;
}

/// Whether a query's answer says something of a row: it has a text somewhere, or a number that is not zero, apart from what is
/// said of the viewer.
fn is_telling(operation: &Operation, answer: &str) -> bool {
    fn says(json: &Json) -> bool {
        match json {
            Json::Null | Json::Bool(_) => false,
            Json::Number(number) => number.as_f64() != Some(0.0),
            Json::String(_) => true,
            Json::Array(elements) => elements.iter().any(says),
            Json::Object(fields) => fields.values().any(says),
        }
    }
    let is_viewer = |json: &Json| json.get("role").is_some() && json.get("user").is_some();
    if operation.form == Form::Export || operation.text.starts_with("mutation") {
        return false;
    }
    let first = answer.lines().next().unwrap_or_default();
    let json: Json = serde_json::from_str(first).unwrap();
    let fields = json["data"].as_object();
    fields.is_some_and(|fields| fields.values().filter(|field| !is_viewer(field)).any(says))
}
