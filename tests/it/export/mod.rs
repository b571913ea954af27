//! Exports: who may take what out, what is in the file, what is on record, and what happens when things go wrong.

mod content;
mod download;
mod interrupted;
mod permission;

use crate::support::database::TestDatabase;
use chrono::Utc;
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio_postgres::Client;
use toolcrib::base::{Actor, AuthMethod, RequestContext, RoleName};
use toolcrib::config::{Overrides, Roles, Settings};
use toolcrib::db::{ConnectOptions, Database};
use toolcrib::export::{ExportSettings, Exporter, ExporterParts, WatermarkKey};
use toolcrib::graphql::{Engine, EngineParts, GraphqlRequest, OperationLimits, TrustedDocuments};
use toolcrib::planner::{CursorKey, MaskKey, PlannerSettings};
use uuid::Uuid;

const SCHEMA: &str = r#"
extend schema @rule(name: "staff", is: "user.role in ['admin', 'manager']")

enum Mood {
  HAPPY
  SAD
}

type Contact
  @collection
  @access(read: "staff || (user.role == 'viewer' && row.mood == 'HAPPY') || row.team == user.team", write: "staff")
  @audit
  @export(allow: "staff || user.role == 'viewer'", maxRows: 4) {
  name: String!
  email: Email @access(read: "staff", mask: EMAIL)
  salary: Decimal @access(read: "staff")
  balance: Int
  ratio: Float
  points: BigInt
  mood: Mood
  born: Date
  tags: [String!]
  extra: JSON
  team: Team
}
"#;

/// The rows that most tests start with: three contacts, one of them a trap for spreadsheets.
const CONTACTS: &str = r#"
insert into public.contacts (id, name, email, salary, balance, ratio, points, mood, born, tags, extra, team_id) values
    ('00000000-0000-7000-8000-00000000c001', 'Ada', 'ada@acme.test', 1200.50, 7, 0.5, 9007199254740993, 'HAPPY', '1990-01-02',
     '{a,"b,c"}', '{"deep": [1, 12345678901234567890123]}', '00000000-0000-7000-8000-00000000a001'),
    ('00000000-0000-7000-8000-00000000c002', '=HYPERLINK("http://evil.test","Ada")', '+1@acme.test', -5, -5, -0.25, -1, 'SAD',
     null, '{}', '"=1"', null),
    ('00000000-0000-7000-8000-00000000c003', E'two\nlines, "quoted"', null, null, null, null, null, 'HAPPY', null, null, null,
     '00000000-0000-7000-8000-00000000a001')
"#;

const TEAM: &str = "00000000-0000-7000-8000-00000000a001";

/// The people, by what their mail address begins with.
const PEOPLE: [(&str, &str, &str); 5] = [
    ("admin", "admin", "00000000-0000-7000-8000-00000000b001"),
    ("manager", "manager", "00000000-0000-7000-8000-00000000b002"),
    ("colleague", "manager", "00000000-0000-7000-8000-00000000b003"),
    ("agent", "agent", "00000000-0000-7000-8000-00000000b004"),
    ("viewer", "viewer", "00000000-0000-7000-8000-00000000b005"),
];

/// A tool with contacts, and everything that exports them.
struct Desk {
    engine: Engine,
    owner: Client,
    home: TempDir,
    database: TestDatabase,
}

impl Desk {
    /// With three contacts and the usual settings.
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With other settings.
    async fn with(change: impl FnOnce(&mut ExportSettings)) -> Self {
        let database = TestDatabase::new(SCHEMA).await;
        let owner = database.connect().await;
        let people = PEOPLE.map(|(name, role, id)| format!("('{id}', '{name}@demo.test', '{name}', '{role}')")).join(",");
        owner.batch_execute(&format!("insert into toolcrib.teams (id, name) values ('{TEAM}', 'one')")).await.unwrap();
        owner.batch_execute(&format!("insert into toolcrib.users (id, email, name, role) values {people}")).await.unwrap();
        owner.batch_execute(CONTACTS).await.unwrap();
        let home = tempfile::tempdir().unwrap();
        let mut settings = ExportSettings::in_directory(home.path());
        change(&mut settings);
        let engine = engine(&database, settings).await;
        Self { engine, owner, home, database }
    }

    fn exporter(&self) -> &Exporter {
        self.engine.exporter()
    }

    /// Exports contacts and gives the response.
    async fn request(&self, actor: &Actor, arguments: &str) -> Json {
        request(&self.engine, actor, arguments).await
    }

    /// Exports contacts, which has to work, and gives the export's id and file.
    async fn export(&self, actor: &Actor, arguments: &str) -> (Uuid, String) {
        let response = self.request(actor, arguments).await;
        let export = &response["data"]["exportContacts"]["export"];
        assert_eq!(export["status"], "COMPLETED", "{response}");
        let id = id_of(export);
        (id, std::fs::read_to_string(self.files(id).pop().unwrap()).unwrap())
    }

