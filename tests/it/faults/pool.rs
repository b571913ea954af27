//! What happens to a pooled connection on which something went wrong: it is clean, or it is gone. The pool of each test has
//! one connection, so the next user gets whatever the one before left.

use crate::support::database::TestDatabase;
use crate::support::process::eventually;
use futures_util::TryStreamExt;
use serde_json::Value as Json;
use std::time::Duration;
use tokio_postgres::Client;
use toolcrib::base::{Actor, AuthMethod, CallerContext, RequestContext, RoleName, ScalarType, Value};
use toolcrib::db::{ActorSettings, ConnectOptions, Database, DbError, Transaction};
use toolcrib::sql::{Column, Expr, Query, Select, Statement};
use uuid::Uuid;

const SCHEMA: &str = r#"type Note @collection @access(read: "true", write: "true") { text: String! }"#;

/// One pooled connection on a database of its own.
struct Pool {
    database: Database,
    owner: Client,
    _storage: TestDatabase,
}

impl Pool {
    async fn new() -> Self {
        let storage = TestDatabase::new(SCHEMA).await;
        let statement_timeout = Duration::from_millis(200);
        let options = ConnectOptions { url: storage.server_url(), max_connections: 1, statement_timeout };
        Self { database: Database::connect(options).await.unwrap(), owner: storage.connect().await, _storage: storage }
    }

    /// The next user is nobody but itself, in a transaction of its own.
    async fn assert_is_clean(&self) {
        let (viewer, id) = actor("viewer");
        let answer = self.database.read(&viewer, &json(WHO)).await.unwrap().unwrap();
        let who: Json = serde_json::from_str(&answer.0.unwrap().0).unwrap();
        assert_eq!(who["role"], "toolcrib_role_viewer");
        assert_eq!(who["user"], id.to_string());

        // Outside of any actor's transaction the login is itself again.
        let system = self.database.begin_system().await.unwrap();
        let answer = system.json(&json(WHO)).await.unwrap().unwrap();
        let who: Json = serde_json::from_str(&answer.0.unwrap().0).unwrap();
        assert_eq!(who["role"], "toolcrib_server");
        assert_eq!(who["user"], "");
        system.rollback().await.unwrap();
        assert_eq!(self.sessions().await, ["idle"]);
    }

    /// The state of each session of the pool.
    async fn sessions(&self) -> Vec<String> {
        let sql = "select state from pg_stat_activity where usename = 'toolcrib_server' and datname = current_database()";
        self.owner.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    async fn end_sessions(&self) {
        let sql = "select pg_terminate_backend(pid, 5000) from pg_stat_activity
            where usename = 'toolcrib_server' and datname = current_database()";
        self.owner.query(sql, &[]).await.unwrap();
    }
}

const WHO: &str = "json_build_object('role', current_user, 'user', split_part(current_setting('toolcrib.actor', true), ' ', 1))";
const DIVIDE_BY_ZERO: &str = "to_json(1 / (random() * 0)::int)";
const TAKE_TOO_LONG: &str = "to_json(pg_sleep(10)::text)";

/// A statement of one row.
fn json(text: &'static str) -> Statement {
    limited(text, None)
}

fn limited(text: &'static str, limit: Option<u32>) -> Statement {
    Statement::of(&Query::select(Select { limit, ..row(text) })).unwrap()
}

fn row(text: &'static str) -> Select {
    let columns = vec![Column::fixed(Expr::Fixed(text), "j"), Column::fixed(Expr::Fixed("1::bigint"), "rows")];
    Select { columns, ..Select::default() }
}

fn actor(role: &str) -> (ActorSettings, Uuid) {
    let id = Uuid::now_v7();
    let platform = Actor::platform("test");
    let actor = Actor { id: Some(id), role: RoleName::new(role), auth_method: AuthMethod::Token, service: None, ..platform };
    let request = RequestContext::internal(chrono::Utc::now());
    (ActorSettings::of(CallerContext::plain(&actor, &request)), id)
}

/// A transaction of an admin that is in the middle of something.
async fn begun(pool: &Pool) -> Transaction {
    let transaction = pool.database.begin(&actor("admin").0).await.unwrap();
    transaction.open().await.unwrap();
    transaction.json(&json(WHO)).await.unwrap();
    transaction
}

#[tokio::test]
async fn a_statement_that_fails() {
    let pool = Pool::new().await;
    let error = pool.database.read(&actor("admin").0, &json(DIVIDE_BY_ZERO)).await.unwrap_err();
    assert!(matches!(error, DbError::Statement(_)), "{error:?}");
    pool.assert_is_clean().await;
}

#[tokio::test]
async fn a_statement_that_takes_too_long() {
    let pool = Pool::new().await;
    let error = pool.database.read(&actor("admin").0, &json(TAKE_TOO_LONG)).await.unwrap_err();
    assert!(matches!(error, DbError::Timeout(_)), "{error:?}");
    pool.assert_is_clean().await;
}

#[tokio::test]
async fn a_transaction_that_fails_in_the_middle_and_is_rolled_back() {
    let pool = Pool::new().await;
    for statement in [DIVIDE_BY_ZERO, TAKE_TOO_LONG] {
        let transaction = begun(&pool).await;
        transaction.json(&json(statement)).await.unwrap_err();
        transaction.rollback().await.unwrap();
        pool.assert_is_clean().await;
    }
}

#[tokio::test]
async fn a_transaction_that_fails_and_is_forgotten() {
    let pool = Pool::new().await;
    let transaction = begun(&pool).await;
    transaction.json(&json(DIVIDE_BY_ZERO)).await.unwrap_err();
    drop(transaction);
    gone(&pool).await;
    pool.assert_is_clean().await;
}

#[tokio::test]
async fn a_transaction_that_is_forgotten() {
    let pool = Pool::new().await;
    drop(begun(&pool).await);
    gone(&pool).await;
    pool.assert_is_clean().await;
}

#[tokio::test]
async fn a_read_whose_caller_leaves() {
    let pool = Pool::new().await;
    let admin = actor("admin").0;
    let statement = json(TAKE_TOO_LONG);
    let read = pool.database.read(&admin, &statement);
    assert!(tokio::time::timeout(Duration::from_millis(50), read).await.is_err());
    gone(&pool).await;
    pool.assert_is_clean().await;
}

/// The driver closes a statement when its rows are let go of, here behind the end of its transaction, and waits for no answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_behind_what_the_driver_still_does() {
    let pool = Pool::new().await;
    for turn in 1..200 {
        let transaction = pool.database.begin(&actor("admin").0).await.unwrap();
        transaction.open().await.unwrap();
        let columns = vec![Column::fixed(Expr::Fixed(WHO), "j")];
        let rows = transaction.stream_json(&Query::select(Select { columns, ..Select::default() })).await.unwrap();
        let mut rows = Box::pin(rows);
        while rows.try_next().await.unwrap().is_some() {}
        transaction.rollback().await.unwrap();
        drop(rows);
        let (viewer, id) = actor("viewer");
        let (answer, _) = pool.database.read(&viewer, &json(WHO)).await.unwrap().unwrap();
        assert!(answer.unwrap().0.contains(&id.to_string()), "turn {turn}");
    }
    assert_eq!(pool.sessions().await.len(), 1, "no connection had to be opened again");
}

