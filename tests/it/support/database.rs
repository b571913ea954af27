//! A database for each test.
//!
//! All tests share one server: `TEST_DATABASE_URL` if it is set, otherwise a private one under `target/test-postgres`, which
//! stays running between runs. The first test of a schema applies it to a template; every test gets a copy, which takes some
//! 50 ms, under a random name, and drops it at its end:
//!
//! ```ignore
//! let database = TestDatabase::new(SUPPORT_DESK).await;
//! database.execute("insert into public.customers (name) values ('Acme')").await;
//! ```
//!
//! What a killed run left behind is swept by the next one.

mod demo;

use nix::sys::signal::kill;
use nix::unistd::Pid;
use sha2::{Digest, Sha256};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};
use toolcrib::catalog::{Catalog, SourceFile};
use toolcrib::local_pg::{Durability, Lifetime, LocalPostgres, LocalPostgresOptions};
use toolcrib::migrate::{self, RuleDemands, Tool};
use toolcrib::policy::RuleBook;
use uuid::Uuid;

/// The support desk of the repository.
pub const SUPPORT_DESK: &str = include_str!("../../../schema.graphql");

/// The password of the server's login where the server asks for one.
const SERVER_PASSWORD: &str = "toolcrib-tests";

/// A database of one test's own, dropped with it.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    server: TestServer,
    /// The compiled schema.
    pub catalog: Arc<Catalog>,
    /// Its compiled rules.
    pub rules: Arc<RuleBook>,
}

impl TestDatabase {
    /// A database with the tables, roles and grants of a schema.
    pub async fn new(schema: &str) -> Self {
        let database = Self::unborn(schema).await;
        let template = database.template(schema).await;
        database.server.run(&format!("create database {} template {template}", database.name)).await;
        database
    }

    /// A database on which nothing was ever applied.
    pub async fn empty(schema: &str) -> Self {
        let database = Self::unborn(schema).await;
        database.server.run(&format!("create database {}", database.name)).await;
        database
    }

    /// The support desk with its demo data and this many tickets.
    pub async fn with_demo_data(tickets: u32) -> Self {
        let database = Self::unborn(SUPPORT_DESK).await;
        let template = demo::template(&database, tickets).await;
        // Large: copied as files, which the write-ahead log does not have to hold.
        let text = format!("create database {} template {template} strategy file_copy", database.name);
        database.server.run(&text).await;
        database
    }

    async fn unborn(schema: &str) -> Self {
        let (catalog, rules) = compile(schema);
        let name = format!("toolcrib_test_{}_{}", std::process::id(), Uuid::new_v4().simple());
        Self { name, server: TestServer::get().await, catalog: Arc::new(catalog), rules: Arc::new(rules) }
    }

    /// Its name on the server.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The owner's URL.
    pub fn owner_url(&self) -> String {
        self.server.url(None, &self.name)
    }

    /// The URL of the server's own login.
    pub fn server_url(&self) -> String {
        self.server.url(Some("toolcrib_server"), &self.name)
    }

    /// A connection of the owner.
    pub async fn connect(&self) -> Client {
        connect(&self.owner_url()).await
    }

    /// A connection of the server's own login.
    pub async fn connect_as_server(&self) -> Client {
        connect(&self.server_url()).await
    }

    /// Runs SQL as the owner.
    pub async fn execute(&self, sql: &str) {
        self.connect().await.batch_execute(sql).await.unwrap();
    }

    /// What the rules ask of the database.
    pub fn demands(&self) -> RuleDemands {
        RuleDemands::new(&self.catalog, &self.rules)
    }

    /// The template of this schema, made by the first test that needs it; the others wait for the lock meanwhile.
    async fn template(&self, schema: &str) -> String {
        let digest = hex::encode(Sha256::digest(schema.as_bytes()));
        let template = format!("{}{}", self.server.template_prefix(), &digest[..12]);
        let client = connect(&self.server.url(None, "postgres")).await;
        client.batch_execute("select pg_advisory_lock(7309475598860383329)").await.unwrap();
        let found = client.query_opt("select from pg_database where datname = $1", &[&template]).await.unwrap();
        if found.is_none() {
            let unfinished = format!("{template}_unfinished");
            client.batch_execute(&format!("drop database if exists {unfinished}")).await.unwrap();
            client.batch_execute(&format!("create database {unfinished}")).await.unwrap();
            self.migrate(&self.server.url(None, &unfinished)).await;
            client.batch_execute(&format!("alter role toolcrib_server password '{SERVER_PASSWORD}'")).await.unwrap();
            // Nobody connects to a template: copying it needs it to itself.
            let text = format!("alter database {unfinished} allow_connections false");
            client.batch_execute(&text).await.unwrap();
            client.batch_execute(&format!("alter database {unfinished} rename to {template}")).await.unwrap();
        }
        template
    }

