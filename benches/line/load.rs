//! The load: clients that each ask over one kept connection, as soon as the answer to the last question is there.
//!
//! Written by hand over the socket, because the clients share the cores with what they measure.

use anyhow::{Result, bail};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// What a server managed in one round.
#[derive(Clone, Debug, Default)]
pub(crate) struct Round {
    /// Requests answered.
    pub(crate) requests: usize,
    /// How long the round was.
    pub(crate) seconds: f64,
    /// How long each request took, in microseconds.
    pub(crate) latencies: Vec<u32>,
}

impl Round {
    /// Requests for each second.
    pub(crate) fn rate(&self) -> f64 {
        self.requests as f64 / self.seconds
    }
}

/// Where to ask, and as whom.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// `127.0.0.1:port`
    pub(crate) address: String,
    /// The path.
    pub(crate) path: String,
    /// A bearer token; the hand-written server looks at none, but reads the same header.
    pub(crate) token: String,
}

impl Target {
    /// The bytes of a request.
    fn request(&self, body: &str) -> Vec<u8> {
        let Self { address, path, token } = self;
        let length = body.len();
        format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\naccept: application/json\r\n\
             authorization: Bearer {token}\r\nuser-agent: line\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }
}

/// Asks with all clients for a while. Every client goes through the bodies from a place of its own.
pub(crate) async fn run(target: &Target, bodies: &[String], clients: usize, length: Duration) -> Result<Round> {
    let requests: std::sync::Arc<[Vec<u8>]> = bodies.iter().map(|body| target.request(body)).collect();
    let started = Instant::now();
    let mut asking = JoinSet::new();
    for client in 0..clients {
        let (requests, address) = (std::sync::Arc::clone(&requests), target.address.clone());
        let first = client * requests.len() / clients;
        asking.spawn(async move { ask(&address, &requests, first, started + length).await });
    }
    let mut round = Round::default();
    while let Some(latencies) = asking.join_next().await {
        round.latencies.extend(latencies??);
    }
    round.requests = round.latencies.len();
    round.seconds = started.elapsed().as_secs_f64();
    Ok(round)
}

/// Asks once.
pub(crate) async fn ask_once(target: &Target, body: &str) -> Result<String> {
    let mut connection = Connection::open(&target.address).await?;
    connection.ask(&target.request(body)).await?;
    Ok(String::from_utf8(connection.body().to_vec())?)
}

async fn ask(address: &str, requests: &[Vec<u8>], first: usize, until: Instant) -> Result<Vec<u32>> {
    let mut connection = Connection::open(address).await?;
    let mut latencies = Vec::with_capacity(1 << 14);
    for request in requests.iter().cycle().skip(first) {
        let asked = Instant::now();
        if asked >= until {
            break;
        }
        connection.ask(request).await?;
        if !connection.body().starts_with(b"{\"data\":{") {
            bail!("refused: {}", String::from_utf8_lossy(connection.body()));
        }
        latencies.push(u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    Ok(latencies)
}

/// A kept connection with its last answer.
struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
    body_at: usize,
}

impl Connection {
    async fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, answer: Vec::with_capacity(1 << 16), body_at: 0 })
    }

    /// Sends a request and reads its whole answer.
    async fn ask(&mut self, request: &[u8]) -> Result<()> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        let mut end = None;
        while end.is_none_or(|end| self.answer.len() < end) {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                bail!("the server closed the connection");
            }
            if end.is_none() {
                end = self.find_end()?;
            }
        }
        Ok(())
    }

    /// Where the answer ends, once its head is there.
    fn find_end(&mut self) -> Result<Option<usize>> {
        let Some(head_end) = self.answer.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
        self.body_at = head_end + 4;
        let head = std::str::from_utf8(&self.answer[..head_end])?.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
        match length {
            Some(length) if head.starts_with("http/1.1 200 ") => Ok(Some(self.body_at + length)),
            _ => bail!("refused: {}", String::from_utf8_lossy(&self.answer)),
        }
    }

    fn body(&self) -> &[u8] {
        &self.answer[self.body_at..]
    }
}