#[tokio::test]
async fn a_connection_that_ends_while_nobody_uses_it() {
    let pool = Pool::new().await;
    pool.end_sessions().await;
    // The end is noticed when the socket's task has run; until then a request may fail, but never with somebody else's rights.
    eventually("the pool connects again", async || pool.database.read(&actor("admin").0, &json(WHO)).await.ok()).await;
    pool.assert_is_clean().await;
}

#[tokio::test]
async fn a_connection_that_ends_in_a_transaction() {
    let pool = Pool::new().await;
    let transaction = begun(&pool).await;
    pool.end_sessions().await;
    let error = transaction.json(&json(WHO)).await.unwrap_err();
    assert!(error.is_unavailable(), "{error:?}");
    let error = transaction.commit().await.unwrap_err();
    assert!(error.is_unavailable(), "{error:?}");
    eventually("the pool connects again", async || pool.database.read(&actor("admin").0, &json(WHO)).await.ok()).await;
    pool.assert_is_clean().await;
}

#[tokio::test]
async fn a_busy_pool_says_so_and_serves_the_next() {
    let pool = Pool::new().await;
    let transaction = begun(&pool).await;
    assert_eq!(pool.database.pool_status(), (1, 0));
    transaction.rollback().await.unwrap();
    assert_eq!(pool.database.pool_status(), (1, 1));
    pool.assert_is_clean().await;
}

/// The session that was left is gone: PostgreSQL has undone what it was in the middle of.
async fn gone(pool: &Pool) {
    eventually("the session ends", async || pool.sessions().await.is_empty().then_some(())).await;
}

#[tokio::test]
async fn a_statement_that_was_forgotten_still_runs_inside_its_transaction() {
    let pool = Pool::new().await;
    let (viewer, _) = actor("viewer");
    // Prepared on the connection, because its shape came again.
    for _ in 0..3 {
        pool.database.read(&viewer, &json(WHO)).await.unwrap();
    }
    // As many shapes as a server remembers, and more, each seen once and so prepared nowhere.
    for limit in 1..600 {
        pool.database.read(&viewer, &limited(WHO, Some(limit))).await.unwrap();
    }
    pool.assert_is_clean().await;
}

#[tokio::test]
async fn the_same_text_with_a_bind_of_another_type_runs_inside_its_transaction() {
    let pool = Pool::new().await;
    let (viewer, _) = actor("viewer");
    for null in [ScalarType::Int, ScalarType::String, ScalarType::Decimal].map(Value::Null) {
        let filter = Some(Expr::IsNull(Box::new(Expr::Value(null))));
        let statement = Statement::of(&Query::select(Select { filter, ..row(WHO) })).unwrap();
        // From the second time on it is prepared, and sent without waiting.
        for _ in 0..3 {
            let answer = pool.database.read(&viewer, &statement).await.unwrap().unwrap();
            let who: Json = serde_json::from_str(&answer.0.unwrap().0).unwrap();
            assert_eq!(who["role"], "toolcrib_role_viewer", "{}", statement.show());
        }
    }
    pool.assert_is_clean().await;
}
