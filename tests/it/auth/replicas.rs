//! Two servers over one database: what one of them changes about a caller counts at both.

use crate::support::app::SUPPORT_DESK_ROWS;
use crate::support::database::{SUPPORT_DESK, TestDatabase};
use crate::support::process::{Crib, Server};
use serde_json::{Value as Json, json};
use std::time::{Duration, Instant};

/// What the design promises for every other server.
const SOON: Duration = Duration::from_secs(1);

/// The token of Ada, who makes the changes.
const ADMIN: &str = "tc_ada";

/// Two servers, of which the first is told of changes.
struct Replicas {
    database: TestDatabase,
    here: Server,
    there: Server,
}

impl Replicas {
    async fn start() -> Self {
        let database = TestDatabase::empty(SUPPORT_DESK).await;
        let crib = Crib::support_desk().on(&database.owner_url(), &database.server_url());
        crib.run_well(&["migrate", "apply"]);
        database.execute(SUPPORT_DESK_ROWS).await;
        let (here, there) = tokio::join!(crib.serve(&[]), crib.serve(&[]));
        Self { database, here, there }
    }

    async fn id(&self, user: &str) -> String {
        let sql = "select id::text from toolcrib.users where email = $1";
        self.database.connect().await.query_one(sql, &[&format!("{user}@desk.test")]).await.unwrap().get(0)
    }

    /// A token of a user, with everything in its scope; its id and itself.
    async fn token(&self, user: &str) -> (String, String) {
        let sql = "
            with token as (
                insert into toolcrib.service_tokens (user_id, scopes, expires_at)
                select id, array['*:*', 'platform:*'], now() + interval '1 hour' from toolcrib.users where email = $1 || '@desk.test'
                returning id
            ), secret as (
                insert into toolcrib.service_token_hashes (token_id, hash) select id, sha256(('tc_' || $1)::bytea) from token
            )
            select id::text from token";
        (self.database.connect().await.query_one(sql, &[&user]).await.unwrap().get(0), format!("tc_{user}"))
    }

    /// A session of a program that a user signed in; its id and its token.
    async fn session(&self, user: &str) -> (String, String) {
        let sql = "
            with session as (
                insert into toolcrib.sessions (user_id, provider, authenticated_at, expires_at, last_seen_at)
                select id, 'test', now(), now() + interval '1 hour', now() from toolcrib.users where email = $1 || '@desk.test'
                returning id
            ), secret as (
                insert into toolcrib.session_secrets (session_id, hash) select id, sha256(('te_' || $1)::bytea) from session
            )
            select id::text from session";
        (self.database.connect().await.query_one(sql, &[&user]).await.unwrap().get(0), format!("te_{user}"))
    }

    /// Makes a change at one server, and looks when callers are something else: with the next request there, soon at the other.
    async fn check(&self, what: &str, callers: &[&str], change: (&str, Json), expected: Option<i64>) {
        for caller in callers {
            // Both know the caller from a moment ago.
            let before = tickets(&self.here, caller).await;
            assert_eq!(tickets(&self.there, caller).await, before, "{what}");
            assert_ne!(before, expected, "{what}: nothing would change");
        }
        let (mutation, variables) = change;
        let answer = self.here.graphql_with(ADMIN, mutation, variables).await.unwrap();
        assert!(answer.get("errors").is_none(), "{what}: {answer}");
        let changed = Instant::now();
        for caller in callers {
            assert_eq!(tickets(&self.here, caller).await, expected, "{what}: with the next request");
        }
        for caller in callers {
            loop {
                let sent = changed.elapsed();
                if tickets(&self.there, caller).await == expected {
                    break;
                }
                assert!(sent < SOON, "{what}: the other server believes what was, {sent:?} later");
            }
        }
    }
}

/// How many tickets a caller sees; `None` for nobody.
async fn tickets(server: &Server, token: &str) -> Option<i64> {
    let answer = server.graphql(token, "{ tickets { totalCount } }").await.unwrap();
    let refusal = &answer["errors"][0]["extensions"]["code"];
    assert!(refusal.is_null() || refusal == "UNAUTHENTICATED", "{answer}");
    answer["data"]["tickets"]["totalCount"].as_i64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_server_changes_of_a_caller_counts_at_both() {
    let replicas = Replicas::start().await;
    replicas.token("ada").await;
    let (ana_token, ana) = replicas.token("ana").await;
    let (ana_session, ana_program) = replicas.session("ana").await;
    let ((_, ben), (_, ben_program)) = (replicas.token("ben").await, replicas.session("ben").await);
    let (ana, ana_program, ben, ben_program) = (&*ana, &*ana_program, &*ben, &*ben_program);
    const SET: &str = "mutation($id: ID!, $set: UpdateUserInput!) { updateUser(id: $id, set: $set) { auditEventId } }";
    let set = |id: &str, set: Json| (SET, json!({ "id": id, "set": set }));
    let (ana_id, ben_id) = (replicas.id("ana").await, replicas.id("ben").await);
    let team = json!({ "team": { "id": "00000000-0000-7000-8000-000000000102" } });

    replicas.check("another team", &[ana, ana_program], set(&ana_id, team), Some(2)).await;
    replicas.check("promotion", &[ana, ana_program], set(&ana_id, json!({ "role": "manager" })), Some(6)).await;
    replicas.check("demotion", &[ana, ana_program], set(&ana_id, json!({ "role": "agent" })), Some(2)).await;
    const REVOKE: &str = "mutation($id: ID!) { revokeServiceToken(id: $id) { auditEventId } }";
    replicas.check("a revoked token", &[ana], (REVOKE, json!({ "id": ana_token })), None).await;
    assert_eq!(tickets(&replicas.there, ana_program).await, Some(2), "the session is another credential");
    const END: &str = "mutation($id: ID!) { deleteSession(id: $id) { auditEventId } }";
    replicas.check("a session that was ended", &[ana_program], (END, json!({ "id": ana_session })), None).await;
    let inactive = set(&ben_id, json!({ "isActive": false }));
    replicas.check("deactivation", &[ben, ben_program], inactive, None).await;
    assert_eq!(tickets(&replicas.there, ADMIN).await, Some(6), "nobody else is concerned");
}
