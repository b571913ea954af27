//! A hundred clients whose connections are cut at random moments, some while a lock holds their statement up: nothing of
//! theirs stays open, nobody inherits their role, and no change is without its event.

use super::desk::{CUSTOMER, TEAM, contradictions, fill, ticket};
use crate::support::process::{Crib, Server, eventually, graphql_request};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_postgres::Client as Postgres;

const CLIENTS: usize = 100;
const CONNECTIONS: usize = 6;
/// With the two that only find out who is asking.
const ALLOWED: i64 = 8;

/// Sessions of the server that do something, or have something open.
const NOT_IDLE: &str = "select count(*) from pg_stat_activity where usename = 'toolcrib_server' and state <> 'idle'";
const HELD_UP: &str =
    "select count(*) from pg_stat_activity where usename = 'toolcrib_server' and wait_event_type = 'Lock' and state = 'active'";
const ALL: &str = "select count(*) from pg_stat_activity where usename = 'toolcrib_server'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_are_cut_off_leave_nothing_behind() {
    let crib = Crib::support_desk().with("TOOLCRIB_DATABASE_MAX_CONNECTIONS", CONNECTIONS);
    let server = crib.serve(&[]).await;
    fill(&crib, CLIENTS).await;
    let tokens: Vec<(&str, String)> =
        ["ada", "ana", "cleo", "vic"].map(|name| (name, crib.token(&format!("{name}@desk.test")))).to_vec();
    let owner = crib.connect().await;
    let mut random = StdRng::seed_from_u64(4_000);

    // Until the lock is released, reads of customers and changes of the first ticket stand still in the middle.
    let holder = crib.connect().await;
    let lock = format!("begin; lock table public.customers; select from public.tickets where id = '{}' for update", ticket(0));
    holder.batch_execute(&lock).await.unwrap();
    let (standstill, mut clients) = (watch::Sender::new(false), JoinSet::new());
    for number in 0..CLIENTS {
        let (_, token) = tokens.choose(&mut random).unwrap();
        let request = graphql_request(token, &operation(number));
        let client = Client { server: server.address(), request, random: StdRng::seed_from_u64(random.random()) };
        clients.spawn(client.be_cut_off((number % 5 < 2).then(|| standstill.subscribe())));
    }
    eventually("a lock holds statements up", async || (count(&owner, HELD_UP).await > 0).then_some(())).await;
    standstill.send_replace(true);
    while let Some(ended) = clients.join_next().await {
        ended.unwrap();
    }
    eventually("the statements of those who left are cancelled", async || (count(&owner, NOT_IDLE).await == 0).then_some(()))
        .await;
    holder.batch_execute("rollback").await.unwrap();

    assert_everybody_is_who_they_are(&server, &owner, &tokens).await;
    // The server also has work of its own, which begins and ends.
    eventually("nothing stays open", async || (count(&owner, NOT_IDLE).await == 0).then_some(())).await;
    eventually("only the pools' sessions are left", async || (count(&owner, ALL).await <= ALLOWED).then_some(())).await;
    assert_eq!(contradictions(&crib).await, [""; 0]);
}

/// Reads and writes, free and held up.
fn operation(number: usize) -> String {
    let own = ticket(number);
    match number % 5 {
        0 => "{ tickets { nodes { subject customer { name } events { body } } } }".to_owned(),
        1 => format!(
            r#"mutation {{ own: updateTicket(id: "{own}", set: {{subject: "cut"}}) {{ auditEventId }}
            held: updateTicket(id: "{}", set: {{subject: "cut"}}) {{ auditEventId }} }}"#,
            ticket(0)
        ),
        2 => "{ users { nodes { name } } teams { nodes { name } } tickets { totalCount nodes { subject } } }".to_owned(),
        3 => format!(
            r#"mutation {{ own: updateTicket(id: "{own}", set: {{subject: "cut"}}) {{ auditEventId }}
            again: updateTicket(id: "{own}", set: {{subject: "cut again"}}) {{ auditEventId }} }}"#
        ),
        _ => format!(
            r#"mutation {{ createTicket(input: {{customer: {{id: "{CUSTOMER}"}}, team: {{id: "{TEAM}"}}, subject: "cut"}}) {{
            ticket {{ id }} auditEventId }} }}"#
        ),
    }
}

struct Client {
    server: SocketAddr,
    request: String,
    random: StdRng,
}

impl Client {
    /// Leaves while writing the request, while waiting, or while reading the answer; in order, or with a reset. Some wait for
    /// the standstill first, so that theirs are among the statements that the lock holds up.
    async fn be_cut_off(mut self, standstill: Option<watch::Receiver<bool>>) {
        let Self { server, request, random } = &mut self;
        let mut stream = TcpStream::connect(*server).await.unwrap();
        if random.random() {
            stream.set_zero_linger().unwrap();
        }
        let is_whole = standstill.is_some() || random.random_ratio(3, 4);
        let sent = if is_whole { request.len() } else { random.random_range(0..request.len()) };
        stream.write_all(&request.as_bytes()[..sent]).await.unwrap();
        if let Some(mut standstill) = standstill {
            standstill.wait_for(|stands| *stands).await.unwrap();
        }
        // The cut itself: a moment later, drawn from the seed.
        let moment = Duration::from_micros(random.random_range(0..60_000));
        let mut start = vec![0; random.random_range(1..4_096)];
        let _ = tokio::time::timeout(moment, stream.read_exact(&mut start)).await;
    }
}

async fn count(client: &Postgres, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// Ten times as many requests as there are connections, by turns as everybody: each sees its own rows, under its own name.
async fn assert_everybody_is_who_they_are(server: &Server, owner: &Postgres, tokens: &[(&str, String)]) {
    const QUERY: &str = "{ tickets(first: 500) { nodes { id } } ticketEvents { totalCount } }";
    let mut asked = Vec::new();
    for turn in 0..10 * CONNECTIONS {
        let (name, token) = &tokens[turn % tokens.len()];
        asked.push(async move { (*name, server.graphql(token, QUERY).await.unwrap()) });
    }
    let answers = futures_util::future::join_all(asked).await;
    for (name, answer) in answers {
        let condition = match name {
            "ada" => "true",
            "vic" => "status in ('RESOLVED', 'CLOSED')",
            _ => &format!("team_id = (select team_id from toolcrib.users where email = '{name}@desk.test')"),
        };
        let sql = format!("select id::text from public.tickets where {condition}");
        let rows = owner.query(&sql, &[]).await.unwrap();
        let expected: BTreeSet<&str> = rows.iter().map(|row| row.get(0)).collect();
        let nodes = answer["data"]["tickets"]["nodes"].as_array().unwrap_or_else(|| panic!("{name}: {answer}"));
        let seen: BTreeSet<&str> = nodes.iter().map(|node| node["id"].as_str().unwrap()).collect();
        assert_eq!(seen, expected, "{name}");
    }
}