    /// The files that there are of an export, temporary ones too.
    fn files(&self, id: Uuid) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.home.path().join("exports")) else { return Vec::new() };
        let paths = entries.map(|entry| entry.unwrap().path());
        paths.filter(|path| path.to_string_lossy().contains(&id.to_string())).collect()
    }

    /// The export's row.
    async fn row(&self, id: Uuid) -> Json {
        let query = "select to_jsonb(e)::text from toolcrib.exports e where id = $1";
        let row = self.owner.query_one(query, &[&id]).await.unwrap();
        serde_json::from_str(row.get(0)).unwrap()
    }

    /// The types of the events about an export, in order.
    async fn events(&self, id: Uuid) -> Vec<String> {
        let query = "select event_type from toolcrib.audit_events where entity_id = $1 order by created_at, id";
        self.owner.query(query, &[&id]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    /// The events of a type, whole.
    async fn events_of(&self, event_type: &str) -> Vec<Json> {
        let query = "select to_jsonb(e)::text from toolcrib.audit_events e where event_type = $1 order by created_at, id";
        let rows = self.owner.query(query, &[&event_type]).await.unwrap();
        rows.iter().map(|row| serde_json::from_str(row.get(0)).unwrap()).collect()
    }

    /// Waits for every export that runs, which ends the exporter's life too, and gives the row of one of them.
    async fn ended(&self, id: Uuid) -> Json {
        self.exporter().shut_down().await;
        self.row(id).await
    }

    /// Another server over the same database, with files of its own.
    async fn another_server(&self) -> (Engine, TempDir) {
        let home = tempfile::tempdir().unwrap();
        let settings = ExportSettings { wait: Duration::ZERO, ..ExportSettings::in_directory(home.path()) };
        (engine(&self.database, settings).await, home)
    }

    /// A connection that keeps every export of contacts waiting until it is dropped.
    async fn block(&self) -> Client {
        let client = self.database.connect().await;
        client.batch_execute("begin; lock table public.contacts in access exclusive mode").await.unwrap();
        client
    }
}

async fn request(engine: &Engine, actor: &Actor, arguments: &str) -> Json {
    let query = format!("mutation {{ exportContacts{arguments} {{ url export {{ id status rowCount failure }} }} }}");
    let request = GraphqlRequest { query, ..GraphqlRequest::default() };
    let response = engine.execute(&request, actor, &context()).await;
    serde_json::from_str(&response.body).unwrap()
}

async fn engine(database: &TestDatabase, settings: ExportSettings) -> Engine {
    let options = ConnectOptions { url: database.server_url(), max_connections: 8, statement_timeout: Duration::from_secs(20) };
    let (catalog, rules) = (Arc::clone(&database.catalog), Arc::clone(&database.rules));
    let planner_settings = PlannerSettings {
        page_size: 50,
        max_page_size: 500,
        max_rows: 250_000,
        cursor_key: CursorKey::new("cursor key of a test".to_owned()),
        mask_key: MaskKey::new(b"mask key of a test"),
    };
    let database = Database::connect(options).await.unwrap();
    let exporter = Exporter::new(ExporterParts {
        catalog: Arc::clone(&catalog),
        rules: Arc::clone(&rules),
        database: database.clone(),
        planner_settings: planner_settings.clone(),
        key: WatermarkKey::new(vec![7; 32]),
        settings,
    });
    let defaults = Settings::load(Path::new("."), [], &Overrides::default()).unwrap();
    let limits = OperationLimits::new(&defaults.limits);
    let trusted = TrustedDocuments::load(&defaults.graphql).unwrap();
    Engine::new(EngineParts {
        catalog,
        rules,
        database,
        planner_settings,
        limits,
        introspection_for: Roles::All,
        trusted,
        exporter,
    })
    .unwrap()
}

/// One of [`PEOPLE`].
fn person(name: &str) -> Actor {
    let (_, role, id) = PEOPLE.into_iter().find(|person| person.0 == name).unwrap();
    Actor {
        id: Some(id.parse().unwrap()),
        email: Some(format!("{name}@demo.test")),
        role: RoleName::new(role),
        team: None,
        teams: Vec::new(),
        is_active: true,
        auth_method: AuthMethod::Token,
        is_mfa: false,
        authenticated_at: None,
        service: None,
        scope: toolcrib::base::Scope::Full,
        acted_by: None,
    }
}

fn context() -> RequestContext {
    RequestContext::internal(Utc::now())
}

fn id_of(export: &Json) -> Uuid {
    export["id"].as_str().unwrap().parse().unwrap()
}

fn code(response: &Json) -> &Json {
    assert_eq!(response["data"], json!(null), "{response}");
    &response["errors"][0]["extensions"]["code"]
}

/// The cells of a CSV file by column, without the header.
fn records(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// The cells of one column of a CSV file.
fn column(csv: &str, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let index = reader.headers().unwrap().iter().position(|header| header == name).unwrap();
    records(csv).into_iter().map(|mut record| record.swap_remove(index)).collect()
}
