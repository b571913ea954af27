//! `kill -9` of the server and of PostgreSQL during writes: afterwards every change has its event, every event its change, and
//! whatever was acknowledged is there.
//!
//! That a kill hits inside a transaction is not left to luck: what is to be killed is stopped (SIGSTOP) first, PostgreSQL is
//! asked which of its sessions are in a transaction that has written, and only then comes the SIGKILL. The moment of the stop
//! is drawn from a fixed seed: so many answers after the start.

use super::desk::{CUSTOMER, TEAM, contradictions, fill, ticket};
use crate::support::process::{Crib, Postmaster, Server, eventually};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_postgres::Client;

const KILLS: usize = 20;
const WRITERS: usize = 6;

/// What is killed.
#[derive(Clone, Copy, Debug)]
enum Victim {
    /// `toolcrib serve`.
    Server,
    /// PostgreSQL's first process and the sessions that write.
    Postgres,
    /// The sessions that write; PostgreSQL then ends all others and recovers.
    Sessions,
    /// Everything at once, as when the machine's memory runs out.
    Both,
}

/// What the writers have been told.
#[derive(Default)]
struct Told {
    answers: AtomicUsize,
    /// Whether the kill has come: who had nothing under way just then is not told by an error.
    is_struck: AtomicBool,
    /// The ids of audit events of changes that were acknowledged.
    events: Mutex<Vec<String>>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_kill_separates_a_change_from_its_event() {
    let crib = Crib::support_desk();
    let mut server = crib.serve(&[]).await;
    fill(&crib, 1 + WRITERS).await;
    let token = crib.token("ada@desk.test");
    let mut random = StdRng::seed_from_u64(20_261_122);
    let told = Arc::new(Told::default());
    let mut hits = 0;
    for round in 0..KILLS {
        let victim = [Victim::Server, Victim::Postgres, Victim::Sessions, Victim::Both][round % 4];
        let address = Arc::new(server);
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let seed = random.random();
            writers.spawn(write(Arc::clone(&address), token.clone(), writer, StdRng::seed_from_u64(seed), Arc::clone(&told)));
        }
        let enough = told.answers.load(Ordering::Relaxed) + random.random_range(1..40);
        eventually("the writers write", async || (told.answers.load(Ordering::Relaxed) >= enough).then_some(())).await;
        let after = |what: &str| format!("{what}, kill {round} of {victim:?}");
        hits += usize::from(in_time(&after("the kill"), strike(&crib, &address, victim)).await > 0);
        told.is_struck.store(true, Ordering::Relaxed);
        while let Some(ended) = in_time(&after("every writer has its answer"), writers.join_next()).await {
            ended.unwrap();
        }
        told.is_struck.store(false, Ordering::Relaxed);
        server = Arc::into_inner(address).unwrap();
        if matches!(victim, Victim::Server | Victim::Both) {
            in_time(&after("the server is gone"), server.wait()).await;
            server = in_time(&after("another serves"), crib.serve(&[])).await;
        }
        in_time(&after("the server is ready"), server.is_ready()).await;
        let found = in_time(&after("the audit log is compared"), contradictions(&crib)).await;
        assert_eq!(found, [""; 0], "after kill {round} of {victim:?}");
        let lost = in_time(&after("what was told is looked for"), lost(&crib, &told)).await;
        assert_eq!(lost, [""; 0], "acknowledged, but gone after kill {round} of {victim:?}");
    }
    assert!(hits * 2 >= KILLS, "{hits} of {KILLS} kills hit inside a transaction");
    assert!(told.events.lock().len() > KILLS, "the writers got nothing done");
}

/// Says what it was that took too long, where a test that hangs would only be told by its name.
async fn in_time<T>(what: &str, doing: impl Future<Output = T>) -> T {
    let ended = tokio::time::timeout(Duration::from_secs(60), doing).await;
    ended.unwrap_or_else(|_| panic!("{what}: not within a minute"))
}

