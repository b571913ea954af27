//! What the platform costs: the real server beside a hand-written one that answers the same JSON from prepared statements.
//!
//! Both are processes of their own on the same private PostgreSQL, with the same driver and as many connections, under the same
//! load from this process. Rounds alternate, and what counts is the median of each round's ratio: a busy machine slows both.
//! Beside them `pgbench -M prepared` runs the hand-written SQL without any server, so that the hand-written one is no straw man.
//!
//! `./dev bench --help` lists the options. The last line is the whole result as one JSON object.

#![expect(clippy::print_stdout, reason = "a report is for whoever asked for it")]

mod authentication;
mod cost;
mod cursors;
mod export;
mod limit;
mod load;
mod operation;
mod pgbench;
mod process;
mod report;
mod rounds;
mod service;
mod stage;

use anyhow::{Context, Result};
use clap::Parser;
use mimalloc::MiMalloc;
use report::Report;
use rounds::Pace;
use stage::Stage;
use std::process::ExitCode;
use std::time::Duration;

/// The hand-written server has what Toolcrib has.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Tickets of the demo.
const TICKETS: u32 = 20_000;

/// Measures the server beside a hand-written one.
#[derive(Debug, Parser)]
struct Options {
    /// Rounds of each operation; in each round both servers are asked for as long.
    #[arg(long, default_value_t = 8)]
    rounds: usize,
    /// Seconds for each server in each round.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Clients that ask at once, each on a connection of its own.
    #[arg(long, default_value_t = 16)]
    clients: usize,
    /// Only the measurements whose name contains this: `filter`, `page`, `insert`, `upsert`, `aggregate`, `list`, `by id`, `update`,
    /// `authentication`, `start`, `cost`, `export`.
    #[arg(long, default_value = "")]
    only: String,
    /// Tickets of the export.
    #[arg(long, default_value_t = 100_000)]
    exported: u32,
    /// Generated queries whose cost is compared with their time, and what they are generated from.
    #[arg(long, default_value_t = 500)]
    queries: usize,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Be the hand-written server: the URLs of the owner and of the server's login.
    #[arg(long, hide = true, num_args = 2)]
    limit_server: Vec<String>,
    /// What `cargo bench` adds.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    if let [owner, server] = options.limit_server.as_slice() {
        let runtime = tokio::runtime::Runtime::new()?;
        runtime.block_on(limit::serve(owner, server))?;
        return Ok(ExitCode::SUCCESS);
    }
    // One thread asks: it shall not push the servers off the cores.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(measure(&options))?;
    println!("{report}\n{}", report.to_json());
    Ok(if report.is_on_target() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn measure(options: &Options) -> Result<Report> {
    let is_wanted = |name: &str| name.contains(&options.only);
    let mut report = Report::default();
    let mut stage = Stage::prepare("line", TICKETS).await?;
    if is_wanted("start") {
        report.service = Some(service::measure(&mut stage).await?);
    }
    let length = Duration::from_secs_f64(options.seconds);
    let pace = Pace { rounds: options.rounds, length, clients: options.clients };
    let all = operation::all(&stage).await?;
    if is_wanted("authentication") {
        let by_id = all.iter().find(|operation| operation.name == "by id").context("reading by id is measured")?;
        report.authentication = Some(authentication::measure(&stage, by_id, pace).await?);
    }
    let operations: Vec<_> = all.into_iter().filter(|operation| is_wanted(&operation.name)).collect();
    if !operations.is_empty() {
        let servers = stage.start_servers().await?;
        for operation in &operations {
            let measured = rounds::measure(&stage, &servers, operation, &pace).await?;
            report.operations.push(measured);
        }
        // What the second wall costs is what is gone without it.
        stage.take_wall_down()?;
        for operation in operations.iter().filter(|operation| operation.is_weighed) {
            let measured = rounds::measure(&stage, &servers, &operation.behind_one_wall(), &pace).await?;
            report.operations.push(measured);
        }
        stage.put_wall_up()?;
        servers.stop()?;
    }
    if is_wanted("cost") {
        report.cost = Some(cost::measure(&stage, options.queries, options.seed).await?);
    }
    if is_wanted("export") {
        report.export = Some(export::measure(options.exported).await?);
    }
    stage.close().await;
    Ok(report)
}
