//! The whole server in a test: the real router over a database of the test's own, without a port.
//!
//! ```ignore
//! let app = TestApp::support_desk().start().await;
//!
//! // Callers are named by the part of their mail address before the `@`; their tokens are real.
//! let ana = app.user("ana");
//! let answer = ana.graphql("{ tickets { nodes { subject } } }", json!({})).await;
//! assert_eq!(answer.data()["tickets"]["nodes"][0]["subject"], "Printer on fire");
//!
//! // A refusal stands beside its permission: same request, another caller.
//! assert_eq!(app.user("vic").graphql(UPDATE, json!({})).await.codes(), ["FORBIDDEN"]);
//! assert_eq!(app.anonymous().graphql(UPDATE, json!({})).await.status, 401);
//!
//! // What the API does not show is looked up as the owner.
//! let events = app.rows("select event_type, entity_id from toolcrib.audit_events order by id").await;
//! app.finish().await;
//! ```
//!
//! [`TestApp::support_desk`] brings the people and rows of `tests/cases/requests/rows.sql`; [`TestApp::new`] takes any schema
//! and brings nobody, so give it [`TestAppBuilder::with_rows`].
//!
//! At its end (of [`TestApp::finish`], or of the test) the app compares what the server wrote with what it recorded: every
//! change of a row of a collection must have exactly one audit event of the same transaction, and every such event a change.
//! Triggers that only exist in tests note the changes, so a change that a later one hides is found, too. What the test itself
//! writes as the owner, with [`TestApp::execute`], needs no event.

use crate::support::caller::{Caller, Credential};
use crate::support::database::{SUPPORT_DESK, TestDatabase};
use axum::Router;
use secrecy::ExposeSecret;
use serde_json::Value as Json;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::sync::Mutex;
use toolcrib::app::{App, Tool};
use toolcrib::auth::{self, NewSession, SessionHolder, SessionStart};
use toolcrib::base::{Actor, RequestContext};
use toolcrib::catalog::Catalog;
use toolcrib::config::{LimitSettings, Overrides, Settings};
use toolcrib::db::{ConnectOptions, Database};
use toolcrib::http::{Access, DemoState, DemoUser, Proxies, SessionCookie, SignInLimit, WebParts, WebState, router};
use uuid::Uuid;

/// People and rows of the support desk.
pub const SUPPORT_DESK_ROWS: &str = include_str!("../../cases/requests/rows.sql");

/// Where callers call from.
pub const CALLER_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)), 40_007);

/// A change of the settings.
type Adjust = Box<dyn FnOnce(&mut Settings) + Send>;

/// What a [`TestApp`] is made of.
pub struct TestAppBuilder {
    schema: String,
    rows: Vec<String>,
    adjust: Vec<Adjust>,
    is_demo: bool,
}

impl TestAppBuilder {
    /// Adds rows, in SQL that the owner runs.
    pub fn with_rows(mut self, sql: impl Into<String>) -> Self {
        self.rows.push(sql.into());
        self
    }

    /// Changes the limits.
    pub fn with_limits(self, adjust: impl FnOnce(&mut LimitSettings) + Send + 'static) -> Self {
        self.with_settings(|settings| adjust(&mut settings.limits))
    }

    /// Changes any settings.
    pub fn with_settings(mut self, adjust: impl FnOnce(&mut Settings) + Send + 'static) -> Self {
        self.adjust.push(Box::new(adjust));
        self
    }

    /// Serves as with `--demo`: anybody may sign in as one of the users.
    pub fn with_demo(mut self) -> Self {
        self.is_demo = true;
        self
    }

    /// Makes the database and assembles the server.
    pub async fn start(self) -> TestApp {
        let database = TestDatabase::new(&self.schema).await;
        let directory = tempfile::tempdir().unwrap();
        let mut settings = settings_in(directory.path());
        self.adjust.into_iter().for_each(|adjust| adjust(&mut settings));
        if self.is_demo {
            settings.graphql = settings.graphql.for_demo();
        }
        let owner = database.connect().await;
        for sql in &self.rows {
            owner.batch_execute(sql).await.unwrap_or_else(|error| panic!("the rows of the test: {error:?}"));
        }
        owner.batch_execute(&watch_changes(&database.catalog)).await.unwrap();
        let users = owner.query("select email, role from toolcrib.users order by id", &[]).await.unwrap();
        let users = users.iter().map(|row| DemoUser { email: row.get(0), role: row.get(1) }).collect();

        let tool = Tool {
            catalog: Arc::clone(&database.catalog),
            rules: Arc::clone(&database.rules),
            demands: Arc::new(database.demands()),
        };
        let options = ConnectOptions {
            url: database.server_url(),
            max_connections: settings.database.max_connections,
            statement_timeout: settings.database.statement_timeout,
        };
        let app = App::over(Database::connect(options).await.unwrap(), &settings, &tool).await.unwrap();
        let state = WebState::from(WebParts {
            engine: Arc::clone(&app.engine),
            authenticator: Arc::clone(&app.authenticator),
            sign_in: Arc::clone(&app.sign_in),
            sign_in_limit: SignInLimit::per_minute(settings.auth.attempts_per_minute),
            proxies: Proxies::new(&settings.server.proxies),
            session_cookie: SessionCookie::for_url(settings.auth.public_url.as_ref()),
            access: Access::Open,
            demo: self.is_demo.then_some(DemoState { users }),
            scim: settings.scim.clone(),
            max_body_bytes: settings.limits.max_body_bytes,
            max_batch: settings.limits.max_batch,
            tool_name: "test".into(),
            metrics: None,
            examples: Vec::new(),
        });
        TestApp {
            session_cookie: state.session_cookie,
            router: router(state),
            app,
            tokens: Mutex::new(HashMap::new()),
            is_finished: false,
            database,
            _directory: directory,
        }
    }
}

