//! One operation on both servers, in alternating rounds.

use crate::load::{self, Round, Target};
use crate::operation::{Operation, Reads};
use crate::pgbench;
use crate::process::{Server, cpu_seconds, cpu_seconds_of_children};
use crate::stage::{Servers, Stage};
use anyhow::{Context, Result, bail};
use serde_json::Value as Json;
use std::time::Duration;

/// What came out for one operation.
#[derive(Debug)]
pub(crate) struct Measured {
    /// The operation.
    pub(crate) name: String,
    /// The least ratio that is good enough; `None` for what is only shown.
    pub(crate) target: Option<f64>,
    /// Toolcrib's rate by the hand-written server's, for each round.
    pub(crate) ratios: Vec<f64>,
    /// Toolcrib.
    pub(crate) toolcrib: Side,
    /// The hand-written server.
    pub(crate) limit: Side,
    /// Transactions for each second of `pgbench`.
    pub(crate) pgbench: f64,
}

/// What one server did in all rounds.
#[derive(Debug, Default)]
pub(crate) struct Side {
    rates: Vec<f64>,
    latencies: Vec<u32>,
    server_seconds: f64,
    postgres_seconds: f64,
}

impl Side {
    /// The median rate.
    pub(crate) fn rate(&self) -> f64 {
        median(&self.rates)
    }

    /// The latency below which this part of the requests stayed, in milliseconds.
    pub(crate) fn latency(&self, part: f64) -> f64 {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let index = (sorted.len() as f64 * part) as usize;
        f64::from(sorted.get(index.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()) / 1000.0
    }

    /// Processor time of the server for a request, in microseconds.
    pub(crate) fn server_micros(&self) -> f64 {
        self.server_seconds * 1e6 / self.latencies.len() as f64
    }

    /// Processor time of PostgreSQL for a request, in microseconds.
    pub(crate) fn postgres_micros(&self) -> f64 {
        self.postgres_seconds * 1e6 / self.latencies.len() as f64
    }
}

/// The middle of some numbers.
pub(crate) fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => sorted[length / 2],
        length => f64::midpoint(sorted[length / 2 - 1], sorted[length / 2]),
    }
}

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// How often the two sides take turns.
    pub(crate) rounds: usize,
    /// How long a turn is.
    pub(crate) length: Duration,
    /// Clients at once.
    pub(crate) clients: usize,
}

/// Measures an operation.
pub(crate) async fn measure(stage: &Stage, servers: &Servers, operation: &Operation, pace: &Pace) -> Result<Measured> {
    let Pace { rounds, length, clients } = *pace;
    let server = match operation.reads {
        Reads::Unaudited => &servers.plain,
        Reads::Audited => &servers.viewed,
    };
    let target = |server: &Server, path: &str| Target {
        address: server.address.clone(),
        path: path.to_owned(),
        token: servers.token.clone(),
    };
    let sides = [(server, target(server, "/graphql")), (&servers.limit, target(&servers.limit, operation.limit_path()))];
    check_same_answers(operation, &sides[0].1, &sides[1].1).await?;
    for (_, target) in &sides {
        load::run(target, &operation.bodies, clients, length).await?;
    }
    let postmaster = stage.postmaster()?;
    let mut results = [Side::default(), Side::default()];
    let mut ratios = Vec::with_capacity(rounds);
    for round in 0..rounds {
        // A B, B A, A B, ...: whoever comes second finds the caches of the other.
        for index in if round % 2 == 0 { [0, 1] } else { [1, 0] } {
            let (server, target) = &sides[index];
            let before = (cpu_seconds(server.id())?, cpu_seconds_of_children(postmaster)?);
            let done = load::run(target, &operation.bodies, clients, length).await?;
            let side = &mut results[index];
            side.server_seconds += cpu_seconds(server.id())? - before.0;
            side.postgres_seconds += cpu_seconds_of_children(postmaster)? - before.1;
            let Round { latencies, .. } = &done;
            side.latencies.extend(latencies);
            side.rates.push(done.rate());
        }
        ratios.push(results[0].rates[round] / results[1].rates[round]);
    }
    let pgbench = pgbench::run(stage, operation, length)?;
    let [toolcrib, limit] = results;
    Ok(Measured { name: operation.name.clone(), target: operation.target, ratios, toolcrib, limit, pgbench })
}

/// Nothing is compared that does not answer the same.
async fn check_same_answers(operation: &Operation, toolcrib: &Target, limit: &Target) -> Result<()> {
    for body in operation.bodies.iter().take(20) {
        let parse = |text: String| serde_json::from_str::<Json>(&text).with_context(|| format!("no JSON: {text}"));
        let ours = parse(load::ask_once(toolcrib, body).await?)?;
        let theirs = parse(load::ask_once(limit, body).await?)?;
        if ours != theirs {
            bail!("{}: the servers do not answer the same:\n{ours}\n{theirs}", operation.name);
        }
    }
    Ok(())
}
