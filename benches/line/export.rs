//! An export of many rows: how much the server's memory grows by it.

use crate::load::{self, Target};
use crate::process::memory_mib;
use crate::stage::Stage;
use anyhow::{Result, bail};
use serde_json::{Value as Json, json};
use std::time::Instant;

/// What came out.
#[derive(Debug)]
pub(crate) struct Exported {
    /// Rows of the file.
    pub(crate) rows: u64,
    /// How long it took.
    pub(crate) seconds: f64,
    /// MiB of resident memory before.
    pub(crate) before_mib: f64,
    /// MiB by which the most resident memory at any time exceeds that.
    pub(crate) growth_mib: f64,
}

/// What is good enough.
pub(crate) const GROWTH_MIB: f64 = 64.0;

const DOCUMENT: &str = "mutation Export($reason: String!) {
  exportTickets(where: {}, format: CSV, reason: $reason) { export { status rowCount } url }
}";

/// Exports all tickets of a database of that size.
pub(crate) async fn measure(tickets: u32) -> Result<Exported> {
    let stage = Stage::prepare("export", tickets).await?;
    let token = stage.token("manager@demo.test")?;
    let server = stage.serve(&[], "export").await?;
    let target = Target { address: server.address.clone(), path: "/graphql".to_owned(), token };
    load::ask_once(&target, "{\"query\":\"{ tickets(first: 1) { nodes { id } } }\"}").await?;
    let before_mib = memory_mib(server.id(), "VmRSS")?;
    let started = Instant::now();
    let body = json!({ "query": DOCUMENT, "variables": { "reason": "measuring" } }).to_string();
    let answer = load::ask_once(&target, &body).await?;
    let seconds = started.elapsed().as_secs_f64();
    let answer: Json = serde_json::from_str(&answer)?;
    let export = &answer["data"]["exportTickets"]["export"];
    if export["status"] != "COMPLETED" || export["rowCount"] != tickets {
        bail!("the export failed: {answer}");
    }
    let growth_mib = memory_mib(server.id(), "VmHWM")? - before_mib;
    server.stop()?;
    stage.close().await;
    Ok(Exported { rows: tickets.into(), seconds, before_mib, growth_mib })
}