/// A server of one test's own.
pub struct TestApp {
    pub(super) router: Router,
    /// The service behind the router.
    pub app: App,
    session_cookie: SessionCookie,
    tokens: Mutex<HashMap<String, String>>,
    is_finished: bool,
    /// Its database.
    pub database: TestDatabase,
    _directory: TempDir,
}

impl TestApp {
    /// A server for a schema.
    pub fn with_schema(schema: impl Into<String>) -> TestAppBuilder {
        TestAppBuilder { schema: schema.into(), rows: Vec::new(), adjust: Vec::new(), is_demo: false }
    }

    /// The support desk with its people.
    pub fn support_desk() -> TestAppBuilder {
        Self::with_schema(SUPPORT_DESK).with_rows(SUPPORT_DESK_ROWS)
    }

    /// The router, for whoever serves it on a port.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// A caller without a credential.
    pub fn anonymous(&self) -> Caller<'_> {
        Caller::new(self, Credential::None)
    }

    /// A user, by the part of the mail address before the `@`, with a token of its own.
    pub fn user(&self, name: &str) -> Caller<'_> {
        Caller::new(self, Credential::User(name.to_owned()))
    }

    /// A user in a browser: with a session's cookie and the header against forged requests.
    pub fn browser(&self, name: &str) -> Caller<'_> {
        Caller::new(self, Credential::Browser(name.to_owned()))
    }

    /// Whoever has this token.
    pub fn token(&self, token: &str) -> Caller<'_> {
        Caller::new(self, Credential::Token(token.to_owned()))
    }

    /// Runs SQL as the owner. It needs no audit event.
    pub async fn execute(&self, sql: &str) {
        self.database.execute(sql).await;
    }

    /// The rows of a query that the owner runs, each as a JSON object.
    pub async fn rows(&self, sql: &str) -> Vec<Json> {
        let text = format!("select to_json(found)::text from ({sql}) as found");
        let rows = self.database.connect().await.query(&text, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        rows.iter().map(|row| serde_json::from_str(row.get(0)).unwrap()).collect()
    }

    /// A user's id.
    pub async fn user_id(&self, name: &str) -> Uuid {
        let client = self.database.connect().await;
        let found =
            client.query_opt("select id from toolcrib.users where split_part(email, '@', 1) = $1", &[&name]).await.unwrap();
        found.unwrap_or_else(|| panic!("there is no user `{name}`")).get(0)
    }

    /// Makes a token as `toolcrib token create` does, for everything that the user may.
    pub async fn create_token(&self, user_id: Uuid, lifetime: chrono::TimeDelta) -> auth::NewToken {
        let (actor, request) = (Actor::platform("cli"), RequestContext::internal(chrono::Utc::now()));
        let planner = self.app.engine.planner(&actor, &request);
        let scopes = ["*:*", "platform:*"].map(str::to_owned).to_vec();
        let request = auth::TokenRequest {
            name: Some("test".to_owned()),
            scopes,
            ..auth::TokenRequest::new(user_id, request.time + lifetime)
        };
        auth::create_token(self.app.engine.database(), &planner, request).await.unwrap()
    }

    /// A token with these scopes.
    pub async fn scoped_token(&self, user: &str, scopes: &[&str]) -> String {
        let (actor, request) = (Actor::platform("cli"), RequestContext::internal(chrono::Utc::now()));
        let planner = self.app.engine.planner(&actor, &request);
        let token = auth::TokenRequest {
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            ..auth::TokenRequest::new(self.user_id(user).await, request.time + chrono::TimeDelta::hours(1))
        };
        let token = auth::create_token(self.app.engine.database(), &planner, token).await.unwrap();
        token.raw.expose_secret().to_owned()
    }

    /// The token of a user, made when it is first asked for.
    pub async fn token_of(&self, name: &str) -> String {
        let mut tokens = self.tokens.lock().await;
        if let Some(token) = tokens.get(name) {
            return token.clone();
        }
        let token = self.create_token(self.user_id(name).await, chrono::TimeDelta::hours(1)).await;
        tokens.entry(name.to_owned()).or_insert_with(|| token.raw.expose_secret().to_owned()).clone()
    }

    /// The cookie of a new session of a user.
    pub async fn cookie_of(&self, name: &str) -> String {
        let id = self.user_id(name).await;
        let session = self.create_session(id, chrono::Utc::now(), SessionHolder::Browser).await;
        format!("{}={}", self.session_cookie.name(), session.raw.expose_secret())
    }

    /// Opens a session as the demo's sign-in does.
    pub async fn create_session(&self, user_id: Uuid, at: chrono::DateTime<chrono::Utc>, holder: SessionHolder) -> NewSession {
        let (actor, request) = (Actor::platform(auth::SIGN_IN_SERVICE), RequestContext::internal(at));
        let planner = self.app.engine.planner(&actor, &request);
        let lifetime = self.app.sign_in.settings().session_lifetime;
        let start = SessionStart { user_id, provider: "test", holder, lifetime };
        auth::create_session(self.app.engine.database(), &planner, &start).await.unwrap()
    }

    /// Puts other rows into the place of all that there are, which is quicker than another app. What was written so far is
    /// looked at as at the end.
    pub async fn reset(&self, rows: &str) {
        check_recorded(self.database.owner_url()).await;
        let tables: Vec<String> =
            self.database.catalog.collections.iter().map(|collection| collection.table.to_string()).collect();
        let own = "toolcrib.service_token_hashes, toolcrib.session_secrets, toolcrib.login_attempts, toolcrib.login_handoffs, toolcrib.database_logins, \
            toolcrib.idempotency_keys, toolcrib.test_changes";
        self.execute(&format!("truncate {}, {own} restart identity; {rows}", tables.join(", "))).await;
        self.execute("update toolcrib.test_start set transaction_id = pg_current_xact_id()").await;
        self.tokens.lock().await.clear();
        self.app.authenticator.forget_all();
    }

    /// Ends the app, after a look at what it wrote.
    ///
    /// # Panics
    /// If a change has no audit event of its own, or an event no change.
    pub async fn finish(mut self) {
        self.is_finished = true;
        check_recorded(self.database.owner_url()).await;
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if self.is_finished || std::thread::panicking() {
            return;
        }
        let url = self.database.owner_url();
        let run = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(check_recorded(url))
        };
        if let Err(complaint) = std::thread::spawn(run).join() {
            std::panic::resume_unwind(complaint);
        }
    }
}

