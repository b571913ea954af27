//! SIGTERM: what was begun is finished, nothing new is begun, and no process is left.

use super::desk::{contradictions, fill, ticket};
use crate::support::process::{Crib, PATIENCE, eventually, graphql_request};
use nix::sys::signal::{Signal, kill};
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const HELD_UP: &str =
    "select count(*) from pg_stat_activity where usename = 'toolcrib_server' and wait_event_type = 'Lock' and state = 'active'";

#[tokio::test]
async fn requests_in_flight_are_answered_and_new_ones_refused() {
    let crib = Crib::support_desk();
    let mut server = crib.serve(&[]).await;
    fill(&crib, 1).await;
    let token = crib.token("ada@desk.test");
    let postmaster = crib.postmaster().unwrap();

    let holder = crib.connect().await;
    holder.batch_execute(&format!("begin; select from public.tickets where id = '{}' for update", ticket(0))).await.unwrap();
    let request =
        format!(r#"mutation {{ updateTicket(id: "{}", set: {{subject: "last"}}) {{ ticket {{ subject }} }} }}"#, ticket(0));
    let in_flight = async { server.graphql(&token, &request).await.unwrap() };
    let stop = async {
        let observer = crib.connect().await;
        eventually("the request waits for the lock", async || {
            let held_up: i64 = observer.query_one(HELD_UP, &[]).await.unwrap().get(0);
            (held_up == 1).then_some(())
        })
        .await;
        server.signal(Signal::SIGTERM);
        eventually("new connections are refused", async || TcpStream::connect(server.address()).await.is_err().then_some(()))
            .await;
        holder.batch_execute("rollback").await.unwrap();
    };
    let (answer, ()) = tokio::join!(in_flight, stop);
    assert_eq!(answer["data"]["updateTicket"]["ticket"]["subject"], "last", "{answer}");
    assert_eq!(server.wait().await.code(), Some(0));
    assert!(server.log().contains("stopping: every request was answered"), "{}", server.log());
    assert!(kill(postmaster.pid, None).is_err(), "PostgreSQL is still there");
    assert_eq!(crib.postmaster(), None);

    // It was shut down in order, so that the next start has nothing to recover.
    let again = crib.serve(&[]).await;
    let log = std::fs::read_to_string(crib.data().join("postgres/postgres.log")).unwrap();
    assert!(log.contains("database system was shut down at"), "{log}");
    assert!(!log.contains("was not properly shut down"), "{log}");
    let answer = again.graphql(&token, "{ tickets { nodes { subject } } }").await.unwrap();
    assert!(answer.to_string().contains("last"), "{answer}");
    assert_eq!(contradictions(&crib).await, [""; 0]);
}

#[tokio::test]
async fn a_client_that_never_finishes_its_request_does_not_hold_the_stop_up() {
    let crib = Crib::support_desk();
    let mut server = crib.serve(&[]).await;
    let mut idle = TcpStream::connect(server.address()).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut start = [0; 12];
    idle.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 200");
    let mut slow = TcpStream::connect(server.address()).await.unwrap();
    slow.write_all(&graphql_request("none", "{ viewer }").as_bytes()[..40]).await.unwrap();
    let silent = TcpStream::connect(server.address()).await.unwrap();

    let asked = Instant::now();
    server.signal(Signal::SIGTERM);
    assert_eq!(server.wait().await.code(), Some(0));
    assert!(asked.elapsed() < PATIENCE / 4, "{:?}", asked.elapsed());
    drop((idle, slow, silent));
}

#[tokio::test]
async fn a_server_that_is_still_starting_stops_in_order() {
    let crib = Crib::support_desk();
    let mut child =
        crib.command(&["serve", "--demo", "--listen", "127.0.0.1:0"]).stderr(std::process::Stdio::null()).spawn().unwrap();
    let pid = nix::unistd::Pid::from_raw(child.id().cast_signed());
    let postmaster = eventually("PostgreSQL is being started", async || crib.postmaster()).await;
    kill(pid, Signal::SIGTERM).unwrap();
    let status = eventually("the server ends", async || child.try_wait().unwrap()).await;
    assert_eq!(status.code(), Some(0));
    assert!(kill(postmaster.pid, None).is_err(), "PostgreSQL is still there");
}