/// Writes until the connection breaks, or the kill has come: each document makes, changes and deletes rows in one transaction.
async fn write(server: Arc<Server>, token: String, writer: usize, mut random: StdRng, told: Arc<Told>) {
    let mut spare: Option<String> = None;
    while !told.is_struck.load(Ordering::Relaxed) {
        let own = ticket(1 + writer);
        let number: u32 = random.random();
        let mut fields = format!(
            r#"new: createTicket(input: {{customer: {{id: "{CUSTOMER}"}}, team: {{id: "{TEAM}"}}, subject: "{number}"}}) {{ ticket {{ id }} auditEventId }}
            one: createTicketEvent(input: {{ticket: {{id: "{own}"}}, kind: COMMENT, body: "{number}"}}) {{ auditEventId }}
            own: updateTicket(id: "{own}", set: {{subject: "{number}"}}) {{ auditEventId }}"#
        );
        match spare.take_if(|_| random.random()) {
            Some(gone) => {
                fields += &format!(r#"gone: deleteTicket(id: "{gone}", reason: "no longer needed") {{ auditEventId }}"#);
            }
            None => {
                if let Some(kept) = &spare {
                    fields += &format!(
                        r#"two: createTicketEvent(input: {{ticket: {{id: "{kept}"}}, kind: COMMENT}}) {{ auditEventId }}"#
                    );
                }
            }
        }
        // Last, so that nobody waits for anybody in a circle.
        fields += &format!(r#"all: updateTicket(id: "{}", set: {{subject: "{number}"}}) {{ auditEventId }}"#, ticket(0));
        let Ok(answer) = server.graphql(&token, &format!("mutation {{ {fields} }}")).await else { return };
        if answer["data"].is_null() {
            // The database is away: nothing was promised.
            assert_eq!(answer["errors"][0]["extensions"]["code"], "INTERNAL_SERVER_ERROR", "{answer}");
            return;
        }
        spare = spare.or_else(|| Some(answer["data"]["new"]["ticket"]["id"].as_str()?.to_owned()));
        let ids = answer["data"].as_object().unwrap().values().map(|change| change["auditEventId"].as_str().unwrap().to_owned());
        told.events.lock().extend(ids);
        told.answers.fetch_add(1, Ordering::Relaxed);
    }
}

/// Stops the victim, counts the transactions that it is in the middle of, and kills it.
async fn strike(crib: &Crib, server: &Server, victim: Victim) -> usize {
    let postmaster = crib.postmaster().unwrap();
    let client = crib.connect().await;
    match victim {
        Victim::Server => {
            server.signal(Signal::SIGSTOP);
            let inside = settled(&client).await;
            server.signal(Signal::SIGKILL);
            inside.len()
        }
        Victim::Postgres => {
            let inside = stop_sessions(&client).await;
            kill_all(&inside, Some(&postmaster));
            inside.len()
        }
        Victim::Sessions => {
            // With none inside nothing would be killed, and the writers would write for ever.
            let inside = eventually("a session is inside a transaction", async || {
                let inside = stop_sessions(&client).await;
                (!inside.is_empty()).then_some(inside)
            })
            .await;
            kill_all(&inside, None);
            gone(&inside).await;
            inside.len()
        }
        Victim::Both => {
            let inside = stop_sessions(&client).await;
            server.signal(Signal::SIGKILL);
            kill_all(&inside, Some(&postmaster));
            inside.len()
        }
    }
}

const WRITING: &str = "
    select pid from pg_stat_activity
    where usename = 'toolcrib_server' and backend_xid is not null and state <> 'idle'";

async fn sessions(client: &Client, sql: &str) -> Vec<Pid> {
    client.query(sql, &[]).await.unwrap().iter().map(|row| Pid::from_raw(row.get(0))).collect()
}

/// The server is stopped: its sessions finish the statements that were sent, then wait for it, or for each other, for good.
async fn settled(client: &Client) -> Vec<Pid> {
    const BUSY: &str = "
        select pid from pg_stat_activity
        where usename = 'toolcrib_server' and state = 'active' and wait_event_type is distinct from 'Lock'";
    eventually("the sessions wait", async || sessions(client, BUSY).await.is_empty().then_some(())).await;
    sessions(client, WRITING).await
}

/// Stops the sessions that write; those that have not ended their transaction before they stood still.
async fn stop_sessions(client: &Client) -> Vec<Pid> {
    loop {
        let writing = sessions(client, WRITING).await;
        let stopped: Vec<Pid> = writing.into_iter().filter(|pid| kill(*pid, Signal::SIGSTOP).is_ok()).collect();
        eventually("the sessions stand still", async || stopped.iter().all(|pid| is_stopped(*pid)).then_some(())).await;
        // One that was about to say what it does, or held a lock of PostgreSQL's own, keeps the question waiting for good.
        let asked = tokio::time::timeout(Duration::from_secs(2), sessions(client, WRITING)).await;
        let inside = asked.as_deref().unwrap_or_default();
        let (inside, outside): (Vec<Pid>, Vec<Pid>) = stopped.into_iter().partition(|pid| inside.contains(pid));
        for pid in outside {
            let _ = kill(pid, Signal::SIGCONT);
        }
        if asked.is_ok() {
            return inside;
        }
    }
}

/// The state in `/proc` follows the name, which stands in brackets.
fn is_stopped(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with('T'))
}

fn kill_all(sessions: &[Pid], postmaster: Option<&Postmaster>) {
    for pid in sessions.iter().copied().chain(postmaster.map(|postmaster| postmaster.pid)) {
        let _ = kill(pid, Signal::SIGKILL);
    }
}

async fn gone(sessions: &[Pid]) {
    eventually("the sessions are gone", async || sessions.iter().all(|pid| kill(*pid, None).is_err()).then_some(())).await;
}

/// Audit events that were acknowledged and are not there.
async fn lost(crib: &Crib, told: &Told) -> Vec<String> {
    let events: Vec<String> = told.events.lock().clone();
    let client = crib.connect().await;
    let sql = "select id from unnest($1::text[]) as told (id) where not exists
        (select from toolcrib.audit_events as event where event.id = told.id::uuid)";
    client.query(sql, &[&events]).await.unwrap().iter().map(|row| row.get(0)).collect()
}