    async fn migrate(&self, url: &str) {
        let migrations = tempfile::tempdir().unwrap();
        let demands = self.demands();
        let tool = Tool { catalog: &self.catalog, demands: &demands, migrations: migrations.path() };
        let plan = migrate::plan(migrate::connect(url).await.unwrap(), tool).await.unwrap();
        if !plan.is_empty() {
            migrate::write(&plan, migrations.path(), "create_everything", chrono::Utc::now()).unwrap();
        }
        migrate::apply(migrate::connect(url).await.unwrap(), tool).await.unwrap();
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let server = self.server.clone();
        let text = format!("drop database if exists {} with (force)", self.name);
        block_on_thread(async move { server.run(&text).await });
    }
}

/// A schema and its rules; a test's schema has no mistakes.
pub fn compile(schema: &str) -> (Catalog, RuleBook) {
    let catalog = Catalog::load(vec![SourceFile::new("schema.graphql", schema)]).unwrap_or_else(|error| panic!("{error:?}"));
    let rules = RuleBook::compile(&catalog).unwrap_or_else(|error| panic!("{error:?}"));
    (catalog, rules)
}

/// Connects and drives the connection in the background.
pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// The server of this test run.
#[derive(Clone, Debug)]
struct TestServer {
    /// `postgres://` with everything up to the database's name.
    base: Arc<str>,
    is_private: bool,
}

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

impl TestServer {
    async fn get() -> Self {
        SERVER.get_or_init(Self::start).await.clone()
    }

    async fn start() -> Self {
        let server = match std::env::var("TEST_DATABASE_URL") {
            Ok(url) => Self { base: base_of(&url).into(), is_private: false },
            Err(_) => {
                let options = LocalPostgresOptions {
                    directory: private_directory(),
                    durability: Durability::Disposable,
                    lifetime: Lifetime::KeptRunning,
                };
                let local = LocalPostgres::start(options).await.unwrap();
                Self { base: base_of(local.owner_url().expose()).into(), is_private: true }
            }
        };
        server.sweep().await;
        server
    }

    fn url(&self, login: Option<&str>, database: &str) -> String {
        let Some(login) = login else { return format!("{}/{database}", self.base) };
        let host = self.base.rsplit_once('@').map_or(&self.base["postgres://".len()..], |(_, host)| host);
        format!("postgres://{login}:{SERVER_PASSWORD}@{host}/{database}")
    }

    async fn run(&self, sql: &str) {
        connect(&self.url(None, "postgres")).await.batch_execute(sql).await.unwrap();
    }

    /// Templates hold what this very binary made of a schema.
    fn template_prefix(&self) -> String {
        let binary = std::env::current_exe().unwrap().metadata().unwrap();
        let stamp = format!("{:?} {}", binary.modified().unwrap(), binary.len());
        format!("toolcrib_template_{}_", &hex::encode(Sha256::digest(stamp.as_bytes()))[..8])
    }

    /// Drops the databases of processes that are gone and, on a server of our own, the templates of other binaries.
    async fn sweep(&self) {
        let client = connect(&self.url(None, "postgres")).await;
        let rows = client.query("select datname::text from pg_database where datname like 'toolcrib\\_te%'", &[]).await.unwrap();
        for name in rows.iter().map(|row| row.get::<_, String>(0)) {
            let process = name.strip_prefix("toolcrib_test_").and_then(|rest| rest.split('_').next()?.parse().ok());
            let is_left_over = match process {
                Some(process) => kill(Pid::from_raw(process), None).is_err(),
                None => self.is_private && !name.starts_with(&self.template_prefix()),
            };
            if is_left_over {
                // Another process may sweep the same one at the same time.
                let _ = client.batch_execute(&format!("drop database if exists {name} with (force)")).await;
            }
        }
    }
}

fn private_directory() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    target.join("test-postgres")
}

/// The URL without its database and parameters.
fn base_of(url: &str) -> String {
    let authority = url.find("://").unwrap() + "://".len();
    let end = url[authority..].find(['/', '?']).map_or(url.len(), |index| authority + index);
    url[..end].to_owned()
}

/// Runs a future to its end on a thread of its own: a drop cannot wait on the test's runtime.
fn block_on_thread(future: impl Future<Output = ()> + Send + 'static) {
    let run = move || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future);
    std::thread::spawn(run).join().unwrap();
}