/// The defaults, with everything that is kept below `directory`.
fn settings_in(directory: &Path) -> Settings {
    Settings::load(directory, [], &Overrides::default()).unwrap()
}

/// Notes each change of a collection's row that the server's login makes. When a credential was last used is bookkeeping, which
/// is written without an event.
pub fn watch_changes(catalog: &Catalog) -> String {
    let mut sql = r"
        create table toolcrib.test_changes (
            entity_type text not null, entity_id uuid not null, operation text not null,
            transaction_id xid8 not null default pg_current_xact_id()
        );
        create table toolcrib.test_start as select pg_current_xact_id() as transaction_id;
        create function toolcrib.test_note_change() returns trigger language plpgsql security definer as $$
        begin
            if session_user <> 'toolcrib_server'
                or (
                    tg_op = 'UPDATE' and to_jsonb(old) ?| array['last_used_at', 'last_seen_at']
                    and to_jsonb(old) - array['last_used_at', 'last_seen_at'] = to_jsonb(new) - array['last_used_at', 'last_seen_at']
                )
            then
                return null;
            end if;
            insert into toolcrib.test_changes (entity_type, entity_id, operation)
            values (tg_argv[0], coalesce(new.id, old.id), replace(tg_op, 'INSERT', 'CREATE'));
            return null;
        end
        $$;"
        .to_owned();
    for collection in catalog.collections.iter().filter(|collection| collection.name.as_str() != "AuditEvent") {
        sql += &format!(
            "create trigger test_note_change after insert or update or delete on {} for each row execute function toolcrib.test_note_change('{}');",
            collection.table, collection.name
        );
    }
    sql
}

/// Fails if changes and audit events differ.
async fn check_recorded(url: String) {
    let differences = unrecorded(url).await;
    assert!(differences.is_empty(), "changes and audit events differ:\n{}", differences.join("\n"));
}

/// Changes without an event of their own, and events without a change.
pub async fn unrecorded(url: String) -> Vec<String> {
    const DIFFERENCES: &str = "
        select concat_ws(' ', operation, entity_type, entity_id, 'changes:', coalesce(changes, 0), 'events:', coalesce(events, 0))
        from (
            select entity_type, entity_id, operation, transaction_id, count(*) as changes
            from toolcrib.test_changes group by 1, 2, 3, 4
        ) as change
        full join (
            select
                entity_type, entity_id, transaction_id, count(*) as events,
                case event_type when 'SHARE' then 'CREATE' when 'UNSHARE' then 'UPDATE' else event_type end as operation
            from toolcrib.audit_events
            where event_type in ('CREATE', 'UPDATE', 'DELETE', 'SHARE', 'UNSHARE') and transaction_id >= (select transaction_id from toolcrib.test_start)
            group by 1, 2, 3, 5
        ) as event using (entity_type, entity_id, operation, transaction_id)
        where changes is distinct from events
        order by 1";
    let client = crate::support::database::connect(&url).await;
    client.query(DIFFERENCES, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}
